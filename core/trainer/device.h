// Which device and how many threads a run uses, resolved once and stored in run.json. Called on the
// thread that will run the model, since thread counts belong to threads.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>

#include "core/api/config.h"
#include "core/base/result.h"

namespace hopscope::core {

struct Device {
    at::Device device = at::kCPU;
    DeviceKind kind = DeviceKind::cpu;
    std::string for_people;  ///< "cpu, 2 threads"
    Precision precision = Precision::fp32;
    int64_t threads = 1;
};

/// `threads` 0: all cores up to 2, else cores − 1. Errors (failed): no CUDA
/// device or build.
Result<Device> resolve_device(const TrainConfig& train);

/// Sets the calling thread's OpenMP team (and LibTorch's). A second team of the same size would
/// fight for the cores, so helpers call it with 1. Comes before the first computation. Errors
/// (failed): the system gives no such number of threads (ulimit -u, -v), over which the libraries
/// would end the process or wait for ever.
Status use_threads(int64_t threads);
/// The same for a helper thread, without touching the process-wide setting.
void use_one_thread();

/// What LibTorch threw, in words that help (out of memory, driver).
Error torch_error(const std::exception& e);

}  // namespace hopscope::core
