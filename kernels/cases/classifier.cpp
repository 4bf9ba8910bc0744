#include "kernels/cases/classifier.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <cmath>

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

// bf16 keeps eight bits of each entry of the gradient of the logits.
constexpr Tolerances kClassifierWithin{{1e-12, 1e-12}, {5e-6, 5e-6}, {2e-5, 1e-2}};
/// Logits of some hundred lose digits before they are subtracted.
constexpr Tolerances kLargeWithin{{1e-12, 1e-11}, {1e-5, 1e-3}, {1e-4, 2e-2}};

}  // namespace

const std::vector<Shaped<ClassifierShape>>& classifier_shapes() {
    constexpr Uses kBoth = kValues | kSimt;
    static const std::vector<Shaped<ClassifierShape>> kShapes = {
        {"few", {4, 3, 5}, kValues | kDifferences},
        {"1 of everything", {1, 40, 1}, kBoth},
        {"no tokens", {0, 8, 5}},
        {"7 words", {3, 40, 7}, kBoth},
        {"31 words", {3, 40, 31}, kBoth},
        {"32 words", {3, 40, 32}, kBoth},
        {"33 words, large", {3, 40, 33, 40}, kBoth, kLargeWithin},
        {"71 words", {3, 40, 71}, kBoth},
        {"129 words", {3, 40, 129}, kBoth},
        {"256 words", {3, 40, 256}, kBoth},
        {"1000 words", {3, 40, 1000}, kBoth},
        {"2053 words", {1, 40, 2053}, kBoth},
        {"33 tokens", {33, 40, 71}},
        {"257 tokens, two chunks", {257, 31, 33}},
        {"600 tokens", {600, 40, 1000}},
        {"2500 tokens", {2500, 8, 30}},
        {"5000 tokens of 1003 words", {5000, 48, 1003}},
        {"tiny", {2048, 256, 4096}, kSpeed},
        {"paper", {4096, 1024, 32000}, kSpeed},
    };
    return kShapes;
}

Case classifier_case(const Shaped<ClassifierShape>& of) {
    const ClassifierShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kClassifierWithin), {}, s.tokens, {}};
    out.sizes = {{"tokens", s.tokens}, {"d_model", s.d}, {"vocab_size", s.vocab}};
    out.make = [s](uint64_t seed, at::ScalarType type) {
        Draw draw(seed);
        const double scale = 1 / std::sqrt(static_cast<double>(s.d));
        Problem p;
        p.given = {
            {"x", (draw.normal({s.tokens, s.d}, wide(type)) * s.length).to(type), true},
            {"embed", (draw.normal({s.vocab, s.d}, wide(type)) * scale).to(type), true},
            {"targets", (draw.normal({s.tokens}).abs() * 1e6).to(at::kLong).remainder(s.vocab)}};
        // The mean is what is trained.
        p.pulls = {at::full({}, 1 / static_cast<double>(std::max<int64_t>(1, s.tokens)),
                            at::TensorOptions().dtype(wide(type)))};
        p.call = [](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            const auto y = classifier(given[0], given[1], given[2], form);
            return {{"nll_sum", y.nll_sum}, {"nll", y.nll}};
        };
        return p;
    };
    return out;
}

OperatorCases classifier_cases() {
    // Products are LibTorch's.
    return listed(Operator::classifier, classifier_shapes(), classifier_case,
                  [](at::ScalarType, std::string_view) { return false; });
}

}  // namespace hopscope::kernels::cases
