// The numbers of one router of a published model, read from its folder as fp32. Plain values, any
// thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/imported/model_folder.h"
#include "core/imported/model_layout.h"

namespace hopscope::core {

struct RouterTensors {
    std::vector<float> rows;              ///< [experts, width], as stored
    std::vector<float> bias, correction;  ///< [experts], or empty
    std::vector<float> gain;  ///< [width] what the norm before it multiplies by, or empty
};

/// Errors (usage) name folder and tensor: a dtype that holds no such numbers.
Result<RouterTensors> read_router(const ModelFolder& model, const ModelLayout& layout,
                                  const ModelRouter& router);

/// Its correction alone, or empty. Errors as above.
Result<std::vector<float>> read_correction(const ModelFolder& model, const ModelRouter& router);

}  // namespace hopscope::core
