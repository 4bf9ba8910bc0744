#include "app/state/history.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hopscope::app {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

template <class Visit>
void for_each_column(History& h, Visit visit) {
    for (auto* column : {&h.step, &h.tokens, &h.seconds, &h.elapsed, &h.loss, &h.balance_loss,
                         &h.lr, &h.grad_norm, &h.grad_embedding, &h.grad_attention, &h.grad_router,
                         &h.grad_experts, &h.grad_norms, &h.tokens_per_s, &h.data_ms, &h.forward_ms,
                         &h.backward_ms, &h.optimizer_ms, &h.publish_ms})
        visit(*column);
}

void cut_from(History& h, double step) {
    const auto first = std::lower_bound(h.step.begin(), h.step.end(), step);
    const size_t kept = static_cast<size_t>(first - h.step.begin());
    const auto resize = [&](std::vector<double>& column) { column.resize(kept, kMissing); };
    for_each_column(h, resize);
    for (auto& layer : h.layers) std::for_each(layer.columns.begin(), layer.columns.end(), resize);
    const auto valid = std::lower_bound(h.valid_step.begin(), h.valid_step.end(), step);
    const size_t valid_kept = static_cast<size_t>(valid - h.valid_step.begin());
    for (auto* column :
         {&h.valid_step, &h.valid_tokens, &h.valid_seconds, &h.valid_elapsed, &h.valid_loss})
        column->resize(valid_kept);
}

}  // namespace

void History::append(const core::ScalarRecord& r) {
    static uint64_t newest = 0;
    version = ++newest;
    const double at = static_cast<double>(r.step);
    if (!step.empty() && at <= step.back()) cut_from(*this, at);
    const size_t before = step.size();
    step.push_back(at);
    tokens.push_back(static_cast<double>(r.tokens));
    seconds.push_back(r.seconds);
    elapsed.push_back(r.seconds - seconds.front());
    loss.push_back(r.loss);
    balance_loss.push_back(r.balance_loss);
    lr.push_back(r.lr);
    grad_norm.push_back(r.grad_norm);
    grad_embedding.push_back(r.grad_embedding);
    grad_attention.push_back(r.grad_attention);
    grad_router.push_back(r.grad_router);
    grad_experts.push_back(r.grad_experts);
    grad_norms.push_back(r.grad_norms);
    tokens_per_s.push_back(r.tokens_per_s);
    data_ms.push_back(r.data_ms);
    forward_ms.push_back(r.forward_ms);
    backward_ms.push_back(r.backward_ms);
    optimizer_ms.push_back(r.optimizer_ms);
    publish_ms.push_back(r.publish_ms);
    if (layers.size() < r.layers.size()) {
        const size_t known = layers.size();
        layers.resize(r.layers.size());
        for (size_t i = known; i < layers.size(); ++i)
            for (auto& column : layers[i].columns) column.resize(before, kMissing);
    }
    for (size_t i = 0; i < layers.size(); ++i) {
        const core::LayerScalars s = i < r.layers.size() ? r.layers[i] : core::LayerScalars{};
        for (const RoutingStatRow& row : routing_stats())
            layers[i].columns[static_cast<size_t>(row.stat)].push_back(s.*row.value);
    }
    if (!std::isnan(r.valid_loss)) {
        valid_step.push_back(at);
        valid_tokens.push_back(static_cast<double>(r.tokens));
        valid_seconds.push_back(r.seconds);
        valid_elapsed.push_back(elapsed.back());
        valid_loss.push_back(r.valid_loss);
    }
}

double History::recent_tokens_per_s(int updates) const {
    double sum = 0;
    int count = 0;
    for (size_t i = tokens_per_s.size(); i > 0 && count < updates; --i) {
        if (!std::isfinite(tokens_per_s[i - 1])) continue;
        sum += tokens_per_s[i - 1];
        ++count;
    }
    return count == 0 ? kMissing : sum / count;
}

}  // namespace hopscope::app
