// Combinations of values that cannot stand together, told apart from values that are wrong by
// themselves (core/api/config_values.h). Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/base/result.h"

namespace hopscope::core {

/// Two or more values that cannot stand together.
struct Conflict {
    std::vector<std::string> keys;  ///< the first is the one to blame
    std::string problem;            ///< "found …, allowed …"
};
/// The first impossible combination.
std::optional<Conflict> find_conflict(const Config& config);
/// The conflict of a moe.hops array of `count` values, if it is of wrong length.
std::optional<Conflict> hops_length_conflict(size_t count, int64_t n_layers);

/// Impossible combinations of an already filled struct (k > M, d_model not divisible by heads, …).
Status check_config(const Config& config, const std::string& name);

/// Errors (usage): the configuration asks for something in its table [debug], and that is not
/// `allowed`. `name` stands for the file in messages.
Status check_debug(const Config& config, bool allowed, const std::string& name);

}  // namespace hopscope::core
