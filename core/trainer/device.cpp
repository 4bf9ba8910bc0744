#include "core/trainer/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <latch>
#include <new>
#include <omp.h>
#include <system_error>
#include <thread>
#include <vector>

#include "core/base/numbers.h"
#include "core/base/utf8.h"

// Exported by the MKL inside libtorch_cpu; LibTorch itself only offers the process-wide setting.
extern "C" int MKL_Set_Num_Threads_Local(int threads);

namespace hopscope::core {

Result<Device> resolve_device(const TrainConfig& train) {
    Device out;
    const auto cores = static_cast<int64_t>(std::max(1u, std::thread::hardware_concurrency()));
    out.threads = train.threads > 0 ? train.threads : (cores <= 2 ? cores : cores - 1);
    const bool cuda = at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
    if (train.device == DeviceKind::cuda && !cuda)
        return failure(
            at::hasCUDA()
                ? "no CUDA device was found; check the driver, or use train.device = \"cpu\""
                : "this build has no CUDA; configure with -DHOPSCOPE_CUDA=ON "
                  "(scripts/setup --cuda), "
                  "or use train.device = \"cpu\"");
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

namespace {

constexpr const char* kNoThread =
    "; raise its limits (ulimit -u, ulimit -v), or lower train.threads";

/// OpenMP and LibTorch keep a pool of that size each.
bool gives_threads(int64_t threads) {
    std::latch all_tried(1);
    std::vector<std::thread> pools;
    bool given = true;
    try {
        while (std::ssize(pools) < 2 * threads) pools.emplace_back([&] { all_tried.wait(); });
    } catch (const std::exception&) {
        given = false;
    }
    all_tried.count_down();
    for (std::thread& thread : pools) thread.join();
    return given;
}

}  // namespace

Status use_threads(int64_t threads) {
    if (threads > 1 && !gives_threads(threads))
        return failure("the system does not give this process " + std::to_string(threads) +
                       " threads" + kNoThread);
    at::set_num_threads(static_cast<int>(threads));
    return {};
}

void use_one_thread() {
    // LibTorch sets a thread's team at its first call; only after that does our own size stay.
    at::get_num_threads();
    omp_set_num_threads(1);
    MKL_Set_Num_Threads_Local(1);
}

namespace {

/// The first number in `text` behind `words`, or 0.
double number_behind(const std::string& text, const std::string& words) {
    const size_t at = text.find(words);
    if (at == std::string::npos) return 0;
    const size_t begin = text.find_first_of("0123456789", at + words.size());
    if (begin == std::string::npos) return 0;
    const size_t end = text.find_first_not_of("0123456789.", begin);
    return read_number(text.substr(begin, end - begin)).value_or(0);
}

/// "512 MiB": what an allocator says that it was asked for; "" where it does not say.
std::string asked_for(const std::string& text) {
    constexpr double kMebi = 1 << 20;
    const double amount = number_behind(text, "ried to allocate");
    if (!(amount > 0)) return "";
    const double bytes = text.find("GiB") != std::string::npos   ? amount * 1024 * kMebi
                         : text.find("MiB") != std::string::npos ? amount * kMebi
                                                                 : amount;
    char out[48];
    std::snprintf(out, sizeof out, "%.1f MiB", bytes / kMebi);
    return out;
}

bool ran_out_of_memory(const std::exception& e, const std::string& text) {
    if (dynamic_cast<const std::bad_alloc*>(&e)) return true;
    constexpr const char* kSigns[] = {"out of memory", "not enough memory", "can't allocate memory",
                                      "Cannot allocate memory"};
    return std::any_of(std::begin(kSigns), std::end(kSigns),
                       [&](const char* sign) { return text.find(sign) != std::string::npos; });
}

}  // namespace

Error torch_error(const std::exception& e) {
    std::string text = e.what();
    text = text.substr(0, text.find('\n'));
    if (ran_out_of_memory(e, text)) {
        const std::string asked = asked_for(text);
        return failure("out of memory" +
                       (asked.empty() ? asked : ": " + asked + " were asked for") +
                       "; use a smaller train.batch with a larger train.grad_accum, a shorter "
                       "train.seq_len, a smaller model, or on a GPU train.device = \"cpu\". What "
                       "was written is intact.");
    }
    if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&e))
        return failure(shown_path(file->path1().string()) + ": " + file->code().message());
    if (dynamic_cast<const std::system_error*>(&e))
        return failure("the system gave no thread or lock (" + text + ")" + kNoThread);
    return failure(text);
}

}  // namespace hopscope::core
