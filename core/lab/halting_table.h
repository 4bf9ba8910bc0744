// Perplexity, executed hops and measured time under halting thresholds [def:halting_saving]
// [def:halting_time]: a pure function of weights and data. Any thread that nothing else disturbs,
// since it takes times.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/text/batches.h"

namespace hopscope::core::lab {

struct HaltingRow {
    double epsilon = -1;          ///< of Eq. (7); < 0: base, no halting
    double loss = 0;              ///< mean nats per token
    double mean_hops = 0;         ///< over (token, layer) pairs
    double saving = 0;            ///< 1 − Σ executed / Σ possible hops
    double flops_per_token = 0;   ///< of the executed hops, experts and routing, all layers
    std::vector<int64_t> depths;  ///< [i] = (token, layer) pairs that ran i + 1 hops
    std::vector<double> seconds, moe_seconds;  ///< [repeats] the whole pass; in MoE layers
};

struct HaltingTable {
    int64_t tokens = 0, batches = 0;
    HaltingRow base;
    std::vector<HaltingRow> rows;  ///< one an epsilon, in the order asked for
};

/// Evaluates the first `batches` batches of `source` once for the numbers, then `repeats` times for
/// the times, base and rows in turn on each batch so that a change of the machine's pace meets all.
/// The model must have MoE layers. Errors: interrupted.
Result<HaltingTable> halting_table(const Model& model, const BatchSource& source,
                                   const std::vector<double>& epsilons, int64_t batches,
                                   int64_t repeats, const Progress& progress);

}  // namespace hopscope::core::lab
