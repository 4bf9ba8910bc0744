#include "app/state/position_use.h"

#include <algorithm>
#include <numeric>

#include "viz/sampled.h"

namespace hopscope::app {

size_t quarter_of(int64_t place, int64_t length) {
    const auto quarters = static_cast<int64_t>(kQuarters);
    return static_cast<size_t>(std::clamp<int64_t>(place * quarters / length, 0, quarters - 1));
}

PositionUse position_use(const QuarterCounts& chosen, const QuarterCounts& sizes) {
    PositionUse out;
    out.of = std::accumulate(chosen.begin(), chosen.end(), int64_t{0});
    out.all = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
    for (size_t q = 0; q < kQuarters; ++q) {
        QuarterUse& use = out.quarters[q];
        use.tokens = chosen[q];
        if (out.of < 1 || sizes[q] < 1) continue;
        const auto found = static_cast<double>(use.tokens), n = static_cast<double>(out.of);
        const double even = static_cast<double>(sizes[q]) / static_cast<double>(out.all);
        const viz::Interval interval = viz::wilson_interval(found, n);
        use.share = found / n;
        use.low = interval.low;
        use.high = interval.high;
        use.times = use.share / even;
        use.times_low = use.low / even;
        use.times_high = use.high / even;
        if (out.most < 0 || use.times > out.peak().times) out.most = static_cast<int>(q);
    }
    return out;
}

}  // namespace hopscope::app
