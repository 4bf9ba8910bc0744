// The commands there are. A name is read once, where a line comes in (a file, the command line, the
// window); everything behind that switches on the kind, or asks the kind's row in the registry
// (command_registry.h). Plain C++, any thread.
#pragma once

#include <cstdint>

namespace hopscope::core {

/// In the order of the registry, which has one row for each.
enum class CommandKind : uint8_t {
#define INTERVENTION(name, ...) name,
#define COMMAND(name, ...) name,
#define CONTROL(name, ...) name,
#include "core/api/commands.def"
};

}  // namespace hopscope::core
