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

/// Of each batch the mean over the parts, of those that have the number.
inline BatchMean mean_over_parts(const std::vector<BatchMean>& parts) {
    BatchMean out;
    double n = 0;
    for (const BatchMean& part : parts) {
        if (part.batches.empty()) continue;
        out.batches.resize(part.batches.size(), 0.0);
        for (size_t b = 0; b < part.batches.size(); ++b) out.batches[b] += part.batches[b];
        ++n;
    }
    for (double& x : out.batches) x /= n;
    return out;
}

/// "mean" over layers, a number as product.md has it, with its interval and number of batches
/// beside it.
inline void add_mean(OrderedJson& to, const std::vector<BatchMean>& parts, uint64_t seed) {
    const auto found = with_interval(mean_over_parts(parts), seed);
    to["mean"] = found["mean"];
    to["mean_ci95"] = found["ci95"];
    to["batches"] = found["batches"];
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
