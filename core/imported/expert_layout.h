// Where the matrices of a router's experts lie in a published model's tensors: read from names,
// shapes and dtypes, of which all that is needed is checked before any tensor is opened. Plain
// values, valid as long as the folder they were found in; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/imported/families.h"
#include "core/imported/model_folder.h"
#include "core/imported/model_layout.h"

namespace hopscope::core {

/// One matrix of one expert.
struct StoredMatrix {
    const TensorView* values = nullptr;
    const TensorView* scales = nullptr;         ///< of fp8 and packed fp4
    bool packed = false;                        ///< fp4, two numbers a byte
    int64_t number = 0;                         ///< which [rows, columns] of the tensor it is in
    int64_t rows = 0, columns = 0;              ///< of numbers, as they are stored
    int64_t block_rows = 0, block_columns = 0;  ///< of a block of fp8
    /// Of its inner units number i stands in row (or column) first + i · step.
    bool inner_in_rows = true;
    int64_t first = 0, step = 1;
};

struct ExpertMatrices {
    std::string name;                   ///< "gate", "up" or "down"
    bool reads = true;                  ///< what enters; "down" writes
    std::vector<StoredMatrix> experts;  ///< [experts]
};

struct ExpertLayout {
    int64_t inner = 0, width = 0;          ///< an expert's hidden units, and what they read
    std::vector<ExpertMatrices> matrices;  ///< gate where there is one, up, down
};

/// Of a router of `layout`. Errors (usage): a family that is not in the table; the first tensor
/// that is missing, or is of a shape or dtype that experts beside this router cannot have; fp8 and
/// fp4 without their scales.
Result<ExpertLayout> expert_layout(const ModelFolder& model, const ModelLayout& layout,
                                   const ModelRouter& router);

}  // namespace hopscope::core
