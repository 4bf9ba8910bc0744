// The interface of a panel: prepare computes, draw draws only. The shell opens the docked window,
// writes the title, and calls prepare and draw only while the panel can be seen. Window thread
// only; panels are owned by the shell.
#pragma once

#include <memory>
#include <string>

#include "app/window/app_state.h"

namespace hopscope::app {

class Panel {
  public:
    virtual ~Panel() = default;
    /// Shown in the title and used as ImGui window name; constant, unique.
    virtual const char* title() const = 0;
    /// Dim text at the right end of the title line, e.g. "layer 3   all hops   2-D"; "" for none.
    virtual std::string detail(const AppState&) const { return {}; }
    /// Derives from the state what draw needs. Called before ImGui's window begins; must return
    /// within some ms: what takes longer is spread over frames.
    virtual void prepare(AppState&) = 0;
    /// Draws into the current ImGui window (padding, theme and text font are set) and turns input
    /// into commands and selection. No computing beyond layout.
    virtual void draw(AppState&) = 0;
};

// One factory a panel, defined in app/panels/NAME_panel.cpp; the table that lists them is in
// panel_table.cpp.
std::unique_ptr<Panel> make_run_panel();
std::unique_ptr<Panel> make_curves_panel();
std::unique_ptr<Panel> make_log_panel();
std::unique_ptr<Panel> make_routing_space_panel();
std::unique_ptr<Panel> make_trajectory_panel();
std::unique_ptr<Panel> make_intervene_panel();
std::unique_ptr<Panel> make_analyses_panel();
std::unique_ptr<Panel> make_statistics_panel();

}  // namespace hopscope::app
