// If these fail, ties, suppressed experts and moved positions are not routed as Eqs. (2)–(3) say.
// Values and gradients are held against the reference in cases_test.cpp.
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <limits>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;

constexpr int64_t kT = 7, kD = 6, kS = 4, kM = 9;

at::Tensor scalar(double x) {
    return at::full({}, x, at::TensorOptions().dtype(at::kDouble));
}

TEST(Route, TiesGoToTheLowestIndex) {
    // Experts 1, 3 and 4 are one and the same direction: any other order is not reproducible
    // between programs.
    auto centroids = randn({6, kS}, 3);
    centroids.select(0, 3).copy_(centroids.select(0, 1));
    centroids.select(0, 4).copy_(centroids.select(0, 1));
    const auto h = centroids.select(0, 1).view({1, kS}).clone();
    for (const auto form : {Form::fused, Form::reference}) {
        const auto r = kernels::route(h, {}, centroids, scalar(30), 2, true, {}, {}, form);
        EXPECT_EQ(r.idx.select(1, 0).item().toLong(), 1);
        EXPECT_EQ(r.idx.select(1, 1).item().toLong(), 3);
    }
}

TEST(Route, SuppressedExpertsAreNeverChosen) {
    const auto h = randn({kT, kD}, 1), proj = randn({kS, kD}, 2), centroids = randn({kM, kS}, 3);
    auto bias = at::zeros({kM}, h.options());
    const auto best =
        kernels::route(h, proj, centroids, scalar(5), 1, true).idx.select(0, 0).item().toLong();
    bias.select(0, best).fill_(-std::numeric_limits<double>::infinity());
    for (const auto form : {Form::fused, Form::reference}) {
        const auto r = kernels::route(h, proj, centroids, scalar(5), 3, true, bias, {}, form);
        EXPECT_FALSE(r.idx.eq(best).any().item().toBool());
        EXPECT_TRUE(r.entropy.isfinite().all().item().toBool());
        EXPECT_LT(max_abs(r.weight.sum(-1), at::full({kT}, 1.0, h.options())), 1e-12);
    }
}

TEST(Route, SteeringMovesThePositionOnTheSphere) {
    const auto h = randn({kT, kD}, 1), proj = randn({kS, kD}, 2), centroids = randn({kM, kS}, 3);
    const auto target = centroids.select(0, 5) / centroids.select(0, 5).norm();
    const auto plain = kernels::route(h, proj, centroids, scalar(5), 3, true);
    for (const auto form : {Form::fused, Form::reference}) {
        const auto r =
            kernels::route(h, proj, centroids, scalar(5), 3, true, {}, target * 100.0, form);
        EXPECT_EQ(r.idx.select(1, 0).eq(5).sum().item().toLong(), kT);
        EXPECT_LT(max_abs(r.pos.norm(2, -1), at::full({kT}, 1.0, h.options())), 1e-12);
        EXPECT_GT(max_abs(r.pos, plain.pos), 0.01);
    }
}

TEST(Route, ZeroInputGivesFiniteNumbers) {
    const auto h = at::zeros({2, kD}, at::TensorOptions().dtype(at::kFloat));
    const auto proj = randn({kS, kD}, 2, at::kFloat), centroids = randn({kM, kS}, 3, at::kFloat);
    const auto r = kernels::route(h, proj, centroids, scalar(30).to(at::kFloat), 3, true);
    EXPECT_TRUE(r.weight.isfinite().all().item().toBool());
}

}  // namespace
