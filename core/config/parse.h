// TOML and "table.key=value" overrides become a configuration that is checked as a whole, or one
// sentence about the place that is wrong. Pure functions of a file or a text, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/base/result.h"

namespace hopscope::core {

/// Reads `path`, applies `overrides` ("table.key=value", TOML syntax for the value; a bare word is
/// taken as a string), checks everything. Errors: usage, "file:line: key: found …, allowed …", with
/// the nearest known key suggested. moe.d_space follows model.d_model for the identity projection,
/// and data.source turns to "text" where only data.train is given.
Result<Config> load_config(const std::string& path, const std::vector<std::string>& overrides = {});

/// The same of a run folder's config.toml, as to_toml writes it. Errors also where a table or a key
/// (but of [debug]) is missing: such a file was emptied or cut, and defaults would make another
/// model of it.
Result<Config> load_stored_config(const std::string& path,
                                  const std::vector<std::string>& overrides = {});

/// load_config from text; `name` stands for the file in messages.
Result<Config> parse_config(const std::string& toml, const std::string& name,
                            const std::vector<std::string>& overrides = {});

/// One override by itself, before there is a configuration: its form, its key, its value's range.
/// Errors (usage) begin with `named`, as the place of the override is called ("--set").
Status check_override(const std::string& assignment, const std::string& named);

}  // namespace hopscope::core
