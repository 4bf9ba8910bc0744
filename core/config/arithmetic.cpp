#include "core/config/arithmetic.h"

#include <algorithm>

#include "core/api/pools.h"

namespace hopscope::core {
namespace {

/// Projections one layer holds.
int64_t projections(const MoeConfig& moe, int64_t hops) {
    if (moe.routes_in_model_space()) return 0;
    return moe.projection == ProjectionKind::per_hop ? hops : 1;
}

/// Matrices of width d an expert holds, rank by rank: read and write, and for SwiGLU a gate.
int64_t matrices_per_rank(const MoeConfig& moe) {
    return moe.expert == ExpertKind::swiglu ? 3 : 2;
}

/// Of one expert that is chosen by the router.
template <class Number>
Number elements_of_an_expert(const Config& c) {
    const Number d = static_cast<Number>(c.model.d_model);
    return c.moe.expert == ExpertKind::fixed ? d
                                             : d * static_cast<Number>(c.moe.expert_rank) *
                                                   static_cast<Number>(matrices_per_rank(c.moe));
}

template <class Number>
Number expert_elements(const Config& c) {
    return static_cast<Number>(c.moe.experts) * elements_of_an_expert<Number>(c) +
           3 * static_cast<Number>(c.moe.shared_expert) * static_cast<Number>(c.model.d_model);
}

void add_routing(const Config& c, int64_t hops, ParameterCounts& n) {
    const MoeConfig& moe = c.moe;
    const int64_t d = c.model.d_model, s = routing_width(c), experts = moe.experts;
    if (moe.traits().rows == RouterRows::linear) n.routing_linear += experts * d;
    if (moe.has_positions()) {
        n.routing_projection += projections(moe, hops) * s * d;
        n.routing_centroids += experts * moe.centroids_per_expert() * s;
        if (moe.reads_kinematic() || moe.legacy_param_count) n.routing_kinematic += experts * s;
        if (moe.learn_tau) n.other += 1;
    }
    if (moe.has_bias()) n.other += experts;
}

/// Elements that no gradient reaches: unused kinematic vectors, and the router where it is fixed or
/// moved by counting.
int64_t untrained(const Config& c, const ParameterCounts& n) {
    int64_t out = n.routing - n.routing_live;
    if (c.is_dense() || !c.moe.has_rows()) return out;
    const RowsMove move = c.moe.traits().move;
    if (move == RowsMove::never) out += n.routing_projection;
    if (move != RowsMove::by_gradient) out += n.routing_centroids + n.routing_linear;
    return out;
}

bool uses_bf16(const TrainConfig& train) {
    return train.precision == Precision::bf16 ||
           (train.precision == Precision::automatic && train.device == DeviceKind::cuda);
}

/// Numbers a token leaves behind for the backward pass in one layer.
double layer_activations(const Config& c, int64_t hops) {
    const double d = static_cast<double>(c.model.d_model);
    // Attention: block input, normalised input, q, k, v, mixed values, branch output, second
    // normalised input.
    const double attention = 8 * d;
    if (c.is_dense()) return attention + 2 * static_cast<double>(c.model.d_ff) + d;
    const double s = static_cast<double>(routing_width(c));
    const double scored = static_cast<double>(c.moe.experts);
    const double chosen = static_cast<double>(c.moe.top_k);
    const double inner =
        c.moe.expert == ExpertKind::fixed ? 0 : static_cast<double>(c.moe.expert_rank);
    // A hop: its input and update, position before and after normalising, scores and probabilities,
    // choices.
    return attention +
           static_cast<double>(hops) * (2 * d + 2 * s + 2 * scored + chosen * (2 + 2 * inner));
}

}  // namespace

int64_t routing_width(const Config& c) {
    return c.moe.routes_in_model_space() ? c.model.d_model : c.moe.d_space;
}

std::vector<int64_t> pool_sizes(const MoeConfig& moe, int64_t hops) {
    if (moe.pools != Pools::unrolled) return {moe.experts};
    std::vector<int64_t> sizes;
    for (int64_t hop = 0; hop < hops; ++hop) sizes.push_back(pool_size(moe, hop, hops));
    return sizes;
}

ParameterCounts count_parameters(const Config& c) {
    const ModelConfig& m = c.model;
    const int64_t d = m.d_model;
    ParameterCounts n;
    n.embedding = m.vocab_size * d;
    n.attention = m.n_layers * (4 * d * d + (m.attention_bias ? 4 * d : 0));
    n.norms = m.n_layers * 4 * d + 2 * d + (m.embedding_norm ? 2 * d : 0);
    if (m.is_dense()) {
        n.dense = m.n_layers * 2 * d * m.d_ff;
    } else {
        n.experts = m.n_layers * expert_elements<int64_t>(c);
        for (int64_t layer = 0; layer < m.n_layers; ++layer)
            add_routing(c, c.moe.hops_of(layer), n);
        if (c.moe.output_scale == OutputScale::global) n.other += 1;
        if (c.moe.output_scale == OutputScale::per_layer) n.other += m.n_layers;
    }
    const int64_t live = n.routing_projection + n.routing_centroids + n.routing_linear;
    n.routing = live + n.routing_kinematic;
    n.routing_live = live + (c.moe.reads_kinematic() ? n.routing_kinematic : 0);
    n.total = n.embedding + n.attention + n.experts + n.routing + n.norms + n.dense + n.other;
    return n;
}

int64_t active_parameters(const Config& c) {
    int64_t idle = 0;  // experts, over all layers
    for (int64_t layer = 0; !c.is_dense() && layer < c.model.n_layers; ++layer)
        idle += std::max<int64_t>(0, c.moe.experts - c.moe.top_k * c.moe.hops_of(layer));
    return count_parameters(c).total - idle * elements_of_an_expert<int64_t>(c);
}

std::vector<HopFlops> flops_of_hops(const Config& c, int64_t hops) {
    const MoeConfig& moe = c.moe;
    const double d = static_cast<double>(c.model.d_model),
                 s = static_cast<double>(routing_width(c));
    const double k = static_cast<double>(moe.top_k);
    const std::vector<int64_t> pools = pool_sizes(moe, hops);
    std::vector<HopFlops> all(static_cast<size_t>(hops));
    all[0].shared = 6 * static_cast<double>(moe.shared_expert) * d;
    for (int64_t hop = 0; hop < hops; ++hop) {
        HopFlops& out = all[static_cast<size_t>(hop)];
        out.experts = moe.expert == ExpertKind::fixed
                          ? 2 * d * k
                          : 2 * d * k * static_cast<double>(moe.expert_rank) *
                                static_cast<double>(matrices_per_rank(moe));
        if (!moe.has_rows() || (hop > 0 && moe.reroute == Reroute::frozen)) continue;
        const int64_t pool = pools[pools.size() == 1 ? 0 : static_cast<size_t>(hop)];
        const double scored = static_cast<double>(pool * moe.centroids_per_expert());
        if (!moe.has_positions()) {
            out.scores = 2 * d * scored;
            continue;
        }
        const bool projects = hop == 0 || moe.reroute != Reroute::kinematic;
        if (projects && !moe.routes_in_model_space()) out.projection = 2 * d * s;
        if (hop > 0 && moe.reads_kinematic()) out.moved = 2 * k * s;
        out.scores = 2 * scored * s;
    }
    return all;
}

FlopCounts count_flops(const Config& c) {
    const ModelConfig& m = c.model;
    const double d = static_cast<double>(m.d_model), layers = static_cast<double>(m.n_layers);
    const double context = static_cast<double>(c.train.seq_len) / 2;
    FlopCounts n;
    n.attention = layers * (8 * d * d + 4 * d * context);
    n.head = 2 * d * static_cast<double>(m.vocab_size);
    if (m.is_dense()) n.dense = layers * 4 * d * static_cast<double>(m.d_ff);
    for (int64_t layer = 0; !m.is_dense() && layer < m.n_layers; ++layer) {
        for (const HopFlops& hop : flops_of_hops(c, c.moe.hops_of(layer))) {
            n.experts += hop.experts + hop.shared;
            n.routing += hop.routing();
        }
    }
    n.total = n.experts + n.routing + n.attention + n.head + n.dense;
    return n;
}

std::vector<double> hop_flops(const Config& c, int64_t hops) {
    std::vector<double> out;
    for (const HopFlops& hop : flops_of_hops(c, hops)) out.push_back(hop.total());
    return out;
}

MemoryCounts count_memory(const Config& c) {
    const ParameterCounts parameters = count_parameters(c);
    const int64_t trained = parameters.total - untrained(c, parameters);
    // On a CPU the experts stay fp32, and what they keep with them (type_under_bf16).
    const bool bf16 = uses_bf16(c.train), all = bf16 && c.train.device == DeviceKind::cuda;
    const int64_t products = parameters.embedding + parameters.attention + parameters.dense;
    MemoryCounts n;
    n.weights = parameters.total * 4 + (all ? parameters.total : bf16 ? products : 0) * 2;
    n.optimizer = trained * 8;
    n.gradients = trained * 4;
    double per_token = 2 * static_cast<double>(c.model.d_model);
    for (int64_t layer = 0; layer < c.model.n_layers; ++layer)
        per_token += layer_activations(c, c.moe.hops_of(layer));
    const double tokens = static_cast<double>(c.train.batch) * static_cast<double>(c.train.seq_len);
    // Logits and their gradient stay in fp32 whatever the precision.
    const double bytes = per_token * (all ? 2 : 4) + static_cast<double>(c.model.vocab_size) * 8;
    n.activations = static_cast<int64_t>(std::min(bytes * tokens, 1e18));
    n.total = n.weights + n.optimizer + n.gradients + n.activations;
    return n;
}

ModelCounts count_model(const Config& c) {
    return {count_parameters(c), active_parameters(c), count_flops(c), count_memory(c)};
}

double approximate_parameters(const Config& c) {
    const double d = static_cast<double>(c.model.d_model),
                 layers = static_cast<double>(c.model.n_layers);
    const double experts = static_cast<double>(c.moe.experts);
    const double s = std::max(d, static_cast<double>(c.moe.d_space));
    const double hops =
        static_cast<double>(*std::max_element(c.moe.hops.begin(), c.moe.hops.end()));
    double layer = 4 * d * d;
    if (c.is_dense()) {
        layer += 2 * d * static_cast<double>(c.model.d_ff);
    } else {
        const double routed = !c.moe.has_rows()        ? 0
                              : !c.moe.has_positions() ? experts * d
                                                       : experts * 3 * s + hops * s * d;
        layer += expert_elements<double>(c) + routed;
    }
    return static_cast<double>(c.model.vocab_size) * d + layers * layer;
}

}  // namespace hopscope::core
