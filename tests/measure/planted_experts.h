// Models whose experts write known directions, for what is read from them.
#pragma once

#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>

#include "tests/model/tiny.h"

namespace hopscope::test {

/// V random unit rows in few dimensions, and one layer whose experts are given.
inline Weights with_experts(const at::Tensor& embed, const at::Tensor& up) {
    Weights w;
    w.embed = embed;
    w.final_norm_weight = at::ones({embed.size(1)});
    w.layers.resize(1);
    w.layers[0].up = up;
    w.layers[0].down = at::ones_like(up);
    return w;
}

}  // namespace hopscope::test
