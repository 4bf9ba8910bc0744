#include "app/window/stop_question.h"

#include <imgui.h>
#include <utility>

#include "app/state/actions.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kStopQuestion = "Stop the run?##run panel";

}  // namespace

void StopQuestion::draw(AppState& state) {
    if (std::exchange(state.stop_asked, false)) {
        ImGui::OpenPopup(kStopQuestion);
        asked_of_ = state.runs_opened;
    }
    if (!begin_question(kStopQuestion)) return;
    if (!state.session || asked_of_ != state.runs_opened) {
        ImGui::CloseCurrentPopup();
        return ImGui::EndPopup();
    }
    const float width = 132 * state.pixel_scale;
    // It may have ended while the question stood there.
    const char* no = refusal(state, core::Action::stop);
    ImGui::TextUnformatted("A stopped run makes no further step.");
    note(state, "A checkpoint is written; opening its folder goes on from there.");
    ImGui::Dummy(ImVec2(0, 4 * state.pixel_scale));
    if (button(state, "Stop and save", no, nullptr, width, true)) {
        state.submit({core::CommandKind::stop, {}});
        ImGui::CloseCurrentPopup();
    }
    ImGui::SameLine();
    if (cancel_button(state, width)) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

}  // namespace hopscope::app
