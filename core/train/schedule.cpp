#include "core/train/schedule.h"

#include <cmath>
#include <numbers>

#include "core/model/weights.h"

namespace hopscope::core {

double learning_rate(const TrainConfig& train, int64_t t) {
    if (t < train.warmup)
        return train.lr * static_cast<double>(t + 1) / static_cast<double>(train.warmup);
    const auto length = static_cast<double>(train.steps - train.warmup);
    const double x = length > 0 ? static_cast<double>(t - train.warmup) / length : 1.0;
    const double m = train.lr_min_ratio;
    return train.lr * (m + (1 - m) * (1 + std::cos(std::numbers::pi * x)) / 2);
}

int64_t curriculum_hops(const TrainConfig& train, int64_t t) {
    int64_t limit = 0;
    for (const auto& [from, hops] : train.curriculum)
        if (t >= from) limit = hops;
    if (limit <= 0) return 0;
    constexpr uint64_t kStream = 0x686f7073;  // keeps this draw apart from the other derived seeds
    const uint64_t draw = mix_seed(mix_seed(train.seed, kStream), static_cast<uint64_t>(t));
    return 1 + static_cast<int64_t>(draw % static_cast<uint64_t>(limit));
}

bool decays(const TrainConfig& train, Group group, const at::Tensor& tensor) {
    if (group == Group::scale) return false;
    return train.decay == Decay::all || tensor.dim() >= 2;
}

}  // namespace hopscope::core
