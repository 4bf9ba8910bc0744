// Experts of two models held against each other: the best partner of each by words and by direction
// (science.md A10, "Cross-seed"), and what chance would give. Thread: whoever owns the tensors;
// results are plain values.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/measure/dictionary.h"

namespace hopscope::core {

/// Token ids of the first `count` words by dot, rising; [directions][≤ count].
std::vector<std::vector<int32_t>> word_sets(const std::vector<DirectionWords>& words,
                                            int64_t count);

/// For each set of `a` the largest Jaccard to one of `b`, [a]; 0 where `b` is empty.
std::vector<double> best_jaccard(const std::vector<std::vector<int32_t>>& a,
                                 const std::vector<std::vector<int32_t>>& b);

/// For each row of a [A, d] the largest cosine to a row of b [B, d], [A].
std::vector<double> best_cosine(const at::Tensor& a, const at::Tensor& b);

/// n directions drawn evenly from the sphere, as normal numbers [n, d], by seed.
at::Tensor random_directions(int64_t n, int64_t d, uint64_t seed);

}  // namespace hopscope::core
