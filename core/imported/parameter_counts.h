// How many parameters a published model has and of what kind, from the names and shapes of its
// tensors alone. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/imported/model_folder.h"
#include "core/imported/model_layout.h"

namespace hopscope::core {

/// Names with numbers, in the order in which they are shown.
using NamedCounts = std::vector<std::pair<std::string, int64_t>>;

/// "total", and the groups that the names of tensors tell: routing, experts, shared_experts,
/// attention, embedding, head, norms, dense, other. Packed fp4 counts as its numbers, scales of
/// quantised blocks as none.
NamedCounts parameter_counts(const ModelFolder& model, const ModelLayout& layout);

/// Dtypes as the files name them, each with how many elements are stored so, most first.
NamedCounts dtype_counts(const ModelFolder& model);

}  // namespace hopscope::core
