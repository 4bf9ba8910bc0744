#include "app/panels/routing_space/rows_choice.h"

#include <algorithm>
#include <imgui.h>
#include <string>

#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

struct RowsChoice {
    const char* name;
    bool fold_gain, centre;
    const char* help;
};
constexpr RowsChoice kChoices[] = {
    {"gain folded in", true, false,
     "Rows times the gain of the norm before the router: what they are to a token of the stream"},
    {"gain folded in, mean removed", true, true,
     "Also without the mean row, which moves all logits alike and so is not seen by a softmax "
     "[def:folded_rows]"},
    {"as stored", false, false, "Rows as the file has them"},
    {"as stored, mean removed", false, true, "Rows as the file has them, without their mean"},
};

const RowsChoice& choice_of(const core::ImportedView& view) {
    for (const RowsChoice& choice : kChoices)
        if (choice.fold_gain == view.fold_gain && choice.centre == view.centre) return choice;
    return kChoices[0];
}

bool knows_gain(const AppState& state) {
    const auto& routers = state.imported->routers;
    return std::any_of(routers.begin(), routers.end(), [](const auto& r) { return r.gain; });
}

/// Where no gain is known it is folded in nowhere, whatever was asked for.
core::ImportedView shown_view(const AppState& state) {
    core::ImportedView view = state.imported->view;
    view.fold_gain &= knows_gain(state);
    return view;
}

void ask(AppState& state, const RowsChoice& choice) {
    core::ImportedView view = state.next_view();
    view.fold_gain = choice.fold_gain;
    view.centre = choice.centre;
    state.ask_for_view(std::move(view));
}

}  // namespace

void draw_rows_choice(AppState& state) {
    if (!state.imported) return;
    const float s = state.pixel_scale;
    const RowsChoice& present = choice_of(shown_view(state));
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "rows");
    ImGui::SameLine(0, ImGui::GetStyle().ItemInnerSpacing.x);
    ImGui::SetNextItemWidth(170 * s);
    by_name(state, "##rows", "rows as directions\xE2\x80\xA6");
    if (ImGui::BeginCombo("##rows", present.name)) {
        for (const RowsChoice& choice : kChoices) {
            const bool lacks = choice.fold_gain && !knows_gain(state);
            ImGui::BeginDisabled(lacks);
            if (ImGui::Selectable(choice.name, &choice == &present)) ask(state, choice);
            ImGui::EndDisabled();
            tooltip(lacks ? "No norm was found before the routers of this model" : choice.help);
        }
        ImGui::EndCombo();
    }
    const core::ImportedTrace* trace = state.shown_trace();
    tooltip(
        std::string("What of a router's rows the picture compares, in all panels") +
        (trace && trace->positions
             ? ". Tokens were recorded behind the norm, so they have places among rows as stored"
             : ""));
}

std::string shown_rows(const AppState& state) {
    return state.imported ? choice_of(shown_view(state)).name : "";
}

void ask_for_rows(AppState& state, const std::string& name) {
    if (!state.imported) return;
    for (const RowsChoice& choice : kChoices)
        if (name == choice.name && (!choice.fold_gain || knows_gain(state))) ask(state, choice);
}

}  // namespace hopscope::app
