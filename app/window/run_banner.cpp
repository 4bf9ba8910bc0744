#include "app/window/run_banner.h"

#include <algorithm>
#include <imgui.h>

#include "app/state/actions.h"
#include "app/widgets/amber_bar.h"
#include "app/widgets/widgets.h"
#include "core/api/base.h"
#include "core/api/freeze_parts.h"

namespace hopscope::app {
namespace {

constexpr const char* kList = "what acts on the run";
constexpr float kListWidth = 420;

/// Rows are counted as the trainer has them, so that none is pressed while a change is on its way.
bool waits_for_answer(const AppState& state) {
    return std::any_of(state.answers.begin(), state.answers.end(), [](const core::Answer& answer) {
        return answer.state == core::AnswerState::pending &&
               core::spec_of(answer.command.kind).action == core::Action::change;
    });
}

/// One thing that acts, with its button at the right edge.
void draw_row(AppState& state, const std::string& words, const char* why,
              const core::Command& undo) {
    const float wide = button_width("Take back");
    ImGui::PushID(words.c_str());
    ImGui::AlignTextToFramePadding();
    ImGui::PushTextWrapPos(kListWidth * state.pixel_scale - wide);
    ImGui::TextUnformatted(words.c_str());
    ImGui::PopTextWrapPos();
    ImGui::SameLine(kListWidth * state.pixel_scale - wide + ImGui::GetStyle().ItemSpacing.x);
    if (button(state, "Take back", why, "From the next step on")) state.submit(undo);
    ImGui::PopID();
}

void draw_list(AppState& state) {
    const core::RunStatus& status = state.status;
    const char* why = refusal(state, core::Action::change);
    if (!why && waits_for_answer(state)) why = "The last change is on its way";
    for (size_t i = 0; i < status.interventions.size(); ++i) {
        ImGui::PushID(static_cast<int>(i));
        draw_row(state, status.interventions[i], why,
                 {core::CommandKind::clear, {{"index", static_cast<int64_t>(i)}}});
        ImGui::PopID();
    }
    for (const std::string& part : status.frozen) {
        const auto whole = core::kind_of<core::FreezePart>(part);
        if (whole)
            draw_row(state, "frozen: " + part, why, core::freeze_command(*whole, false));
        else
            note(state, "frozen: " + part + " (let go by the command unfreeze)");
    }
    if (status.interventions.size() > 1 &&
        button(state, "Take back all interventions", why, "From the next step on"))
        state.submit({core::CommandKind::clear, {}});
}

}  // namespace

std::string acting_on_run(const core::RunStatus& status) {
    std::string text = core::joined(status.interventions, "; ");
    if (!status.frozen.empty())
        text += (text.empty() ? "" : "; ") + ("frozen: " + core::joined(status.frozen, ", "));
    return text;
}

void draw_run_banner(AppState& state) {
    const std::string text = acting_on_run(state.status);
    if (!state.session || text.empty()) return;
    if (amber_bar(state, "Acts on the run: " + text, "Take back\xE2\x80\xA6",
                  "The list of what acts on the run in training"))
        ImGui::OpenPopup(kList);
    ImGui::SetNextWindowSize(
        ImVec2(kListWidth * state.pixel_scale + 2 * ImGui::GetStyle().WindowPadding.x, 0));
    if (!ImGui::BeginPopup(kList)) return;
    const float s = state.pixel_scale;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8 * s, 6 * s));  // the shell's is a gap
    heading(state, "What acts on the run");
    draw_list(state);
    ImGui::PopStyleVar();
    ImGui::EndPopup();
}

}  // namespace hopscope::app
