// How often the window draws: frames are counted while a made-up run stands still or trains.
#pragma once

#include "app/window/window.h"

namespace hopscope::gui_test {

/// A window of 1280 × 800 on a made-up run, without settings of the user.
app::WindowOptions plain_window();

/// Wrong if an idle window kept a core busy, or news from the trainer drew more often than allowed.
/// @return exit code
int run_pacing();

}  // namespace hopscope::gui_test
