// Every scalar record of the run as columns, one value an update, never thinned. Filled once a
// frame from the session, read by the panels. Window thread only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "app/state/routing_stats.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

/// One layer's statistics, each [updates], NaN where not recorded.
struct LayerColumns {
    std::array<std::vector<double>, kRoutingStats> columns;
    const std::vector<double>& of(RoutingStat stat) const {
        return columns[static_cast<size_t>(stat)];
    }
};

/// Columns [updates] in the order of training. NaN marks what was not measured.
struct History {
    std::vector<double> step, tokens, seconds;
    std::vector<double> elapsed;  ///< seconds since the first update held
    std::vector<double> loss, balance_loss, lr, grad_norm, tokens_per_s;
    /// Gradient norms of the groups of tensors, before clipping.
    std::vector<double> grad_embedding, grad_attention, grad_router, grad_experts, grad_norms;
    /// Parts of an update, ms.
    std::vector<double> data_ms, forward_ms, backward_ms, optimizer_ms, publish_ms;
    std::vector<LayerColumns> layers;
    /// Validation, only at the steps where it was measured: [evaluations].
    std::vector<double> valid_step, valid_tokens, valid_seconds, valid_elapsed, valid_loss;

    uint64_t version = 0;  ///< unlike that of any other content ever held; 0 when empty

    bool empty() const { return step.empty(); }
    /// Appends one record. A record at or before a step already held replaces the tail from that
    /// step on, since a resumed run repeats updates after its checkpoint. Layers that come later
    /// are filled up with NaN.
    void append(const core::ScalarRecord& record);
    /// Mean tokens per second over the last `updates` records; NaN when there is none.
    double recent_tokens_per_s(int updates) const;
};

}  // namespace hopscope::app
