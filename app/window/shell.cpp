#include "app/window/shell.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <imgui_internal.h>
#include <utility>

#include "app/window/docking.h"
#include "app/window/fonts.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kTopBar = 42, kStatusLine = 26, kGap = 2;
constexpr ImVec2 kTitlePadding{6, 9};  ///< of the tab that serves as a panel's title

}  // namespace

Shell::Shell(AppState& state, std::string config_folder)
    : state_(state), config_folder_(std::move(config_folder)), door_(state) {
    for (const auto& entry : panel_table()) panels_.push_back(entry.make());
    make_actions();
}

Shell::~Shell() = default;

void Shell::begin(float content_scale) {
    std::string problem;
    saved_ = load_settings(config_folder_, problem);
    if (!problem.empty()) state_.say(problem, true);
    state_.settings = saved_.settings;
    layout_ = Layout::train;
    for (Layout layout : kLayouts)
        if (saved_.layout == name_of(layout)) layout_ = layout;
    config_field_ = saved_.last_config;

    ImGuiIO& io = ImGui::GetIO();
    io.ConfigFlags |= ImGuiConfigFlags_DockingEnable | ImGuiConfigFlags_NavEnableKeyboard;
    io.ConfigDragClickToInputText = true;
    io.ConfigWindowsMoveFromTitleBarOnly = true;
    io.IniFilename = nullptr;  // written by save(), into a folder that may have to be made first
    if (!config_folder_.empty()) {
        ini_path_ = (std::filesystem::path(config_folder_) / "layouts.ini").string();
        std::error_code error;
        if (std::filesystem::is_regular_file(ini_path_, error))
            ImGui::LoadIniSettingsFromDisk(ini_path_.c_str());
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

void Shell::set_layout(Layout layout) {
    layout_ = layout;
    settings_dirty_ = true;
    state_.keep_drawing();
}

void Shell::reset_layout() {
    reset_[static_cast<size_t>(layout_)] = true;
    const auto table = panel_table();
    for (size_t i = 0; i < panels_.size(); ++i)
        saved_.shut.erase(window_name(*panels_[i], layout_));
    settings_dirty_ = true;
    state_.keep_drawing();
}

void Shell::save() {
    if (config_folder_.empty()) return;
    const bool settings_changed = settings_dirty_ || saved_.settings != state_.settings ||
                                  saved_.layout != name_of(layout_) ||
                                  saved_.last_config != config_field_;
    if (settings_changed) {
        saved_.settings = state_.settings;
        saved_.layout = name_of(layout_);
        saved_.last_config = config_field_;
        settings_dirty_ = false;
        if (const auto problem = save_settings(config_folder_, saved_); !problem.empty())
            state_.say("settings were not saved: " + problem, true);
    }
    if (ImGui::GetIO().WantSaveIniSettings) {
        ImGui::GetIO().WantSaveIniSettings = false;
        std::error_code error;
        std::filesystem::create_directories(config_folder_, error);
        ImGui::SaveIniSettingsToDisk(ini_path_.c_str());
    }
}

void Shell::frame() {
    handle_keys();
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
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, kGap * s));
    ImGui::PushStyleVar(ImGuiStyleVar_ChildRounding, 0);
    draw_top_bar(kTopBar * s);
    const float bottom = kStatusLine * s + kGap * s;
    ImGui::BeginChild("body", ImVec2(0, ImGui::GetContentRegionAvail().y - bottom));
    if (state_.session)
        draw_dock();
    else
        draw_start_screen();
    ImGui::EndChild();
    draw_status_line(kStatusLine * s);
    ImGui::PopStyleVar(3);
    ImGui::End();

    if (state_.session)
        for (size_t i = 0; i < panels_.size(); ++i) draw_panel(i);
    show_asked_panel();
    draw_open_dialog();
    draw_race_dialog();
    draw_shortcuts();
    palette_.draw(state_, [this] { return all_actions(); });
    if (!state_.open_next.empty()) door_.open_run(std::exchange(state_.open_next, {}));
    door_.update();
    door_.draw();
    style_if_changed();
}

