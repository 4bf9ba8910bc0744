// A safetensors file that is too large for memory: the header stands first, the tensors then grow
// part by part, each at its own place. Plain POSIX; an object belongs to the thread that made it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/run/safetensors.h"

namespace hopscope::core {

class SafetensorsWriter {
  public:
    /// Reserves the whole file under a temporary name beside `path`, so that a disk that is too
    /// small is known before the work. The data of `tensors` are not looked at.
    /// Errors (failed): those of write_safetensors.
    static Result<SafetensorsWriter> create(const std::string& path,
                                            const std::vector<TensorView>& tensors,
                                            const std::map<std::string, std::string>& metadata);
    SafetensorsWriter(SafetensorsWriter&&) noexcept;
    SafetensorsWriter& operator=(SafetensorsWriter&&) noexcept;
    /// Without finish() nothing stays behind, and `path` is what it was before.
    ~SafetensorsWriter();

    /// The next bytes of tensor number `tensor`. Errors (failed): the disk, or more bytes than the
    /// tensor has.
    Status append(size_t tensor, const void* data, size_t bytes);
    /// Puts the file in place (fsync, rename). Errors (failed): a tensor is not complete, the disk.
    Status finish();
    /// Bytes of the whole file.
    uint64_t bytes() const;

  private:
    struct State;
    explicit SafetensorsWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hopscope::core
