// If these fail, tokens go to other experts than Eqs. (2)–(3) say, or the router learns from a
// wrong gradient.
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>
#include <limits>
#include <torch/csrc/autograd/function.h>

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

/// A scalar that weighs every differentiable output of routing.
at::Tensor mixed(const kernels::RouteOut& r) {
    return (r.weight * randn(r.weight.sizes(), 11)).sum() +
           (r.mean_p * randn(r.mean_p.sizes(), 12)).sum();
}

struct RouteCase {
    int64_t k;
    bool renormalise, identity;
};

class RouteCases : public ::testing::TestWithParam<RouteCase> {};

TEST_P(RouteCases, FusedEqualsReference) {
    const auto c = GetParam();
    const auto h = randn({kT, kD}, 1), proj = c.identity ? at::Tensor() : randn({kS, kD}, 2);
    const auto centroids = randn({kM, c.identity ? kD : kS}, 3);
    const auto a =
        kernels::route(h, proj, centroids, scalar(5), c.k, c.renormalise, {}, {}, Form::fused);
    const auto b =
        kernels::route(h, proj, centroids, scalar(5), c.k, c.renormalise, {}, {}, Form::reference);
    EXPECT_TRUE(a.idx.equal(b.idx));
    EXPECT_LT(max_abs(a.weight, b.weight), 1e-12);
    EXPECT_LT(max_abs(a.mean_p, b.mean_p), 1e-12);
    EXPECT_LT(max_abs(a.entropy, b.entropy), 1e-12);
    EXPECT_LT(max_abs(a.max_p, b.max_p), 1e-12);
    EXPECT_LT(max_abs(a.pos, b.pos), 1e-12);
}

TEST_P(RouteCases, GradientsByFiniteDifferences) {
    const auto c = GetParam();
    for (const auto form : {Form::fused, Form::reference}) {
        std::vector<at::Tensor> in = {randn({kT, kD}, 1), randn({kM, c.identity ? kD : kS}, 3),
                                      scalar(5)};
        if (!c.identity) in.push_back(randn({kS, kD}, 2));
        expect_gradient("route", in, [&](const std::vector<at::Tensor>& x) {
            return mixed(kernels::route(x[0], c.identity ? at::Tensor() : x[3], x[1], x[2], c.k,
                                        c.renormalise, {}, {}, form));
        });
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, RouteCases,
                         ::testing::Values(RouteCase{3, true, false}, RouteCase{1, false, false},
                                           RouteCase{1, true, false}, RouteCase{kM, true, false},
                                           RouteCase{3, false, false}, RouteCase{2, true, true}));

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

// Training goes on under commands that suppress, boost and steer: its gradient is that of the
// scores as they were changed.
TEST(Route, GradientsGoThroughInterventions) {
    auto bias = randn({kM}, 7);
    bias.select(0, 4).fill_(-std::numeric_limits<double>::infinity());
    const auto delta = randn({kT, kS}, 8);
    using Maybe = std::optional<at::Tensor>;
    const std::vector<at::Tensor> in = {randn({kT, kD}, 1), randn({kM, kS}, 3), scalar(5),
                                        randn({kS, kD}, 2)};
    for (const auto& [b, d] : std::vector<std::pair<Maybe, Maybe>>{
             {bias, {}}, {{}, delta}, {bias, delta}, {randn({kT, kM}, 9), delta[0]}})
        for (const bool renormalise : {true, false}) {
            std::vector<at::Tensor> grads[2];
            std::string nodes[2];
            for (const auto form : {Form::fused, Form::reference}) {
                const size_t f = form == Form::fused ? 0 : 1;
                std::vector<at::Tensor> x;
                for (const auto& t : in) x.push_back(t.clone().set_requires_grad(true));
                const auto r = kernels::route(x[0], x[3], x[1], x[2], 3, renormalise, b, d, form);
                nodes[f] = r.weight.grad_fn()->name();
                mixed(r).backward();
                for (const auto& t : x) grads[f].push_back(t.grad());
            }
            EXPECT_NE(nodes[0], nodes[1]) << "the reference worked it out";
            for (size_t i = 0; i < in.size(); ++i)
                EXPECT_LT(max_abs(grads[0][i], grads[1][i]), 1e-11) << "input " << i;
        }
    expect_gradient("route", in, [&](const std::vector<at::Tensor>& x) {
        return mixed(kernels::route(x[0], x[3], x[1], x[2], 3, false, bias, delta));
    });
}

TEST(Route, ZeroInputGivesFiniteNumbers) {
    const auto h = at::zeros({2, kD}, at::TensorOptions().dtype(at::kFloat));
    const auto proj = randn({kS, kD}, 2, at::kFloat), centroids = randn({kM, kS}, 3, at::kFloat);
    const auto r = kernels::route(h, proj, centroids, scalar(30).to(at::kFloat), 3, true);
    EXPECT_TRUE(r.weight.isfinite().all().item().toBool());
}

}  // namespace
