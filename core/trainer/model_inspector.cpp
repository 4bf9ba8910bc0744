#include "core/trainer/model_inspector.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>

#include "core/api/needs.h"
#include "core/probe/planned_pass.h"
#include "core/probe/trace.h"
#include "core/trainer/device.h"
#include "core/trainer/halting_effect.h"
#include "core/trainer/intervention_effect.h"

namespace hopscope::core {
namespace {

constexpr int64_t kBatches = 2;
constexpr int64_t kDraws = 5;

}  // namespace

void ModelInspector::refresh(std::shared_ptr<const WeightsCopy> weights) {
    copy_ = std::dynamic_pointer_cast<const ModelCopy>(weights);
}

TraceResult ModelInspector::trace(const TraceRequest& request,
                                  const std::function<bool()>& cancelled) {
    use_one_thread();
    TraceResult out;
    out.prompt = request.prompt;
    if (!copy_) {
        out.error = "the model is not ready yet";
        return out;
    }
    out.step = copy_->step;
    if (cancelled()) return out;
    try {
        auto plan = make_plan(copy_->model, request.interventions, copy_->model.config.train.seed);
        if (!plan) {
            out.error = plan.error().message;
            return out;
        }
        auto result = trace_prompt(copy_->model, copy_->tokenizer,
                                   {request.prompt, /*positions=*/true, /*cut=*/false, *plan});
        if (!result) {
            out.error = result.error().message;
            out.too_long = too_long(copy_->model.config, copy_->tokenizer, request.prompt);
            return out;
        }
        result->step = copy_->step;
        return std::move(*result);
    } catch (const std::exception& e) {
        out.error = torch_error(e).message;
        return out;
    }
}

HaltingEffect ModelInspector::halting(const std::string& prompt, double epsilon,
                                      const std::function<bool()>& cancelled) {
    use_one_thread();
    const c10::AutoGradMode no_grad(false);
    HaltingEffect out;
    out.prompt = prompt;
    out.epsilon = epsilon;
    if (!copy_) {
        out.error = "the model is not ready yet";
        return out;
    }
    out.step = copy_->step;
    try {
        const auto& c = *copy_;
        if (const auto why = missing(Need::hops, c.model.config)) {
            out.error = *why + " to halt";
            return out;
        }
        if (!prompt.empty()) {
            auto pieces = prompt_pieces(c.model.config, c.tokenizer, prompt, false);
            if (!pieces) {
                out.error = pieces.error().message;
                return out;
            }
            std::vector<int64_t> list;
            for (const auto& p : *pieces) list.push_back(p.id);
            const auto ids = at::tensor(at::ArrayRef<int64_t>(list))
                                 .view({1, static_cast<int64_t>(list.size())});
            Plan halt;
            halt.changes.halt_epsilon = epsilon;
            const auto base = next_log_p(c.model, {}, ids),
                       changed = next_log_p(c.model, halt, ids);
            out.base = top_tokens(base, c.tokenizer, kNextTokens);
            out.changed = top_tokens(changed, c.tokenizer, kNextTokens);
            out.kl = static_cast<float>((at::exp(base) * (base - changed)).sum().item().toDouble());
        }
        if (!measure_halting(c.model, c.valid, epsilon, kBatches, kDraws, cancelled, out))
            out.error = "cancelled";
    } catch (const std::exception& e) {
        out.error = torch_error(e).message;
    }
    return out;
}

InterventionEffect ModelInspector::intervene(
    const InterventionRequest& request, const std::function<bool()>& cancelled,
    const std::function<void(const InterventionEffect&)>& publish) {
    use_one_thread();
    InterventionEffect out;
    out.request = request;
    if (!copy_) {
        out.error = "the model is not ready yet";
        return out;
    }
    try {
        return measure_intervention(*copy_, request, cancelled, publish);
    } catch (const std::exception& e) {
        out.error = torch_error(e).message;
        return out;
    }
}

}  // namespace hopscope::core
