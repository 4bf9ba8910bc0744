// Analysis `router_gradient`: does the task train the router, or the balance term alone?
#include "core/measure/router_gradient.h"

#include "core/analyses/measured.h"

namespace hopscope::core::analysis {
namespace {

/// Evaluation batches, a micro-batch each.
constexpr int64_t kRouterBatches = 10;

/// @param layer −1: of all layers
Fields gradient_fields(int64_t layer, const RouterGradient& g, uint64_t seed) {
    Fields out;
    out.place("layer", layer);
    const auto estimate = [&](const char* name, const std::vector<double>& values) {
        out.estimate(name, mean_over(values, "batches", seed));
    };
    estimate("task", g.task);
    estimate("balance", g.balance);
    estimate("z", g.z);
    estimate("all", g.all);
    estimate("cosine", g.cosine);
    return out;
}

Result<AnalysisOutput> router_gradient(const AnalysisContext& context) {
    auto source = context.measured->source(context.progress, kRouterBatches);
    if (!source) return source.error();
    auto found = core::router_gradient(context.measured->run().model, **source, kRouterBatches,
                                       context.progress);
    if (!found) return found.error();
    AnalysisOutput out;
    out.n = static_cast<int64_t>(found->back().task.size());
    const Fields all = gradient_fields(-1, found->back(), context.seed);
    out.result.object("all_layers", all).list("layers");
    out.table().add(all);
    for (size_t l = 0; l + 1 < found->size(); ++l) {
        const Fields layer = gradient_fields(static_cast<int64_t>(l), (*found)[l], context.seed);
        out.result.add("layers", layer);
        out.table().add(layer);
    }
    return out;
}

}  // namespace

extern const Analysis kRouterGradient{
    "router_gradient",
    {Need::model, Need::learning_router},
    "length of the gradient that reaches the router (projection, rows, tau) from the token NLL "
    "alone (task), from the weighted balance term alone, from the weighted z term alone, and from "
    "all; cosine: of the task's and the balance term's. Each of ten validation batches is a "
    "micro-batch of its own, dropout off, before clipping; 0 where a part is not in the loss. 95 % "
    "bootstrap interval over batches. n: batches.",
    router_gradient};

}  // namespace hopscope::core::analysis
