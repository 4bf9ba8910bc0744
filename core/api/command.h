// Commands are values: a kind and flat JSON arguments (docs/formats.md#commands-and-scripts). They
// are read from a line of JSON and checked against the registry (command_registry.h), and written
// as one. Plain C++, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/api/command_kind.h"
#include "core/base/result.h"

namespace hopscope::core {

using Value =
    std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>>;

/// One line of an intervention script: {"command": name, …flat arguments…}.
struct Command {
    CommandKind kind = CommandKind::pause;
    std::map<std::string, Value>
        args;  ///< scope fields ("layers", "hops", "tokens", "from_step") included
    /// "FILE:LINE: " of a command of a script, which messages about it begin with; else "".
    std::string place = {};

    const std::string& name() const;
    bool has(const std::string& key) const { return args.count(key) != 0; }
    /// The argument as a number or text, or `fallback` where it is absent or of another type.
    double number(const std::string& key, double fallback) const;
    int64_t integer(const std::string& key, int64_t fallback) const;
    std::string text(const std::string& key, const std::string& fallback) const;
    std::vector<int64_t> integers(
        const std::string& key) const;  ///< a single integer counts as a list of one
    /// The place is no part of what it asks for.
    bool operator==(const Command& other) const { return kind == other.kind && args == other.args; }
};

/// Names, types, ranges and combinations of a command that was not read from JSON; numbers take the
/// type of their argument (1 → 1.0), a live setting its short name (train.lr → lr). Errors as
/// parse_command.
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
/// Without how much or where to (ArgRole::value, dose): of two commands that agree in what is left
/// the newer one counts.
Command without_value(Command command);
/// The script with every dose times `factor`: a point of its dose curve.
std::vector<Command> scaled(std::vector<Command> script, double factor);

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
