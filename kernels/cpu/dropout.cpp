#include "kernels/cpu/dropout.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>

namespace hopscope::kernels::cpu {

at::Tensor dropout_factors(int64_t rows, int64_t columns, at::ScalarType type,
                           const Dropout& dropout) {
    auto out = at::empty({rows, columns}, at::TensorOptions().dtype(type));
    AT_DISPATCH_FLOATING_TYPES(type, "dropout_factors", [&] {
        auto* data = out.mutable_data_ptr<scalar_t>();
        const auto mask = Mask<scalar_t>::of(dropout);
        for (int64_t row = 0; row < rows; ++row) {
            const uint64_t key = mask.key(row);
            for (int64_t i = 0; i < columns; ++i)
                data[row * columns + i] = mask.drops(key, i) ? scalar_t(0) : mask.kept;
        }
    });
    return out;
}

}  // namespace hopscope::kernels::cpu
