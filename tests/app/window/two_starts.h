// The window twice with one folder of settings: what a person arranged in the first start is there
// in the second.
#pragma once

namespace hopscope::gui_test {

/// Wrong if size, front tab or docking of the first start were forgotten.
/// @return exit code
int run_two_starts();

}  // namespace hopscope::gui_test
