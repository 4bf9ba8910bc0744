// A folder that hopscope itself wrote for others is told from published models: its routers choose
// in a space of their own behind a projection, which none of the families knows. Any thread.
#pragma once

#include <string>

#include "core/base/result.h"

namespace hopscope::core::lab {

/// Errors (usage): `dir` holds a model that export_model wrote; names the run it came from. What
/// else stands there, or cannot be read, is not said here.
Status check_not_exported(const std::string& dir);

}  // namespace hopscope::core::lab
