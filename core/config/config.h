// TOML in and out, presets, and what follows from a configuration by arithmetic alone (parameters,
// FLOPs, memory). No LibTorch. Any thread.
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

/// The same from text; `name` stands for the file in messages.
Result<Config> parse_config(const std::string& toml, const std::string& name,
                            const std::vector<std::string>& overrides = {});

/// Impossible combinations of an already filled struct (k > M, d_model not divisible by heads, …).
Status check_config(const Config& config, const std::string& name);

/// One override by itself, before there is a configuration: its form, its key, its value's range.
/// Errors (usage) begin with `named`, as the place of the override is called ("--set").
Status check_override(const std::string& assignment, const std::string& named);

/// Errors (usage): the configuration asks for something in its table [debug], and that is not
/// `allowed`. `name` stands for the file in messages.
Status check_debug(const Config& config, bool allowed, const std::string& name);

/// The resolved configuration with every default filled in; parse_config(to_toml(c)) == c exactly.
/// The table [debug] is left out where nothing is asked for in it.
std::string to_toml(const Config& config);

/// 16 hex digits over the canonical TOML: the "config_hash" of JSON documents.
std::string config_hash(const Config& config);

/// Keys whose values differ, as "table.key: a → b". `resumable`: leave out those that resume may
/// change (device, threads, eval_*, checkpoint_*, keep_checkpoints, steps).
std::vector<std::string> differing_keys(const Config& a, const Config& b, bool resumable);

/// The same for the keys alone that decide which tokens a run sees, and in which order: data.*,
/// model.vocab_size, train.seed, train.batch, train.seq_len, train.grad_accum. Empty: both see the
/// same batches [def:data_order].
std::vector<std::string> differing_data_keys(const Config& a, const Config& b);

}  // namespace hopscope::core
