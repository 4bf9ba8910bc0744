// What `compare` reads: the saved losses of a run or an evaluation, or the per-item answers of a
// zero-shot task; and whether two of them can be compared at all. Pure functions of files, any
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/base/result.h"
#include "core/run/eval_file.h"

namespace hopscope::core {

/// One multiple-choice item as answered.
struct ItemAnswer {
    std::string id;
    int64_t gold = -1;        ///< the right choice
    bool right = false;       ///< by summed log-likelihood
    bool right_norm = false;  ///< by length-normalised log-likelihood
};

struct CompareInput {
    std::string label;  ///< as given on the command line
    std::string path;   ///< the file that was read
    bool zeroshot = false;
    EvalRecord record;             ///< not of zero-shot files
    std::optional<Config> config;  ///< where the run folder is at hand
    std::string task;              ///< zero-shot: hellaswag, …
    std::string items_hash;        ///< content hash of the items' file; "" where it is not known
    std::vector<ItemAnswer> items;
};

/// A run folder (its newest eval/step_*.json, with what config.toml and run.json add), a
/// hopscope.eval/1 or a hopscope.zeroshot/1 file. Errors: usage, naming the file and the field.
Result<CompareInput> read_compare_input(const std::string& path);

/// Whether all are of one kind and rest on the same validation batches (or the same items). Errors:
/// usage, naming both inputs and every field that differs.
Status check_comparable(const std::vector<CompareInput>& inputs);

}  // namespace hopscope::core
