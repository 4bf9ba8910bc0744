#include "core/api/cautions.h"

namespace hopscope::core {

std::string router_without_task_gradient(const Config& config) {
    const MoeConfig& moe = config.moe;
    if (config.is_dense() || !moe.has_rows() || moe.traits().move == RowsMove::never) return "";
    // Centroids that counting moves leave the projection before them to the gradient.
    const bool counted = moe.counts_centroids();
    if (counted && moe.routes_in_model_space()) return "";
    if (moe.top_k != 1 || !moe.renormalises(1) || moe.gates_by_identity()) return "";
    const bool balanced = moe.balances_by_loss() && config.train.balance_alpha > 0;
    const bool z = moe.z_loss > 0;
    const std::string rest = balanced && z ? "the balance loss and the z loss alone train it"
                             : balanced    ? "the balance loss alone trains it"
                             : z           ? "the z loss alone trains it"
                                           : "nothing trains it";
    return std::string(counted ? "The projection before the router" : "The router") +
           " gets no task gradient: with moe.top_k = 1 and moe.renormalise = \"true\" the chosen "
           "expert has weight 1 whatever the router says, so that " +
           rest +
           ". moe.renormalise = \"auto\" keeps its probability as the weight; analyze "
           "router_gradient "
           "measures both parts.";
}

}  // namespace hopscope::core
