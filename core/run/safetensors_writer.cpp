#include "core/run/safetensors_writer.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "core/base/files.h"
#include "core/base/utf8.h"
#include "core/run/safetensors_layout.h"

namespace hopscope::core {

struct SafetensorsWriter::State {
    explicit State(NewFile made) : file(std::move(made)) {}
    NewFile file;
    std::vector<std::string> names;
    std::vector<uint64_t> next, end;  ///< of each tensor, in the file
    uint64_t bytes = 0;

    Status write_at(uint64_t offset, const void* data, size_t count) const {
        const char* from = static_cast<const char*>(data);
        while (count > 0) {
            const ssize_t written = ::pwrite(file.fd(), from, count, static_cast<off_t>(offset));
            if (written < 0) {
                if (errno == EINTR) continue;
                return file_error("cannot write", file.path(), errno);
            }
            from += written;
            offset += static_cast<uint64_t>(written);
            count -= static_cast<size_t>(written);
        }
        return {};
    }

    Status reserve() const {
        const auto size = static_cast<off_t>(bytes);
        if (::fallocate(file.fd(), 0, 0, size) == 0) return {};
        // Not every file system can; a full disk then shows while writing.
        if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR)
            return file_error("cannot write", file.path(), errno);
        if (::ftruncate(file.fd(), size) != 0)
            return file_error("cannot write", file.path(), errno);
        return {};
    }
};

SafetensorsWriter::SafetensorsWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
SafetensorsWriter::SafetensorsWriter(SafetensorsWriter&&) noexcept = default;
SafetensorsWriter& SafetensorsWriter::operator=(SafetensorsWriter&&) noexcept = default;
SafetensorsWriter::~SafetensorsWriter() = default;

Result<SafetensorsWriter> SafetensorsWriter::create(
    const std::string& path, const std::vector<TensorView>& tensors,
    const std::map<std::string, std::string>& metadata) {
    const auto layout = layout_safetensors(path, tensors, metadata);
    if (!layout) return layout.error();
    auto file = NewFile::create(path);
    if (!file) return file.error();
    auto state = std::make_unique<State>(std::move(*file));
    state->bytes = layout->head.size() + layout->data_bytes;
    for (size_t i = 0; i < tensors.size(); ++i) {
        state->names.push_back(tensors[i].name);
        state->next.push_back(layout->head.size() + layout->begin[i]);
        state->end.push_back(state->next.back() + tensors[i].bytes);
    }
    if (auto s = state->reserve(); !s) return s.error();
    if (auto s = state->write_at(0, layout->head.data(), layout->head.size()); !s) return s.error();
    return SafetensorsWriter(std::move(state));
}

Status SafetensorsWriter::append(size_t tensor, const void* data, size_t bytes) {
    uint64_t& next = state_->next.at(tensor);
    if (bytes > state_->end[tensor] - next)
        return failure(shown_path(state_->file.path()) + ": tensor " +
                       in_quotes(state_->names[tensor]) + ": " + std::to_string(bytes) +
                       " bytes more, but only " + std::to_string(state_->end[tensor] - next) +
                       " are missing");
    if (auto s = state_->write_at(next, data, bytes); !s) return s;
    next += bytes;
    return {};
}

Status SafetensorsWriter::finish() {
    for (size_t i = 0; i < state_->names.size(); ++i)
        if (state_->next[i] != state_->end[i])
            return failure(shown_path(state_->file.path()) + ": tensor " +
                           in_quotes(state_->names[i]) + ": " +
                           std::to_string(state_->end[i] - state_->next[i]) + " bytes are missing");
    return state_->file.finish();
}

uint64_t SafetensorsWriter::bytes() const {
    return state_->bytes;
}

}  // namespace hopscope::core
