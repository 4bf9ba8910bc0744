// What a person did in one window is done again in another, from its recording.
#pragma once

namespace hopscope::gui_test {

/// @return exit code
int run_replayed_input();

}  // namespace hopscope::gui_test
