// The operators of kernels/ on random numbers of a configuration's sizes: own form, reference form
// and what LibTorch offers for the same. The sizes are those of one layer and one hop.
#include "core/bench/operators.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/zeros_like.h>
#include <array>
#include <cmath>
#include <torch/csrc/autograd/autograd.h>

#include "core/base/json.h"
#include "core/base/names.h"
#include "core/bench/baselines.h"
#include "core/config/arithmetic.h"
#include "core/trainer/kernel_choices.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

using at::Tensor;
using kernels::Form;
using Tensors = std::vector<Tensor>;

constexpr const char* kRandom = "random numbers";

/// An operator and its gradient with respect to those of `given` that ask for one, for gradients of
/// its first outputs. The graph of a call lives until the next.
BenchForm differentiable(BenchWay way, OrderedJson shape, const NamedTensors& given,
                         std::function<NamedTensors()> call, const Tensors& gradients) {
    auto outputs = std::make_shared<NamedTensors>();
    BenchForm out;
    out.form = way;
    out.shape = std::move(shape);
    out.prepare = [outputs, given] {
        outputs->clear();
        for (const auto& [name, tensor] : given) tensor.mutable_grad() = Tensor();
    };
    out.run = [outputs, call = std::move(call)] { *outputs = call(); };
    out.backward = [outputs, gradients] {
        Tensors roots;
        for (size_t i = 0; i < gradients.size(); ++i) roots.push_back((*outputs)[i].second);
        torch::autograd::backward(roots, gradients);
    };
    out.account = [outputs, given, gradients, prepare = out.prepare, run = out.run,
                   backward = out.backward] {
        prepare();
        run();
        backward();
        NamedTensors all;
        for (const auto& [name, tensor] : given) {
            all.emplace_back("given." + name, tensor);
            if (tensor.grad().defined()) all.emplace_back("grad." + name, tensor.grad());
        }
        for (size_t i = 0; i < outputs->size(); ++i) {
            const auto& [name, tensor] = (*outputs)[i];
            all.emplace_back("out." + name, tensor);
            if (i < gradients.size()) all.emplace_back("given.grad_of_" + name, gradients[i]);
        }
        return all;
    };
    return out;
}

Tensor leaf(const Tensor& t) {
    return t.detach().clone().set_requires_grad(true);
}

BenchWork operator_work(const BenchSetting& s, BenchSubject name,
                        BenchWay reference = BenchWay::reference) {
    return {name, reference, kRandom, Direction::forward, static_cast<double>(s.tokens()), {}};
}

Error no_moe(const BenchSetting& s) {
    return usage_error("model.ffn: found \"" + word(s.config.model.ffn) +
                       "\", which has no routing and no experts; allowed \"moe\"");
}

/// The routers whose scores the operator makes, quoted.
std::string routers_by_cosine() {
    std::vector<std::string> quoted;
    for (const RouterTraits& traits : kRouters)
        if (traits.scores_by_cosine()) quoted.push_back('"' + word(traits.kind) + '"');
    return joined(quoted);
}

/// Rows as they enter a layer's router: normalised.
Tensor normed_rows(BenchSetting& s) {
    const int64_t d = s.config.model.d_model;
    return at::layer_norm(s.random({s.tokens(), d}), {d});
}

struct RouterTensors {
    Tensor h, proj, centroids, tau;
};

RouterTensors router_tensors(BenchSetting& s) {
    const auto& moe = s.config.moe;
    RouterTensors r;
    const int64_t d = s.config.model.d_model, width = routing_width(s.config);
    r.h = normed_rows(s);
    if (!moe.routes_in_model_space())
        r.proj = s.random({width, d}) / std::sqrt(static_cast<double>(d));
    r.centroids = s.random({moe.experts, width});
    r.tau = at::full({}, moe.tau, r.h.options());
    return r;
}

kernels::RouteOut route_once(const BenchSetting& s, const RouterTensors& r, Form form) {
    const int64_t k = s.config.moe.top_k;
    return kernels::route(r.h, r.proj, r.centroids, r.tau, k, s.config.moe.renormalises(k), {}, {},
                          form, /*narrow_gradient=*/s.narrow() == at::kBFloat16);
}

