// Causal attention: who works it out, by device, type and form.
#include "kernels/cpu/attention.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <c10/util/Exception.h>
#include <optional>

#include "kernels/attention_device.h"
#include "kernels/attention_node.h"
#include "kernels/cpu/attention_bf16.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/support.h"
#include "kernels/types.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;

/// As the kernel reads it: the numbers of a row side by side.
Tensor in_rows(const Tensor& x) {
    return x.stride(-1) == 1 || x.size(-1) <= 1 ? x : x.contiguous();
}

struct OnCpu {
    static auto forward(const Tensor& q, const Tensor& k, const Tensor& v, const Dropout& dropout) {
        return cpu::attention({in_rows(q), in_rows(k), in_rows(v), dropout});
    }
    static auto backward(const Tensor& q, const Tensor& k, const Tensor& v, const Dropout& dropout,
                         const Tensor& lse, const Tensor& grad) {
        return cpu::attention_gradient({in_rows(q), in_rows(k), in_rows(v), dropout}, lse,
                                       in_rows(grad));
    }
};

/// Queries of the last tokens of k and v.
Tensor look_back(const Tensor& q, const Tensor& k, const Tensor& v) {
    const int64_t queries = q.size(2), keys = k.size(2);
    std::optional<Tensor> seen;  // one query sees all there is
    if (queries > 1)
        seen = at::ones({queries, keys}, q.options().dtype(at::kBool)).tril(keys - queries);
    return at::scaled_dot_product_attention(q, k, v, seen);
}

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, double p, int64_t seed,
                 Form form) {
    const bool behind = k.size(2) != q.size(2);
    TORCH_CHECK(!behind || (k.size(2) > q.size(2) && p == 0), "attention: ", q.size(2),
                " queries over ", k.size(2), " keys, and ", p, " of them dropped");
    const bool fused = form == Form::fused && has_fused(Operator::attention, q);
    const Dropout dropout{p, static_cast<uint64_t>(seed)};
    if (behind && fused) return look_back(q, k, v);
#ifdef HOPSCOPE_CUDA
    if (fused && q.is_cuda()) return cuda::attention(q, k, v, dropout);
#endif
    const auto wide = wide_of(q);
    const bool narrow = wide != q.scalar_type();
    if (narrow && (!fused || !cpu::takes_attention_bf16(q)))
        return attention(q.to(wide), k.to(wide), v.to(wide), p, seed, form).to(q.scalar_type());
    if (fused) return AttentionNode<OnCpu>::apply(q, k, v, p, seed);
    if (behind) return reference::masked_attention(q, k, v, at::ones({}, q.options()));
    const int64_t length = q.size(2);
    const auto factors =
        cpu::dropout_factors(q.size(0) * q.size(1) * length, length, q.scalar_type(), dropout);
    return reference::masked_attention(
        q, k, v, factors.view({q.size(0), q.size(1), length, length}).to(q.device()));
}

}  // namespace hopscope::kernels
