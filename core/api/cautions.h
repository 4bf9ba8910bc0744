// What a configuration is allowed to say though its author may not know what follows from it: one
// sentence each, for people, wherever such a run is looked at. Plain C++, pure functions, any
// thread.
#pragma once

#include <string>

#include "core/api/config.h"

namespace hopscope::core {

/// Why no gradient of the language loss reaches the router, and what trains it instead: one chosen
/// expert with renormalised weights has weight 1 whatever the router says [def:renormalise]. ""
/// where one reaches it, and where nothing of the router is meant to learn by gradients.
std::string router_without_task_gradient(const Config& config);

}  // namespace hopscope::core
