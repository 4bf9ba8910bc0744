// The command registry as a document, for scripts and `hopscope commands --json`. Pure function,
// any thread.
#pragma once

#include <string>

namespace hopscope::core {

/// {"format": "hopscope.commands/1", "commands": […]}.
std::string registry_json();

}  // namespace hopscope::core
