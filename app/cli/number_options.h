// Options whose value is a number: all are read by the one reader of numbers (core/base/numbers.h),
// which CLI11's own readers are not asked for, since these take octal and hexadecimal digits and
// wrap or saturate. A refusal says what was found and the range. Main thread, during parsing only.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/api/input.h"

namespace hopscope::app {

/// @name A number within `range`; the value that `to` has is shown in the help
///@{
CLI::Option* add_number(CLI::App& app, const std::string& name, int64_t& to,
                        const core::NumberRange& range, const std::string& help);
CLI::Option* add_number(CLI::App& app, const std::string& name, double& to,
                        const core::NumberRange& range, const std::string& help);
///@}

/// @name The same without a value to show: what it means to leave it out, the help says
///@{
CLI::Option* add_optional_number(CLI::App& app, const std::string& name, int64_t& to,
                                 const core::NumberRange& range, const std::string& help);
CLI::Option* add_optional_number(CLI::App& app, const std::string& name, double& to,
                                 const core::NumberRange& range, const std::string& help);
CLI::Option* add_optional_number(CLI::App& app, const std::string& name, std::optional<int64_t>& to,
                                 const core::NumberRange& range, const std::string& help);
CLI::Option* add_optional_number(CLI::App& app, const std::string& name, std::optional<double>& to,
                                 const core::NumberRange& range, const std::string& help);
///@}

/// @name Several, separated by commas or given one by one
///@{
CLI::Option* add_numbers(CLI::App& app, const std::string& name, std::vector<int64_t>& to,
                         const core::NumberRange& range, const std::string& help);
CLI::Option* add_numbers(CLI::App& app, const std::string& name, std::vector<double>& to,
                         const core::NumberRange& range, const std::string& help);
///@}

/// `--seed`, any number of 64 bits.
CLI::Option* add_seed_option(CLI::App& app, uint64_t& seed, const std::string& help);

}  // namespace hopscope::app
