#include "app/window/shell.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <imgui_internal.h>
#include <iterator>
#include <utility>

#include "app/widgets/fonts.h"
#include "app/widgets/number.h"
#include "app/window/actions.h"
#include "app/window/run_banner.h"
#include "app/window/start_screen.h"
#include "app/window/top_bar.h"
#include "core/api/files.h"

namespace hopscope::app {
namespace {

constexpr float kTopBar = 42, kTimeline = TimeTrack::kHeight, kStatusBar = 26, kGap = 2;
constexpr const char* kLayoutsFile = "layouts.ini";

}  // namespace

Shell::Shell(AppState& state, std::string config_folder)
    : state_(state),
      config_folder_(std::move(config_folder)),
      door_(state),
      chooser_(state, door_, recent_),
      keeper_(state, door_, workspace_, config_folder_),
      arrangements_(state, workspace_, config_folder_) {
    make_actions();
}

void Shell::make_actions() {
    actions_ = command_actions(state_);
    const auto add = [&](std::vector<ActionItem> more) {
        std::move(more.begin(), more.end(), std::back_inserter(actions_));
    };
    add(window_actions({state_, door_, chooser_, workspace_, keeper_, palette_, key_help_, tour_,
                        recent_, arrangements_, first_look_, order_, example_}));
    add(timeline_actions(state_));
    for (size_t i = 0; i < workspace_.panels().size(); ++i) {
        Panel& panel = *workspace_.panels()[i];
        auto own = panel.actions(state_);
        for (ActionItem& item : own) {
            item.panel = panel.title();
            item.panel_id = panel_table()[i].id;
        }
        add(std::move(own));
    }
}

void Shell::list_arrangements() {
    const uint64_t version = arrangements_.kept().version();
    if (version == std::exchange(listed_, version)) return;
    std::erase_if(actions_,
                  [](const ActionItem& item) { return item.id.starts_with("arrangement."); });
    std::ranges::move(arrangements_.actions(), std::back_inserter(actions_));
}

void Shell::begin(float content_scale) {
    std::string problem;
    saved_ = load_settings(config_folder_, problem);
    if (!problem.empty()) state_.say(problem, true);
    state_.settings = saved_.settings;
    workspace_.restore(saved_.layout, saved_.shut);
    chooser_.set_config(saved_.last_config);
    first_look_ = bundled_config(state_.exe_dir, "first_look");
    order_ = bundled_config(state_.exe_dir, "order");
    example_ = bundled_example(state_.exe_dir);
    recent_.begin(state_, config_folder_);
    // Where nothing is kept it would come back at each start.
    if (!config_folder_.empty() && !state_.settings.toured) tour_.begin(state_);
    keeper_.begin();
    arrangements_.begin();

    ImGuiIO& io = ImGui::GetIO();
    io.ConfigFlags |= ImGuiConfigFlags_DockingEnable | ImGuiConfigFlags_NavEnableKeyboard;
    io.ConfigDragClickToInputText = true;
    io.ConfigWindowsMoveFromTitleBarOnly = true;
    io.IniFilename = nullptr;  // written by save(), into a folder that may have to be made first
    if (!config_folder_.empty()) {
        const auto path = (std::filesystem::path(config_folder_) / kLayoutsFile).string();
        if (const auto text = core::read_file(path))
            ImGui::LoadIniSettingsFromMemory(text->data(), text->size());
    }
    std::vector<std::string> messages;
    state_.fonts = load_fonts(state_.exe_dir, messages);
    for (const auto& message : messages) state_.say(message, true);
    set_content_scale(content_scale);
}

void Shell::set_content_scale(float content_scale) {
    content_scale_ = std::isfinite(content_scale) ? std::clamp(content_scale, 0.5f, 4.0f) : 1.0f;
    style_if_changed();
}

void Shell::style_if_changed() {
    state_.pixel_scale = content_scale_ * state_.settings.scale;
    if (styled_scale_ == state_.pixel_scale && styled_dark_ == state_.settings.dark) return;
    styled_scale_ = state_.pixel_scale;
    styled_dark_ = state_.settings.dark;
    apply_theme(state_.theme(), state_.pixel_scale);
    state_.keep_drawing();
}

SavedWindow Shell::to_keep() const {
    SavedWindow now;
    now.settings = state_.settings;
    now.layout = name_of(workspace_.layout());
    now.shut = workspace_.shut();
    now.last_config = chooser_.config();
    return now;
}

void Shell::save(bool leaving) {
    keeper_.between_frames(leaving);
    if (config_folder_.empty()) return;
    if (leaving && ImGui::GetCurrentContext()->SettingsDirtyTimer > 0)
        ImGui::GetIO().WantSaveIniSettings = true;
    if (SavedWindow now = to_keep(); now != saved_) {
        saved_ = std::move(now);
        write_aside(
            [folder = config_folder_, kept = saved_] { return save_settings(folder, kept); });
    }
    if (ImGui::GetIO().WantSaveIniSettings) {
        ImGui::GetIO().WantSaveIniSettings = false;
        write_aside(
            [folder = config_folder_, text = std::string(ImGui::SaveIniSettingsToMemory())] {
                return save_text(folder, kLayoutsFile, text);
            });
    }
    if (const auto reason = saving_.take(); reason && !reason->empty())
        state_.say("settings were not saved: " + *reason, true);
}

/// A newer write follows the older one; only its outcome is told.
void Shell::write_aside(std::function<std::string()> write) {
    saving_ = state_.aside(std::move(write));
}

/// The palette asks for the names of what panels show as long as it is open.
void Shell::end_of_names() {
    Controls& controls = state_.drawn->controls;
    controls.listen(palette_.is_open());
    if (const std::string lost = controls.end_frame(); !lost.empty())
        state_.say("\"" + lost + "\" does not stand on its panel now", true);
    if (controls.pressing()) state_.keep_drawing(2);
}

void Shell::frame() {
    list_arrangements();
    keys_.listen(state_, actions_, workspace_.attention());
    const float s = state_.pixel_scale;
    const ImGuiViewport* view = ImGui::GetMainViewport();
    ImGui::SetNextWindowPos(view->Pos);
    ImGui::SetNextWindowSize(view->Size);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::PushStyleColor(ImGuiCol_WindowBg, state_.theme().border);
    ImGui::Begin("hopscope", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoDocking | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoNavFocus);
    ImGui::PopStyleColor();
    ImGui::PopStyleVar();  // or menus and tooltips would have no margin
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, kGap * s));
    ImGui::PushStyleVar(ImGuiStyleVar_ChildRounding, 0);
    draw_top_bar(state_, actions_, workspace_.layout(), kTopBar * s);
    draw_run_banner(state_);
    const bool timed = Timeline::shown(state_);
    const float bottom = (kStatusBar + kGap + (timed ? kTimeline + kGap : 0)) * s;
    ImGui::BeginChild("body", ImVec2(0, ImGui::GetContentRegionAvail().y - bottom));
    if (state_.session)
        workspace_.draw_dock(state_);
    else
        draw_start_screen(state_, chooser_, actions_, door_, keeper_, recent_,
                          tour_.room_below(state_));
    ImGui::EndChild();
    if (timed) timeline_.draw(state_, actions_, kTimeline * s);
    status_bar_.draw(state_, kStatusBar * s);
    ImGui::PopStyleVar(2);
    ImGui::End();

    keeper_.follow_run();
    if (state_.session)
        workspace_.draw_panels(state_);
    else
        state_.show_panel.clear();
    chooser_.draw_dialogs();
    keeper_.draw();
    arrangements_.draw();
    key_help_.draw(state_, actions_, workspace_.panels());
    tour_.draw(state_, workspace_.layout());
    draw_number_menu(state_);
    palette_.draw(state_, actions_);
    end_of_names();
    if (!state_.open_next.empty()) door_.open_run(std::exchange(state_.open_next, {}));
    if (!state_.copy_next.empty()) door_.train_copy(std::exchange(state_.copy_next, {}));
    const uint64_t opened = state_.runs_opened;
    door_.update();
    // Nothing of a model that was trained elsewhere is to be seen where runs are watched.
    if (state_.runs_opened != opened && state_.session &&
        state_.session->status().state == core::RunState::imported &&
        workspace_.layout() == Layout::train)
        workspace_.set_layout(state_, Layout::inspect);
    door_.draw();
    stop_question_.draw(state_);
    recent_.update(state_);
    keys_.end_frame();
    style_if_changed();
}

}  // namespace hopscope::app
