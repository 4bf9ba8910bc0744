#include "app/window/run_chooser.h"

#include <algorithm>
#include <filesystem>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>
#include <utility>

#include "app/widgets/widgets.h"
#include "app/window/recent_list.h"

namespace hopscope::app {
namespace {

constexpr const char* kRunDialog = "Open a run or a configuration";
constexpr int kRowsOfDialog = 5;  ///< rows in the dialog
constexpr const char* kRaceDialog = "Race configurations";

/// A labelled field with a button behind it; true when the button or Enter was pressed and the
/// field is not empty.
bool path_row(AppState& state, const char* label, const char* hint, const char* action,
              std::string& field, bool focus = false) {
    const float s = state.pixel_scale, action_width = 96 * s;
    ImGui::PushID(label);
    ImGui::TextColored(state.theme().dim, "%s", label);
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - action_width - 8 * s);
    if (focus) ImGui::SetKeyboardFocusHere();
    bool go =
        ImGui::InputTextWithHint("##path", hint, &field, ImGuiInputTextFlags_EnterReturnsTrue);
    ImGui::SameLine();
    go |= button(state, action, field.empty() ? "Give a path first." : nullptr, nullptr,
                 action_width);
    ImGui::PopID();
    return go && !field.empty();
}

/// The TOML files of a folder in the order of their names; anything else is taken as one file.
std::vector<std::string> configs_at(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    if (!fs::is_directory(path, error)) return {path};
    std::vector<std::string> files;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
        if (it->path().extension() == ".toml") files.push_back(it->path().string());
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

bool RunChooser::draw_run_row(bool in_dialog) {
    const bool go = path_row(state_, "Open a run folder", "runs/first_look-…", "Open", run_,
                             in_dialog && ImGui::IsWindowAppearing());
    if (go) door_.open_run(run_);
    return go;
}

bool RunChooser::draw_config_row() {
    const bool go =
        path_row(state_, "Start a configuration", "configs/first_look.toml", "Start", config_);
    if (go) door_.start_config(config_);
    return go;
}

bool RunChooser::draw_race_rows(bool in_dialog) {
    if (path_row(state_, "Race several configurations", "configs/wide.toml, or a folder of them",
                 "Add", race_, in_dialog && ImGui::IsWindowAppearing())) {
        found_ = state_.aside([path = race_] { return configs_at(path); });
        race_.clear();
    }
    if (auto found = found_.take())
        for (std::string& path : *found)
            if (std::find(lanes_.begin(), lanes_.end(), path) == lanes_.end())
                lanes_.push_back(std::move(path));
    if (lanes_.empty()) {
        note(state_, "Lanes share data, seed and batches and are trained in turn.");
        return false;
    }
    const float line = ImGui::GetFrameHeightWithSpacing();
    const float rows = std::min(7.0f, static_cast<float>(lanes_.size()));
    if (ImGui::BeginChild("lanes", ImVec2(0, rows * line))) {
        size_t gone = lanes_.size();
        for (size_t i = 0; i < lanes_.size(); ++i) {
            ImGui::PushID(static_cast<int>(i));
            if (button(state_, "Remove", nullptr, "Takes this lane out")) gone = i;
            ImGui::SameLine();
            ImGui::AlignTextToFramePadding();
            // The name of the file stands at its end.
            ImGui::TextUnformatted(fitted(lanes_[i], ImGui::GetContentRegionAvail().x).c_str());
            tooltip(lanes_[i]);
            ImGui::PopID();
        }
        if (gone < lanes_.size()) lanes_.erase(lanes_.begin() + static_cast<int64_t>(gone));
    }
    ImGui::EndChild();
    const std::string label = "Start race of " + std::to_string(lanes_.size()) + "###start race";
    const bool started =
        button(state_, label.c_str(),
               lanes_.size() < 2 ? "A race needs two configurations or more." : nullptr,
               "Each lane becomes a run folder under runs/race-\xE2\x80\xA6", 0, true);
    if (started) door_.start_race(lanes_);
    return started;
}

void RunChooser::draw_dialogs() {
    draw_run_dialog();
    draw_race_dialog();
}

void RunChooser::draw_run_dialog() {
    if (open_asked_) {
        open_asked_ = false;
        ImGui::OpenPopup(kRunDialog);
    }
    const float s = state_.pixel_scale;
    ImGui::SetNextWindowPos(ImGui::GetMainViewport()->GetCenter(), ImGuiCond_Appearing,
                            ImVec2(0.5f, 0.5f));
    ImGui::SetNextWindowSize(ImVec2(460 * s, 0));
    if (!ImGui::BeginPopupModal(kRunDialog, nullptr, ImGuiWindowFlags_NoSavedSettings)) return;
    bool asked = draw_run_row(/*in_dialog=*/true);
    asked |= draw_config_row();
    heading(state_, "Recent runs");
    asked |= draw_recent_rows(state_, recent_, door_, kRowsOfDialog);
    if (end_dialog(asked) || cancel_button(state_, 96 * s)) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

/// What became of what the dialog asked for, at its lower end; true once that is open.
bool RunChooser::end_dialog(bool asked) {
    if (ImGui::IsWindowAppearing()) answer_ = Answer::none;
    if (asked) {
        answer_ = Answer::awaited;
    } else if (answer_ == Answer::awaited && !door_.busy()) {
        if (door_.problem().empty()) return true;
        answer_ = Answer::refused;
    }
    ImGui::Dummy(ImVec2(0, 4 * state_.pixel_scale));
    if (answer_ == Answer::awaited) note(state_, door_.activity());
    if (answer_ == Answer::refused) problem_text(state_, door_.problem());
    return false;
}

void RunChooser::draw_race_dialog() {
    if (race_asked_) {
        race_asked_ = false;
        ImGui::OpenPopup(kRaceDialog);
    }
    const float s = state_.pixel_scale;
    ImGui::SetNextWindowPos(ImGui::GetMainViewport()->GetCenter(), ImGuiCond_Appearing,
                            ImVec2(0.5f, 0.5f));
    ImGui::SetNextWindowSize(ImVec2(520 * s, 0));
    if (!ImGui::BeginPopupModal(kRaceDialog, nullptr, ImGuiWindowFlags_NoSavedSettings)) return;
    const bool asked = draw_race_rows(/*in_dialog=*/true);
    if (end_dialog(asked) || cancel_button(state_, 96 * s)) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

}  // namespace hopscope::app
