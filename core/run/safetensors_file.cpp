#include "core/run/safetensors_file.h"

#include <cerrno>
#include <sys/mman.h>

#include "core/base/files.h"
#include "core/base/utf8.h"
#include "core/run/safetensors_header.h"

namespace hopscope::core {
namespace {

std::string shape_text(const std::string& dtype, const std::vector<int64_t>& shape) {
    std::string text = dtype + " [";
    for (size_t i = 0; i < shape.size(); ++i)
        text += (i ? ", " : "") + (shape[i] < 0 ? std::string("any") : std::to_string(shape[i]));
    return text + "]";
}

}  // namespace

Result<SafetensorsFile> SafetensorsFile::open(const std::string& path, Dtypes dtypes) {
    const auto opened = open_to_read(path);
    if (!opened) return opened.error();
    auto header = read_safetensors_header(*opened, path, dtypes);
    if (!header) return header.error();
    const uint64_t size = opened->bytes;
    void* base = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, opened->handle.get(), 0);
    if (base == MAP_FAILED) return reading_error(shown_path(path), errno);
    SafetensorsFile file;
    file.path_ = path;
    file.mapping_ = std::shared_ptr<const void>(
        base, [size](const void* at) { ::munmap(const_cast<void*>(at), size); });
    file.metadata_ = std::move(header->metadata);
    const char* data = static_cast<const char*>(base) + header->bytes;
    for (HeaderTensor& tensor : header->tensors) {
        file.index_.emplace(tensor.name, file.tensors_.size());
        file.tensors_.push_back({std::move(tensor.name), std::move(tensor.dtype),
                                 std::move(tensor.shape), data + tensor.begin,
                                 tensor.end - tensor.begin});
    }
    return file;
}

const TensorView* SafetensorsFile::find(const std::string& name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &tensors_[found->second];
}

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
