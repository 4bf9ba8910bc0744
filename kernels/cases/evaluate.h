// Values and gradients of a case by one of the operator's forms, and in which of them two differ.
// On the calling thread and its OpenMP team.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

/// What came of a call.
struct Found {
    std::vector<Named> outputs;
    std::vector<Named> gradients;  ///< "grad.X" of what learns
    std::string node;              ///< of autograd, behind the first output; "" where there is none

    /// Of that name; undefined where there is none.
    at::Tensor operator[](std::string_view name) const;
};

/// By copies of what the problem is given, so that it stays as it is.
Found found(const Problem& problem, Form form);

/// What is right: the reference in fp64 on the same numbers.
Found exact(const Problem& problem);

/// Of two tensors of numbers the largest difference as a share of the largest finite number of
/// `exact`, which counts as `least` if it is smaller; infinite where sizes differ, or the places of
/// NaN and infinities.
double share_off(const at::Tensor& got, const at::Tensor& exact, double least);

/// "" or what differs by more than it may, and by how much. Whole numbers have to be equal, NaN and
/// infinities to stand at the same places; a tensor that is narrower than `type` is allowed what
/// its own type is.
std::string difference(const Found& got, const Found& exact, const Tolerances& within,
                       at::ScalarType type);

/// "" or the name of the first tensor of which not all bits are the same; of those that `asked`
/// holds for.
std::string difference_in_bits(const Found& a, const Found& b,
                               const std::function<bool(std::string_view)>& asked);

}  // namespace hopscope::kernels::cases
