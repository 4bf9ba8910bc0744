// One frame of the window between ImGui's NewFrame and Render: it owns the parts (top bar,
// workspace or start screen, status bar, palette, dialogs), the list of actions that they share,
// and what is kept between two starts. Knows no GLFW and no OpenGL, so that tests run it without a
// screen. Window thread only.
#pragma once

#include <string>
#include <vector>

#include "app/state/actions.h"
#include "app/state/recent_runs.h"
#include "app/state/settings.h"
#include "app/window/arrangement_list.h"
#include "app/window/key_help.h"
#include "app/window/key_listener.h"
#include "app/window/palette.h"
#include "app/window/run_chooser.h"
#include "app/window/run_door.h"
#include "app/window/session_keeper.h"
#include "app/window/status_bar.h"
#include "app/window/stop_question.h"
#include "app/window/timeline.h"
#include "app/window/tour.h"
#include "app/window/workspace.h"

namespace hopscope::app {

class Shell {
  public:
    /// `config_folder`: where settings and layouts are kept; "" keeps nothing.
    Shell(AppState& state, std::string config_folder);
    Shell(const Shell&) = delete;  // the actions point into it
    Shell& operator=(const Shell&) = delete;

    /// Loads settings and docking; call once, after ImGui and ImPlot exist and before the first
    /// frame.
    void begin(float content_scale);
    /// The monitor's scale changed.
    void set_content_scale(float content_scale);
    void frame();
    /// Writes settings and docking aside, if something changed. `leaving`: docking, too, that ImGui
    /// would hand over some seconds after the change.
    void save(bool leaving = false);

    /// All actions, made once, but for those of arrangements, which come and go between frames.
    std::span<const ActionItem> actions() const { return actions_; }
    RunDoor& door() { return door_; }
    Workspace& workspace() { return workspace_; }
    const RecentRuns& recent() const { return recent_; }
    Tour& tour() { return tour_; }

  private:
    void make_actions();
    void list_arrangements();
    void end_of_names();
    SavedWindow to_keep() const;
    void write_aside(std::function<std::string()> write);
    void style_if_changed();

    AppState& state_;
    std::string config_folder_;
    RunDoor door_;
    RunChooser chooser_;
    Workspace workspace_;
    SessionKeeper keeper_;
    Timeline timeline_;
    StatusBar status_bar_;
    StopQuestion stop_question_;
    Palette palette_;
    KeyHelp key_help_;
    Tour tour_;
    RecentRuns recent_;
    ArrangementList arrangements_;
    uint64_t listed_ = 0;  ///< version of the arrangements that are among the actions
    KeyListener keys_;
    std::string first_look_;  ///< path of the sample configuration, "" if it is not there
    std::string order_;       ///< of that of the race of shapes, likewise
    std::string example_;     ///< folder of the trained example, likewise
    std::vector<ActionItem> actions_;
    SavedWindow saved_;
    Pending<std::string> saving_;
    float content_scale_ = 1.0f;
    bool styled_dark_ = false;
    float styled_scale_ = 0.0f;
};

}  // namespace hopscope::app
