#include "kernels/cases/linear.h"

#include <ATen/TensorOperators.h>
#include <algorithm>
#include <cmath>

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

bool has_bias(const LinearShape& s, size_t layer) {
    return s.biases == Biases::all || (s.biases == Biases::every_other && layer % 2 == 0);
}

/// Whether the own bf16 form takes it: pairs of numbers are what it multiplies.
bool has_own_form(const LinearShape& s) {
    const auto even = [](int64_t n) { return n % 2 == 0; };
    return multiplies_bf16_in_pairs() && even(s.d) && std::ranges::all_of(s.widths, even);
}

/// What rounding bf16 once costs; elsewhere LibTorch rounds each result, and sums of several.
Tolerances linear_within(const LinearShape& s) {
    const bool own = has_own_form(s);
    const double once = own ? 0x1p-8 : 0x1p-6, unrounded = own ? 1e-5 : 0x1p-6;
    return {
        {1e-13, 1e-13}, {1e-5, 1e-5}, {s.wide ? unrounded : once, s.wide_rows ? unrounded : once}};
}

std::string widths_text(const std::vector<int64_t>& widths) {
    std::string out;
    for (const auto n : widths) out += (out.empty() ? "" : " ") + std::to_string(n);
    return out;
}

}  // namespace

const std::vector<Shaped<LinearShape>>& linear_shapes() {
    static const std::vector<Shaped<LinearShape>> kShapes = {
        {"few", {5, 3, {2, 4, 2}, false, false, Biases::every_other, true}, kValues | kDifferences},
        {"1 of everything", {1, 1, {1, 1}, true, true}},
        {"no rows", {0, 4, {6, 8}, true, true}},
        {"odd width", {9, 7, {6, 6}, true, true}},
        {"odd results", {9, 6, {7, 7}, true, true}},
        {"1 row", {1, 40, {72, 6, 64}, false, true, Biases::every_other, true}},
        {"31 rows", {31, 32, {33}}},
        {"32 rows", {32, 31, {32, 71}, true}},
        {"33 rows", {33, 71, {31, 129}, false, true}},
        {"64 rows", {64, 40, {72, 6, 64}, true, false, Biases::every_other, true}},
        {"71 rows", {71, 33, {1000}, true, true, Biases::none}},
        {"129 rows", {129, 40, {72, 6, 64}, false, false, Biases::every_other, true}},
        {"131 rows", {131, 40, {72, 6, 64}, true, true, Biases::every_other, true}},
        {"1000 rows", {1000, 70, {130, 64}, false, true}},
        {"tiny", {2048, 256, {256, 256, 256}, false, true, Biases::all}, kSpeed},
        {"paper", {4096, 1024, {1024, 1024, 1024}, false, true, Biases::all}, kSpeed},
    };
    return kShapes;
}

Case linear_case(const Shaped<LinearShape>& of) {
    const LinearShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(linear_within(s)), {}, s.tokens, {}};
    out.sizes = {{"tokens", s.tokens}, {"d_model", s.d}, {"widths", widths_text(s.widths)}};
    out.make = [s](uint64_t seed, at::ScalarType type) {
        Draw draw(seed);
        Problem p;
        const double scale = 1 / std::sqrt(static_cast<double>(s.d));
        p.given = {{"x", draw.normal({s.tokens, s.d}, s.wide_rows ? wide(type) : type), true}};
        if (s.wide_rows) p.given[0].value = p.given[0].value.to(type).to(wide(type));
        for (size_t i = 0; i < s.widths.size(); ++i) {
            const int64_t n = s.widths[i];
            const bool turned = s.turned && i + 1 == s.widths.size();
            const auto w = turned ? draw.normal({s.d, n}, type).t() : draw.normal({n, s.d}, type);
            p.given.push_back({"weight" + std::to_string(i), w * scale, true, true});
            if (has_bias(s, i))
                p.given.push_back({"bias" + std::to_string(i), draw.normal({n}, wide(type)), true});
            p.pulls.push_back(draw.normal({s.tokens, n}, s.wide ? wide(type) : type));
            // Behind such a result stands a bf16 product.
            if (s.wide) p.pulls.back() = p.pulls.back().to(type).to(wide(type));
        }
        p.call = [s](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            std::vector<LinearLayer> layers;
            size_t next = 1;
            for (size_t i = 0; i < s.widths.size(); ++i) {
                const auto& weight = given[next++];
                layers.push_back({weight, has_bias(s, i) ? given[next++] : Tensor()});
            }
            std::vector<Named> made;
            for (auto& y : linear(given[0], layers, s.wide, form))
                made.emplace_back("y" + std::to_string(made.size()), std::move(y));
            return made;
        };
        return p;
    };
    return out;
}

OperatorCases linear_cases() {
    // All else is LibTorch's, and sums of biases are.
    return listed(Operator::linear, linear_shapes(), linear_case,
                  [](at::ScalarType type, std::string_view what) {
                      return type == at::kBFloat16 && multiplies_bf16_in_pairs() &&
                             what.substr(0, 9) != "grad.bias";
                  });
}

}  // namespace hopscope::kernels::cases
