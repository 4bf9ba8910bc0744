#include "kernels/cases/rotate.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/sin.h>

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

// Numbers are rounded to their type once.
constexpr Tolerances kRotateWithin{{1e-15, 1e-15}, {2e-7, 2e-7}, {0x1.01p-8, 0x1.01p-8}};

}  // namespace

const std::vector<Shaped<RotateShape>>& rotate_shapes() {
    constexpr Uses kBoth = kValues | kSimt;
    static const std::vector<Shaped<RotateShape>> kShapes = {
        {"few", {2, 3, 2, 2}, kValues | kDifferences},
        {"half 1", {2, 1, 3, 1}, kBoth},
        {"half 1, 7 tokens", {2, 7, 3, 1}, kBoth},
        {"half 15", {2, 7, 3, 15}, kBoth},
        {"half 16", {2, 7, 3, 16}, kBoth},
        {"half 33", {2, 7, 3, 33}, kBoth},
        {"31 tokens", {2, 31, 3, 33}},
        {"32 tokens, 1 head", {1, 32, 1, 16}},
        {"33 tokens of a wider tensor", {2, 33, 3, 4, true}},
        {"71 tokens", {3, 71, 2, 5}},
        {"1000 tokens", {1, 1000, 2, 3}},
        {"tiny", {8, 256, 4, 32}, kSpeed},
        {"paper", {8, 512, 16, 32}, kSpeed},
    };
    return kShapes;
}

Case rotate_case(const Shaped<RotateShape>& of) {
    const RotateShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kRotateWithin), {}, s.batch * s.length, {}};
    out.sizes = {
        {"batch", s.batch}, {"seq_len", s.length}, {"heads", s.heads}, {"head_dim", 2 * s.half}};
    out.make = [s](uint64_t seed, at::ScalarType type) {
        Draw draw(seed);
        const int64_t heads = s.part ? s.heads + 2 : s.heads;
        const auto angle = draw.normal({s.length, s.half});
        Problem p;
        p.given = {{"x", draw.normal({s.batch, s.length, heads, 2 * s.half}, type), true},
                   {"cos", at::cos(angle).to(wide(type))},
                   {"sin", at::sin(angle).to(wide(type))}};
        p.pulls = {draw.normal({s.batch, s.length, s.heads, 2 * s.half}, type)};
        p.call = [s](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            const auto x = s.part ? given[0].narrow(2, 1, s.heads) : given[0];
            return {{"y", rotate(x, given[1], given[2], form)}};
        };
        return p;
    };
    return out;
}

OperatorCases rotate_cases() {
    return listed(Operator::rotate, rotate_shapes(), rotate_case,
                  [](at::ScalarType, std::string_view) { return true; });
}

}  // namespace hopscope::kernels::cases
