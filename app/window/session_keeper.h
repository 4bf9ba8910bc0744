// Keeps where a person stands with a run: writes it to a session file when asked, and every few
// seconds aside, so that it is found again after the program ended without closing; puts it back
// once the run of a session file is open. Window thread only, owned by the shell.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/state/app_state.h"
#include "app/state/saved_session.h"
#include "app/window/run_door.h"
#include "app/window/workspace.h"

namespace hopscope::app {

class SessionKeeper {
  public:
    /// `folder`: of the settings, where the copy for a recovery is kept; "" keeps none.
    SessionKeeper(AppState& state, RunDoor& door, Workspace& workspace, std::string folder);

    /// Looks for what another sitting left behind; before the first frame.
    void begin();
    /// Asks for a name and writes the session file.
    void ask_name() { asked_ = true; }
    /// Before the panels of a frame: one that nobody has seen yet still holds the view that it was
    /// given for a run, and must not lay it over another.
    void follow_run();
    /// Puts back what belongs to a run that has been opened, and draws the dialog; once a frame.
    void draw();
    /// The folder of the run that the last sitting left; "" where it closed as it should.
    const std::string& left_behind() const { return left_run_; }
    void recover();
    void forget_recovery();
    /// Docking can be put back only while no frame is being made; `leaving`: the copy goes.
    void between_frames(bool leaving);

  private:
    SavedSession now() const;
    void draw_dialog();
    void keep_aside();
    void put_back();
    void remove_aside(const std::string& path);

    AppState& state_;
    RunDoor& door_;
    Workspace& workspace_;
    const std::string folder_;
    std::string left_path_, left_run_;  ///< the copy of another sitting
    bool recovering_ = false;           ///< it has been asked for
    std::string own_name_;              ///< of this one's copy
    bool keeps_ = false;                ///< a copy was asked for
    /// What was written last: of the work aside, one after another.
    std::shared_ptr<std::string> kept_ = std::make_shared<std::string>();
    double kept_at_ = -1e9;
    Pending<std::string> keeping_;
    std::optional<SavedSession> waiting_;  ///< until its run shows something
    uint64_t waits_for_ = 0;               ///< AppState::runs_opened of that run
    uint64_t given_to_ = 0;  ///< the same of the run whose views the panels were given; 0: none
    std::string docking_;    ///< to be read between two frames
    bool asked_ = false;
    std::string path_, problem_;  ///< in the dialog
};

}  // namespace hopscope::app
