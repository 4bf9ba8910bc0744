#include "kernels/reference/hops.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <limits>

#include "kernels/reference/reference.h"

namespace hopscope::kernels::reference {

HopsOut hops(const at::Tensor& x, const HopBank& bank, const HopRules& rules) {
    const auto norm = [](const at::Tensor& t) {
        return at::linalg_vector_norm(t, 2, at::IntArrayRef{-1});
    };
    auto added = at::zeros_like(x);
    auto running = at::ones({x.size(0)}, x.options().dtype(at::kBool));
    RouteOut chosen;
    std::vector<at::Tensor> ratios;
    for (size_t hop = 0; hop < rules.pools.size(); ++hop) {
        const HopPool pool = rules.pools[rules.frozen ? 0 : hop];
        const auto h = x + added;
        if (hop == 0 || !rules.frozen) {
            const auto proj = bank.proj.defined() && bank.proj.dim() == 3
                                  ? bank.proj.select(0, static_cast<int64_t>(hop))
                                  : bank.proj;
            chosen = reference::route(h, proj, bank.unit.t().narrow(0, pool.offset, pool.size),
                                      at::full({}, rules.tau, x.options()), rules.k,
                                      rules.renormalise, std::nullopt, std::nullopt);
        }
        const auto dh =
            reference::experts(h, chosen.idx, chosen.weight, bank_of_pool(bank.experts, pool));
        added = at::where(running.unsqueeze(-1), added + dh, added);
        const auto ratio = norm(dh) / (norm(x + added) + kHaltEps);
        ratios.push_back(at::where(running, ratio,
                                   at::full_like(ratio, std::numeric_limits<double>::quiet_NaN())));
        if (!rules.epsilon.empty()) {
            const auto least = at::tensor(at::ArrayRef<double>(rules.epsilon)).to(x.scalar_type());
            running = running.logical_and((ratio >= least).logical_or(least < 0));
        }
        if (!rules.most.empty())
            running = running.logical_and(at::tensor(at::ArrayRef<int64_t>(rules.most)) >
                                          static_cast<int64_t>(hop) + 1);
    }
    return {added, at::stack(ratios, 1)};
}

}  // namespace hopscope::kernels::reference
