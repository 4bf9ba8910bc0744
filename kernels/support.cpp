#include "kernels/support.h"

#include <algorithm>
#include <c10/util/Exception.h>

namespace hopscope::kernels {
namespace {

std::vector<FusedForm> all_forms() {
    using enum Operator;
    constexpr auto kCpu = c10::DeviceType::CPU, kCuda = c10::DeviceType::CUDA;
    const std::vector<at::ScalarType> wide{at::kFloat, at::kDouble},
        floats{at::kFloat, at::kDouble, at::kBFloat16}, single{at::kFloat}, whole{at::kLong};
    return {
        {route, kCpu, wide, "a block of tokens at a time by cpu/route"},
        {route, kCuda, wide, "products of cuBLAS, rows of scores by cuda/rows"},
        {choose, kCpu, wide, "the selection by cpu/route, what has a gradient by LibTorch"},
        {choose, kCuda, wide, "the selection by cuda/rows, what has a gradient by LibTorch"},
        {experts, kCpu, floats,
         "cpu/experts, bf16 as fp32; cross_gated: a slot after the other, cpu/compose"},
        {experts, kCuda, floats, "cuda/experts; cross_gated: cuda/gated"},
        {rotate, kCpu, floats, "kernels/rotate"},
        {rotate, kCuda, floats, "cuda/rotate"},
        {linear, kCpu, floats, "bf16: cpu/linear; else LibTorch's"},
        {linear, kCuda, floats, "LibTorch's, by cuBLAS"},
        {add_norm, kCpu, wide, "cpu/norm"},
        {add_norm, kCuda, floats, "cuda/norm"},
        {attention, kCpu, floats, "cpu/attention"},
        {attention, kCuda, floats,
         "bf16: LibTorch's flash attention or cuDNN; else products of cuBLAS, rows of scores by "
         "cuda/attention"},
        {classifier, kCpu, floats, "products of LibTorch, rows of logits by cpu/cross_entropy"},
        {classifier, kCuda, floats, "products of cuBLAS, rows of logits by cuda/cross_entropy"},
        {adamw, kCpu, single, "kernels/optimizer"},
        {adamw, kCuda, single, "cuda/adamw"},
        {sum_squares, kCpu, single, "kernels/optimizer"},
        {sum_squares, kCuda, floats, "cuda/counts"},
        {count_choices, kCpu, whole, "kernels/statistics"},
        {count_choices, kCuda, whole, "cuda/counts"},
        {mean_jaccard, kCpu, whole, "kernels/statistics"},
        {mean_jaccard, kCuda, whole, "cuda/counts"},
    };
}

}  // namespace

const char* word(Operator of) {
    switch (of) {
#define X(name)          \
    case Operator::name: \
        return #name;
        HOPSCOPE_OPERATORS(X)
#undef X
    }
    return "";
}

const std::vector<FusedForm>& fused_forms() {
    static const std::vector<FusedForm> kForms = all_forms();
    return kForms;
}

bool has_fused(Operator of, const at::Tensor& x) {
#ifndef HOPSCOPE_CUDA
    if (!x.is_cpu()) return false;
#endif
    return std::ranges::any_of(fused_forms(), [&](const FusedForm& form) {
        return form.of == of && form.device == x.device().type() &&
               std::ranges::find(form.types, x.scalar_type()) != form.types.end();
    });
}

void check_fused(Operator of, const at::Tensor& x) {
    TORCH_CHECK(has_fused(of, x), word(of), ": no form for tensors on ", x.device(), " of type ",
                x.scalar_type(), "; kernels/support.cpp lists those that there are");
}

}  // namespace hopscope::kernels
