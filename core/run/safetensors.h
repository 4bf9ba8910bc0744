// Reader and writer of the safetensors format: 8 bytes little-endian header length, JSON header,
// tensor data without gaps. The reader maps the file and trusts nothing in it. Plain C++; a file
// object may be read from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
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

/// Writes all tensors atomically (temporary name, fsync, rename). The header lists them in the
/// given order; their data stand by falling element size, so that each is aligned. Errors (failed):
/// unknown dtype, shape × dtype ≠ bytes, a name twice, text that is not UTF-8, or the disk.
/// @param rename as write_file_atomic has it
Status write_safetensors(const std::string& path, const std::vector<TensorView>& tensors,
                         const std::map<std::string, std::string>& metadata,
                         DebugPoint rename = DebugPoint::none);

/// A mapped, fully checked safetensors file. The views stay valid as long as this object (or what
/// it was moved to).
class SafetensorsFile {
  public:
    /// Errors (usage) name the file, what was found and what was expected: header length, JSON,
    /// nesting, types, duplicates, dtype, shape × dtype against offsets (overflow included),
    /// overlaps, gaps, missing or surplus bytes.
    static Result<SafetensorsFile> open(const std::string& path);

    const std::string& path() const { return path_; }
    const std::map<std::string, std::string>& metadata() const { return metadata_; }
    /// nullptr where there is none of that name.
    const TensorView* find(const std::string& name) const;
    /// In the order of the header.
    const std::vector<TensorView>& tensors() const { return tensors_; }

    /// The tensor of that name with that dtype and shape (−1: any size). Errors (usage) name the
    /// file and both shapes.
    Result<const TensorView*> expect(const std::string& name, const std::string& dtype,
                                     const std::vector<int64_t>& shape) const;

  private:
    std::string path_;
    std::shared_ptr<const void> mapping_;
    std::map<std::string, std::string> metadata_;
    std::vector<TensorView> tensors_;
    std::unordered_map<std::string, size_t> index_;
};

}  // namespace hopscope::core
