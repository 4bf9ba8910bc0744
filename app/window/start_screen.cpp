// What the shell shows while no run is open, and the dialog that opens one.
#include <algorithm>
#include <filesystem>
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

void Shell::draw_start_screen() {
    const Theme& theme = state_.theme();
    const float s = state_.pixel_scale;
    ImGui::PushStyleColor(ImGuiCol_ChildBg, theme.panel);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8 * s, 6 * s));
    ImGui::BeginChild("Start");
    const float width = std::min(460 * s, ImGui::GetContentRegionAvail().x);
    const ImVec2 area = ImGui::GetContentRegionAvail();
    ImGui::SetCursorPos(ImVec2((ImGui::GetWindowWidth() - width) * 0.5f,
                               std::max(24 * s, area.y * 0.5f - 220 * s)));
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
    ImGui::Dummy(ImVec2(0, 6 * s));
    bool started = false;
    draw_race_choice(started);
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
    if (cancel_button(state_, 96 * s)) done = true;
    if (done) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

/// The configurations of a race: a field that adds one (or all of a folder), the list of lanes, and
/// the button that starts.
void Shell::draw_race_choice(bool& started) {
    const Theme& theme = state_.theme();
    const float s = state_.pixel_scale;
    if (path_row(state_, "Race several configurations", "configs/wide.toml, or a folder of them",
                 "Add", race_field_)) {
        for (std::string& path : configs_at(race_field_))
            if (std::find(race_configs_.begin(), race_configs_.end(), path) == race_configs_.end())
                race_configs_.push_back(std::move(path));
        race_field_.clear();
    }
    if (race_configs_.empty()) {
        note(state_, "Lanes share data, seed and batches and are trained in turn.");
        return;
    }
    const float line = ImGui::GetFrameHeight() + 2 * s;
    const float rows = std::min(7.0f, static_cast<float>(race_configs_.size()));
    if (ImGui::BeginChild("lanes", ImVec2(0, rows * line + 2 * s))) {
        size_t gone = race_configs_.size();
        for (size_t i = 0; i < race_configs_.size(); ++i) {
            ImGui::PushID(static_cast<int>(i));
            if (button(state_, "Remove", nullptr, "Takes this lane out")) gone = i;
            ImGui::SameLine();
            ImGui::AlignTextToFramePadding();
            text_cut(state_, race_configs_[i], theme.text);
            ImGui::PopID();
        }
        if (gone < race_configs_.size())
            race_configs_.erase(race_configs_.begin() + static_cast<int64_t>(gone));
    }
    ImGui::EndChild();
    const std::string label =
        "Start race of " + std::to_string(race_configs_.size()) + "###start race";
    if (button(state_, label.c_str(),
               race_configs_.size() < 2 ? "A race needs two configurations or more." : nullptr,
               "Each lane becomes a run folder under runs/race-\xE2\x80\xA6", 0, true)) {
        door_.start_race(race_configs_);
        started = true;
    }
}

void Shell::draw_race_dialog() {
    constexpr const char* kName = "Race configurations";
    if (open_race_) {
        open_race_ = false;
        ImGui::OpenPopup(kName);
    }
    const float s = state_.pixel_scale;
    ImGui::SetNextWindowPos(ImGui::GetMainViewport()->GetCenter(), ImGuiCond_Appearing,
                            ImVec2(0.5f, 0.5f));
    ImGui::SetNextWindowSize(ImVec2(520 * s, 0));
    if (!ImGui::BeginPopupModal(kName, nullptr, ImGuiWindowFlags_NoSavedSettings)) return;
    bool done = false;
    draw_race_choice(done);
    ImGui::SameLine();
    if (cancel_button(state_, 96 * s)) done = true;
    if (done) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

}  // namespace hopscope::app
