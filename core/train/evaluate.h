// Evaluation: losses of a model on the validation batches, in one form for training, `eval`,
// analyses and the inspector [def:validation]. Thread: whoever owns the weights; results are plain
// values.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/model/hooks.h"
#include "core/model/model.h"
#include "core/text/batches.h"

namespace hopscope::core {

/// Mean losses of the evaluation batches, in order [def:validation].
struct Evaluation {
    std::vector<double> batches;
    std::vector<double> sequences;  ///< mean loss of each sequence, for intervals of small samples
    double loss = 0;
    int64_t tokens = 0;
    std::vector<double> hops_executed;           ///< [layers] mean over tokens
    std::vector<std::vector<int64_t>> executed;  ///< [layers][H] tokens that ran each hop
    std::vector<std::vector<double>> jaccard;    ///< [layers][hop pairs]
};

/// Evaluates `model` on the first `batches` batches of `source`, dropout off; `probe` (not owned,
/// may be null) takes part in every pass. Errors: interrupted.
Result<Evaluation> evaluate(const Model& model, const BatchSource& source, int64_t batches,
                            const PassChanges& changes, const Progress& progress,
                            Probe* probe = nullptr);

struct EvaluationTime {
    double seconds = 0;      ///< forward pass and losses
    double moe_seconds = 0;  ///< of these in MoE layers
};

/// Time of evaluation batch `index` alone, without reading the data and without routing statistics.
EvaluationTime time_batch(const Model& model, const BatchSource& source, int64_t index,
                          const PassChanges& changes);

}  // namespace hopscope::core
