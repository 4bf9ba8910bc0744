#include "app/window/session_keeper.h"

#include <cerrno>
#include <filesystem>
#include <imgui.h>
#include <imgui_internal.h>
#include <misc/cpp/imgui_stdlib.h>
#include <signal.h>
#include <unistd.h>
#include <utility>

#include "app/state/settings.h"
#include "app/widgets/export.h"
#include "app/widgets/widgets.h"
#include "core/api/files.h"
#include "core/api/input.h"

namespace hopscope::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDialog = "Save the session";
constexpr const char* kCopy = "sitting-";  ///< then the process and kSessionEnding
constexpr double kKeepEvery = 10;          ///< seconds between two copies

/// The process in the name of a copy; 0 where the name is none.
pid_t process_of(const std::string& name) {
    const std::string begin = kCopy, end = kSessionEnding;
    if (!name.starts_with(begin) || !name.ends_with(end)) return 0;
    const auto number =
        core::read_integer(name.substr(begin.size(), name.size() - begin.size() - end.size()));
    return number && *number > 0 && *number < (int64_t{1} << 30) ? static_cast<pid_t>(*number) : 0;
}

bool is_alive(pid_t process) {
    return kill(process, 0) == 0 || errno == EPERM;
}

}  // namespace

SessionKeeper::SessionKeeper(AppState& state, RunDoor& door, Workspace& workspace,
                             std::string folder)
    : state_(state),
      door_(door),
      workspace_(workspace),
      folder_(std::move(folder)),
      own_name_(kCopy + std::to_string(getpid()) + kSessionEnding) {}

void SessionKeeper::begin() {
    std::error_code code;
    fs::file_time_type newest = fs::file_time_type::min();
    for (fs::directory_iterator entry(folder_, code), end; !code && entry != end;
         entry.increment(code)) {
        const pid_t process = process_of(entry->path().filename().string());
        if (process == 0 || process == getpid() || is_alive(process)) continue;
        const auto written = entry->last_write_time(code);
        if (code || written < newest) continue;
        const std::string path = entry->path().string();
        const auto text = core::read_text(path, kLargestSession);
        const auto saved =
            text ? parse_session(*text, path) : core::Result<SavedSession>(text.error());
        if (!saved) continue;
        newest = written;
        left_path_ = path;
        left_run_ = saved->run;
    }
}

SavedSession SessionKeeper::now() const {
    SavedSession saved = saved_session(state_);
    saved.layout = name_of(workspace_.layout());
    saved.shut = workspace_.shut();
    // Which takes it for saved: the shell's own copy of it would not be written.
    float& unsaved = ImGui::GetCurrentContext()->SettingsDirtyTimer;
    const float timer = unsaved;
    saved.docking = ImGui::SaveIniSettingsToMemory();
    unsaved = timer;
    std::error_code code;
    const auto run = fs::absolute(saved.run, code);
    if (!code) saved.run = run.lexically_normal().string();
    for (size_t i = 0; i < workspace_.panels().size(); ++i)
        if (PanelView view = workspace_.panels()[i]->saved_view(); !view.empty())
            saved.panels[panel_table()[i].id] = std::move(view);
    return saved;
}

void SessionKeeper::draw() {
    if (auto opened = door_.take_restored()) {
        waiting_ = std::move(*opened);
        waits_for_ = state_.runs_opened;
        if (std::exchange(recovering_, false)) forget_recovery();
    }
    if (!door_.busy() && !door_.problem().empty()) recovering_ = false;  // it could not be opened
    put_back();
    draw_dialog();
}

void SessionKeeper::follow_run() {
    if (given_to_ == 0 || given_to_ == state_.runs_opened) return;
    given_to_ = 0;
    for (const auto& panel : workspace_.panels()) panel->forget_restored();
}

/// Once the run shows something: before, nothing is known of its experts and kept snapshots.
void SessionKeeper::put_back() {
    if (waiting_ && state_.runs_opened != waits_for_) waiting_.reset();  // another run came
    if (!waiting_ || !state_.session) return;
    if (state_.status.state == core::RunState::preparing || !state_.archive.complete() ||
        (!state_.geometry && !state_.archive.files().empty()))
        return state_.keep_drawing(2);
    const SavedSession saved = *std::exchange(waiting_, std::nullopt);
    restore(saved, state_);
    workspace_.restore(saved.layout, saved.shut);
    docking_ = saved.docking;
    given_to_ = waits_for_;
    for (size_t i = 0; i < workspace_.panels().size(); ++i)
        if (const auto view = saved.panels.find(panel_table()[i].id); view != saved.panels.end())
            workspace_.panels()[i]->restore_view(view->second);
}

void SessionKeeper::draw_dialog() {
    if (std::exchange(asked_, false)) {
        path_ = export_path(state_, std::string("view") + kSessionEnding);
        problem_.clear();
        ImGui::OpenPopup(kDialog);
    }
    const float s = state_.pixel_scale;
    ImGui::SetNextWindowSize(ImVec2(460 * s, 0));
    if (!begin_question(kDialog)) return;
    ImGui::TextColored(state_.theme().dim, "File");
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x);
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    const bool entered = ImGui::InputText("##path", &path_, ImGuiInputTextFlags_EnterReturnsTrue);
    note(state_,
         "Keeps layout, moment, selection, prompt, interventions and views of the panels. Open it "
         "with Ctrl+O or by its name on the command line.");
    if (!problem_.empty()) problem_text(state_, problem_);
    const float width = 96 * s;
    const bool save = button(state_, "Save", path_.empty() ? "Give a path first." : nullptr,
                             nullptr, width, true);
    if ((save || entered) && !path_.empty()) {
        if (!path_.ends_with(".json")) path_ += kSessionEnding;
        const std::string text = text_of(now());
        problem_ = size_problem(text.size());
        if (problem_.empty()) {
            state_.write_file(path_, text);
            ImGui::CloseCurrentPopup();
        }
    }
    ImGui::SameLine();
    if (cancel_button(state_, width)) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

void SessionKeeper::recover() {
    if (left_path_.empty()) return;
    recovering_ = true;
    door_.open_run(left_path_);
}

void SessionKeeper::forget_recovery() {
    remove_aside(left_path_);
    left_path_.clear();
    left_run_.clear();
}

void SessionKeeper::remove_aside(const std::string& path) {
    if (path.empty()) return;
    state_.aside([path] {
        std::error_code code;
        fs::remove(path, code);
        return std::string();
    });
}

void SessionKeeper::keep_aside() {
    if (folder_.empty() || !state_.session || waiting_ || state_.status.run_dir.empty()) return;
    if (keeping_.waits() && !keeping_.take()) return;
    if (state_.now - kept_at_ < kKeepEvery) return;
    kept_at_ = state_.now;
    keeps_ = true;
    // Many named selections are a long text.
    keeping_ = state_.aside(
        [folder = folder_, name = own_name_, saved = now(), last = kept_]() -> std::string {
            std::string text = text_of(saved);
            if (text == *last || !size_problem(text.size()).empty()) return {};
            *last = std::move(text);
            return save_text(folder, name, *last);
        });
}

void SessionKeeper::between_frames(bool leaving) {
    if (!docking_.empty()) {
        ImGui::LoadIniSettingsFromMemory(docking_.data(), docking_.size());
        docking_.clear();
    }
    if (!leaving) return keep_aside();
    if (folder_.empty() || !keeps_) return;
    remove_aside((fs::path(folder_) / own_name_).string());
}

}  // namespace hopscope::app
