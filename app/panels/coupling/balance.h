// Load balance by method: how evenly the experts of the open run and of those beside it are used,
// next to what routing by chance would give. Window thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/panels/coupling/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// What tokens that chose k of M experts at random would give, in one update [def:expert_load].
struct ChanceLoad {
    double max_over_mean = kUnknown, cv = kUnknown, dead = kUnknown;
};
/// NaN where hops have pools of their own, and for a dense model. Mean over the layers.
ChanceLoad chance_load(const core::Config& config);
/// "switch loss, alpha 0.05": what keeps the load even.
std::string balance_words(const core::Config& config);

/// One run; each number is the mean over its last updates and its layers, the interval holds eight
/// of ten of these updates.
struct BalanceRow {
    std::string name, dir, method;  ///< method: "" where the configuration is not known yet
    size_t place = 0;               ///< of line_color()
    CouplingNumber max_over_mean, cv, dead;
    ChanceLoad chance;
    int64_t step = 0;
};
std::vector<BalanceRow> balance_rows(const AppState& state);

void draw_balance(const AppState& state, const std::vector<BalanceRow>& rows);

}  // namespace hopscope::app
