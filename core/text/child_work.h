// Runs work of a library that cannot be stopped, or may end the process on bad input, in a child
// process: ours survives, and a stop ends it at once. Blocks the calling thread.
#pragma once

#include <functional>
#include <string>

#include "core/api/progress.h"
#include "core/base/result.h"

namespace hopscope::core {

/// The result of `work`, which runs in a forked child and must not need other threads. Errors:
/// those of `work`; failed, if the child ended without a result, with the signal and its last
/// words; interrupted (the child is ended).
/// @param what the child in messages: "the process that …"
Result<std::string> run_in_child(const std::string& what,
                                 const std::function<Result<std::string>()>& work,
                                 const Progress& progress);

}  // namespace hopscope::core
