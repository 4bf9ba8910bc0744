#include "core/model/routers/form.h"

#include <ATen/ops/full.h>

namespace hopscope::core {

const RouterForm& form_of(RouterKind kind) {
    switch (kind) {
#define HOPSCOPE_ROUTER_FORM(name, ...) \
    case RouterKind::name:              \
        return name##_router();
        HOPSCOPE_ROUTERS(HOPSCOPE_ROUTER_FORM)
#undef HOPSCOPE_ROUTER_FORM
    }
    return cosine_router();  // not reached
}

int64_t RoutingPass::top_k() const {
    return options.changes.top_k > 0 ? options.changes.top_k : config.moe.top_k;
}

at::Tensor RoutingPass::tau(const at::Tensor& like) const {
    if (options.changes.tau > 0) return at::full({}, options.changes.tau, like.options());
    return w.tau.defined() ? w.tau : at::full({}, config.moe.tau, like.options());
}

}  // namespace hopscope::core
