// The laboratory as the window sees it: the one place that joins the two.
#pragma once

#include "app/window/window.h"

namespace hopscope::app {

/// Everything a window asks for; how configurations are read is left to the caller.
/// @param allow_debug  runs whose configuration has a [debug] table may be opened
Services services_of_the_laboratory(bool allow_debug);

}  // namespace hopscope::app
