// The door opens and closes runs: it starts a config, opens a folder, and, while a run is still at
// work, asks first, shows "finishing step…" and lets the session's threads end before it goes on.
// Files are read and sessions opened aside, so that a slow disk holds up no frame. Window thread
// only, owned by the shell.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/state/app_state.h"
#include "app/state/saved_session.h"

namespace hopscope::app {

class RunDoor {
  public:
    explicit RunDoor(AppState& state) : state_(state) {}

    /// Starts a run from a TOML file. Errors go to `problem()` and the log.
    void start_config(const std::string& path, bool start = true);
    /// Starts a race of two or more TOML files, each a lane under its file's name; the session says
    /// which settings they must share. `folder` "": runs/race-YYYYMMDD-HHMMSS.
    void start_race(const std::vector<std::string>& paths, const std::string& folder = {});
    /// The race whose phases arXiv 2604.14419 describes, at a small scale: a dense model, a wide
    /// and a deep mixture of equal parameters, from the configuration `order` that comes with the
    /// program.
    void start_shapes(const std::string& order);
    /// Opens a run folder paused at its newest checkpoint; one that another process writes is
    /// followed. Of a session file the run that it names, searched beside the file too.
    /// The example that comes with the program is only looked at, wherever its path comes from.
    void open_run(const std::string& path);
    /// Copies a run that is only looked at into runs/ and opens the copy, paused, with as many
    /// steps again before it.
    void train_copy(const std::string& path);
    /// What a session file says of the run that has just been opened; once.
    std::optional<SavedSession> take_restored() {
        return state_.session && stage_ == Stage::open ? std::exchange(restored_, {})
                                                       : std::nullopt;
    }
    void close_run();
    void exit();

    /// Goes on with what was asked once the session has ended; call once a frame.
    void update();
    /// The question and the "finishing step…" notice, as modal windows.
    void draw();

    bool wants_exit() const { return exit_now_; }
    bool finishing() const { return stage_ == Stage::finishing; }
    /// What it is doing aside, "reading configs/first_look.toml…"; "" where it is doing nothing.
    const std::string& activity() const { return activity_; }
    /// Whether what was asked is not yet done, and needs no answer from the user.
    bool busy() const { return stage_ != Stage::open && stage_ != Stage::asking; }
    /// Why what was asked for last could not be opened, for where it was asked; "" if it could.
    const std::string& problem() const { return problem_; }

  private:
    /// What was read, and with what the run is to be shown.
    struct Found {
        core::SessionOptions options;
        std::optional<SavedSession> restored = {};
    };
    using Asked = core::Result<Found>;
    using Opened = core::Result<std::unique_ptr<core::Session>>;
    enum class Stage { open, reading, asking, finishing, opening };
    void read(const std::string& path, std::function<Asked()> work);
    void forget_reading();
    void after_closing(std::function<void()> next);
    void take_read();
    void take_opened();
    void open(core::SessionOptions options);
    bool session_at_work() const;
    static Asked found_in(const std::string& path, const std::string& exe_dir);
    void refuse(const core::Error& error);

    AppState& state_;
    Stage stage_ = Stage::open;
    std::function<void()> next_;            ///< once the present session has ended
    std::function<void()> when_opened_;     ///< asked for while a session is being opened
    std::optional<SavedSession> restored_;  ///< belongs to the run that is being opened, or is open
    Pending<Asked> reading_;
    std::shared_ptr<std::atomic<bool>> given_up_;  ///< read by the work behind it
    Pending<Opened> opening_;
    std::string activity_;
    std::string problem_;
    bool exit_now_ = false;
};

/// The path of a config that comes with the program (e.g. "first_look"), searched beside the
/// program, in its share folder, above a build folder, and only then under the working folder; ""
/// if there is none.
std::string bundled_config(const std::string& exe_dir, const std::string& name);
/// The run folder that comes with the program, searched likewise; "" if there is none.
std::string bundled_example(const std::string& exe_dir);
/// Where `options.run_dir` is that one: it is only looked at, nothing is written into it.
void spare_example(core::SessionOptions& options, const std::string& exe_dir);

}  // namespace hopscope::app
