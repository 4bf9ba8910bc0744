// Opening and closing of runs: starts a config, opens a folder, and, while a run is still at work,
// asks first, shows "finishing step…" and lets the session's threads end before it goes on. Window
// thread only, owned by the shell.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/window/app_state.h"

namespace hopscope::app {

class RunDoor {
  public:
    explicit RunDoor(AppState& state) : state_(state) {}

    /// Starts a run from a TOML file. Errors go to `problem()` and the log.
    void start_config(const std::string& path, bool start = true);
    /// Starts a race of two or more TOML files, each a lane under its file's name; the session says
    /// which settings they must share. `folder` "": runs/race-YYYYMMDD-HHMMSS.
    void start_race(const std::vector<std::string>& paths, const std::string& folder = {});
    /// Opens a run folder paused at its newest checkpoint; one that another process writes is
    /// followed.
    void open_run(const std::string& folder);
    void close_run();
    void exit();

    /// Goes on with what was asked once the session has ended; call once a frame.
    void update();
    /// The question and the "finishing step…" notice, as modal windows.
    void draw();

    bool wants_exit() const { return exit_now_; }
    bool finishing() const { return stage_ == Stage::finishing; }
    /// The last reason why a run could not be opened, for the start screen; "" if none.
    const std::string& problem() const { return problem_; }

  private:
    enum class Stage { open, asking, finishing };
    void after_closing(std::function<void()> next);
    void open(core::SessionOptions options);
    bool session_at_work() const;
    void refuse(const core::Error& error);

    AppState& state_;
    Stage stage_ = Stage::open;
    std::function<void()> next_;
    std::string problem_;
    bool exit_now_ = false;
};

/// The path of a config that comes with the program (e.g. "first_look"), searched beside the
/// program, in its share folder and under the working folder; "" if there is none.
std::string bundled_config(const std::string& exe_dir, const std::string& name);

}  // namespace hopscope::app
