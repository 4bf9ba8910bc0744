#include "core/model/expert_bank.h"

#include "kernels/hops.h"

namespace hopscope::core {

kernels::ExpertBank bank_of(const LayerWeights& w, const MoeConfig& moe, Pool pool) {
    const auto kind = moe.expert == ExpertKind::fixed    ? kernels::ExpertKind::fixed
                      : moe.expert == ExpertKind::swiglu ? kernels::ExpertKind::swiglu
                                                         : kernels::ExpertKind::mlp;
    return kernels::bank_of_pool({kind, w.gate, w.down, w.up, w.value}, {pool.offset, pool.size});
}

}  // namespace hopscope::core
