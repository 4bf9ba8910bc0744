// Where in its sequence each row of a pass stands. Values, any thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>

namespace hopscope::core {

/// A pass has `length` tokens of each sequence, one sequence behind the other; `first` tokens of
/// each have gone before.
struct Positions {
    int64_t length = 0;
    int64_t first = 0;

    int64_t of(int64_t row) const { return first + row % length; }
    /// @param rows [A] int64
    at::Tensor of(const at::Tensor& rows) const;
};

}  // namespace hopscope::core
