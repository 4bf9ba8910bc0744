// What the forms of cosine routing share: what one pass reads, what it leaves for its gradient.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::kernels {

/// All in one type (fp32 or fp64), on one device; no gradient is recorded.
struct CosineInput {
    at::Tensor h;           ///< [T, d]
    at::Tensor proj;        ///< [s, d]; undefined: positions are those of h, s = d
    at::Tensor unit;        ///< [M, s] centroids of length 1
    at::Tensor tau;         ///< []
    at::Tensor score_bias;  ///< [M] or [T, M]; undefined: none
    at::Tensor pos_delta;   ///< [s] or [T, s]; undefined: none
    int64_t k = 1;
    bool renormalise = true;
    bool narrow_gradient = false;  ///< its products may take factors rounded to bf16
};

struct CosineRows {
    at::Tensor idx;             ///< [T, k] int64, falling score, ties by lowest index
    at::Tensor weight;          ///< [T, k]
    at::Tensor mean_p;          ///< [M]
    at::Tensor entropy, max_p;  ///< [T]
    at::Tensor pos, norm;       ///< [T, s], and the lengths it was divided by, [T, 1]
    at::Tensor first_pos;       ///< [T, s] before pos_delta was added; undefined: none was
    at::Tensor first_norm;      ///< [T, 1] likewise
};

struct CosineGradient {
    at::Tensor h;     ///< [T, d]
    at::Tensor proj;  ///< [s, d]; undefined where there is none
    at::Tensor unit;  ///< [M, s]
    at::Tensor tau;   ///< []
};

}  // namespace hopscope::kernels
