// Names of files and folders that carry a step: step_00002000, step_00002000.json. Internal to
// core/run; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace hopscope::core {

/// "step_%08d" and `suffix`.
std::string step_name(int64_t step, const std::string& suffix = "");
/// The step of a name in that very form; −1: it has another.
int64_t step_of_name(const std::string& name, const std::string& suffix = "",
                     const std::string& prefix = "");
/// Steps of all entries of `dir` with that very form of name, `prefix` before it, rising; none
/// where there is no such folder.
std::vector<int64_t> steps_in(const std::string& dir, const std::string& suffix = "",
                              const std::string& prefix = "");
/// Whether the step that the file says is that of its name, where it is named so. Errors (usage).
Status check_step_of(const std::string& path, int64_t step, const std::string& suffix);
/// Names of all entries of `dir`; none where there is no such folder.
std::vector<std::string> names_in(const std::string& dir);

}  // namespace hopscope::core
