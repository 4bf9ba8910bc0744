// If this fails, rows of the router are carried into model space by another hop's projection.
#include "core/measure/model_space.h"

#include <ATen/ops/matmul.h>

#include "tests/model/tiny.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

TEST(ModelSpace, EachHopHasItsOwnProjectionAndPool) {
    auto c = tiny();
    c.moe.pools = Pools::unrolled;
    c.moe.projection = ProjectionKind::per_hop;
    const auto w = init_weights(c, 3).layers[0];
    const auto parts = in_model_space(c, w, 0, w.centroids);
    ASSERT_EQ(parts.size(), 3u);
    for (int64_t h = 0; h < 3; ++h) {
        const auto& part = parts[static_cast<size_t>(h)];
        EXPECT_EQ(part.hop, h);
        EXPECT_EQ(part.pool.offset, 2 * h);
        const auto expected = at::matmul(w.centroids.narrow(0, 2 * h, 2), w.proj.select(0, h));
        EXPECT_LT(max_abs(part.rows, expected), 1e-6);
    }
}

}  // namespace
