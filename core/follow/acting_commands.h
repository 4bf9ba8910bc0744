// What acts on a run in training, told from its log alone: for who follows a run that another
// process has in memory. Made of the commands in the order they were applied; the run refused what
// could not be, so that nothing is checked here. A value, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/command.h"

namespace hopscope::core {

class ActingCommands {
  public:
    /// A command that was applied; those that do not last change nothing.
    void add(Command command);

    std::vector<std::string> frozen() const;         ///< RunStatus::frozen
    std::vector<std::string> interventions() const;  ///< RunStatus::interventions

  private:
    void freeze(const Command& command);
    void unfreeze(const Command& command);
    void clear(const Command& command);
    void intervene(const Command& command);

    std::vector<Command> frozen_;         ///< `freeze` of parameters, and of all routing
    std::vector<Command> interventions_;  ///< in the order that `clear` counts
};

}  // namespace hopscope::core
