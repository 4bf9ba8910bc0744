// The JSON header of a safetensors file. It is read event by event: no tree is built, so that a
// hostile header costs no more memory than its own size. And what a file to be written begins with.
// Internal to core/run; pure, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/run/safetensors.h"

namespace hopscope::core {

/// Bytes; the limit of the reference reader, no model comes near it.
inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;

struct HeaderTensor {
    std::string name, dtype;
    std::vector<int64_t> shape;
    uint64_t begin = 0, end = 0;  ///< offsets into the data
};

struct SafetensorsHeader {
    std::map<std::string, std::string> metadata;
    std::vector<HeaderTensor> tensors;  ///< in file order
};

/// Reads and checks a header whose data section has `data_bytes`. Errors (usage) begin with `path`.
Result<SafetensorsHeader> parse_safetensors_header(std::string_view json, uint64_t data_bytes,
                                                   const std::string& path);

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
