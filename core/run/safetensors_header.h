// The header of a safetensors file. It is read event by event: no tree is built, so that a hostile
// header costs no more memory than its own size. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file_handle.h"
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
    uint64_t bytes = 0;                 ///< that stand before the data
};

/// Reads and checks the header of a file, and no tensor. Errors (usage) begin with `path`.
Result<SafetensorsHeader> read_safetensors_header(const OpenedFile& file, const std::string& path,
                                                  Dtypes dtypes = Dtypes::known);

/// The same of its JSON, where the data have `data_bytes`.
Result<SafetensorsHeader> parse_safetensors_header(std::string_view json, uint64_t data_bytes,
                                                   const std::string& path,
                                                   Dtypes dtypes = Dtypes::known);

}  // namespace hopscope::core
