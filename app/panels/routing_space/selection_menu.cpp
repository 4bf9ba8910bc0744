#include "app/panels/routing_space/selection_menu.h"

#include <iterator>

#include "app/panels/routing_space/labels.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"
#include "viz/quantity.h"

namespace hopscope::app {
namespace {

constexpr const char* kMenu = "selection menu";

std::set<int64_t> up_to(int64_t count) {
    std::set<int64_t> out;
    for (int64_t i = 0; i < count; ++i) out.insert(out.end(), i);
    return out;
}

std::string counted(size_t count, const char* what) {
    return with_thousands(static_cast<int64_t>(count)) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

Chosen everything_in(const core::LayerGeometry& g, bool tokens) {
    return {up_to(g.experts), up_to(tokens ? viz::tokens_of(g) : 0)};
}

std::string selection_text(const Selection& selection) {
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (!selection.experts.empty()) add(counted(selection.experts.size(), "expert"));
    if (!selection.probe_tokens.empty()) add(counted(selection.probe_tokens.size(), "token"));
    const size_t hidden = selection.hidden.experts.size() + selection.hidden.tokens.size();
    if (hidden > 0) add(with_thousands(static_cast<int64_t>(hidden)) + " hidden");
    return text;
}

std::vector<ActionItem> selection_menu_actions(AppState& state, std::function<Chosen()> everything,
                                               bool& neighbours, SpaceHistory& history) {
    struct Row {
        const char *id, *title, *help, *keys;
        std::function<std::string()> why_not;
        std::function<void()> run;
    };
    const auto needs_selection = [&state] {
        return state.selection.chosen().empty() ? "Nothing is selected." : "";
    };
    const Row rows[] = {
        {"routing_space.isolate", "Isolate", "Shows only what is selected.", "I", needs_selection,
         [&state, everything] { state.selection.isolate(everything()); }},
        {"routing_space.hide", "Hide", "Hides what is selected.", "H", needs_selection,
         [&state] { state.selection.hide_chosen(); }},
        {"routing_space.show_all", "Show all", "Shows again what is hidden.", "Shift+H",
         [&state] { return state.selection.hidden.empty() ? "Nothing is hidden." : ""; },
         [&state] { state.selection.show_all(); }},
        {"routing_space.invert",
         "Invert the selection",
         "Selects what is shown and not selected, in place of what is.",
         "Ctrl+I",
         {},
         [&state, everything] { state.selection.invert(everything()); }},
        {"routing_space.undo", "Undo in the space",
         "Takes back what was done last: a centroid moved, what was selected or hidden, the "
         "camera.",
         "Ctrl+Z",
         [&state, &history] { return history.can_undo(state) ? "" : "There is nothing to undo."; },
         [&state, &history] { history.undo(state); }},
        {"routing_space.redo", "Redo in the space", "Takes the undo back.", "Ctrl+Shift+Z",
         [&state, &history] { return history.can_redo(state) ? "" : "There is nothing to redo."; },
         [&state, &history] { history.redo(state); }},
        {"routing_space.neighbours",
         "List the neighbours",
         "What lies nearest to the selected expert or token, by cosine and by distance.",
         "N",
         {},
         [&neighbours] { neighbours = !neighbours; }},
    };
    std::vector<ActionItem> items;
    for (const Row& row : rows) {
        ActionItem item;
        item.id = row.id;
        item.title = row.title;
        item.help = row.help;
        item.keys = row.keys;
        item.by_pointer = true;
        item.why_not = row.why_not;
        item.run = row.run;
        items.push_back(std::move(item));
    }
    return items;
}

void SelectionMenu::draw(AppState& state, std::span<const ActionItem> actions, ImVec2 corner) {
    const float s = state.pixel_scale;
    const std::string text = selection_text(state.selection);
    const std::string label =
        (text.empty() ? std::string("Select") : text) + " \xE2\x96\xBE###selection";
    const float width = button_width(label.c_str());
    ImGui::SetCursorScreenPos(ImVec2(corner.x - width, corner.y));
    if (button(
            state, label.c_str(), nullptr,
            "What is selected and hidden here. Click selects, Shift+click adds, Shift+drag draws "
            "a box, Alt+drag a lasso"))
        ImGui::OpenPopup(kMenu);
    ImGui::SetNextWindowPos(ImVec2(corner.x, corner.y + ImGui::GetFrameHeight() + 4 * s),
                            ImGuiCond_Appearing, ImVec2(1, 0));
    if (!ImGui::BeginPopup(kMenu)) return;
    for (const ActionItem& item : actions) {
        const std::string why = item.refusal();
        if (ImGui::MenuItem(item.title.c_str(), item.keys.c_str(), false, why.empty())) item.run();
        tooltip(why.empty() ? item.help : why);
    }
    draw_names(state);
    ImGui::EndPopup();
}

void SelectionMenu::draw_names(AppState& state) {
    ImGui::Separator();
    std::string gone;
    for (const NamedSelection& named : state.named.all()) {
        ImGui::PushID(named.name.c_str());
        if (ImGui::SmallButton("\xC3\x97")) gone = named.name;
        tooltip("Forget this name");
        ImGui::SameLine();
        if (ImGui::MenuItem(named.name.c_str())) state.named.select(named.name, state.selection);
        tooltip("Layer " + std::to_string(named.layer) + ": " +
                counted(named.chosen.experts.size(), "expert") + ", " +
                counted(named.chosen.tokens.size(), "token"));
        ImGui::PopID();
    }
    if (!gone.empty()) state.named.forget(gone);
    const bool nothing = state.selection.chosen().empty();
    ImGui::SetNextItemWidth(150 * state.pixel_scale);
    const bool entered =
        ImGui::InputTextWithHint("##name", "name of the selection", name_, std::size(name_),
                                 ImGuiInputTextFlags_EnterReturnsTrue);
    ImGui::SameLine();
    const char* why = nothing     ? "Nothing is selected."
                      : !name_[0] ? "Write a name first."
                                  : nullptr;
    const bool pressed = button(state, "Keep", why, "Keeps what is selected under the name");
    if ((pressed || entered) && !why) {
        state.named.keep(name_, state.selection);
        name_[0] = '\0';
    }
}

}  // namespace hopscope::app
