// CPU form of the gradient of cosine routing. As kernels/cpu/route.h.
#pragma once

#include "kernels/cosine.h"

namespace hopscope::kernels::cpu {

/// @param rows    what `route` made of `input`
/// @param dweight [T, k]; undefined: none
/// @param dmean   [M] gradient of mean_p; undefined: none
CosineGradient route_gradient(const CosineInput& input, const CosineRows& rows,
                              const at::Tensor& dweight, const at::Tensor& dmean);

}  // namespace hopscope::kernels::cpu
