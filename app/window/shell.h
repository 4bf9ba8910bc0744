// One frame of the window between ImGui's NewFrame and Render: top bar, docked panels, status line,
// palette, dialogs and keys. Knows no GLFW and no OpenGL, so that tests run it without a screen.
// Window thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/window/actions.h"
#include "app/window/palette.h"
#include "app/window/panel_table.h"
#include "app/window/run_door.h"
#include "app/window/settings.h"

namespace hopscope::app {

class Shell {
  public:
    /// `config_folder`: where settings and layouts are kept; "" keeps nothing.
    Shell(AppState& state, std::string config_folder);
    ~Shell();

    /// Loads settings and docking; call once, after ImGui and ImPlot exist and before the first
    /// frame.
    void begin(float content_scale);
    /// The monitor's scale changed.
    void set_content_scale(float content_scale);
    void frame();
    /// Writes settings and docking, if something changed.
    void save();

    void open_palette() { palette_.open(); }
    void show_shortcuts() { show_shortcuts_ = true; }
    RunDoor& door() { return door_; }
    Layout layout() const { return layout_; }
    void set_layout(Layout layout);
    void reset_layout();

  private:
    void make_actions();
    std::vector<ActionItem> all_actions();
    void add_action(std::string id, std::string title, std::string help, std::string shortcut,
                    std::function<void()> run);
    void menu_item(const char* id);
    void set_shut(size_t panel, bool shut);
    void show_asked_panel();
    void draw_menus();
    void draw_top_bar(float height);
    void draw_layout_buttons(float bar_height);
    void draw_state(float bar_height);
    void draw_dock();
    void draw_panel(size_t index);
    void draw_detail(const std::string& text);
    void draw_status_line(float height);
    void draw_shortcuts();
    void handle_keys();
    void guide_cursor();
    void style_if_changed();

    AppState& state_;
    std::string config_folder_;
    RunDoor door_;
    Palette palette_;
    std::vector<std::unique_ptr<Panel>> panels_;
    std::vector<ActionItem> actions_;
    SavedWindow saved_;
    Layout layout_ = Layout::train;
    bool reset_[std::size(kLayouts)] = {};
    float content_scale_ = 1.0f;
    bool styled_dark_ = false;
    float styled_scale_ = 0.0f;
    bool show_shortcuts_ = false, settings_dirty_ = false, popup_was_open_ = false;
    std::string ini_path_;
    std::string config_field_, run_field_;
    bool open_dialog_ = false;
    std::vector<std::string> race_configs_;  ///< chosen for a race, in the order of its lanes
    std::string race_field_;
    bool open_race_ = false;
    void draw_start_screen();
    void draw_race_dialog();
    void draw_race_choice(bool& started);
    void draw_open_dialog();
    double memory_read_at_ = -10;
    int64_t memory_bytes_ = 0;
};

/// Resident memory of this process in bytes; 0 where it cannot be read.
int64_t resident_memory();

}  // namespace hopscope::app
