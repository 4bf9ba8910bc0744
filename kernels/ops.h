// The operators of the model: routing, experts, attention with dropout, classifier, optimizer. Each
// has an own autograd node and a short, slow, obviously right reference form in kernels/reference,
// chosen at run time by `Form`. Nothing here knows the project. Any thread; the work is spread over
// the calling thread's OpenMP team. Results do not depend on timing.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <optional>
#include <vector>

namespace hopscope::kernels {

/// Which implementation runs. Both define the same function; only rounding differs.
enum class Form { fused, reference };

/// Smallest norm that L2 normalisation divides by [def:l2norm].
inline constexpr double kNormEps = 1e-8;

/// Result of routing T tokens to k of M experts.
struct RouteOut {
    at::Tensor idx;      ///< [T, k] int64, falling weight, ties by lowest index
    at::Tensor weight;   ///< [T, k]
    at::Tensor mean_p;   ///< [M] mean over tokens of the full softmax (differentiable: the balance
                         ///< loss needs it)
    at::Tensor entropy;  ///< [T] nats, full softmax; carries no gradient
    at::Tensor max_p;    ///< [T]; carries no gradient
    at::Tensor pos;      ///< [T, s] unit rows, the position that was used; carries no gradient
    at::Tensor p;  ///< [T, M] probabilities (differentiable); of `choose` only, else undefined
    at::Tensor affinity;  ///< [T, M] what weights are made of (softmax: p); of `choose` only
};

/// Cosine routing, Eqs. (2) and (3) of arXiv 2604.14419 [def:cosine_routing] [def:l2norm], computed
/// in the type of `h` (fp32, or fp64 in tests).
/// @param h           [T, d]
/// @param proj        [s, d]; undefined: identity projection, s = d
/// @param centroids   [M, s], normalised here
/// @param tau         scalar tensor, may carry a gradient
/// @param k           1 … M
/// @param renormalise divide the k probabilities by their sum [def:renormalise]
/// @param score_bias  [M] or [T, M], added to the scores before the softmax (suppress: −inf;
/// boost); no gradient
/// @param pos_delta   [s] or [T, s], added to the position, which is then normalised again (steer);
/// no gradient
/// @param narrow_gradient under bf16: products of the gradient may take factors rounded to bf16,
/// with sums in fp32, where that is faster; what is chosen and its weights stay as they are
RouteOut route(const at::Tensor& h, const at::Tensor& proj, const at::Tensor& centroids,
               const at::Tensor& tau, int64_t k, bool renormalise,
               const std::optional<at::Tensor>& score_bias = std::nullopt,
               const std::optional<at::Tensor>& pos_delta = std::nullopt, Form form = Form::fused,
               bool narrow_gradient = false);

/// How a score becomes an affinity (moe.score) [def:affinity].
enum class Score { softmax, sigmoid, relu };

/// How affinities become choices and weights.
struct Gate {
    Score score = Score::softmax;
    bool renormalise = true;  ///< divide the k affinities by their sum [def:renormalise]
    bool identity = false;    ///< the weight is the score itself [def:kmeans_router]
    /// [M] or [T, M], added for the selection alone: to the affinities (loss-free balancing), or to
    /// the scores where `bias_on_scores` (K-Means). A score of −inf stays excluded.
    std::optional<at::Tensor> select_bias;
    bool bias_on_scores = false;
};

/// The second half of routing, for scores that any router made: affinities, the k best, weights,
/// statistics. p are the affinities divided by their row sum (for softmax: the softmax itself);
/// mean_p, entropy and max_p are of p. Affinities are exp-normalised, sigmoid + 1e-7 or ReLU
/// [def:affinity].
/// @param scores [T, M] in fp32 or fp64, may carry a gradient
/// @return idx, weight, mean_p, entropy, max_p, p; no pos
RouteOut choose(const at::Tensor& scores, int64_t k, const Gate& gate, Form form = Form::fused);

/// The weights that `choose` would give these choices [T, k] of its own result `of`.
at::Tensor weights_of(const RouteOut& of, const at::Tensor& idx, bool renormalise);

/// Rank-r experts, Eq. (4) [def:experts_mlp]: dh_t = Σ_j w_tj Σ_q SiLU(<h_t, down_iq>) up_iq with i
/// = idx_tj.
/// @param h      [T, d]
/// @param idx    [T, k] int64 in [0, M)
/// @param weight [T, k]
/// @param down   [M, r, d] rows that read
/// @param up     [M, r, d] rows that write
/// @return dh    [T, d]. The gradient sums over tokens in rising order, so it is the same for any
/// thread count; nothing of size T·k·d is kept or made.
at::Tensor experts(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                   const at::Tensor& down, const at::Tensor& up, Form form = Form::fused);

/// Static experts [def:experts_static]: dh_t = Σ_j w_tj V_i with i = idx_tj, whatever the token
/// says.
/// @param value [M, d]
/// @return dh   [T, d]
at::Tensor experts_static(const at::Tensor& idx, const at::Tensor& weight, const at::Tensor& value,
                          Form form = Form::fused);

/// mlp [def:experts_mlp] and fixed [def:experts_static] as above; swiglu [def:experts_swiglu], of
/// width r: dh_t = Σ_j w_tj Σ_q SiLU(<h_t, gate_iq>) <h_t, down_iq> up_iq with i = idx_tj.
enum class ExpertKind { mlp, fixed, swiglu };

/// The experts of one pool, rows numbered from 0: a narrow(0, …) of the tensors of several pools
/// is a pool, without a copy.
struct ExpertBank {
    ExpertKind kind = ExpertKind::mlp;
    at::Tensor gate;      ///< [M, r, d] swiglu
    at::Tensor down, up;  ///< [M, r, d] mlp and swiglu
    at::Tensor value;     ///< [M, d] fixed (static experts)

