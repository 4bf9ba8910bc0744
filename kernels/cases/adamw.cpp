#include "kernels/cases/adamw.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

// A shadow is rounded once.
constexpr Tolerances kAdamWWithin{{1e-14, 0}, {1e-6, 0}, {0x1.01p-8, 0}};

}  // namespace

const std::vector<Shaped<AdamWShape>>& adamw_shapes() {
    constexpr Uses kBoth = kValues | kSimt;
    static const std::vector<Shaped<AdamWShape>> kShapes = {
        {"1 number", {1, true}, kBoth},
        {"31 numbers", {31}, kBoth},
        {"32 numbers", {32, true}, kValues},
        {"33 numbers", {33}, kValues},
        {"71 numbers, denormal gradients", {71, true, {.lr = 1e-2}, 1e-39}, kBoth},
        {"129 numbers, first update", {129, false, {.lr = 0.1, .t = 1}}, kValues},
        {"256 numbers", {256, true}, kBoth},
        {"257 numbers", {257, true}, kBoth},
        {"1000 numbers", {1000, true}, kBoth},
        {"70000 numbers", {70'000, true}},
        {"tiny", {6'300'000, false}, kSpeed},
        {"paper", {84'000'000, true}, kSpeed},
    };
    return kShapes;
}

Case adamw_case(const Shaped<AdamWShape>& of) {
    const AdamWShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kAdamWWithin), {}, 0, {}};
    out.sizes = {{"parameters", s.n}};
    out.make = [s](uint64_t seed, at::ScalarType type) {
        Draw draw(seed);
        const auto param = draw.normal({s.n}, type);
        Problem p;
        p.given = {{"param", param},
                   {"grad", draw.normal({s.n}, type) * s.length},
                   {"m", draw.normal({s.n}, type)},
                   {"v", draw.normal({s.n}, type).square()}};
        if (s.shadow) p.given.push_back({"shadow", at::zeros({s.n}, at::kBFloat16)});
        p.call = [s](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            const auto shadow = s.shadow ? given[4] : Tensor();
            adamw(given[0], given[1], given[2], given[3], shadow, s.step, form);
            std::vector<Named> made = {{"param", given[0]}, {"m", given[2]}, {"v", given[3]}};
            if (s.shadow) made.emplace_back("shadow", shadow);
            return made;
        };
        return p;
    };
    return out;
}

OperatorCases adamw_cases() {
    return listed(Operator::adamw, adamw_shapes(), adamw_case,
                  [](at::ScalarType, std::string_view) { return true; });
}

}  // namespace hopscope::kernels::cases
