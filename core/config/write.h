// A configuration as text: the canonical TOML that a run folder keeps, its hash, and in which keys
// two of them differ. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/config.h"

namespace hopscope::core {

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
