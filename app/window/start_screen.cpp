// What the shell shows while no run is open, and the dialog that opens one.
#include <algorithm>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/window/shell.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

/// A labelled field with a button behind it; true when the button or Enter was pressed and the
/// field is not empty.
bool path_row(AppState& state, const char* label, const char* hint, const char* action,
              std::string& field) {
    const float s = state.pixel_scale, action_width = 96 * s;
    ImGui::PushID(label);
    ImGui::TextColored(state.theme().dim, "%s", label);
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - action_width - 8 * s);
    bool go =
        ImGui::InputTextWithHint("##path", hint, &field, ImGuiInputTextFlags_EnterReturnsTrue);
    ImGui::SameLine();
    go |= button(state, action, field.empty() ? "Give a path first." : nullptr, nullptr,
                 action_width);
    ImGui::PopID();
    return go && !field.empty();
}

}  // namespace

void Shell::draw_start_screen() {
    const Theme& theme = state_.theme();
    const float s = state_.pixel_scale;
    ImGui::PushStyleColor(ImGuiCol_ChildBg, theme.panel);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8 * s, 6 * s));
    ImGui::BeginChild("Start");
    const float width = std::min(460 * s, ImGui::GetContentRegionAvail().x);
    const ImVec2 area = ImGui::GetContentRegionAvail();
    ImGui::SetCursorPos(ImVec2((ImGui::GetWindowWidth() - width) * 0.5f,
                               std::max(24 * s, area.y * 0.5f - 190 * s)));
    ImGui::BeginChild("choices", ImVec2(width, 0), ImGuiChildFlags_AutoResizeY);
    ImGui::PushFont(state_.fonts.title, 22);
    ImGui::TextUnformatted("Look into a mixture of experts while it learns");
    ImGui::PopFont();
    ImGui::Dummy(ImVec2(0, 2 * s));
    note(state_,
         "A small model is trained on this machine; its routing, its experts and its tokens can be "
         "watched, frozen and halted while it runs.");
    ImGui::Dummy(ImVec2(0, 14 * s));
    const std::string first_look = bundled_config(state_.exe_dir, "first_look");
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(8 * s, 8 * s));
    if (button(state_, "Start first look",
               first_look.empty() ? "configs/first_look.toml was not found beside the program."
                                  : nullptr,
               "Trains the sample model on synthetic text.", width, true))
        door_.start_config(first_look);
    ImGui::PopStyleVar();
    note(state_, "Needs no data: the text is synthetic, and labelled so.");
    ImGui::Dummy(ImVec2(0, 14 * s));
    if (path_row(state_, "Open a run folder", "runs/first_look-…", "Open", run_field_))
        door_.open_run(run_field_);
    ImGui::Dummy(ImVec2(0, 6 * s));
    if (path_row(state_, "Start a configuration", "configs/first_look.toml", "Start",
                 config_field_))
        door_.start_config(config_field_);
    if (!door_.problem().empty()) {
        ImGui::Dummy(ImVec2(0, 10 * s));
        ImGui::PushTextWrapPos(0.0f);
        ImGui::TextColored(theme.red_text, "%s", door_.problem().c_str());
        ImGui::PopTextWrapPos();
    }
    ImGui::EndChild();
    ImGui::PopStyleVar();
    ImGui::EndChild();
    ImGui::PopStyleColor();
}

void Shell::draw_open_dialog() {
    constexpr const char* kName = "Open a run or a configuration";
    if (open_dialog_) {
        open_dialog_ = false;
        ImGui::OpenPopup(kName);
    }
    const float s = state_.pixel_scale;
    ImGui::SetNextWindowPos(ImGui::GetMainViewport()->GetCenter(), ImGuiCond_Appearing,
                            ImVec2(0.5f, 0.5f));
    ImGui::SetNextWindowSize(ImVec2(460 * s, 0));
    if (!ImGui::BeginPopupModal(kName, nullptr, ImGuiWindowFlags_NoSavedSettings)) return;
    bool done = false;
    if (path_row(state_, "Open a run folder", "runs/first_look-…", "Open", run_field_)) {
        door_.open_run(run_field_);
        done = true;
    }
    if (path_row(state_, "Start a configuration", "configs/first_look.toml", "Start",
                 config_field_)) {
        door_.start_config(config_field_);
        done = true;
    }
    ImGui::Dummy(ImVec2(0, 4 * s));
    if (button(state_, "Cancel", nullptr, nullptr, 96 * s) || ImGui::IsKeyPressed(ImGuiKey_Escape))
        done = true;
    if (done) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

}  // namespace hopscope::app
