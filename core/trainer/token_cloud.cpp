#include "core/trainer/token_cloud.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/base/sets.h"
#include "core/probe/trace.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

/// [hops, hops] mean Jaccard of the index sets of all pairs of hops [def:jaccard]; of unrolled
/// pools, whose first experts are `offsets`, the index within the pool counts.
std::vector<float> hop_jaccard(const LayerGeometry& g, size_t tokens,
                               const std::vector<int32_t>& offsets) {
    const auto hops = static_cast<size_t>(g.hops), k = static_cast<size_t>(g.top_k);
    std::vector<float> out(hops * hops, 1.0F);
    for (size_t a = 0; a < hops; ++a)
        for (size_t b = a + 1; b < hops; ++b) {
            double sum = 0;
            for (size_t t = 0; t < tokens; ++t) {
                const auto* x = g.choices.data() + (a * tokens + t) * k;
                const auto* y = g.choices.data() + (b * tokens + t) * k;
                const int32_t shift = offsets[b] - offsets[a];
                int64_t both = 0;
                for (size_t i = 0; i < k; ++i) both += std::count(y, y + k, x[i] + shift);
                sum += jaccard_of(both, g.top_k, g.top_k);
            }
            out[a * hops + b] = out[b * hops + a] =
                static_cast<float>(sum / static_cast<double>(tokens));
        }
    return out;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

/// One part of all hops, one behind the other; each goes as soon as it is there, so that no more
/// than one is in memory twice.
template <class T>
std::vector<T> joined(std::vector<TraceHop>& hops, std::vector<T> TraceHop::*part) {
    size_t size = 0;
    for (const TraceHop& hop : hops) size += (hop.*part).size();
    std::vector<T> out;
    out.reserve(size);  // grown piece by piece it could hold twice as much
    for (TraceHop& hop : hops) append(out, std::exchange(hop.*part, {}));
    return out;
}

/// Whether the router has probabilities: TraceHop::entropy is NaN throughout where it has none.
bool has_entropy(const TraceLayer& traced) {
    return std::any_of(traced.hops.begin(), traced.hops.end(), [](const TraceHop& hop) {
        return std::any_of(hop.entropy.begin(), hop.entropy.end(),
                           [](float value) { return !std::isnan(value); });
    });
}

/// Positions and choices of `tokens` tokens in one layer, taken out of it.
LayerGeometry layer_cloud(TraceLayer traced, size_t tokens) {
    LayerGeometry out;
    out.hops = static_cast<int64_t>(traced.hops.size());
    if (out.hops == 0) return out;
    out.top_k = traced.hops[0].top_k;
    out.d_space = traced.hops[0].d_space;
    std::vector<int32_t> offsets;
    for (const auto& hop : traced.hops) offsets.push_back(static_cast<int32_t>(hop.pool_offset));
    out.positions = joined(traced.hops, &TraceHop::position);
    out.choices = joined(traced.hops, &TraceHop::experts);
    out.weights = joined(traced.hops, &TraceHop::weights);
    if (has_entropy(traced)) out.entropy = joined(traced.hops, &TraceHop::entropy);
    out.jaccard = hop_jaccard(out, tokens, offsets);
    return out;
}

/// [M, s] unit rows.
std::vector<float> unit_centroids(const at::Tensor& centroids) {
    if (!centroids.defined()) return {};
    auto c = kernels::reference::l2norm(centroids.detach());
    if (c.dim() == 3) c = kernels::reference::l2norm(c.sum(1));
    return floats(c);
}

}  // namespace

void TokenCloud::add(std::vector<TraceLayer> traced, const std::vector<float>& next_loss) {
    append(next_loss_, next_loss);
    if (layers_.empty()) {
        layers_ = std::move(traced);
        return;
    }
    for (size_t l = 0; l < layers_.size(); ++l)
        for (size_t h = 0; h < layers_[l].hops.size(); ++h) {
            TraceHop& all = layers_[l].hops[h];
            const TraceHop& more = traced[l].hops[h];
            append(all.experts, more.experts);
            append(all.weights, more.weights);
            append(all.entropy, more.entropy);
            append(all.position, more.position);
        }
}

void TokenCloud::move_into(GeometrySnapshot& snapshot) {
    for (TraceLayer& traced : layers_)
        snapshot.layers.push_back(layer_cloud(std::exchange(traced, {}), next_loss_.size()));
    layers_.clear();
    snapshot.next_loss = std::exchange(next_loss_, {});
}

void name_tokens(GeometrySnapshot& snapshot, const Tokenizer& tokenizer, const Truth* truth) {
    for (const int32_t id : snapshot.token_ids) snapshot.pieces.push_back(tokenizer.piece(id));
    if (truth)
        snapshot.classes = truth->label_tokens(tokenizer, snapshot.token_ids);
    else
        snapshot.classes.resize(snapshot.token_ids.size());
}

void set_experts(GeometrySnapshot& snapshot, const Model& model, const RecentLoad& load) {
    for (size_t l = 0; l < snapshot.layers.size(); ++l) {
        auto& g = snapshot.layers[l];
        g.experts = model.config.moe.experts;
        g.centroids = unit_centroids(model.weights.layers[l].centroids);
        g.load.assign(static_cast<size_t>(g.experts), 0.0F);
        if (l >= load.size() || load[l].size() != g.load.size()) continue;
        const double total = std::accumulate(load[l].begin(), load[l].end(), 0.0);
        for (size_t e = 0; total > 0 && e < g.load.size(); ++e)
            g.load[e] = static_cast<float>(load[l][e] / total);
    }
}

}  // namespace hopscope::core
