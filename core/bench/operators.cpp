// The operators of kernels/ on random numbers: own form, reference form and, of some, what LibTorch
// offers for the same. Sizes are those of one layer and one hop of a configuration, or of a case of
// kernels/cases, which also makes the numbers.
#include "core/bench/operators.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <algorithm>
#include <set>
#include <torch/csrc/autograd/autograd.h>

#include "core/base/json.h"
#include "core/base/names.h"
#include "core/bench/baselines.h"
#include "core/config/arithmetic.h"
#include "core/trainer/kernel_choices.h"
#include "kernels/cases/adamw.h"
#include "kernels/cases/add_norm.h"
#include "kernels/cases/attention.h"
#include "kernels/cases/choose.h"
#include "kernels/cases/classifier.h"
#include "kernels/cases/experts.h"
#include "kernels/cases/linear.h"
#include "kernels/cases/list.h"
#include "kernels/cases/rotate.h"
#include "kernels/cases/route.h"
#include "kernels/cases/statistics.h"

namespace hopscope::core {
namespace {

using at::Tensor;
using kernels::Form;
using kernels::Operator;
using Tensors = std::vector<Tensor>;
namespace cases = kernels::cases;

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

kernels::ExpertKind kind_of(ExpertKind kind) {
    return kind == ExpertKind::fixed    ? kernels::ExpertKind::fixed
           : kind == ExpertKind::swiglu ? kernels::ExpertKind::swiglu
                                        : kernels::ExpertKind::mlp;
}

/// A case of the configuration's sizes, of an operator that belongs to a mixture.
Result<cases::Case> configured_mixture(const BenchSetting& s, Operator of) {
    if (s.config.is_dense()) return no_moe(s);
    const auto& moe = s.config.moe;
    const int64_t tokens = s.tokens(), d = s.config.model.d_model, k = moe.top_k, m = moe.experts,
                  space = moe.routes_in_model_space() ? 0 : routing_width(s.config);
    switch (of) {
        case Operator::choose: {
            cases::ChooseShape shape{tokens, m, k};
            shape.renormalise = moe.renormalises(k);
            return cases::choose_case({kConfigured, shape});
        }
        case Operator::experts: {
            // Choices that a router with these sizes makes, not uniform ones.
            cases::ExpertsShape shape{tokens, k, m, moe.expert_rank, d, kind_of(moe.expert)};
            shape.choices = cases::Choices::routed;
            shape.space = space;
            shape.tau = moe.tau;
            return cases::experts_case({kConfigured, shape});
        }
        case Operator::count_choices:
            return cases::count_choices_case({kConfigured, {tokens, k, m}});
        case Operator::mean_jaccard:
            return cases::mean_jaccard_case({kConfigured, {tokens, k, k, m}});
        default:
            break;
    }
    if (!moe.traits().scores_by_cosine())
        return usage_error("moe.router: found \"" + word(moe.router) +
                           "\", whose scores the operator does not make; allowed " +
                           routers_by_cosine());
    cases::RouteShape shape{tokens, d, space, m, k, moe.renormalises(k), moe.tau};
    shape.apart = false;
    shape.narrow_gradient = s.narrow() == at::kBFloat16;
    return cases::route_case({kConfigured, shape});
}

/// A case of the configuration's sizes. Errors (usage): it has no such part.
Result<cases::Case> configured(const BenchSetting& s, Operator of) {
    const auto& model = s.config.model;
    const auto& train = s.config.train;
    const int64_t tokens = s.tokens(), d = model.d_model, head_dim = d / model.n_heads;
    const auto dropout = [&](DropoutPlace place) {
        return model.drops(place) ? model.dropout : 0.0;
    };
    switch (of) {
        case Operator::route:
        case Operator::choose:
        case Operator::experts:
        case Operator::count_choices:
        case Operator::mean_jaccard:
            break;
        case Operator::rotate:
            return cases::rotate_case(
                {kConfigured, {train.batch, train.seq_len, model.n_heads, head_dim / 2}});
        case Operator::linear: {
            cases::LinearShape shape{tokens, d, {d, d, d}};
            shape.wide_rows = true;
            shape.biases = model.attention_bias ? cases::Biases::all : cases::Biases::none;
            return cases::linear_case({kConfigured, shape});
        }
        case Operator::add_norm:
            return cases::add_norm_case(
                {kConfigured, {tokens, d, dropout(DropoutPlace::residual)}});
        case Operator::attention: {
            cases::AttentionShape shape{train.batch, model.n_heads, train.seq_len, head_dim};
            shape.p = dropout(DropoutPlace::attention);
            shape.seed = static_cast<int64_t>(train.seed);
            return cases::attention_case({kConfigured, shape});
        }
        case Operator::classifier:
            return cases::classifier_case({kConfigured, {tokens, d, model.vocab_size}});
        case Operator::adamw: {
            const kernels::AdamWStep step{.lr = train.lr,
                                          .beta1 = train.beta1,
                                          .beta2 = train.beta2,
                                          .eps = train.eps,
                                          .weight_decay = train.weight_decay,
                                          .t = 10};
            return cases::adamw_case(
                {kConfigured,
                 {count_parameters(s.config).total, s.narrow() == at::kBFloat16, step}});
        }
        case Operator::sum_squares:
            return cases::sum_squares_case({kConfigured, {count_parameters(s.config).total}});
    }
    return configured_mixture(s, of);
}

/// The cases of an operator that were asked for.
Result<std::vector<cases::Case>> asked_cases(const BenchSetting& s, Operator of) {
    std::vector<cases::Case> out;
    std::vector<std::string> there{kConfigured};
    const auto asked = [&](const std::string& name) {
        return std::ranges::find(s.cases, name) != s.cases.end();
    };
    if (asked(kConfigured)) {
        auto own = configured(s, of);
        if (!own) return own.error();
        out.push_back(std::move(*own));
    }
    for (const auto& one : cases::cases_of(of).cases) {
        if (!(one.uses & cases::kSpeed)) continue;
        there.push_back(one.name);
        if (asked(one.name)) out.push_back(one);
    }
    if (!out.empty()) return out;
    return usage_error("--cases: found " + joined(s.cases) + ", allowed " + joined(there));
}

OrderedJson json_of(const cases::Case& of) {
    OrderedJson out = OrderedJson::object();
    if (of.name != kConfigured) out["case"] = of.name;
    for (const auto& [name, size] : of.sizes)
        std::visit([&, &key = name](const auto& x) { out[key] = x; }, size);
    return out;
}

/// What a run computes an operator in: routing, norms and the optimizer are fp32 by contract.
at::ScalarType type_of(const BenchSetting& s, Operator of) {
    constexpr Operator kNarrow[] = {Operator::experts, Operator::rotate, Operator::linear,
                                    Operator::attention, Operator::classifier};
    return std::ranges::find(kNarrow, of) == std::end(kNarrow) ? at::kFloat : s.narrow();
}

/// What is given, by name and in the order in which the operator takes it.
struct Arguments {
    NamedTensors named;
    Tensors ordered;

