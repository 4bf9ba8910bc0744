// Commands are values: a name and flat JSON arguments (product.md section 6). One registry
// describes them all and feeds buttons, palette, command line, log and tests. Plain C++, any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/api/result.h"
#include "core/api/state.h"

namespace hopscope::core {

using Value =
    std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>>;

/// One line of an intervention script: {"command": name, …flat arguments…}.
struct Command {
    std::string name;
    std::map<std::string, Value>
        args;  ///< scope fields ("layers", "hops", "tokens", "from_step") included

    bool has(const std::string& key) const { return args.count(key) != 0; }
    /// The argument as a number or text, or `fallback` where it is absent or of another type.
    double number(const std::string& key, double fallback) const;
    int64_t integer(const std::string& key, int64_t fallback) const;
    std::string text(const std::string& key, const std::string& fallback) const;
    std::vector<int64_t> integers(
        const std::string& key) const;  ///< a single integer counts as a list of one
    bool operator==(const Command&) const = default;
};

struct ArgSpec {
    std::string name;
    /// "integer" | "number" | "text" | "integers" (one or a list) | "numbers" (a list) | "flag"; a
    /// type other than text that has `choices` also takes these words.
    std::string type;
    bool required = false;
    std::string allowed;  ///< for people: "0 … 1", "routing | router | centroids | …"
    std::vector<std::string> choices;  ///< empty: any
    double min = -1e308, max = 1e308;
    std::string help;
    bool open_min = false, open_max = false;  ///< the bound itself is not allowed
    bool operator==(const ArgSpec&) const = default;
};

/// Where a command acts.
enum class Domain : uint8_t { live, inference };

struct CommandSpec {
    std::string name;
    std::string title;               ///< as in the palette: "Pause the run"
    std::string help;                ///< one sentence
    std::string shortcut;            ///< "" if none
    Action action = Action::change;  ///< decides when it is allowed
    bool live = false;               ///< acts on the run in training
    bool inference = false;          ///< acts on prompts and evaluation
    std::vector<ArgSpec> args;
};

/// All commands, in the order of product.md section 6.
const std::vector<CommandSpec>& command_registry();
const CommandSpec* find_command(const std::string& name);
/// Scope fields, optional on all commands: layers, hops, tokens, from_step.
const std::vector<ArgSpec>& scope_args();
/// What `set` changes: one entry a key, with the range of its value.
const std::vector<ArgSpec>& live_settings();

/// "" if the command can be carried out there today; else why not: unknown, not for this domain, or
/// "not available".
std::string unavailable(const Command& command, Domain domain);
/// Names, types, ranges and combinations of a command that was not read from JSON; numbers take the
/// type of their argument (1 → 1.0). Errors as parse_command.
Result<Command> check_command(Command command);

/// One JSON line → a checked command. Errors (usage) name the command, the argument, what was found
/// and is allowed.
Result<Command> parse_command(const std::string& json_line);
/// A line of a training script: as parse_command, or a line of events.jsonl, whose "step" becomes
/// "from_step" and whose "time" and "by" fall away, so that a log replays.
Result<Command> parse_training_command(const std::string& json_line);
/// Flat JSON on one line, "command" first, then arguments in alphabetic order; numbers read back
/// exactly.
std::string to_json(const Command& command);
/// As people read it, arguments in alphabetic order: "steer: expert 80, lambda 1, layer 4".
std::string plain_text(const Command& command);
/// The argument that says how much or where to ("value", "lambda", "to", …), as a slider drags it;
/// "" for commands without. Of two commands that agree in all else the newer one counts.
std::string value_argument(const std::string& command);
/// The script with lambda and strength times `factor`: a point of its dose curve.
std::vector<Command> scaled(std::vector<Command> script, double factor);
/// {"format": "hopscope.commands/1", "commands": […]}.
std::string registry_json();

enum class AnswerState : uint8_t { pending, applied, refused };

/// What became of a submitted command.
struct Answer {
    uint64_t id = 0;
    Command command;
    AnswerState state = AnswerState::pending;
    int64_t step = -1;   ///< first update affected, once applied
    std::string reason;  ///< once refused
};

}  // namespace hopscope::core
