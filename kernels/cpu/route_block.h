// What both passes of cosine routing on the CPU share: blocks of tokens, rows that may not be
// there.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>

#include "kernels/cosine.h"
#include "kernels/cpu/loops.h"
#include "kernels/cpu/row_product.h"

namespace hopscope::kernels::cpu {

/// Tokens of a block.
inline constexpr int64_t kRouteBlock = 64;
inline int64_t blocks_of(int64_t tokens) {
    return (tokens + kRouteBlock - 1) / kRouteBlock;
}

template <class T>
Strided<const T> rows_of(const at::Tensor& x) {
    return {x.const_data_ptr<T>(), x.stride(0)};
}

/// Null where there is none.
template <class T>
T* data_of(const at::Tensor& x) {
    return x.defined() ? static_cast<T*>(x.data_ptr()) : nullptr;
}

/// A row for all tokens or one for each.
template <class T>
struct MaybeRows {
    const T* data;
    int64_t stride;

    explicit MaybeRows(const at::Tensor& x)
        : data(data_of<const T>(x)), stride(x.defined() && x.dim() == 2 ? x.stride(0) : 0) {}
    const T* row(int64_t t) const { return data ? data + t * stride : nullptr; }
};

/// Scores of one token.
template <class T>
HOPSCOPE_INLINE void bias_row(T* to, const T* cosine, const T* bias, T tau, int64_t m) {
    for (int64_t i = 0; i < m; ++i) to[i] = tau * cosine[i];
    for (int64_t i = 0; bias && i < m; ++i) to[i] += bias[i];
}

/// Sizes of a pass.
struct Sizes {
    int64_t tokens, d, s, m;
    bool projects;

    explicit Sizes(const CosineInput& in)
        : tokens(in.h.size(0)),
          d(in.h.size(1)),
          s(in.unit.size(1)),
          m(in.unit.size(0)),
          projects(in.proj.defined()) {}
};

}  // namespace hopscope::kernels::cpu
