#include "core/run/safetensors.h"

#include <bit>
#include <string_view>

#include "core/base/files.h"
#include "core/run/safetensors_layout.h"

namespace hopscope::core {

static_assert(std::endian::native == std::endian::little,
              "tensors are written as they lie in memory");

size_t dtype_bytes(const std::string& dtype) {
    static const std::map<std::string, size_t> kBytes = {
        {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1},
        {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
        {"U32", 4},  {"F32", 4}, {"F64", 8}, {"I64", 8},     {"U64", 8}};
    const auto found = kBytes.find(dtype);
    return found == kBytes.end() ? 0 : found->second;
}

Status write_safetensors(const std::string& path, const std::vector<TensorView>& tensors,
                         const std::map<std::string, std::string>& metadata, DebugPoint rename) {
    const auto layout = layout_safetensors(path, tensors, metadata);
    if (!layout) return layout.error();
    std::vector<std::string_view> parts = {layout->head};
    for (const size_t i : layout->order)
        if (tensors[i].bytes > 0)
            parts.emplace_back(static_cast<const char*>(tensors[i].data), tensors[i].bytes);
    return write_file_atomic(path, parts, rename);
}

}  // namespace hopscope::core
