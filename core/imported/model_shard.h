// One file of a published model's tensors: its header is checked when it is opened, a tensor is
// read when it is asked for. Nothing is mapped, so that a file which is cut or replaced meanwhile
// is an error, and not the end of the program. Read-only; an object may be read from any thread.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/run/safetensors.h"

namespace hopscope::core {

class ModelShard {
  public:
    /// Errors (usage) name the file: those of open_to_read and read_safetensors_header. Dtypes that
    /// are newer than this program have a place like others.
    static Result<ModelShard> open(const std::string& path);

    const std::string& path() const { return path_; }
    /// In the order of the header, without data. They stay where they are when this object moves.
    const std::vector<TensorView>& tensors() const { return tensors_; }
    /// nullptr where there is none of that name.
    const TensorView* find(const std::string& name) const;
    /// The bytes of a tensor of this file, or so many of them from one on. Errors (usage) name
    /// both: the file is gone, or is no longer what was opened.
    Result<std::string> read(const TensorView& tensor) const {
        return read(tensor, 0, tensor.bytes);
    }
    Result<std::string> read(const TensorView& tensor, uint64_t from, size_t bytes) const;

  private:
    /// What tells a file from another of its name.
    struct Stamp {
        int64_t bytes = 0, seconds = 0, nanoseconds = 0;
        bool operator==(const Stamp&) const = default;
    };
    static Stamp stamp_of(int fd);

    std::string path_;
    Stamp stamp_;
    std::vector<TensorView> tensors_;
    std::vector<uint64_t> begin_;  ///< of each tensor's bytes in the file
    std::unordered_map<std::string, size_t> index_;
};

}  // namespace hopscope::core