    /// The rows that are added to the output: `up` or `value`.
    const at::Tensor& written() const { return kind == ExpertKind::fixed ? value : up; }
};

/// The same for any kind of expert. @return dh [T, d]
at::Tensor experts(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                   const ExpertBank& bank, Form form = Form::fused);

/// How the updates u_j = w_j · expert_j(h) of a hop become one [def:composition]. Groups: four of
/// k / 4 slots each, contiguous by rank; G_g their sums.
enum class Composition {
    sum,            ///< Σ u_j
    grouped_silu,   ///< Σ_g SiLU(G_g)
    grouped_gated,  ///< G_0 ⊙ σ(G_1) + G_2 ⊙ σ(G_3)
    cross_gated,    ///< Σ_i u_i ⊙ σ(Σ_{j≠i} u_j)
};
inline constexpr int64_t kCompositionGroups = 4;

/// Experts under a composition. `sum` is `experts`; the grouped ones need a k that 4 divides and
/// keep four tensors of [T, d] for the backward pass; cross_gated keeps one and computes the u_i
/// again there. @return dh [T, d]
at::Tensor compose(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                   const ExpertBank& bank, Composition composition, Form form = Form::fused);

/// Rotary positions, halves of a head against each other [def:block]: (a, b) → (a cos − b sin,
/// b cos + a sin) with a the first half of each head.
/// @param x        [B, T, heads, head_dim] fp32, bf16 or fp64
/// @param cos, sin [T, head_dim / 2] fp32, of fp64 tensors fp64; no gradient
/// @return         of x's shape and type
at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin,
                  Form form = Form::fused);

/// Whether the processor has instructions that multiply pairs of bf16 numbers and add them in fp32
/// (avx512_bf16, AMX): only then bf16 saves time on a CPU.
bool multiplies_bf16_in_pairs();

/// A dense layer: y = x Wᵀ + b.
struct LinearLayer {
    at::Tensor weight;  ///< [n, d]
    at::Tensor bias;    ///< [n] or undefined
};

/// Several dense layers that read the same rows, which are rounded to the weights' type once.
/// Under bf16 on a CPU that multiplies in pairs sums are fp32, results are rounded once, and
/// gradients of weights come in fp32 (a leaf that is to take them needs that grad_dtype).
/// @param x    [T, d]
/// @param wide whether results stay fp32 (of fp64 weights fp64) or are of the weights' type
/// @return     [T, n] of each layer
std::vector<at::Tensor> linear(const at::Tensor& x, const std::vector<LinearLayer>& layers,
                               bool wide = false, Form form = Form::fused);

