// Where everything stands in a safetensors file that is to be written, and what it begins with: the
// same for a file that is written whole and for one that grows part by part. Internal to core/run;
// pure, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/run/safetensors.h"

namespace hopscope::core {

/// Where everything stands in a file that is to be written.
struct SafetensorsLayout {
    std::string head;             ///< length and header: the file's first bytes
    std::vector<uint64_t> begin;  ///< of each tensor, in the data behind the head
    std::vector<size_t> order;    ///< the tensors as their data follow each other
    uint64_t data_bytes = 0;
};

/// Errors (failed): those of write_safetensors but the disk. The tensors' data are not looked at.
Result<SafetensorsLayout> layout_safetensors(const std::string& path,
                                             const std::vector<TensorView>& tensors,
                                             const std::map<std::string, std::string>& metadata);

}  // namespace hopscope::core