/// Experts of one layer, requiring gradients; `rank` rows each.
kernels::ExpertBank random_bank(BenchSetting& s) {
    const auto& moe = s.config.moe;
    const auto rows = [&] {
        return leaf((s.random({moe.experts, moe.expert_rank, s.config.model.d_model}) * 0.05)
                        .to(s.narrow()));
    };
    kernels::ExpertBank bank;
    if (moe.expert == ExpertKind::fixed) {
        bank.kind = kernels::ExpertKind::fixed;
        bank.value = leaf(rows().select(1, 0));
        return bank;
    }
    bank.kind =
        moe.expert == ExpertKind::swiglu ? kernels::ExpertKind::swiglu : kernels::ExpertKind::mlp;
    if (moe.expert == ExpertKind::swiglu) bank.gate = rows();
    bank.down = rows();
    bank.up = rows();
    return bank;
}

/// A dense layer as wide as `d_ff` in place of the experts.
BenchForm dense_form(BenchSetting& s, BenchWay way, int64_t d_ff, const Tensor& h,
                     const Tensor& gradient) {
    const int64_t d = s.config.model.d_model;
    const auto down = leaf((s.random({d_ff, d}) * 0.05).to(s.narrow())),
               up = leaf((s.random({d_ff, d}) * 0.05).to(s.narrow()));
    return differentiable(way, {{"tokens", s.tokens()}, {"d_model", d}, {"d_ff", d_ff}},
                          {{"h", h}, {"down", down}, {"up", up}},
                          [=] {
                              return NamedTensors{{"y", baselines::dense(h, down, up)}};
                          },
                          {gradient});
}

}  // namespace

BenchWorks route_work(BenchSetting& s) {
    const auto& moe = s.config.moe;
    if (s.config.is_dense()) return no_moe(s);
    if (!moe.traits().scores_by_cosine())
        return usage_error("moe.router: found \"" + word(moe.router) +
                           "\", whose scores the operator does not make; allowed " +
                           routers_by_cosine());
    auto r = router_tensors(s);
    NamedTensors given = {{"tau", r.tau}};
    for (auto [name, t] : {std::pair{"h", &r.h}, {"proj", &r.proj}, {"centroids", &r.centroids}})
        if (t->defined()) given.emplace_back(name, *t = leaf(*t));
    const OrderedJson shape = {{"tokens", s.tokens()},
                               {"d_model", s.config.model.d_model},
                               {"d_space", routing_width(s.config)},
                               {"experts", moe.experts},
                               {"top_k", moe.top_k}};
    const Tensors gradients = {s.random({s.tokens(), moe.top_k}), s.random({moe.experts})};
    auto work = operator_work(s, BenchSubject::route);
    for (const Form form : kForms)
        work.forms.push_back(differentiable(
            way_of(form), shape, given,
            [&s, r, form] {
                const auto out = route_once(s, r, form);
                return NamedTensors{
                    {"weight", out.weight}, {"mean_p", out.mean_p}, {"idx", out.idx}};
            },
            gradients));
    return std::vector<BenchWork>{std::move(work)};
}

BenchWorks experts_work(BenchSetting& s) {
    const auto& moe = s.config.moe;
    if (s.config.is_dense()) return no_moe(s);
    // Choices that a router with these sizes makes, not uniform ones.
    const auto router = router_tensors(s);
    const auto routed = route_once(s, router, Form::fused);
    const auto idx = routed.idx;
    const auto h = leaf(router.h.to(s.narrow())), weight = leaf(routed.weight.to(s.narrow()));
    const auto bank = random_bank(s);
    const auto gradient = s.random(h.sizes(), s.narrow());
    NamedTensors given = {{"weight", weight}, {"idx", idx}};
    if (bank.kind != kernels::ExpertKind::fixed) given.emplace_back("h", h);
    for (const auto& [name, t] : {std::pair{"gate", &bank.gate},
                                  {"down", &bank.down},
                                  {"up", &bank.up},
                                  {"value", &bank.value}})
        if (t->defined()) given.emplace_back(name, *t);
    const OrderedJson shape = {{"tokens", s.tokens()},   {"d_model", s.config.model.d_model},
                               {"experts", moe.experts}, {"rank", moe.expert_rank},
                               {"top_k", moe.top_k},     {"expert", word(moe.expert)}};
    auto work = operator_work(s, BenchSubject::experts);
    for (const Form form : kForms)
        work.forms.push_back(differentiable(
            way_of(form), shape, given,
            [=] {
                return NamedTensors{{"y", kernels::experts(h, idx, weight, bank, form)}};
            },
            {gradient}));
    if (bank.kind == kernels::ExpertKind::mlp && moe.expert_rank == 1) {
        constexpr std::pair<BenchWay, decltype(&baselines::gather)> kBaselines[] = {
            {BenchWay::gather, baselines::gather},
            {BenchWay::embedding_bag, baselines::embedding_bag},
            {BenchWay::dense_mask, baselines::dense_mask}};
        for (const auto& [way, call] : kBaselines)
            work.forms.push_back(differentiable(
                way, shape, given,
                [=, call = call] {
                    return NamedTensors{{"y", call(h, idx, weight, bank.down, bank.up)}};
                },
                {gradient}));
    }
    if (bank.kind == kernels::ExpertKind::mlp) {
        work.forms.push_back(
            dense_form(s, BenchWay::dense_equal_flops, moe.top_k * moe.expert_rank, h, gradient));
        work.forms.push_back(dense_form(s, BenchWay::dense_equal_parameters,
                                        moe.experts * moe.expert_rank, h, gradient));
    }
    return std::vector<BenchWork>{std::move(work)};
}

