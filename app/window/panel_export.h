// One panel of a run as a PNG file or as numbers, or the whole window as a picture, drawn without a
// display: what the window would show, by the same panels and the same session that only looks.
// Called on the main thread, which plays the window thread meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/state/app_state.h"
#include "app/state/saved_session.h"

namespace hopscope::app {

struct PanelExport {
    std::string run;                 ///< run folder
    std::string panel;               ///< id of the panel table
    std::string layout;              ///< instead: the whole window in it, a name as "train"
    std::vector<std::string> front;  ///< panels that stand before others in their place of it
    std::optional<int64_t> step;     ///< the newest kept snapshot up to it; else the newest
    std::string png, csv, json;      ///< where to; "" is left out
    int width = 1280, height = 800;
    float scale = 1;  ///< pixels of the picture are width × scale, height × scale
    bool dark = true;
    std::string prompt;                 ///< traced where it is not ""
    std::vector<core::Command> script;  ///< puts rows on the stack of interventions
    std::vector<std::string> beside;    ///< runs, races, folders of runs, for panels that compare
    PanelView view;       ///< how panels are set, by their own names, in a layout PANEL.NAME
    std::string exe_dir;  ///< folder of the program: fonts
    std::function<bool()> interrupted;  ///< asked often; may be empty
};

/// Opens the run, waits until the picture shows all that was asked for, and writes it. Errors
/// (usage): no such panel or layout, no snapshot up to the step, what the session or a prompt is
/// refused for, a panel without numbers, a name of `view` that the panel has not, a path of
/// `beside` without runs, a picture larger than the driver draws; (failed): no OpenGL without a
/// display, a file that cannot be written; (interrupted).
core::Status export_panel(const PanelExport& what, Services services);

}  // namespace hopscope::app
