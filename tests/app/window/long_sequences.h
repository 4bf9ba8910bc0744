// How long a frame takes while a prompt of 8,192 tokens is panned: a window on a made-up trace.
#pragma once

namespace hopscope::gui_test {

/// Wrong if the strip or the matrix of a long prompt could not be panned smoothly. Prints the
/// medians.
/// @return exit code
int run_long_sequences();

}  // namespace hopscope::gui_test
