// The safetensors format: 8 bytes little-endian header length, JSON header, tensor data without
// gaps. Here is what a tensor is in it, and how a file is written whole; it is read by
// SafetensorsFile and grows by SafetensorsWriter. Plain values and pure functions, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/debug_points.h"
#include "core/base/result.h"

namespace hopscope::core {

/// One tensor, its bytes owned by someone else (the caller when writing, the SafetensorsFile when
/// reading).
struct TensorView {
    std::string name;
    std::string dtype;  ///< "F32", "F16", "I64", "U8", "I32", "U64", "F64", …
    std::vector<int64_t> shape;
    const void* data =
        nullptr;  ///< row-major, little-endian; read with memcpy: foreign files need not align it
    size_t bytes = 0;
};

/// Bytes an element; 0 for a dtype the format does not have.
size_t dtype_bytes(const std::string& dtype);

/// Which dtypes the tensors of a file may have. A file of others' may hold some that are newer than
/// this program: as long as nobody asks for these tensors, their bytes need only have a place.
enum class Dtypes : uint8_t { known, any };

/// Writes all tensors atomically (temporary name, fsync, rename). The header lists them in the
/// given order; their data stand by falling element size, so that each is aligned. Errors (failed):
/// unknown dtype, shape × dtype ≠ bytes, a name twice, text that is not UTF-8, or the disk.
/// @param rename as write_file_atomic has it
Status write_safetensors(const std::string& path, const std::vector<TensorView>& tensors,
                         const std::map<std::string, std::string>& metadata,
                         DebugPoint rename = DebugPoint::none);

}  // namespace hopscope::core