void Shell::set_shut(size_t panel, bool shut) {
    saved_.shut[window_name(*panels_[panel], layout_)] = shut;
    settings_dirty_ = true;
    state_.keep_drawing();
}

/// A panel that the present layout does not have is shown in one that has.
void Shell::show_asked_panel() {
    const std::string title = std::exchange(state_.show_panel, {});
    if (title.empty() || !state_.session) return;
    for (size_t i = 0; i < panels_.size(); ++i) {
        if (panels_[i]->title() != title) continue;
        const PanelEntry& entry = panel_table()[i];
        if (place_in(entry, layout_) == Place::none)
            for (Layout layout : kLayouts)
                if (place_in(entry, layout) != Place::none) set_layout(layout);
        set_shut(i, false);
        ImGui::SetWindowFocus(window_name(*panels_[i], layout_).c_str());
    }
}

void Shell::draw_dock() {
    const ImVec2 size = ImGui::GetContentRegionAvail();
    ImGui::PushFont(state_.fonts.title, kTitleSize);
    const float s = state_.pixel_scale;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        ImVec2(kTitlePadding.x * s, kTitlePadding.y * s));
    for (Layout layout : kLayouts) {
        const ImGuiID id = dock_space_id(layout);
        const bool reset = std::exchange(reset_[static_cast<size_t>(layout)], false);
        if (reset || !ImGui::DockBuilderGetNode(id)) build_layout(layout, panels_, size, s);
        // The other arrangement keeps its place without being laid out.
        ImGuiDockNodeFlags flags = static_cast<int>(ImGuiDockNodeFlags_NoWindowMenuButton);
        if (layout != layout_) flags |= ImGuiDockNodeFlags_KeepAliveOnly;
        ImGui::DockSpace(id, layout == layout_ ? size : ImVec2(0, 0), flags);
    }
    ImGui::PopStyleVar();
    ImGui::PopFont();
}

void Shell::draw_panel(size_t index) {
    Panel& panel = *panels_[index];
    const std::string name = window_name(panel, layout_);
    const Place place = place_in(panel_table()[index], layout_);
    const auto found = saved_.shut.find(name);
    bool open = found == saved_.shut.end() ? place != Place::none : !found->second;
    if (!open) return;
    panel.prepare(state_);

    const float s = state_.pixel_scale;
    ImGui::PushFont(state_.fonts.title, kTitleSize);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        ImVec2(kTitlePadding.x * s, kTitlePadding.y * s));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(12 * s, 4 * s));
    ImGui::SetNextWindowSize(ImVec2(480 * s, 360 * s), ImGuiCond_FirstUseEver);
    const bool visible = ImGui::Begin(name.c_str(), &open, ImGuiWindowFlags_NoCollapse);
    ImGui::PopStyleVar(2);
    ImGui::PopFont();
    if (visible) {
        draw_detail(panel.detail(state_));
        panel.draw(state_);
    }
    ImGui::End();
    if (!open) set_shut(index, true);
}

void Shell::draw_detail(const std::string& text) {
    const ImGuiWindow* window = ImGui::GetCurrentWindow();
    const ImGuiTabBar* tabs =
        window->DockIsActive && window->DockNode ? window->DockNode->TabBar : nullptr;
    if (text.empty() || !tabs) return;
    const float s = state_.pixel_scale;
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    const float right = window->Pos.x + window->Size.x - 12 * s;
    const float tabs_end = tabs->BarRect.Min.x + tabs->WidthAllTabs + 8 * s;
    if (right - size.x < tabs_end) return;
    const float middle = (tabs->BarRect.Min.y + tabs->BarRect.Max.y) * 0.5f;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect(window->Rect().Min, window->Rect().Max);
    list->AddText(ImVec2(right - size.x, std::floor(middle - size.y * 0.5f)),
                  packed(state_.theme().dim), text.c_str());
    list->PopClipRect();
}

}  // namespace hopscope::app
