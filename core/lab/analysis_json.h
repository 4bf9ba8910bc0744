// Pieces of analysis documents that several analyses write. Pure functions, any thread.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "core/analysis/analysis.h"
#include "core/measure/routing_sample.h"
#include "core/stats/bootstrap.h"
#include "core/train/engine.h"

namespace hopscope::core::analysis {

/// Mean over batches with its 95 % bootstrap interval over them.
inline OrderedJson with_interval(const BatchMean& m, uint64_t seed) {
    return mean_over(m.batches, "batches", seed);
}

/// Perplexity of the model as it is and changed, with the paired interval of the loss difference.
inline OrderedJson perplexities(const Evaluation& base, const Evaluation& changed,
                                const std::string& changed_name, uint64_t seed) {
    const auto ci =
        stats::bootstrap_paired(changed.batches, base.batches, {10'000, seed}).interval(0.95);
    return {{"perplexity_base", json_number(std::exp(base.loss))},
            {"perplexity_" + changed_name, json_number(std::exp(changed.loss))},
            {"ratio", json_number(std::exp(changed.loss - base.loss))},
            {"loss_difference", json_number(changed.loss - base.loss)},
            {"ci95", json_interval(ci.low, ci.high)},
            {"batches", base.batches.size()}};
}

}  // namespace hopscope::core::analysis
