#include "core/run/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <set>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/run/safetensors_header.h"

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

namespace {

Status check_tensor(const TensorView& tensor, const std::string& path) {
    const std::string where = shown_path(path) + ": tensor " + in_quotes(tensor.name);
    const size_t element = dtype_bytes(tensor.dtype);
    if (element == 0) return failure(where + ": unknown dtype " + in_quotes(tensor.dtype));
    uint64_t bytes = element;
    for (const int64_t size : tensor.shape)
        if (size < 0 || __builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes))
            return failure(where + ": impossible shape");
    if (bytes != tensor.bytes)
        return failure(where + ": " + std::to_string(tensor.bytes) +
                       " bytes given, dtype and shape need " + std::to_string(bytes));
    return {};
}

}  // namespace

Result<SafetensorsLayout> layout_safetensors(const std::string& path,
                                             const std::vector<TensorView>& tensors,
                                             const std::map<std::string, std::string>& metadata) {
    std::set<std::string> names = {"__metadata__"};
    for (const TensorView& tensor : tensors) {
        if (auto status = check_tensor(tensor, path); !status) return status.error();
        if (!names.insert(tensor.name).second)
            return failure(shown_path(path) + ": two tensors named " + in_quotes(tensor.name));
    }

    // Wide elements first: then each tensor begins at a multiple of its element size, without gaps.
    SafetensorsLayout layout;
    layout.order.resize(tensors.size());
    std::iota(layout.order.begin(), layout.order.end(), size_t{0});
    std::stable_sort(layout.order.begin(), layout.order.end(), [&](size_t a, size_t b) {
        return dtype_bytes(tensors[a].dtype) > dtype_bytes(tensors[b].dtype);
    });
    layout.begin.resize(tensors.size());
    for (const size_t i : layout.order) {
        layout.begin[i] = layout.data_bytes;
        if (__builtin_add_overflow(layout.data_bytes, tensors[i].bytes, &layout.data_bytes))
            return failure(shown_path(path) + ": the tensors need more bytes than 2^64");
    }

    OrderedJson json = OrderedJson::object();
    if (!metadata.empty()) json["__metadata__"] = metadata;
    for (size_t i = 0; i < tensors.size(); ++i) {
        // Two names that differ in such bytes alone would become one.
        if (find_bad_utf8(tensors[i].name))
            return failure(shown_path(path) + ": the name of tensor " + in_quotes(tensors[i].name) +
                           " is not UTF-8");
        json[tensors[i].name] = {
            {"dtype", tensors[i].dtype},
            {"shape", tensors[i].shape},
            {"data_offsets", {layout.begin[i], layout.begin[i] + tensors[i].bytes}}};
    }
    std::string header = dump_ordered_line(json);
    header.append((8 - header.size() % 8) % 8, ' ');
    if (header.size() > kMaxSafetensorsHeader)
        return failure(shown_path(path) + ": a header of " + std::to_string(header.size()) +
                       " bytes, readers take at most " + std::to_string(kMaxSafetensorsHeader));
    const uint64_t length = header.size();
    layout.head.assign(reinterpret_cast<const char*>(&length), sizeof length);
    layout.head += header;
    return layout;
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

const TensorView* SafetensorsFile::find(const std::string& name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &tensors_[found->second];
}

namespace {

std::string shape_text(const std::string& dtype, const std::vector<int64_t>& shape) {
    std::string text = dtype + " [";
    for (size_t i = 0; i < shape.size(); ++i)
        text += (i ? ", " : "") + (shape[i] < 0 ? std::string("any") : std::to_string(shape[i]));
    return text + "]";
}

}  // namespace

Result<const TensorView*> SafetensorsFile::expect(const std::string& name, const std::string& dtype,
                                                  const std::vector<int64_t>& shape) const {
    const TensorView* tensor = find(name);
    const std::string where = shown_path(path_) + ": tensor " + in_quotes(name);
    if (!tensor)
        return usage_error(where + " is missing, " + shape_text(dtype, shape) + " expected");
    bool fits = tensor->dtype == dtype && tensor->shape.size() == shape.size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
        fits = shape[i] < 0 || shape[i] == tensor->shape[i];
    if (!fits)
        return usage_error(where + ": found " + shape_text(tensor->dtype, tensor->shape) + ", " +
                           shape_text(dtype, shape) + " expected");
    return tensor;
}

}  // namespace hopscope::core
