#include "core/model/positions.h"

#include <ATen/TensorOperators.h>

namespace hopscope::core {

at::Tensor Positions::of(const at::Tensor& rows) const {
    return rows.remainder(length) + first;
}

}  // namespace hopscope::core
