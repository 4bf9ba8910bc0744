// The cosine router with projection and centroids as they were drawn: the control for what learning
// to route adds. That nothing moves them stands in its traits.
#include "core/model/routers/form.h"

namespace hopscope::core {

const RouterForm& random_fixed_router() {
    return cosine_router();
}

}  // namespace hopscope::core
