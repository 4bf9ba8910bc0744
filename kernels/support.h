// Which operator has a fused form on which device, for which types. The operators themselves ask
// this table before they run their reference, so what it says is what happens. Pure functions, any
// thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <string>
#include <vector>

namespace hopscope::kernels {

/// The operators of kernels/ops.h.
#define HOPSCOPE_OPERATORS(X) \
    X(route)                  \
    X(choose)                 \
    X(experts)                \
    X(rotate)                 \
    X(linear)                 \
    X(add_norm)               \
    X(attention)              \
    X(classifier)             \
    X(adamw)                  \
    X(sum_squares)            \
    X(count_choices)          \
    X(mean_jaccard)

enum class Operator {
#define X(name) name,
    HOPSCOPE_OPERATORS(X)
#undef X
};

const char* word(Operator of);

struct FusedForm {
    Operator of;
    c10::DeviceType device;
    std::vector<at::ScalarType> types;  ///< of the tensor that the operator asks about
    std::string runs;                   ///< what does the work, in words
};

/// All of them.
const std::vector<FusedForm>& fused_forms();

/// Whether there is one for tensors like this: of the kind that the operator reads most of.
bool has_fused(Operator of, const at::Tensor& x);

/// Throws c10::Error where there is none, for operators that have no other form.
void check_fused(Operator of, const at::Tensor& x);

}  // namespace hopscope::kernels
