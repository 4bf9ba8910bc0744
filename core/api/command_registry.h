// The one registry of commands: a row for each, which says what arguments it takes, where it acts
// and when it is allowed. It feeds buttons, palette, command line, log and tests. Immutable, plain
// C++, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/api/arg_spec.h"
#include "core/api/command.h"
#include "core/api/state.h"

namespace hopscope::core {

/// Two arguments that do not go together.
struct Either {
    std::string first, second;
    bool needed = false;  ///< one of them must be there
};

/// Place in the window's menu Run: lines part its groups. Group 0: not there.
struct RunMenu {
    int group = 0, place = 0;
};

/// Where a command acts.
enum class Domain : uint8_t { live, inference };

/// One row of the registry (core/api/commands.def). What is left out is as for an intervention: it
/// acts on prompts and on the run in training, where it lasts.
struct CommandSpec {
    CommandKind kind = CommandKind::pause;
    std::string name;
    std::string title;  ///< as in the palette: "Pause the run"
    std::string help;   ///< one sentence
    std::vector<ArgSpec> args = {};
    std::string shortcut = "";  ///< "" if none
    RunMenu run_menu = {};
    std::string on_expert = "";  ///< in the menu of an expert, "Steer towards"; "": not there
    std::optional<Either> either = std::nullopt;
    Action action = Action::change;  ///< decides when it is allowed
    bool changes_training = true;    ///< part of the run's state: a resumed run applies it again
    bool live = true;                ///< acts on the run in training
    bool inference = true;           ///< acts on prompts and evaluation
    bool lasts = true;               ///< in training acts on until `clear` of its name

    /// The required choice of words that tells its cases apart ("what" of freeze); null: none.
    const ArgSpec* chooser() const;
    /// The argument of the role value or dose; null: none.
    const ArgSpec* value() const;
    /// Of its own and of the scope's; null: none.
    const ArgSpec* argument(const std::string& name) const;
};

/// All commands, in the order of docs/formats.md#commands-and-scripts and of CommandKind.
const std::vector<CommandSpec>& command_registry();
const CommandSpec& spec_of(CommandKind kind);
const std::string& name_of(CommandKind kind);
/// Null for a name that no command has; unknown_command says so in a sentence.
const CommandSpec* find_command(const std::string& name);
std::string unknown_command(const std::string& name);
/// Scope fields, optional on all commands: layers, hops, tokens, from_step.
const std::vector<ArgSpec>& scope_args();

/// "" if the command can be carried out there; else why not: not for this domain, or "not
/// available" with this choice.
std::string unavailable(const Command& command, Domain domain);

}  // namespace hopscope::core
