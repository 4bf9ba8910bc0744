// Which run the window shows of a folder.
#pragma once

#include <string>

#include "core/base/result.h"

namespace hopscope::core::lab {

/// The folder itself, of a race that of its first lane. Errors (usage): a race without lanes.
Result<std::string> shown_run(const std::string& dir);

}  // namespace hopscope::core::lab
