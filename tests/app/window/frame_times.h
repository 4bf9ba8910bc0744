// How long frames take while a run trains, when the layer is switched, and while 50,000 points are
// panned: a window on made-up data.
#pragma once

namespace hopscope::gui_test {

/// Wrong if a person had to wait for the window in one of these. Prints the times.
/// @return exit code
int run_frame_times();

}  // namespace hopscope::gui_test
