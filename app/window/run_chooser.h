// Where a person says which run to open or start: the fields for a run folder, a configuration and
// the lanes of a race. The start screen and two dialogs show the same fields, and what was typed in
// one stands in the other. Owned by the shell, window thread only.
#pragma once

#include <string>
#include <vector>

#include "app/state/recent_runs.h"
#include "app/window/run_door.h"

namespace hopscope::app {

class RunChooser {
  public:
    RunChooser(AppState& state, RunDoor& door, RecentRuns& recent)
        : state_(state), door_(door), recent_(recent) {}

    void ask_run() { open_asked_ = true; }
    void ask_race() { race_asked_ = true; }

    // Rows of fields at the cursor; true when a run was asked for.
    bool draw_run_row(bool in_dialog = false);
    bool draw_config_row();
    /// The configurations of a race: a field that adds one (or all of a folder), the list of lanes,
    /// and the button that starts.
    bool draw_race_rows(bool in_dialog = false);
    /// The two dialogs, if they were asked for.
    void draw_dialogs();

    /// Whether what is wanted last was asked for in a field of the start screen: its answer stands
    /// below these.
    bool asked_in_field() const { return asked_in_field_; }
    void set_asked_in_field(bool in_field) { asked_in_field_ = in_field; }

    const std::string& config() const { return config_; }
    void set_config(std::string path) { config_ = std::move(path); }

  private:
    void draw_run_dialog();
    void draw_race_dialog();
    bool end_dialog(bool asked);

    AppState& state_;
    RunDoor& door_;
    RecentRuns& recent_;
    std::string run_, config_;
    std::string race_;                         ///< the field that adds lanes
    std::vector<std::string> lanes_;           ///< chosen for a race, in the order of its lanes
    Pending<std::vector<std::string>> found_;  ///< what the field of lanes names
    bool open_asked_ = false, race_asked_ = false;
    bool asked_in_field_ = false;
    enum class Answer { none, awaited, refused };
    Answer answer_ = Answer::none;  ///< to the dialog, which stays until what it asked for is open
};

}  // namespace hopscope::app
