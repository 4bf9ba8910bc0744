// How much memory a stretch of work needed at most: the resident set of the process on the CPU, the
// caching allocator on CUDA; and how much there still is. Process-wide, so only one thread
// measures: the trainer.
#pragma once

#include <ATen/core/Tensor.h>
#include <algorithm>
#include <cstdint>
#include <string>

namespace hopscope::core {

/// Begins a new stretch. Where the system cannot forget the old peak, the next answer is that of
/// the whole process so far.
void reset_peak_memory(const at::Device& device);
/// Bytes, highest since then; 0 where the system does not tell.
int64_t peak_memory(const at::Device& device);

/// Bytes that the device can still give: on the CPU what the system calls available, on CUDA what
/// is free and what the allocator holds unused. −1 where the system does not tell.
int64_t available_memory(const at::Device& device);

/// Bytes of a CUDA device that the process holds for tensors, used or kept for later ones; 0 on the
/// CPU.
int64_t held_memory(const at::Device& device);

/// "1,234 MiB", rounded up.
std::string mebibytes(int64_t bytes);

/// What the updates of one run needed at most: known only while the process trains no other run.
class UpdatePeak {
  public:
    void begin(const at::Device& device) {
        if (alone_) reset_peak_memory(device);
    }
    void end(const at::Device& device) {
        if (alone_) bytes_ = std::max(bytes_, peak_memory(device));
    }
    void share() { alone_ = false; }          ///< another run is trained beside it from now on
    int64_t bytes() const { return bytes_; }  ///< 0: none measured

  private:
    int64_t bytes_ = 0;
    bool alone_ = true;
};

}  // namespace hopscope::core
