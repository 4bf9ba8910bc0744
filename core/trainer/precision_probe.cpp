#include "core/trainer/precision_probe.h"

#include <ATen/ops/ones.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <limits>

#include "core/base/stopwatch.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

/// A larger model gains more by bf16, a smaller one spends little time either way.
constexpr int64_t kRows = 512, kWidth = 128, kColumns = 512;
constexpr int kRounds = 9;
constexpr double kClearly = 0.8;

}  // namespace

Precision better_precision(const PrecisionTimes& times) {
    return times.bf16 < kClearly * times.fp32 ? Precision::bf16 : Precision::fp32;
}

PrecisionTimes time_precisions() {
    const c10::NoGradGuard no_gradient;
    const auto fp32 = at::TensorOptions().dtype(at::kFloat);
    const auto rows = at::ones({kRows, kWidth}, fp32), weight = at::ones({kColumns, kWidth}, fp32);
    const auto narrow = weight.to(at::kBFloat16);
    const auto time = [&](const at::Tensor& w) {
        const Stopwatch watch;
        kernels::linear(rows, {{w, {}}});
        return watch.ms() / 1e3;
    };
    constexpr double kNever = std::numeric_limits<double>::infinity();
    PrecisionTimes best{kNever, kNever};
    // The first round makes the loops of both.
    for (int round = 0; round <= kRounds; ++round) {
        const PrecisionTimes now{time(weight), time(narrow)};
        if (round == 0) continue;
        best = {std::min(best.fp32, now.fp32), std::min(best.bf16, now.bf16)};
    }
    return best;
}

Precision probed_precision() {
    static const Precision probed =
        kernels::multiplies_bf16_in_pairs() ? better_precision(time_precisions()) : Precision::fp32;
    return probed;
}

Precision precision_of_new_run(const TrainConfig& train, const Device& device) {
    const bool open = train.precision == Precision::automatic && device.kind == DeviceKind::cpu;
    return open ? probed_precision() : device.precision;
}

}  // namespace hopscope::core
