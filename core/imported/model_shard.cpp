#include "core/imported/model_shard.h"

#include <sys/stat.h>

#include "core/base/file_handle.h"
#include "core/base/utf8.h"
#include "core/run/safetensors_header.h"

namespace hopscope::core {

ModelShard::Stamp ModelShard::stamp_of(int fd) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) return {};
    return {info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

Result<ModelShard> ModelShard::open(const std::string& path) {
    const auto file = open_to_read(path);
    if (!file) return file.error();
    ModelShard out;
    out.path_ = path;
    out.stamp_ = stamp_of(file->handle.get());
    auto header = read_safetensors_header(*file, path, Dtypes::any);
    if (!header) return header.error();
    for (HeaderTensor& tensor : header->tensors) {
        out.index_.emplace(tensor.name, out.tensors_.size());
        out.begin_.push_back(header->bytes + tensor.begin);
        out.tensors_.push_back({std::move(tensor.name), std::move(tensor.dtype),
                                std::move(tensor.shape), nullptr, tensor.end - tensor.begin});
    }
    return out;
}

const TensorView* ModelShard::find(const std::string& name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &tensors_[found->second];
}

Result<std::string> ModelShard::read(const TensorView& tensor, uint64_t from, size_t count) const {
    const auto file = open_to_read(path_);
    if (!file) return file.error();
    std::string bytes(count, '\0');
    const auto read = stamp_of(file->handle.get()) == stamp_
                          ? read_at(*file, begin_[index_.at(tensor.name)] + from, bytes, path_)
                          : Result<size_t>(size_t{0});
    if (!read) return read.error();
    if (*read == bytes.size()) return bytes;
    return usage_error(shown_path(path_) + ": tensor " + in_quotes(tensor.name) +
                       ": the file was cut, replaced or written while it was read; call again once "
                       "it is whole (if it was cut, fetch it again)");
}

}  // namespace hopscope::core
