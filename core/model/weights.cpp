#include "core/model/weights.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <cmath>

#include "core/base/random.h"
#include "core/model/routers/form.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

constexpr double kInitStd = 0.02;
/// Start of the learned output scale [def:output_scale].
constexpr double kScaleStart = 3.0;

template <class W, class Visit>
void visit_all(W& w, const Visit& visit) {
    const auto each = [&](const std::string& name, Group group, auto& t) {
        if (t.defined()) visit(name, group, t);
    };
    each("embed.weight", Group::embedding, w.embed);
    each("embed_norm.weight", Group::norms, w.embed_norm_weight);
    each("embed_norm.bias", Group::norms, w.embed_norm_bias);
    for (size_t l = 0; l < w.layers.size(); ++l) {
        auto& y = w.layers[l];
        const std::string p = "layers." + std::to_string(l) + ".";
        each(p + "attn_norm.weight", Group::norms, y.attn_norm_weight);
        each(p + "attn_norm.bias", Group::norms, y.attn_norm_bias);
        each(p + "attn.q.weight", Group::attention, y.q);
        each(p + "attn.q.bias", Group::attention, y.q_bias);
        each(p + "attn.k.weight", Group::attention, y.k);
        each(p + "attn.k.bias", Group::attention, y.k_bias);
        each(p + "attn.v.weight", Group::attention, y.v);
        each(p + "attn.v.bias", Group::attention, y.v_bias);
        each(p + "attn.o.weight", Group::attention, y.o);
        each(p + "attn.o.bias", Group::attention, y.o_bias);
        each(p + "ffn_norm.weight", Group::norms, y.ffn_norm_weight);
        each(p + "ffn_norm.bias", Group::norms, y.ffn_norm_bias);
        each(p + "router.proj.weight", Group::router_projection, y.proj);
        each(p + "router.centroids", Group::centroids, y.centroids);
        each(p + "router.linear", Group::router_other, y.linear);
        each(p + "router.tau", Group::router_other, y.tau);
        each(p + "router.kinematic", Group::router_other, y.kinematic);
        each(p + "router.bias", Group::router_other, y.bias);
        each(p + "experts.gate", Group::experts, y.gate);
        each(p + "experts.down", Group::experts, y.down);
        each(p + "experts.up", Group::experts, y.up);
        each(p + "experts.value", Group::experts, y.value);
        each(p + "shared.gate", Group::experts, y.shared_gate);
        each(p + "shared.down", Group::experts, y.shared_down);
        each(p + "shared.up", Group::experts, y.shared_up);
        each(p + "moe_scale", Group::scale, y.moe_scale);
        each(p + "ffn.down", Group::dense, y.ffn_down);
        each(p + "ffn.up", Group::dense, y.ffn_up);
    }
    each("moe_scale", Group::scale, w.moe_scale);
    each("final_norm.weight", Group::norms, w.final_norm_weight);
    each("final_norm.bias", Group::norms, w.final_norm_bias);
}

uint64_t hash_name(const std::string& name) {
    uint64_t h = 0xcbf29ce484222325ULL;  // FNV-1a
    for (const unsigned char c : name) h = (h ^ c) * 0x100000001b3ULL;
    return h;
}

bool ends_with(const std::string& s, const std::string& tail) {
    return s.size() >= tail.size() && s.compare(s.size() - tail.size(), tail.size(), tail) == 0;
}

/// Orthonormal rows by Gram–Schmidt in fp64 (M ≤ s only) [def:initialisation].
at::Tensor orthonormal_rows(const at::Tensor& random) {
    auto rows = random.to(at::kDouble).contiguous();
    const int64_t m = rows.size(0), s = rows.size(1);
    double* p = rows.mutable_data_ptr<double>();
    for (int64_t i = 0; i < m; ++i) {
        for (int pass = 0; pass < 2; ++pass)
            for (int64_t j = 0; j < i; ++j) {
                double along = 0;
                for (int64_t c = 0; c < s; ++c) along += p[i * s + c] * p[j * s + c];
                for (int64_t c = 0; c < s; ++c) p[i * s + c] -= along * p[j * s + c];
            }
        double norm = 0;
        for (int64_t c = 0; c < s; ++c) norm += p[i * s + c] * p[i * s + c];
        norm = std::sqrt(norm);
        for (int64_t c = 0; c < s; ++c) p[i * s + c] /= norm;
    }
    return rows;
}

}  // namespace

void Weights::for_each(const std::function<void(const std::string&, Group, at::Tensor&)>& visit) {
    visit_all(*this, visit);
}

void Weights::for_each(
    const std::function<void(const std::string&, Group, const at::Tensor&)>& visit) const {
    visit_all(*this, visit);
}

int64_t Weights::parameters() const {
    int64_t n = 0;
    for_each([&](const std::string&, Group, const at::Tensor& t) { n += t.numel(); });
    return n;
}

Weights Weights::map(
    const std::function<at::Tensor(const std::string&, Group, const at::Tensor&)>& make) const {
    Weights out = *this;
    out.for_each(
        [&](const std::string& name, Group group, at::Tensor& t) { t = make(name, group, t); });
    return out;
}

