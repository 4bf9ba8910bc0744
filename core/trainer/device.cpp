#include "core/trainer/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <omp.h>
#include <thread>

// Exported by the MKL inside libtorch_cpu; LibTorch itself only offers the process-wide setting.
extern "C" int MKL_Set_Num_Threads_Local(int threads);

namespace hopscope::core {

Result<Device> resolve_device(const TrainConfig& train) {
    Device out;
    const auto cores = static_cast<int64_t>(std::max(1u, std::thread::hardware_concurrency()));
    out.threads = train.threads > 0 ? train.threads : (cores <= 2 ? cores : cores - 1);
    const bool cuda = at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
    if (train.device == DeviceKind::cuda && !cuda)
        return failure(at::hasCUDA()
                           ? "no CUDA device was found; check the driver, or use --device cpu"
                           : "this build has no CUDA; configure with -DHOPSCOPE_CUDA=ON "
                             "(scripts/setup --cuda), "
                             "or use --device cpu");
    const bool use_cuda =
        train.device == DeviceKind::cuda || (train.device == DeviceKind::automatic && cuda);
    out.device = use_cuda ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
    out.kind = use_cuda ? DeviceKind::cuda : DeviceKind::cpu;
    out.precision = train.precision;
    if (out.precision == Precision::automatic)
        out.precision = use_cuda ? Precision::bf16 : Precision::fp32;
    out.for_people = word(out.kind) + ", " + std::to_string(out.threads) +
                     (out.threads == 1 ? " thread" : " threads");
    if (train.deterministic) {
        at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
        at::globalContext().setDeterministicFillUninitializedMemory(false);
    }
    // Independent programs must agree to 2e-4, so TF32 stays off.
    at::globalContext().setAllowTF32CuBLAS(false);
    return out;
}

void use_threads(int64_t threads) {
    at::set_num_threads(static_cast<int>(threads));
}

void use_one_thread() {
    // LibTorch sets a thread's team at its first call; only after that does our own size stay.
    at::get_num_threads();
    omp_set_num_threads(1);
    MKL_Set_Num_Threads_Local(1);
}

Error torch_error(const std::exception& e) {
    std::string text = e.what();
    text = text.substr(0, text.find('\n'));
    if (text.find("out of memory") != std::string::npos ||
        text.find("not enough memory") != std::string::npos)
        return failure("out of memory (" + text +
                       "); use a smaller train.batch with a larger train.grad_accum, a shorter "
                       "train.seq_len, or --device cpu. The run folder is intact.");
    return failure(text);
}

}  // namespace hopscope::core
