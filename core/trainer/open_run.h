// A finished or running run opened for reading: configuration, tokenizer and the weights of its
// newest checkpoint.
#pragma once

#include <string>

#include "core/api/config.h"
#include "core/base/result.h"
#include "core/model/weights.h"
#include "core/run/run_folder.h"
#include "core/text/tokenizer.h"

namespace hopscope::core {

struct OpenRun {
    RunFolder folder;
    Config config;
    Tokenizer tokenizer;
    Weights weights;   ///< fp32; bf16 matrices with precision = "bf16"
    int64_t step = 0;  ///< of the checkpoint
};

/// Errors (usage): no run folder, no complete checkpoint, a checkpoint of another configuration.
Result<OpenRun> open_run(const std::string& dir, const std::string& precision);

}  // namespace hopscope::core
