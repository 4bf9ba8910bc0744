#include "core/probe/planned_pass.h"

#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/linear.h>

#include "core/model/forward.h"
#include "core/probe/intervention_probe.h"

namespace hopscope::core {

at::Tensor planned_hidden(const Model& edited, const Plan& plan, const at::Tensor& ids,
                          GrowingText* text) {
    InterventionProbe changes(edited, plan, {ids.size(1), text ? text->past.length() : 0});
    ForwardOptions options;
    options.changes = plan.changes;
    if (text) {
        options.past = &text->past;
        options.hops = &text->hops;
    }
    if (!plan.actions.empty()) options.probe = &changes;
    return forward(edited, ids, options).hidden;
}

at::Tensor next_log_p(const Model& edited, const Plan& plan, const at::Tensor& ids,
                      GrowingText* text) {
    const auto hidden = planned_hidden(edited, plan, ids, text);
    const auto last = hidden.select(0, hidden.size(0) - 1).to(edited.weights.embed.scalar_type());
    return at::_log_softmax(at::linear(last, edited.weights.embed).to(at::kFloat), -1, false);
}

}  // namespace hopscope::core
