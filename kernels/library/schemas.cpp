// What `torch.ops.hopscope` offers once the library is loaded. T tokens, d width, s routing space,
// M experts of which k are chosen, r rank, B sequences, h heads, V vocabulary. Floating-point
// arguments of a call are of one type, all of one device. `reference` runs the slow and obviously
// right form. Formulas: docs/definitions.md, named in kernels/ops.h.
#include <torch/library.h>

#include "kernels/library/differentiate.h"
#include "kernels/library/operators.h"

namespace hopscope::library {
namespace {

struct Schema {
    const char *name, *arguments, *returns;
};

constexpr Schema kDifferentiable[] = {
    // Cosine routing. h [T, d], proj [s, d] (None: the identity, s = d), centroids [M, s] (brought
    // to length 1 here), tau [], score_bias [M] or [T, M] before the softmax, pos_delta [s] or
    // [T, s] added to the position; fp32 or fp64. idx [T, k] int64 by falling weight, weight [T,
    // k],
    // mean_p [M], entropy [T], max_p [T], pos [T, s]. Gradients through weight and mean_p, to h,
    // proj, centroids, tau.
    {"route",
     "Tensor h, Tensor? proj, Tensor centroids, Tensor tau, int k, bool renormalise=True, "
     "Tensor? score_bias=None, Tensor? pos_delta=None, bool reference=False",
     "(Tensor idx, Tensor weight, Tensor mean_p, Tensor entropy, Tensor max_p, Tensor pos)"},
    // The second half of routing for scores [T, M] that anything has made; score is softmax,
    // sigmoid or relu; identity: the weight is the score; select_bias [M] or [T, M] takes part in
    // the choice alone. Also p [T, M] and affinity [T, M]. Gradients through weight, mean_p, p and
    // affinity.
    {"choose",
     "Tensor scores, int k, str score=\"softmax\", bool renormalise=True, bool identity=False, "
     "Tensor? select_bias=None, bool bias_on_scores=False, bool reference=False",
     "(Tensor idx, Tensor weight, Tensor mean_p, Tensor entropy, Tensor max_p, Tensor p, "
     "Tensor affinity)"},
    // Σ_j w_tj expert_idx_tj(h_t) under a composition (sum, grouped_silu, grouped_gated,
    // cross_gated). h [T, d], idx [T, k], weight [T, k], gate, down, up [M, r, d], value [M, d]:
    // mlp
    // has h, down and up, SwiGLU gate as well, static experts value alone. Returns [T, d];
    // gradients
    // to all but idx.
    {"experts",
     "Tensor? h, Tensor idx, Tensor weight, Tensor? gate=None, Tensor? down=None, "
     "Tensor? up=None, Tensor? value=None, str composition=\"sum\", bool reference=False",
     "Tensor"},
    // Rotary positions, halves of a head against each other. x [B, T, h, d], cos and sin [T, d /
    // 2],
    // fp32 where x is bf16.
    {"rotate", "Tensor x, Tensor cos, Tensor sin, bool reference=False", "Tensor"},
    // Causal attention with dropout of its probabilities, which entries are dropped decided by the
    // seed. q, k, v and the result [B, h, T, d].
    {"attention",
     "Tensor q, Tensor k, Tensor v, float dropout=0.0, int seed=0, bool reference=False", "Tensor"},
    // Cross-entropy of the logits x embedᵀ, which never exist at once. x [T, d], embed [V, d],
    // targets [T] int64. nll_sum [], which carries the gradient, and nll [T], nats.
    {"classifier", "Tensor x, Tensor embed, Tensor targets, bool reference=False",
     "(Tensor nll_sum, Tensor nll)"},
};

/// Decoupled AdamW, in place. param, grad, m, v fp32 of one shape; shadow bf16 receives the rounded
/// new value; t counts updates from 1.
constexpr const char* kAdamW =
    "adamw_(Tensor(a!) param, Tensor grad, Tensor(b!) m, Tensor(c!) v, Tensor(d!)? shadow, "
    "float lr, int t, float beta1=0.9, float beta2=0.95, float eps=1e-8, float weight_decay=0.0, "
    "float grad_scale=1.0, bool reference=False) -> ()";

template <class Op>
void both(torch::Library& m, bool shapes, const char* name) {
    if (shapes)
        m.impl(name, TORCH_FN(Op::shapes));
    else
        m.impl(name, TORCH_FN(Op::run));
}

void all(torch::Library& m, bool shapes) {
    both<Route>(m, shapes, "route");
    both<Choose>(m, shapes, "choose");
    both<Experts>(m, shapes, "experts");
    both<Rotate>(m, shapes, "rotate");
    both<Attention>(m, shapes, "attention");
    both<Classifier>(m, shapes, "classifier");
    both<AdamW>(m, shapes, "adamw_");
    for (const auto& schema : kDifferentiable)
        m.impl((std::string(schema.name) + "_backward").c_str(),
               shapes ? torch::CppFunction::makeFromBoxedFunction<&backward_shapes>()
                      : torch::CppFunction::makeFromBoxedFunction<&backward>());
}

}  // namespace

TORCH_LIBRARY(hopscope, m) {
    const std::vector<at::Tag> tags{at::Tag::pt2_compliant_tag};
    for (const auto& [name, arguments, returns] : kDifferentiable) {
        const std::string n = name, a = arguments;
        m.def((n + "(" + a + ") -> " + returns).c_str(), tags);
        m.def((n + "_backward(Tensor?[] grad, bool[] needs, " + a + ") -> Tensor[]").c_str(), tags);
    }
    m.def(kAdamW, tags);
}

// Every device: which of them there are kernels for is said by the operators themselves.
TORCH_LIBRARY_IMPL(hopscope, CompositeExplicitAutograd, m) {
    all(m, /*shapes=*/false);
}

TORCH_LIBRARY_IMPL(hopscope, Meta, m) {
    all(m, /*shapes=*/true);
}

TORCH_LIBRARY_IMPL(hopscope, Autograd, m) {
    using torch::CppFunction;
    m.impl("route", CppFunction::makeFromBoxedFunction<&differentiable<0b110>>());
    m.impl("choose", CppFunction::makeFromBoxedFunction<&differentiable<0b1100110>>());
    for (const char* name : {"experts", "rotate", "attention", "classifier"})
        m.impl(name, CppFunction::makeFromBoxedFunction<&differentiable<0b1>>());
    for (const auto& schema : kDifferentiable)
        m.impl((std::string(schema.name) + "_backward").c_str(),
               CppFunction::makeFromBoxedFunction<&differentiable_once>());
    m.impl("adamw_", CppFunction::makeFromBoxedFunction<&in_place>());
}

}  // namespace hopscope::library
