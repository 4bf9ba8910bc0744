// eval/step_N.json (hopscope.eval/1): the per-batch losses of one evaluation, in order, for paired
// statistics between runs. Plain C++, any thread; written by the trainer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/kinds.h"
#include "core/base/result.h"
#include "core/run/eval_origin.h"

namespace hopscope::core {

struct EvalRecord {
    std::string run;  ///< name of the run folder
    std::string config_hash;
    int64_t step = 0;
    Split split = Split::valid;
    double loss = 0;                           ///< mean over tokens, nats
    std::vector<double> batches;               ///< mean loss of each batch, in order
    int64_t tokens = 0;                        ///< predicted
    std::vector<double> hops_executed;         ///< [layers] mean over tokens; empty for dense
    std::vector<std::vector<double>> jaccard;  ///< [layers][consecutive hop pairs]
    double seconds = 0;                        ///< the evaluation took
    EvalOrigin origin;                         ///< empty in files of older versions
    double perplexity = 0;                     ///< as the file says; written as exp(loss)
};

/// Perplexity is written as exp(loss); numbers read back exactly, those that are not finite are
/// null.
Status write_eval(const std::string& path, const EvalRecord& record);
/// Errors (usage) name the file and the field. null reads as NaN.
Result<EvalRecord> read_eval(const std::string& path);

}  // namespace hopscope::core
