// What a new user does, by the Test Engine in a window of its own whose settings folder is empty:
// the tour, the example, help, recent runs.
#pragma once

namespace hopscope::gui_test {

/// @return exit code
int run_first_steps();

}  // namespace hopscope::gui_test