/// What lies between two layers.
struct NormedSum {
    at::Tensor sum;     ///< [T, d] x + dropout(written)
    at::Tensor normed;  ///< [T, d] LayerNorm of the sum
};

/// The residual sum and the norm of the layer behind it [def:block] [def:dropout], in one visit of
/// the rows; nothing but the sum and two numbers a row is kept for the backward pass. Gradients of
/// weight and bias are summed over fixed runs of rows: the same for any thread count.
/// @param x            [T, d] fp32 or fp64, on a GPU also bf16; undefined: 0
/// @param written      [T, d] of its type; undefined: 0
/// @param weight, bias [d]
/// @param p, seed      dropout of `written`; p 0 … below 1
NormedSum add_norm(const at::Tensor& x, const at::Tensor& written, const at::Tensor& weight,
                   const at::Tensor& bias, double eps, double p = 0, int64_t seed = 0,
                   Form form = Form::fused);

/// Causal attention, scores scaled by 1 / sqrt(head_dim), whose probabilities are dropped with
/// chance p [def:dropout]. Nothing of size T·T is kept or made, with dropout neither (LibTorch's
/// own attention leaves its fast form on the CPU then and keeps three such tensors); softmax and
/// sums are fp32 or, of fp64 tensors, fp64. On a GPU bf16 with a head_dim that 8 divides is
/// LibTorch's flash attention, told to sum in one order; all else are blocks of queries.
/// @param q, k, v [B, heads, T, head_dim] fp32, fp64 or bf16. k and v may be longer than q, for a
/// look back at tokens that have no query any more: the queries are then those of the last tokens,
/// p is 0, and it is LibTorch's everywhere
/// @param p       0 … below 1
/// @param seed    decides which entries are dropped: by seed and place, the same on any device. Of
///                flash attention by seed and device; in a CUDA graph that is captured it draws
///                from the device's generator instead, so that replays differ
/// @return        as q
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double p = 0,
                     int64_t seed = 0, Form form = Form::fused);

struct ClassifierOut {
    at::Tensor nll_sum;  ///< [] sum over tokens, nats (differentiable)
    at::Tensor nll;      ///< [T] fp32; carries no gradient
};

/// Tied head and cross-entropy in row chunks, so that [T, V] logits never exist at once.
/// @param x [T, d], embed [V, d] of one type: fp32, bf16 (sums are fp32, on the CPU logits too) or
/// fp64
/// @param targets [T] int64, 0 … V − 1; others throw c10::IndexError on the CPU and have a loss of
/// NaN on a GPU, which is not waited for
ClassifierOut classifier(const at::Tensor& x, const at::Tensor& embed, const at::Tensor& targets,
                         Form form = Form::fused);

struct AdamWStep {
    double lr = 0, beta1 = 0.9, beta2 = 0.95, eps = 1e-8, weight_decay = 0;
    double grad_scale = 1;  ///< clipping factor, applied to the gradient first
    int64_t t = 1;          ///< number of this update, from 1 (bias correction)
};

/// Decoupled AdamW on one tensor, in place. param, m, v: fp32; grad: fp32. `shadow` (bf16, may be
/// undefined) receives the rounded new value.
void adamw(at::Tensor param, const at::Tensor& grad, at::Tensor m, at::Tensor v, at::Tensor shadow,
           const AdamWStep& step, Form form = Form::fused);

/// Σ x² in fp64, summed in fixed blocks: the same for any thread count. Waits for a GPU.
double sum_squares(const at::Tensor& x);

/// Tokens per expert, [M] int64, of choices [T, k]; on their device, which is not waited for.
at::Tensor count_choices(const at::Tensor& idx, int64_t experts);

/// Mean over tokens of |A ∩ B| / |A ∪ B| of the index sets of two hops, both [T, k] [def:jaccard].
/// Waits for a GPU.
double mean_jaccard(const at::Tensor& a, const at::Tensor& b);

}  // namespace hopscope::kernels
