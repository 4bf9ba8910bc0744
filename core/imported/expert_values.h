// The numbers of one matrix of one expert of a published model, read from its folder as fp32,
// whatever they were stored as. Any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/imported/expert_layout.h"
#include "core/imported/model_folder.h"

namespace hopscope::core {

/// [inner, width]: of a matrix that reads, what each hidden unit reads; of one that writes, what
/// each writes. Besides them no more is in memory than their scales and some MiB. Errors (usage)
/// name file and tensor: the file was cut or replaced.
Result<std::vector<float>> expert_values(const ModelFolder& model, const ExpertLayout& layout,
                                         const StoredMatrix& matrix);

}  // namespace hopscope::core
