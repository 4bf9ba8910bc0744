// The file of `hopscope batch`: configurations × seeds become the list of runs to be trained. Reads
// files, keeps nothing; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/base/result.h"

namespace hopscope::core::lab {

/// One run of a batch, ready to be trained.
struct BatchRun {
    std::string name;     ///< "wide-seed42", its folder below the batch's
    std::string variant;  ///< "wide"
    uint64_t seed = 0;
    int64_t round = 0;        ///< its place among the seeds of its variant
    std::string config_name;  ///< stem of the configuration file
    Config config;            ///< with every override applied
};

/// Reads a TOML file of the form
///
///     set = ["train.steps=500"]            # for all runs; optional
///     [[run]]
///     config = "../configs/wide.toml"      # relative to this file
///     name = "wide"                        # default: the configuration's file name
///     seeds = [42, 137, 7]                 # default: the configuration's own
///     set = ["moe.top_k=8"]                # over the shared ones; optional
///
/// and every configuration it names; `overrides` are laid over all. Runs come in the order of the
/// file. Errors (usage): "file:line: key: found …, allowed …", or what is wrong with a
/// configuration, with the run that names it.
Result<std::vector<BatchRun>> read_batch_file(const std::string& path,
                                              const std::vector<std::string>& overrides);

}  // namespace hopscope::core::lab
