#include "kernels/library/operators.h"

#include <ATen/autocast_mode.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <string>
#include <utility>

#include "kernels/library/arguments.h"
#include "kernels/ops.h"
#include "kernels/types.h"

namespace hopscope::library {
namespace {

/// Under torch.autocast the products inside an operator would change type in its midst.
class WithoutAutocast {
    c10::impl::ExcludeDispatchKeyGuard guard_{c10::autocast_dispatch_keyset};
};

kernels::Form form_of(bool reference) {
    return reference ? kernels::Form::reference : kernels::Form::fused;
}

Tensor plain(const MaybeTensor& x) {
    return x ? x->contiguous() : Tensor();
}

MaybeTensor contiguous(const MaybeTensor& x) {
    return x ? MaybeTensor(x->contiguous()) : std::nullopt;
}

/// A tensor like `like` in another shape and, if given, type.
Tensor made(const Tensor& like, at::SymIntArrayRef sizes,
            std::optional<at::ScalarType> type = std::nullopt) {
    return at::empty_symint(sizes, like.options().dtype(type.value_or(like.scalar_type())));
}

/// The value that a word stands for; says which words there are.
template <class T, size_t N>
T word(const char* op, const char* name, std::string_view given,
       const std::pair<std::string_view, T> (&known)[N]) {
    std::string all;
    for (const auto& [text, value] : known) {
        if (text == given) return value;
        all += all.empty() ? "" : ", ";
        all += text;
    }
    TORCH_CHECK(false, "hopscope::", op, ": ", name, " is \"", given, "\"; allowed are ", all);
}

void need_k(const Arguments& a, int64_t k) {
    TORCH_CHECK(k >= 1 && a.size('M') >= k, "hopscope::", a.op(), ": k is ", k,
                "; 1 to M = ", a.size('M'), " is allowed");
}

// ---- route
// ---------------------------------------------------------------------------------------

Arguments check_route(const Tensor& h, const MaybeTensor& proj, const Tensor& centroids,
                      const Tensor& tau, int64_t k, const MaybeTensor& score_bias,
                      const MaybeTensor& pos_delta) {
    Arguments a("route", /*narrow=*/false);
    a.tensor("h", h, "Td");
    a.tensor("proj", proj, "sd");
    a.tensor("centroids", centroids, proj ? "Ms" : "Md");
    a.tensor("tau", tau, "");
    need_k(a, k);
    a.either("score_bias", score_bias, "M", "TM");
    a.either("pos_delta", pos_delta, proj ? "s" : "d", proj ? "Ts" : "Td");
    return a;
}

constexpr std::pair<std::string_view, kernels::Score> kScores[] = {
    {"softmax", kernels::Score::softmax},
    {"sigmoid", kernels::Score::sigmoid},
    {"relu", kernels::Score::relu}};

Arguments check_choose(const Tensor& scores, int64_t k, const MaybeTensor& select_bias) {
    Arguments a("choose", /*narrow=*/false);
    a.tensor("scores", scores, "TM");
    need_k(a, k);
    a.either("select_bias", select_bias, "M", "TM");
    return a;
}

// ---- experts
// -------------------------------------------------------------------------------------

constexpr std::pair<std::string_view, kernels::Composition> kCompositions[] = {
    {"sum", kernels::Composition::sum},
    {"grouped_silu", kernels::Composition::grouped_silu},
    {"grouped_gated", kernels::Composition::grouped_gated},
    {"cross_gated", kernels::Composition::cross_gated}};

Arguments check_experts(const MaybeTensor& h, const Tensor& idx, const Tensor& weight,
                        const MaybeTensor& gate, const MaybeTensor& down, const MaybeTensor& up,
                        const MaybeTensor& value, kernels::Composition composition) {
    const bool fixed = value && !gate && !down && !up, read = h && down && up && !value;
    TORCH_CHECK(fixed || read,
                "hopscope::experts: give h, down and up, and gate as well for SwiGLU experts, or "
                "value alone for static ones");
    Arguments a("experts", /*narrow=*/true);
    if (read) a.tensor("h", h, "Td");
    a.tensor("weight", weight, "Tk");
    a.indices("idx", idx, "Tk");
    if (fixed) a.tensor("value", value, "Md");
    a.tensor("down", down, "Mrd");
    a.tensor("up", up, "Mrd");
    a.tensor("gate", gate, "Mrd");
    const bool grouped = composition == kernels::Composition::grouped_silu ||
                         composition == kernels::Composition::grouped_gated;
    TORCH_CHECK(!grouped || a.size('k') % kernels::kCompositionGroups == 0,
                "hopscope::experts: k is ", a.size('k'), "; a grouped composition needs a k that ",
                kernels::kCompositionGroups, " divides");
    return a;
}

kernels::ExpertKind kind_of(const MaybeTensor& gate, const MaybeTensor& value) {
    return value  ? kernels::ExpertKind::fixed
           : gate ? kernels::ExpertKind::swiglu
                  : kernels::ExpertKind::mlp;
}

// ---- the others
// ----------------------------------------------------------------------------------

void check_rotate(const Tensor& x, const Tensor& cos, const Tensor& sin) {
    Arguments a("rotate", /*narrow=*/true);
    a.tensor("x", x, "BThd");
    TORCH_CHECK(a.size('d') % 2 == 0, "hopscope::rotate: heads of width ", a.size('d'),
                " have no halves");
    a.wide("cos", cos, "Ta");
    a.wide("sin", sin, "Ta");
    TORCH_CHECK(a.size('a') * 2 == a.size('d'), "hopscope::rotate: cos is ", cos.sym_sizes(),
                "; it has to be [T, d / 2] with d = ", a.size('d'));
}

void check_attention(const Tensor& q, const Tensor& k, const Tensor& v, double p) {
    Arguments a("attention", /*narrow=*/true);
    a.tensor("q", q, "BhTd");
    a.tensor("k", k, "BhTd");
    a.tensor("v", v, "BhTd");
    TORCH_CHECK(p >= 0 && p < 1, "hopscope::attention: dropout is ", p,
                "; 0 to below 1 is allowed");
    TORCH_CHECK(p == 0 || !q.is_cuda(),
                "hopscope::attention: dropout by seed is for the CPU; on a GPU use "
                "torch.nn.functional.scaled_dot_product_attention");
}

/// [B, h, T, d], the numbers of a position side by side: how attention returns them.
Tensor by_position(const Tensor& x) {
    return x.transpose(1, 2).contiguous().transpose(1, 2);
}

void check_classifier(const Tensor& x, const Tensor& embed, const Tensor& targets) {
    Arguments a("classifier", /*narrow=*/true);
    a.tensor("x", x, "Td");
    a.tensor("embed", embed, "Vd");
    a.indices("targets", targets, "T");
}

void check_adamw(const Tensor& param, const Tensor& grad, const Tensor& m, const Tensor& v,
                 const MaybeTensor& shadow, int64_t t) {
    constexpr const char* op = "hopscope::adamw_: ";
    const std::pair<const char*, const Tensor&> all[] = {
        {"param", param}, {"grad", grad}, {"m", m}, {"v", v}};
    for (const auto& [name, x] : all) {
        TORCH_CHECK(x.scalar_type() == at::kFloat, op, name, " is ", x.scalar_type(),
                    "; it has to be Float (fp32)");
        TORCH_CHECK(x.sym_sizes() == param.sym_sizes() && x.device() == param.device(), op, name,
                    " is ", x.sym_sizes(), " on ", x.device(), "; it has to be as param, ",
                    param.sym_sizes(), " on ", param.device());
        TORCH_CHECK(&x == &grad || x.is_contiguous(), op, name,
                    " is written in place and has to be contiguous");
    }
    TORCH_CHECK(
        !shadow || (shadow->scalar_type() == at::kBFloat16 &&
                    shadow->sym_sizes() == param.sym_sizes() && shadow->device() == param.device()),
        op, "shadow has to be BFloat16 and otherwise as param");
    TORCH_CHECK(t >= 1, op, "t is ", t, "; updates are numbered from 1");
}

}  // namespace

Route::Out Route::run(const Tensor& h, const MaybeTensor& proj, const Tensor& centroids,
                      const Tensor& tau, int64_t k, bool renormalise, const MaybeTensor& score_bias,
                      const MaybeTensor& pos_delta, bool reference) {
    check_route(h, proj, centroids, tau, k, score_bias, pos_delta);
    const WithoutAutocast guard;
    const auto r =
        kernels::route(h.contiguous(), plain(proj), centroids.contiguous(), tau, k, renormalise,
                       contiguous(score_bias), contiguous(pos_delta), form_of(reference));
    return {r.idx, r.weight, r.mean_p, r.entropy, r.max_p, r.pos};
}

Route::Out Route::shapes(const Tensor& h, const MaybeTensor& proj, const Tensor& centroids,
                         const Tensor& tau, int64_t k, bool, const MaybeTensor& score_bias,
                         const MaybeTensor& pos_delta, bool) {
    const auto a = check_route(h, proj, centroids, tau, k, score_bias, pos_delta);
    const auto &tokens = a.size('T'), &space = a.size(proj ? 's' : 'd');
    return {made(h, {tokens, k}, at::kLong),
            made(h, {tokens, k}),
            made(h, {a.size('M')}),
            made(h, {tokens}),
            made(h, {tokens}),
            made(h, {tokens, space})};
}

Choose::Out Choose::run(const Tensor& scores, int64_t k, std::string_view score, bool renormalise,
                        bool identity, const MaybeTensor& select_bias, bool bias_on_scores,
                        bool reference) {
    check_choose(scores, k, select_bias);
    const WithoutAutocast guard;
    const kernels::Gate gate{word("choose", "score", score, kScores), renormalise, identity,
                             contiguous(select_bias), bias_on_scores};
    const auto r = kernels::choose(scores.contiguous(), k, gate, form_of(reference));
    // Under softmax p is the affinity; two outputs may not be one tensor.
    const auto p = r.p.is_same(r.affinity) ? r.p.clone() : r.p;
    return {r.idx, r.weight, r.mean_p, r.entropy, r.max_p, p, r.affinity};
}

Choose::Out Choose::shapes(const Tensor& scores, int64_t k, std::string_view score, bool, bool,
                           const MaybeTensor& select_bias, bool, bool) {
    const auto a = check_choose(scores, k, select_bias);
    word("choose", "score", score, kScores);
    const auto &tokens = a.size('T'), &experts = a.size('M');
    return {made(scores, {tokens, k}, at::kLong),
            made(scores, {tokens, k}),
            made(scores, {experts}),
            made(scores, {tokens}),
            made(scores, {tokens}),
            made(scores, {tokens, experts}),
            made(scores, {tokens, experts})};
}

Tensor Experts::run(const MaybeTensor& h, const Tensor& idx, const Tensor& weight,
                    const MaybeTensor& gate, const MaybeTensor& down, const MaybeTensor& up,
                    const MaybeTensor& value, std::string_view composition, bool reference) {
    const auto c = word("experts", "composition", composition, kCompositions);
    const auto a = check_experts(h, idx, weight, gate, down, up, value, c);
    need_in_range("experts", "idx", idx, a.size('M').expect_int());
    const WithoutAutocast guard;
    return kernels::compose(
               plain(h), idx.contiguous(), weight.contiguous(),
               {kind_of(gate, value), plain(gate), plain(down), plain(up), plain(value)}, c,
               form_of(reference))
        .contiguous();
}

Tensor Experts::shapes(const MaybeTensor& h, const Tensor& idx, const Tensor& weight,
                       const MaybeTensor& gate, const MaybeTensor& down, const MaybeTensor& up,
                       const MaybeTensor& value, std::string_view composition, bool) {
    const auto a = check_experts(h, idx, weight, gate, down, up, value,
                                 word("experts", "composition", composition, kCompositions));
    return made(weight, {a.size('T'), a.size('d')});
}

Tensor Rotate::run(const Tensor& x, const Tensor& cos, const Tensor& sin, bool reference) {
    check_rotate(x, cos, sin);
    const WithoutAutocast guard;
    return kernels::rotate(x.contiguous(), cos, sin, form_of(reference));
}

Tensor Rotate::shapes(const Tensor& x, const Tensor& cos, const Tensor& sin, bool) {
    check_rotate(x, cos, sin);
    return made(x, x.sym_sizes());
}

Tensor Attention::run(const Tensor& q, const Tensor& k, const Tensor& v, double p, int64_t seed,
                      bool reference) {
    check_attention(q, k, v, p);
    const WithoutAutocast guard;
    return by_position(kernels::attention(q, k, v, p, seed, form_of(reference)));
}

Tensor Attention::shapes(const Tensor& q, const Tensor& k, const Tensor& v, double p, int64_t,
                         bool) {
    check_attention(q, k, v, p);
    return made(q, {q.sym_size(0), q.sym_size(2), q.sym_size(1), q.sym_size(3)}).transpose(1, 2);
}

Classifier::Out Classifier::run(const Tensor& x, const Tensor& embed, const Tensor& targets,
                                bool reference) {
    check_classifier(x, embed, targets);
    need_in_range("classifier", "targets", targets, embed.size(0));
    const WithoutAutocast guard;
    const auto c = kernels::classifier(x, embed, targets, form_of(reference));
    return {c.nll_sum, c.nll};
}

Classifier::Out Classifier::shapes(const Tensor& x, const Tensor& embed, const Tensor& targets,
                                   bool) {
    check_classifier(x, embed, targets);
    const auto wide = kernels::wide_of(x);
    return {made(x, {}, wide), made(x, {x.sym_size(0)}, wide)};
}

void AdamW::run(const Tensor& param, const Tensor& grad, const Tensor& m, const Tensor& v,
                const MaybeTensor& shadow, double lr, int64_t t, double beta1, double beta2,
                double eps, double weight_decay, double grad_scale, bool reference) {
    check_adamw(param, grad, m, v, shadow, t);
    kernels::adamw(param, grad.contiguous(), m, v, shadow.value_or(Tensor()),
                   {lr, beta1, beta2, eps, weight_decay, grad_scale, t}, form_of(reference));
    // The kernel writes behind autograd's back; what was saved of the old values is stale now.
    for (const auto& x : {param, m, v, shadow.value_or(Tensor())})
        if (x.defined() && !x.is_inference()) x.unsafeGetTensorImpl()->bump_version();
}

void AdamW::shapes(const Tensor& param, const Tensor& grad, const Tensor& m, const Tensor& v,
                   const MaybeTensor& shadow, double, int64_t t, double, double, double, double,
                   double, bool) {
    check_adamw(param, grad, m, v, shadow, t);
}

}  // namespace hopscope::library
