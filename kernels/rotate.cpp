// Rotary positions in one visit of a row, forwards and backwards: the gradient of a rotation is the
// rotation the other way.
#include "kernels/cuda/rotate.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu/loops.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/support.h"
#include "kernels/types.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kRowGrain = 32;

/// Addresses and sizes of one pass; W is the type of the angles and of the arithmetic.
template <class T, class W>
struct Pass {
    const T* x;
    T* out;
    const W *cos, *sin;  ///< [length, half]
    int64_t length, heads, half;
    W way;  ///< 1, or −1: backwards
};

template <class T, class W>
HOPSCOPE_INLINE void rows_loop(const Pass<T, W>& p, int64_t lo, int64_t hi) {
    for (int64_t row = lo; row < hi; ++row) {
        const W *c = p.cos + row % p.length * p.half, *s = p.sin + row % p.length * p.half;
        for (int64_t head = 0; head < p.heads; ++head) {
            const int64_t at = (row * p.heads + head) * 2 * p.half;
            const T *a = p.x + at, *b = a + p.half;
            T *to_a = p.out + at, *to_b = to_a + p.half;
            for (int64_t i = 0; i < p.half; ++i) {
                const W first = static_cast<W>(a[i]), second = static_cast<W>(b[i]),
                        sine = s[i] * p.way;
                to_a[i] = static_cast<T>(first * c[i] - second * sine);
                to_b[i] = static_cast<T>(second * c[i] + first * sine);
            }
        }
    }
}
HOPSCOPE_CLONES void rotate_rows(const Pass<float, float>& p, int64_t lo, int64_t hi) {
    rows_loop(p, lo, hi);
}
HOPSCOPE_CLONES void rotate_rows(const Pass<c10::BFloat16, float>& p, int64_t lo, int64_t hi) {
    rows_loop(p, lo, hi);
}
void rotate_rows(const Pass<double, double>& p, int64_t lo, int64_t hi) {
    rows_loop(p, lo, hi);
}

template <class T, class W>
void run(const Tensor& x, const Tensor& cos, const Tensor& sin, bool back, Tensor& out) {
    const Pass<T, W> p{x.const_data_ptr<T>(),
                       out.mutable_data_ptr<T>(),
                       cos.const_data_ptr<W>(),
                       sin.const_data_ptr<W>(),
                       x.size(1),
                       x.size(2),
                       x.size(3) / 2,
                       back ? W(-1) : W(1)};
    at::parallel_for(0, x.size(0) * x.size(1), kRowGrain,
                     [&](int64_t lo, int64_t hi) { rotate_rows(p, lo, hi); });
}

Tensor rotated(const Tensor& given, const Tensor& cos, const Tensor& sin, bool back) {
    const auto x = given.contiguous();
    auto out = at::empty(x.sizes(), x.options());
#ifdef HOPSCOPE_CUDA
    if (x.is_cuda()) {
        cuda::rotate(x, cos, sin, back, out);
        return out;
    }
#endif
    if (x.scalar_type() == at::kDouble)
        run<double, double>(x, cos, sin, back, out);
    else if (x.scalar_type() == at::kBFloat16)
        run<c10::BFloat16, float>(x, cos, sin, back, out);
    else
        run<float, float>(x, cos, sin, back, out);
    return out;
}

class RotateNode : public torch::autograd::Function<RotateNode> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& cos,
                          const Tensor& sin) {
        ctx->save_for_backward({cos, sin});
        return rotated(x, cos, sin, /*back=*/false);
    }
    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto saved = ctx->get_saved_variables();
        return {rotated(grads[0], saved[0], saved[1], /*back=*/true), Tensor(), Tensor()};
    }
};

}  // namespace

Tensor rotate(const Tensor& x, const Tensor& cos, const Tensor& sin, Form form) {
    TORCH_CHECK(x.dim() == 4 && x.size(3) % 2 == 0 && cos.size(0) == x.size(1) &&
                    cos.size(1) == x.size(3) / 2 && sin.sizes() == cos.sizes(),
                "rotate: x ", x.sizes(), " does not fit the angles ", cos.sizes());
    TORCH_CHECK(cos.scalar_type() == wide_of(x) && sin.scalar_type() == wide_of(x),
                "rotate: the angles have to be ", wide_of(x));
    if (form == Form::reference || !has_fused(Operator::rotate, x))
        return reference::rotate(x, cos, sin);
    return RotateNode::apply(x, cos.contiguous(), sin.contiguous());
}

}  // namespace hopscope::kernels
