// Values of configuration keys as TOML and in sentences, and whether a single one is allowed. What
// cannot stand together is core/config/check.h. Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/api/config_keys.h"

namespace hopscope::core {

/// The value as TOML; numbers read back exactly.
std::string format_value(const Key& key, const Config& config);
/// TOML basic string with escapes.
std::string toml_text(std::string_view text);
/// The shortest form that reads back exactly, always recognisable as a TOML float.
std::string format_number(double value);
/// Whether the value is the one of a Config that nothing was said to.
bool is_default(const Key& key, const Config& config);

/// "an integer, 1 … 256", "\"cosine\" | \"linear\"", …: ends the sentence "allowed …".
std::string describe_allowed(const Key& key);
/// "found …, allowed …" if the value lies outside what the key allows.
std::optional<std::string> value_problem(const Key& key, const Config& config);

}  // namespace hopscope::core
