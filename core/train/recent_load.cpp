#include "core/train/recent_load.h"

#include <cstddef>
#include <numeric>

#include "core/api/load_fade.h"

namespace hopscope::core {

void count_choices(RecentLoad& load, const std::vector<std::vector<int64_t>>& choices) {
    load.resize(choices.size());
    for (size_t l = 0; l < choices.size(); ++l) {
        load[l].resize(choices[l].size(), 0.0);
        const auto total =
            static_cast<double>(std::accumulate(choices[l].begin(), choices[l].end(), int64_t{0}));
        if (total == 0) continue;
        for (size_t e = 0; e < choices[l].size(); ++e)
            load[l][e] = kLoadKept * load[l][e] +
                         (1 - kLoadKept) * static_cast<double>(choices[l][e]) / total;
    }
}

}  // namespace hopscope::core
