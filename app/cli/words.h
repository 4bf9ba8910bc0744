// The words of a call before CLI11 reads them: what it would misread is said plainly or put right.
// An empty word is a variable of a script that was not set, not a name or a number. Main thread,
// before parsing.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace hopscope::app {

/// What is wrong with the words of a call.
struct Misuse {
    const CLI::App& app;  ///< the subcommand that they belong to
    std::string message;
};

/// Refuses empty words, but as a prompt (`--text ""`), values for options that take none, and
/// options behind a "--", which CLI11 would take for names; writes `--name=` as `--name ""`, since
/// CLI11 would take the next word for the value.
std::optional<Misuse> settle_words(const CLI::App& root, std::vector<std::string>& words);

}  // namespace hopscope::app
