#include "core/train/engine_state.h"

#include <ATen/ops/zeros_like.h>
#include <utility>

namespace hopscope::core {

EngineState EngineState::clone() const {
    EngineState copy = *this;
    const auto own = [](Group, const at::Tensor& t) { return t.detach().clone(); };
    copy.model.weights = model.weights.map(own);
    copy.m = m.map(own);
    copy.v = v.map(own);
    return copy;
}

EngineState untrained(Model model) {
    EngineState state;
    const auto zeros = [](Group, const at::Tensor& t) { return at::zeros_like(t); };
    state.m = model.weights.map(zeros);
    state.v = model.weights.map(zeros);
    state.model = std::move(model);
    return state;
}

}  // namespace hopscope::core
