// A safetensors file that is read: mapped into memory and checked throughout before anything of it
// is believed, since it may come from anywhere. Plain POSIX; a file object may be read from any
// thread, and whoever holds it keeps the mapping.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/run/safetensors.h"

namespace hopscope::core {

/// A mapped, fully checked safetensors file. The views stay valid as long as this object (or what
/// it was moved to).
class SafetensorsFile {
  public:
    /// Errors (usage) name the file, what was found and what was expected: header length, JSON,
    /// nesting, types, duplicates, dtype, shape × dtype against offsets (overflow included),
    /// overlaps, gaps, missing or surplus bytes.
    static Result<SafetensorsFile> open(const std::string& path, Dtypes dtypes = Dtypes::known);

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