    Tensor operator[](const std::string& name) const {
        for (const auto& [own, tensor] : named)
            if (own == name) return tensor;
        return {};
    }
};

Arguments arguments_of(const cases::Problem& problem) {
    Arguments out;
    for (const auto& one : problem.given) {
        auto x = one.learns ? leaf(one.value) : one.value.clone();
        if (one.learns && one.wide_gradient && x.scalar_type() == at::kBFloat16)
            x.set_grad_dtype(at::kFloat);
        out.named.emplace_back(one.name, x);
        out.ordered.push_back(std::move(x));
    }
    return out;
}

NamedTensors pairs_of(std::vector<cases::Named> outputs) {
    return {std::make_move_iterator(outputs.begin()), std::make_move_iterator(outputs.end())};
}

/// A dense layer as wide as `d_ff` in place of the experts.
BenchForm dense_form(BenchSetting& s, BenchWay way, int64_t d_ff, const Tensor& h,
                     const Tensor& gradient) {
    const int64_t d = h.size(1);
    const auto down = leaf((s.random({d_ff, d}) * 0.05).to(h.scalar_type())),
               up = leaf((s.random({d_ff, d}) * 0.05).to(h.scalar_type()));
    return differentiable(way, {{"tokens", h.size(0)}, {"d_model", d}, {"d_ff", d_ff}},
                          {{"h", h}, {"down", down}, {"up", up}},
                          [=] {
                              return NamedTensors{{"y", baselines::dense(h, down, up)}};
                          },
                          {gradient});
}

/// What LibTorch offers for experts, where they are of rank 1, and dense layers of equal size.
void add_expert_baselines(BenchSetting& s, const OrderedJson& shape, const Arguments& given,
                          const Tensors& gradients, BenchWork& work) {
    const auto h = given["h"], idx = given["idx"], weight = given["weight"], down = given["down"],
               up = given["up"];
    if (!down.defined() || given["gate"].defined()) return;
    if (down.size(1) == 1) {
        constexpr std::pair<BenchWay, decltype(&baselines::gather)> kBaselines[] = {
            {BenchWay::gather, baselines::gather},
            {BenchWay::embedding_bag, baselines::embedding_bag},
            {BenchWay::dense_mask, baselines::dense_mask}};
        for (const auto& [way, call] : kBaselines)
            work.forms.push_back(differentiable(
                way, shape, given.named,
                [=, call = call] {
                    return NamedTensors{{"y", call(h, idx, weight, down, up)}};
                },
                gradients));
    }
    work.forms.push_back(
        dense_form(s, BenchWay::dense_equal_flops, idx.size(1) * down.size(1), h, gradients[0]));
    work.forms.push_back(dense_form(s, BenchWay::dense_equal_parameters,
                                    down.size(0) * down.size(1), h, gradients[0]));
}

void add_libtorchs_attention(const OrderedJson& shape, const Arguments& given,
                             const Tensors& gradients, BenchWork& work) {
    work.forms.push_back(differentiable(
        BenchWay::aten, shape, given.named,
        [q = given["q"], k = given["k"], v = given["v"], p = shape.at("dropout").get<double>()] {
            return NamedTensors{
                {"y", at::scaled_dot_product_attention(q, k, v, {}, p, /*is_causal=*/true)}};
        },
        gradients));
}

BenchForm without_gradient(Form form, OrderedJson shape, const cases::Problem& problem) {
    BenchForm out;
    out.form = way_of(form);
    out.shape = std::move(shape);
    out.run = [call = problem.call, given = arguments_of(problem).ordered, form] {
        call(given, form);
    };
    return out;
}

BenchWork work_of(BenchSetting& s, Operator of, const cases::Case& one) {
    const auto problem =
        cases::on_device(one.make(s.config.train.seed, type_of(s, of)), s.device.device);
    const auto name = static_cast<BenchSubject>(of);
    const auto shape = json_of(one);
    BenchWork work{name,
                   of == Operator::attention ? BenchWay::aten : BenchWay::reference,
                   kRandom,
                   of == Operator::adamw ? Direction::update : Direction::forward,
                   static_cast<double>(one.tokens),
                   {}};
    if (problem.pulls.empty()) {
        for (const Form form : kForms) work.forms.push_back(without_gradient(form, shape, problem));
        return work;
    }
    const auto given = arguments_of(problem);
    for (const Form form : kForms)
        work.forms.push_back(differentiable(
            way_of(form), shape, given.named,
            [call = problem.call, ordered = given.ordered, form] {
                return pairs_of(call(ordered, form));
            },
            problem.pulls));
    if (of == Operator::experts) add_expert_baselines(s, shape, given, problem.pulls, work);
    if (of == Operator::attention) add_libtorchs_attention(shape, given, problem.pulls, work);
    return work;
}

}  // namespace

std::vector<std::string> operator_case_names() {
    std::vector<std::string> out{kConfigured};
    for (const auto& all : cases::all_cases())
        for (const auto& one : all.cases)
            if ((one.uses & cases::kSpeed) && std::ranges::find(out, one.name) == out.end())
                out.push_back(one.name);
    return out;
}

BenchWorks operator_work(BenchSetting& s, Operator of) {
    auto asked = asked_cases(s, of);
    if (!asked) return asked.error();
    std::vector<BenchWork> out;
    for (const auto& one : *asked) out.push_back(work_of(s, of, one));
    return out;
}

}  // namespace hopscope::core
