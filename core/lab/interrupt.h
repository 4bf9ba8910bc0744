// How a subcommand is ended early: a signal sets the flag of core/api/lab.h, and long work asks for
// it between batches. The flag is the program's; any thread.
#pragma once

#include <functional>
#include <string>

#include "core/api/progress.h"

namespace hopscope::core::lab {

/// Whether the program was asked to end.
bool interrupted();

/// For long work of a subcommand: told to `report`, which may be empty, and cancelled by the flag.
Progress interruptible(std::function<void(const std::string& activity, double fraction)> report);

}  // namespace hopscope::core::lab
