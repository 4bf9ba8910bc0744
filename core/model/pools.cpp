#include "core/model/pools.h"

#include <algorithm>

#include "core/config/arithmetic.h"

namespace hopscope::core {

std::vector<Pool> pools_of(const Config& config, int64_t layer) {
    std::vector<Pool> out;
    int64_t offset = 0;
    for (const int64_t size : pool_sizes(config.moe, config.moe.hops_of(layer))) {
        out.push_back({offset, size});
        offset += size;
    }
    return out;
}

Pool pool_of(const Config& config, int64_t layer, int64_t expert) {
    const auto pools = pools_of(config, layer);
    return *std::find_if(pools.begin(), pools.end() - 1,
                         [&](const Pool& p) { return expert < p.offset + p.size; });
}

at::Tensor rows_of_pool(const at::Tensor& t, Pool pool) {
    return t.size(0) == pool.size ? t : t.narrow(0, pool.offset, pool.size);
}

}  // namespace hopscope::core
