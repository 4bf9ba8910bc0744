#include "kernels/cases/statistics.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/scalar_tensor.h>

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

constexpr Tolerances kCountsWithin{{1e-13, 0}, {1e-13, 0}, {1e-13, 0}};

Tensor as_tensor(double x) {
    return at::scalar_tensor(x, at::kDouble);
}

bool always(at::ScalarType, std::string_view) {
    return true;
}

}  // namespace

const std::vector<Shaped<SquaresShape>>& sum_squares_shapes() {
    constexpr Uses kBoth = kValues | kSimt;
    static const std::vector<Shaped<SquaresShape>> kShapes = {
        {"none", {0}},
        {"1 number", {1}, kBoth},
        {"31 numbers", {31}, kBoth},
        {"257 denormal numbers", {257, 1e-39}, kBoth},
        {"a block of a GPU less one", {8191}, kBoth},
        {"a block of a GPU", {8192}, kBoth},
        {"a block of a GPU and one", {8193}, kBoth},
        {"20000 numbers", {20'000}, kBoth},
        {"1000003 numbers", {1'000'003}},
        {"tiny", {6'300'000}, kSpeed},
        {"paper", {84'000'000}, kSpeed},
    };
    return kShapes;
}

Case sum_squares_case(const Shaped<SquaresShape>& of) {
    const SquaresShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kCountsWithin), {}, 0, {}};
    out.within.least = 1e-300;  // of denormal numbers
    out.sizes = {{"parameters", s.n}};
    out.make = [s](uint64_t seed, at::ScalarType type) {
        Problem p;
        p.given = {{"x", Draw(seed).normal({s.n}, type) * s.length}};
        p.call = [](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            return {{"sum", form == Form::fused ? as_tensor(sum_squares(given[0]))
                                                : given[0].to(at::kDouble).square().sum()}};
        };
        return p;
    };
    return out;
}

OperatorCases sum_squares_cases() {
    return listed(Operator::sum_squares, sum_squares_shapes(), sum_squares_case, always);
}

const std::vector<Shaped<CountShape>>& count_choices_shapes() {
    constexpr Uses kBoth = kValues | kSimt;
    static const std::vector<Shaped<CountShape>> kShapes = {
        {"1 of everything", {1, 1, 1}, kBoth},
        {"33 tokens", {33, 3, 7}, kBoth},
        {"256 tokens, k 1", {256, 1, 32}, kBoth},
        {"171 tokens", {171, 6, 71}, kBoth},
        {"one takes all", {171, 6, 71, true}, kBoth},
        {"31 tokens, empty experts", {31, 2, 1000}, kBoth},
        {"129 tokens, k = M", {129, 32, 32}},
        {"1000 tokens", {1000, 4, 129}},
        {"tiny", {2048, 12, 256}, kSpeed},
        {"paper", {4096, 12, 1024}, kSpeed},
    };
    return kShapes;
}

Case count_choices_case(const Shaped<CountShape>& of) {
    const CountShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kCountsWithin), {}, s.tokens, {}};
    out.sizes = {{"tokens", s.tokens}, {"experts", s.experts}, {"top_k", s.k}};
    out.make = [s](uint64_t seed, at::ScalarType) {
        Problem p;
        auto idx = Draw(seed).choices(s.tokens, s.k, s.experts);
        if (s.one_takes_all) idx.fill_(s.experts - 1);
        p.given = {{"idx", idx}};
        p.call = [s](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            if (form == Form::fused) return {{"counts", count_choices(given[0], s.experts)}};
            return {{"counts", at::bincount(given[0].reshape({-1}), {}, s.experts)}};
        };
        return p;
    };
    return out;
}

OperatorCases count_choices_cases() {
    return listed(Operator::count_choices, count_choices_shapes(), count_choices_case, always);
}

const std::vector<Shaped<JaccardShape>>& mean_jaccard_shapes() {
    constexpr Uses kBoth = kValues | kSimt;
    static const std::vector<Shaped<JaccardShape>> kShapes = {
        {"1 of everything", {1, 1, 1, 1}, kBoth},
        {"33 tokens", {33, 3, 3, 7}, kBoth},
        {"33 tokens beside k 1", {33, 3, 1, 7}, kBoth},
        {"256 tokens", {256, 1, 1, 32}, kBoth},
        {"171 tokens", {171, 6, 6, 71}, kBoth},
        {"twice the same", {31, 4, 4, 71, true}, kBoth},
        {"129 tokens, k = M", {129, 12, 12, 12}},
        {"1000 tokens", {1000, 4, 2, 33}},
        {"tiny", {2048, 12, 12, 256}, kSpeed},
        {"paper", {4096, 12, 12, 1024}, kSpeed},
    };
    return kShapes;
}

Case mean_jaccard_case(const Shaped<JaccardShape>& of) {
    const JaccardShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kCountsWithin), {}, s.tokens, {}};
    out.sizes = {
        {"tokens", s.tokens}, {"experts", s.experts}, {"top_k", s.k}, {"other_top_k", s.other}};
    out.make = [s](uint64_t seed, at::ScalarType) {
        Draw draw(seed);
        Problem p;
        const auto first = draw.choices(s.tokens, s.k, s.experts);
        p.given = {{"a", first},
                   {"b", s.alike ? first.clone() : draw.choices(s.tokens, s.other, s.experts)}};
        p.call = [](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            const auto &a = given[0], &b = given[1];
            if (form == Form::fused) return {{"mean", as_tensor(mean_jaccard(a, b))}};
            const auto both = a.unsqueeze(2).eq(b.unsqueeze(1)).sum({1, 2}).to(at::kDouble);
            const auto all = static_cast<double>(a.size(1) + b.size(1));
            return {{"mean", (both / (all - both)).mean()}};
        };
        return p;
    };
    return out;
}

OperatorCases mean_jaccard_cases() {
    return listed(Operator::mean_jaccard, mean_jaccard_shapes(), mean_jaccard_case, always);
}

}  // namespace hopscope::kernels::cases