Weights Weights::map(const std::function<at::Tensor(Group, const at::Tensor&)>& make) const {
    return map(
        [&](const std::string&, Group group, const at::Tensor& t) { return make(group, t); });
}

namespace {

using Zeros = std::function<at::Tensor(at::IntArrayRef shape)>;

void add_router(const Config& config, int64_t layer, const Zeros& zeros, LayerWeights& y) {
    const auto& moe = config.moe;
    if (const auto add = form_of(moe.router).add_weights) add(config, layer, y);
    if (moe.has_bias()) y.bias = zeros({moe.experts});
}

void add_experts(const Config& config, const Zeros& zeros, LayerWeights& y) {
    const auto& moe = config.moe;
    const int64_t d = config.model.d_model;
    if (moe.expert == ExpertKind::fixed) {
        y.value = zeros({moe.experts, d});
    } else {
        for (auto* t : {&y.down, &y.up}) *t = zeros({moe.experts, moe.expert_rank, d});
        if (moe.expert == ExpertKind::swiglu) y.gate = zeros({moe.experts, moe.expert_rank, d});
    }
    if (moe.shared_expert > 0)
        for (auto* t : {&y.shared_gate, &y.shared_down, &y.shared_up})
            *t = zeros({moe.shared_expert, d});
}

}  // namespace

Weights make_weights(const Config& config, at::Device device) {
    const Zeros zeros = [device](at::IntArrayRef shape) {
        return at::zeros(shape, at::TensorOptions().dtype(at::kFloat).device(device));
    };
    const auto& m = config.model;
    const auto& moe = config.moe;
    const int64_t d = m.d_model;
    Weights w;
    w.embed = zeros({m.vocab_size, d});
    if (m.embedding_norm) {
        w.embed_norm_weight = zeros({d});
        w.embed_norm_bias = zeros({d});
    }
    for (int64_t l = 0; l < m.n_layers; ++l) {
        LayerWeights y;
        for (auto* t :
             {&y.attn_norm_weight, &y.attn_norm_bias, &y.ffn_norm_weight, &y.ffn_norm_bias})
            *t = zeros({d});
        for (auto* t : {&y.q, &y.k, &y.v, &y.o}) *t = zeros({d, d});
        if (m.attention_bias)
            for (auto* t : {&y.q_bias, &y.k_bias, &y.v_bias, &y.o_bias}) *t = zeros({d});
        if (m.is_dense()) {
            y.ffn_down = zeros({m.d_ff, d});
            y.ffn_up = zeros({m.d_ff, d});
        } else {
            add_router(config, l, zeros, y);
            add_experts(config, zeros, y);
            if (moe.output_scale == OutputScale::per_layer) y.moe_scale = zeros({});
        }
        w.layers.push_back(y);
    }
    if (!m.is_dense() && moe.output_scale == OutputScale::global) w.moe_scale = zeros({});
    w.final_norm_weight = zeros({d});
    w.final_norm_bias = zeros({d});
    return w;
}

Weights init_weights(const Config& config, uint64_t seed) {
    auto w = make_weights(config);
    const double deep = kInitStd / std::sqrt(2.0 * static_cast<double>(config.model.n_layers));
    w.for_each([&](const std::string& name, Group group, at::Tensor& t) {
        if (group == Group::norms) {
            t.fill_(ends_with(name, ".weight") ? 1.0 : 0.0);
        } else if (group == Group::scale) {
            t.fill_(kScaleStart);
        } else if (ends_with(name, "router.tau")) {
            t.fill_(config.moe.tau);
        } else if (ends_with(name, ".bias") ||
                   (ends_with(name, "router.kinematic") && !config.moe.reads_kinematic())) {
            t.zero_();
        } else {
            auto gen = at::detail::createCPUGenerator(mix_seed(seed, hash_name(name)));
            const bool writes = ends_with(name, "attn.o.weight") || ends_with(name, "experts.up") ||
                                ends_with(name, "ffn.up") || ends_with(name, "shared.up");
            t.normal_(0.0, group == Group::centroids ? 1.0 : writes ? deep : kInitStd, gen);
            if (group == Group::centroids)
                t.copy_(t.dim() == 2 && t.size(0) <= t.size(1) ? orthonormal_rows(t)
                                                               : kernels::reference::l2norm(t));
        }
    });
    return w;
}

at::ScalarType type_under_bf16(Group group, const at::Tensor& t) {
    const bool product =
        group == Group::embedding || group == Group::attention || group == Group::dense;
    const bool narrow = t.dim() >= 2 && (product || (group == Group::experts && t.is_cuda()));
    return narrow ? at::kBFloat16 : t.scalar_type();
}

bool learns(const Config& config, const std::string& name, Group group) {
    const RowsMove move = config.moe.traits().move;
    const bool rows = group == Group::centroids || ends_with(name, "router.linear");
    if (rows && move != RowsMove::by_gradient) return false;
    if (group == Group::router_projection && move == RowsMove::never) return false;
    if (ends_with(name, "router.kinematic")) return config.moe.reads_kinematic();
    return !ends_with(name, "router.bias");
}

uint64_t mix_seed(uint64_t a, uint64_t b) {
    return mix64(a * 0xd1342543de82ef95ULL + b);
}

}  // namespace hopscope::core
