// Arguments of commands by what they mean (ArgMeaning), whatever they are called: for whoever
// carries commands about and shows or checks them without being made for any one of them. Pure
// functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/arg_spec.h"
#include "core/api/command.h"

namespace hopscope::core {

/// The argument of a meaning that a command gives; null: none.
const ArgSpec* given(const Command& command, ArgMeaning meaning);
/// The numbers given with a meaning; none also where a word stands in their place.
std::vector<int64_t> numbers_of(const Command& command, ArgMeaning meaning);
/// The layers a command names, one or several; none: it acts in all.
std::vector<int64_t> layers_of(const Command& command);
/// Whether an argument goes with the choice that the command has made (ArgSpec::belongs_to).
bool belongs(const Command& command, const ArgSpec& arg);

/// Whether a script has a dose to scale.
bool has_dose(const std::vector<Command>& script);
/// The names of all doses there are: "lambda and strength".
std::string doses_in_words();

/// On what a command acts before anything more is said of it.
struct Target {
    int64_t layer = 0;
    std::vector<int64_t> experts = {};  ///< none: the first
    int64_t d_space = 1;
};
/// A value with which an argument can be used at once.
Value first_value(const ArgSpec& arg, const Target& at);
/// The command with all that it needs, so that it can act at once.
Command first_command(CommandKind kind, const Target& at);

}  // namespace hopscope::core
