#include "kernels/cpu/dropout.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>

namespace hopscope::kernels::cpu {

at::Tensor dropout_factors(const at::Tensor& like, const Dropout& dropout) {
    const int64_t length = like.size(2);
    auto out =
        at::empty({like.size(0), like.size(1), length, length}, like.options().device(at::kCPU));
    AT_DISPATCH_FLOATING_TYPES(like.scalar_type(), "dropout_factors", [&] {
        auto* data = out.mutable_data_ptr<scalar_t>();
        const auto mask = Mask<scalar_t>::of(dropout);
        for (int64_t query = 0; query < out.numel() / length; ++query) {
            const uint64_t key = mask.key(query);
            for (int64_t i = 0; i < length; ++i)
                data[query * length + i] = mask.drops(key, i) ? scalar_t(0) : mask.kept;
        }
    });
    return out;
}

}  // namespace hopscope::kernels::cpu
