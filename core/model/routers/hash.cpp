// Routing without a router: the experts follow from the token's position or id alone, evenly
// weighted.
#include "core/model/routers/hash.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <algorithm>

#include "core/base/random.h"
#include "core/model/routers/form.h"

namespace hopscope::core {
namespace {

HopRoute hash_hop(RoutingPass& pass, const HopCall& call) {
    const bool by_token = pass.config.moe.hash_key == HashKey::token;
    const int64_t k = pass.top_k(), tokens = call.h.size(0);
    const auto where = call.rows.defined() ? call.rows.to(at::kCPU).contiguous() : at::Tensor();
    const auto ids = pass.tokens.ids.to(at::kCPU).contiguous();
    auto idx = at::empty({tokens, k}, at::TensorOptions().dtype(at::kLong));
    auto* out = idx.mutable_data_ptr<int64_t>();
    for (int64_t a = 0; a < tokens; ++a) {
        const int64_t t = call.rows.defined() ? where.const_data_ptr<int64_t>()[a] : a;
        const int64_t key = by_token ? ids.const_data_ptr<int64_t>()[t] : pass.tokens.at.of(t);
        const auto chosen = hash_choices(static_cast<uint64_t>(key),
                                         static_cast<uint64_t>(pass.layer), call.pool.size, k);
        std::copy(chosen.begin(), chosen.end(), out + a * k);
    }
    HopRoute route;
    route.pool = call.pool;
    route.route.idx = idx.to(call.h.device());
    route.route.weight = at::full({tokens, k}, 1.0 / static_cast<double>(k), call.h.options());
    return route;
}

}  // namespace

std::vector<int64_t> hash_choices(uint64_t key, uint64_t layer, int64_t experts, int64_t k) {
    std::vector<int64_t> out;
    for (uint64_t attempt = 0; static_cast<int64_t>(out.size()) < k; ++attempt) {
        const auto e = static_cast<int64_t>(mix64((key * 64 + layer) * 64 + attempt) %
                                            static_cast<uint64_t>(experts));
        if (std::find(out.begin(), out.end(), e) == out.end()) out.push_back(e);
    }
    std::sort(out.begin(), out.end());  // equal weights are listed by rising index
    return out;
}

const RouterForm& hash_router() {
    static constexpr RouterForm kForm = {hash_hop};
    return kForm;
}

}  // namespace hopscope::core
