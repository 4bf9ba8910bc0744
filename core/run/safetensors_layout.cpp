#include "core/run/safetensors_layout.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/run/safetensors_header.h"

namespace hopscope::core {
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

}  // namespace hopscope::core
