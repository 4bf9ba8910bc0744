#include "kernels/cases/add_norm.h"

#include <ATen/TensorOperators.h>
#include <algorithm>

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

// Of bf16 the sum is rounded before its norm is taken.
constexpr Tolerances kNormWithin{{1e-12, 1e-10}, {5e-6, 2e-5}, {0.03, 0.03}};
/// A level far above the spread costs digits, which the sum has lost already.
constexpr Tolerances kLevelWithin{{1e-10, 1e-9}, {1e-4, 1e-4}, {1, 1}};

}  // namespace

const std::vector<Shaped<NormShape>>& add_norm_shapes() {
    constexpr Uses kSmall = kValues | kDifferences, kBoth = kValues | kSimt,
                   kLong = kValues | kSimtLong;
    static const std::vector<Shaped<NormShape>> kShapes = {
        {"sum and norm", {5, 4}, kSmall},
        {"dropout, sum and norm", {5, 4, 0.4}, kSmall},
        {"dropout and norm", {5, 4, 0.4, false, true}, kSmall},
        {"norm alone", {5, 4, 0, true, false}, kSmall},
        {"no rows", {0, 31}},
        {"1 number", {1, 1}, kBoth},
        {"31 numbers", {5, 31, 0.3}, kBoth},
        {"33 numbers, norm alone", {3, 33, 0, true, false}, kBoth},
        {"4 rows of 71", {4, 71, 0.5}, kBoth},
        {"a row of 1024", {1, 1024, 0.1}, kBoth},
        {"129 rows of 32", {129, 32, 0.1, true, true, false}, kLong},
        {"260 rows of 3", {260, 3}, kLong},
        {"31 rows", {31, 71, 0.25}},
        {"32 rows", {32, 33, 0.25, false, true, false}},
        {"33 rows", {33, 129, 0, true, true, false}},
        {"63 rows of 1", {63, 1, 0.25}},
        {"64 rows", {64, 31, 0.25, true, true, false}},
        {"1000 rows", {1000, 96, 0.1}},
        {"a high level", {40, 96, 0, true, false, true, 100}, kValues, kLevelWithin},
        {"tiny", {2048, 256, 0.1}, kSpeed},
        {"paper", {4096, 1024, 0.1}, kSpeed},
    };
    return kShapes;
}

Case add_norm_case(const Shaped<NormShape>& of) {
    const NormShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kNormWithin), {}, s.tokens, {}};
    out.sizes = {{"tokens", s.tokens}, {"d_model", s.d}, {"dropout", s.p}};
    out.make = [s](uint64_t seed, at::ScalarType type) {
        Draw draw(seed);
        Problem p;
        p.given = {{"weight", draw.normal({s.d}, wide(type)), true},
                   {"bias", draw.normal({s.d}, wide(type)), true}};
        if (s.has_x)
            p.given.push_back({"x", (draw.normal({s.tokens, s.d}) + s.level).to(type), true});
        if (s.has_written) p.given.push_back({"written", draw.normal({s.tokens, s.d}, type), true});
        p.pulls = {draw.normal({s.tokens, s.d}, type)};
        if (s.uses_sum) p.pulls.push_back(draw.normal({s.tokens, s.d}, type));
        p.call = [s](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            const auto x = s.has_x ? given[2] : Tensor(),
                       written = s.has_written ? given[s.has_x ? 3 : 2] : Tensor();
            const auto y = add_norm(x, written, given[0], given[1], kCaseEps, s.p, kCaseSeed, form);
            return {{"normed", y.normed}, {"sum", y.sum}};
        };
        return p;
    };
    return out;
}

OperatorCases add_norm_cases() {
    return listed(Operator::add_norm, add_norm_shapes(), add_norm_case,
                  [](at::ScalarType, std::string_view) { return true; });
}

}  // namespace hopscope::kernels::cases