BenchWorks classifier_work(BenchSetting& s) {
    const int64_t d = s.config.model.d_model, vocab = s.config.model.vocab_size;
    const auto x = leaf(normed_rows(s).to(s.narrow())),
               embed = leaf((s.random({vocab, d}) * 0.02).to(s.narrow()));
    const auto targets = (s.random({s.tokens()}).abs() * 1e6).to(at::kLong).remainder(vocab);
    const OrderedJson shape = {{"tokens", s.tokens()}, {"d_model", d}, {"vocab_size", vocab}};
    auto work = operator_work(s, BenchSubject::classifier);
    for (const Form form : kForms)
        work.forms.push_back(differentiable(
            way_of(form), shape, {{"x", x}, {"embed", embed}, {"targets", targets}},
            [=] {
                return NamedTensors{
                    {"nll_sum", kernels::classifier(x, embed, targets, form).nll_sum}};
            },
            // The mean is what is trained.
            {at::full({}, 1.0 / static_cast<double>(s.tokens()), x.options().dtype(at::kFloat))}));
    return std::vector<BenchWork>{std::move(work)};
}

BenchWorks attention_work(BenchSetting& s) {
    const auto& m = s.config.model;
    const double p = m.drops(DropoutPlace::attention) ? m.dropout : 0.0;
    const std::array<int64_t, 4> sizes = {s.config.train.batch, m.n_heads, s.config.train.seq_len,
                                          m.d_model / m.n_heads};
    const auto q = leaf(s.random(sizes, s.narrow())), k = leaf(s.random(sizes, s.narrow())),
               v = leaf(s.random(sizes, s.narrow()));
    const NamedTensors given = {{"q", q}, {"k", k}, {"v", v}};
    const Tensors gradient = {s.random(sizes, s.narrow())};
    const OrderedJson shape = {{"batch", sizes[0]},
                               {"heads", sizes[1]},
                               {"seq_len", sizes[2]},
                               {"head_dim", sizes[3]},
                               {"dropout", p}};
    auto work = operator_work(s, BenchSubject::attention, BenchWay::aten);
    // The own form is for the CPU; elsewhere the model itself runs LibTorch's.
    if (s.device.device.is_cpu())
        for (const Form form : kForms)
            work.forms.push_back(differentiable(
                way_of(form), shape, given,
                [=, seed = s.config.train.seed] {
                    return NamedTensors{
                        {"y", kernels::attention(q, k, v, p, static_cast<int64_t>(seed), form)}};
                },
                gradient));
    work.forms.push_back(differentiable(
        BenchWay::aten, shape, given,
        [=] {
            return NamedTensors{
                {"y", at::scaled_dot_product_attention(q, k, v, {}, p, /*is_causal=*/true)}};
        },
        gradient));
    return std::vector<BenchWork>{std::move(work)};
}

BenchWorks adamw_work(BenchSetting& s) {
    const int64_t n = count_parameters(s.config).total;
    const auto& train = s.config.train;
    const kernels::AdamWStep step{.lr = train.lr,
                                  .beta1 = train.beta1,
                                  .beta2 = train.beta2,
                                  .eps = train.eps,
                                  .weight_decay = train.weight_decay,
                                  .t = 10};
    BenchWork work{BenchSubject::adamw, BenchWay::reference, kRandom, Direction::update, 0, {}};
    for (const Form form : kForms) {
        const auto param = s.random({n}), grad = s.random({n}), m = at::zeros_like(param),
                   v = at::zeros_like(param);
        const auto shadow = s.narrow() == at::kBFloat16 ? param.to(at::kBFloat16) : Tensor();
        BenchForm one;
        one.form = way_of(form);
        one.shape = {{"parameters", n}};
        one.run = [=] { kernels::adamw(param, grad, m, v, shadow, step, form); };
        work.forms.push_back(std::move(one));
    }
    return std::vector<BenchWork>{std::move(work)};
}

}  // namespace hopscope::core
