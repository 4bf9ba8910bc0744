#include "core/measure/amplification.h"

#include <ATen/TensorOperators.h>
#include <numeric>

namespace hopscope::core {

Amplification amplification(const FirstHop& sums, std::span<const int64_t> batches) {
    if (sums.first.empty()) return {};
    double product = 0, first = 0, all = 0;
    for (const int64_t b : batches) {
        product += sums.product[static_cast<size_t>(b)];
        first += sums.first[static_cast<size_t>(b)];
        all += sums.all[static_cast<size_t>(b)];
    }
    const double a = product / first;
    return {a, 1 - (all - 2 * a * product + a * a * first) / all};
}

Amplification amplification(const FirstHop& sums) {
    std::vector<int64_t> all(sums.first.size());
    std::iota(all.begin(), all.end(), int64_t{0});
    return amplification(sums, all);
}

void FirstHopScale::hop_update(int64_t layer, int64_t hop, const at::Tensor&, at::Tensor& dh) {
    if (hop == 0) dh = dh * factors_[static_cast<size_t>(layer)];
}

}  // namespace hopscope::core
