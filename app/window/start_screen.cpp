#include "app/window/start_screen.h"

#include <algorithm>
#include <imgui.h>

#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

void draw_recovery(AppState& state, SessionKeeper& keeper) {
    if (keeper.left_behind().empty()) return;
    const float s = state.pixel_scale;
    ImGui::Dummy(ImVec2(0, 10 * s));
    ImGui::TextColored(state.theme().amber_text, "The last session ended without closing");
    text_cut(state, keeper.left_behind(), state.theme().dim);
    if (button(state, "Restore", nullptr,
               "Opens its run with the layout, selection, prompt and interventions it had"))
        return keeper.recover();
    ImGui::SameLine();
    if (button(state, "Forget", nullptr, "Leaves the run as it is and forgets where it was shown"))
        keeper.forget_recovery();
}

}  // namespace

void draw_start_screen(AppState& state, RunChooser& chooser, std::span<const ActionItem> actions,
                       const RunDoor& door, SessionKeeper& keeper) {
    const ActionItem& first_look = *find_action(actions, "file.first_look");
    const ActionItem& shapes = *find_action(actions, "file.shapes");
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImGui::PushStyleColor(ImGuiCol_ChildBg, theme.panel);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8 * s, 6 * s));
    ImGui::BeginChild("Start");
    const float width = std::min(460 * s, ImGui::GetContentRegionAvail().x);
    const ImVec2 area = ImGui::GetContentRegionAvail();
    ImGui::SetCursorPos(ImVec2((ImGui::GetWindowWidth() - width) * 0.5f,
                               std::max(24 * s, area.y * 0.5f - 220 * s)));
    ImGui::BeginChild("choices", ImVec2(width, 0), ImGuiChildFlags_AutoResizeY);
    ImGui::PushFont(state.fonts.title, 22);
    ImGui::TextUnformatted("Look into a mixture of experts while it learns");
    ImGui::PopFont();
    ImGui::Dummy(ImVec2(0, 2 * s));
    note(state,
         "A small model is trained on this machine; its routing, its experts and its tokens can be "
         "watched, frozen and halted while it runs.");
    ImGui::Dummy(ImVec2(0, 14 * s));
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(8 * s, 8 * s));
    action_button(state, first_look, first_look.title.c_str(), width, true);
    ImGui::Dummy(ImVec2(0, 2 * s));
    action_button(state, shapes, shapes.title.c_str(), width);
    ImGui::PopStyleVar();
    note(state,
         "Neither needs data: the text is synthetic, and labelled so. The race trains three models "
         "of equal parameters on the same batches.");
    draw_recovery(state, keeper);
    ImGui::Dummy(ImVec2(0, 14 * s));
    chooser.draw_run_row();
    ImGui::Dummy(ImVec2(0, 6 * s));
    chooser.draw_config_row();
    ImGui::Dummy(ImVec2(0, 6 * s));
    chooser.draw_race_rows();
    if (!door.activity().empty()) {
        ImGui::Dummy(ImVec2(0, 10 * s));
        note(state, door.activity());
    } else if (!door.problem().empty()) {
        ImGui::Dummy(ImVec2(0, 10 * s));
        problem_text(state, door.problem());
    }
    ImGui::EndChild();
    ImGui::PopStyleVar();
    ImGui::EndChild();
    ImGui::PopStyleColor();
}

}  // namespace hopscope::app
