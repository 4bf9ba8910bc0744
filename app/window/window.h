// Opens the window and runs it until it is closed: GLFW, OpenGL 3.3 core, Dear ImGui. Called on the
// main thread, which becomes the window thread; everything below knows the laboratory only through
// Services.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

class Shell;

struct WindowOptions {
    std::vector<std::string> runs;  ///< run folders to open; the first is inspected, all are curves
    bool example = false;           ///< open the example that comes with the program
    std::string config_path;        ///< a configuration to load
    bool start = false;             ///< begin training at once, else wait paused
    bool allow_debug = false;       ///< obey debug.frame_ms of the run that is open
    std::string exe_dir;            ///< folder of the program
    int width = 1600, height = 900;

    /// Asked often; true closes at once, without a question (a signal came).
    std::function<bool()> close_now;

    std::string record;  ///< file to write the input into, as input_record.h says; "" = none
    std::string replay;  ///< one to do again; the window is then the user's

    // For tests and documentation.
    bool close_after_replay = false;
    std::string screenshot;     ///< PNG written after `frames` frames; the window then closes
    int frames = 0;             ///< with `screenshot`: frames to draw first
    bool keep_settings = true;  ///< false: neither reads nor writes the settings folder
    std::function<void(Shell&, AppState&)> after_begin;  ///< once, before the first frame
    std::function<void(Shell&, AppState&)> after_frame;  ///< after each frame; may ask to close
};

/// Returns the exit code: 0 after a clean close, 2 when no window can be opened (no display) with a
/// sentence on stderr that names the command that works without one.
int run_window(const WindowOptions& options, Services services);

}  // namespace hopscope::app
