#include "app/window/start_screen.h"

#include <algorithm>
#include <imgui.h>

#include "app/widgets/widgets.h"
#include "app/window/recent_list.h"

namespace hopscope::app {
namespace {

constexpr float kColumn = 440, kBetween = 56;  ///< unscaled pixels
/// Least room over the first line, and what all of it takes as a rule; unscaled pixels.
constexpr float kLeastTop = 6, kUsualHeight = 480;
constexpr int kRowsOfStart = 6;

void space(const AppState& state, float pixels) {
    ImGui::Dummy(ImVec2(0, pixels * state.pixel_scale));
}

void draw_recovery(AppState& state, SessionKeeper& keeper) {
    if (keeper.left_behind().empty()) return;
    space(state, 10);
    ImGui::TextColored(state.theme().amber_text, "The last session ended without closing");
    text_cut(state, keeper.left_behind(), state.theme().dim);
    if (button(state, "Restore", nullptr,
               "Opens its run with the layout, selection, prompt and interventions it had"))
        return keeper.recover();
    ImGui::SameLine();
    if (button(state, "Forget", nullptr, "Leaves the run as it is and forgets where it was shown"))
        keeper.forget_recovery();
}

/// What is to be had with one click.
void draw_first(AppState& state, RunChooser& chooser, std::span<const ActionItem> actions,
                float width) {
    const auto large = [&](const char* id, bool first) {
        const ActionItem& action = *find_action(actions, id);
        if (action_button(state, action, action.title.c_str(), width, first))
            chooser.set_asked_in_field(false);
        state.spots.note_item(id);
        space(state, 2);
    };
    ImGui::PushFont(state.fonts.title, 22);
    ImGui::PushTextWrapPos(0.0f);
    ImGui::TextUnformatted("Look into a mixture of experts while it learns");
    ImGui::PopTextWrapPos();
    ImGui::PopFont();
    space(state, 2);
    note(state,
         "A small model is trained on this machine; its routing, its experts and its tokens can be "
         "watched, frozen and halted while it runs.");
    space(state, 12);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        ImVec2(8 * state.pixel_scale, 8 * state.pixel_scale));
    large("file.example", true);
    large("file.first_look", false);
    large("file.shapes", false);
    ImGui::PopStyleVar();
    note(state,
         "The example is trained already, so prompts and interventions have an answer at once. "
         "None of them needs data: the text is synthetic, and labelled so. The race trains three "
         "models of equal parameters on the same batches.");
}

void draw_outcome(AppState& state, const RunDoor& door) {
    if (door.activity().empty() && door.problem().empty()) return;
    space(state, 10);
    if (!door.activity().empty())
        note(state, door.activity());
    else
        problem_text(state, door.problem());
}

void draw_chosen(AppState& state, RunChooser& chooser) {
    bool asked = chooser.draw_run_row();
    space(state, 6);
    asked |= chooser.draw_config_row();
    space(state, 6);
    asked |= chooser.draw_race_rows();
    if (asked) chooser.set_asked_in_field(true);
}

}  // namespace

void draw_start_screen(AppState& state, RunChooser& chooser, std::span<const ActionItem> actions,
                       RunDoor& door, SessionKeeper& keeper, RecentRuns& recent, float below) {
    const float s = state.pixel_scale;
    ImGui::PushStyleColor(ImGuiCol_ChildBg, state.theme().panel);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8 * s, 6 * s));
    const ImVec2 whole = ImGui::GetContentRegionAvail(), corner = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddRectFilled(
        corner, ImVec2(corner.x + whole.x, corner.y + whole.y), packed(state.theme().panel));
    ImGui::BeginChild("Start", ImVec2(0, whole.y - below));
    const ImVec2 area = ImGui::GetContentRegionAvail();
    const bool two = area.x >= (2 * kColumn + kBetween + 48) * s;
    const float width = std::min(kColumn * s, area.x - 24 * s);
    const float total = two ? 2 * width + kBetween * s : width;
    const ImVec2 at(std::max(12 * s, (ImGui::GetWindowWidth() - total) * 0.5f),
                    std::clamp(whole.y * 0.5f - 240 * s, kLeastTop * s,
                               std::max(kLeastTop * s, area.y - kUsualHeight * s)));
    const auto column = [&](const char* name, float left) {
        ImGui::SetCursorPos(ImVec2(left, at.y));
        ImGui::BeginChild(name, ImVec2(width, 0), ImGuiChildFlags_AutoResizeY);
    };
    column("choices", at.x);
    draw_first(state, chooser, actions, width);
    draw_recovery(state, keeper);
    if (!chooser.asked_in_field()) draw_outcome(state, door);
    if (two) {
        ImGui::EndChild();
        column("more", at.x + width + kBetween * s);
    } else {
        space(state, 8);
    }
    heading(state, "Recent runs");
    draw_recent_rows(state, recent, door, kRowsOfStart);
    space(state, 12);
    draw_chosen(state, chooser);
    if (chooser.asked_in_field()) draw_outcome(state, door);
    space(state, 24);  // so that the last row is not cut where all of it scrolls
    ImGui::EndChild();
    ImGui::EndChild();
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
}

}  // namespace hopscope::app
