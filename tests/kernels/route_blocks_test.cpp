// If these fail, routing by blocks of tokens is not that of Eqs. (2)–(3): a border between blocks,
// the order of its sums, or the way of a GPU, which makes products of whole matrices.
#include <ATen/Parallel.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/scatter.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros_like.h>

#include "kernels/cpu/packed.h"
#include "kernels/cpu/route.h"
#include "kernels/cpu/route_gradient.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/route_products.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::CosineGradient;
using kernels::CosineInput;
using kernels::CosineRows;

/// What a router reads, of any type; the hidden size is 40.
CosineInput input_of(int64_t tokens, int64_t experts, bool projects, at::ScalarType type) {
    constexpr int64_t kD = 40, kS = 24;
    CosineInput in;
    in.h = randn({tokens, kD}, 1, type);
    if (projects) in.proj = randn({kS, kD}, 2, type);
    const auto centroids = randn({experts, projects ? kS : kD}, 3, type);
    in.unit = centroids / kernels::row_norm(centroids);
    in.tau = at::full({}, 7.0, in.h.options());
    in.k = std::min<int64_t>(experts, 5);
    return in;
}

struct Behind {
    at::Tensor weight, mean;
};
Behind behind(const CosineInput& in) {
    const auto like = in.h.scalar_type();
    return {randn({in.h.size(0), in.k}, 4, like), randn({in.unit.size(0)}, 5, like)};
}

/// The gradient of the reference form, in fp64.
CosineGradient exact_gradient(const CosineInput& in, const Behind& from) {
    const auto leaf = [](const at::Tensor& x) {
        return x.defined() ? x.to(at::kDouble).detach().clone().set_requires_grad(true) : x;
    };
    const auto wide = [](const at::Tensor& x) { return x.defined() ? x.to(at::kDouble) : x; };
    const auto h = leaf(in.h), proj = leaf(in.proj), unit = leaf(in.unit), tau = leaf(in.tau);
    auto pos = kernels::reference::l2norm(proj.defined() ? at::mm(h, proj.t()) : h);
    if (in.pos_delta.defined()) pos = kernels::reference::l2norm(pos + wide(in.pos_delta));
    auto scores = tau * at::mm(pos, unit.t());
    if (in.score_bias.defined()) scores = scores + wide(in.score_bias);
    const auto p = at::softmax(scores, -1);
    auto weight = p.gather(-1, kernels::reference::top_k(scores, in.k));
    if (in.renormalise) weight = weight / weight.sum(-1, true);
    ((weight * wide(from.weight)).sum() + (p.mean(0) * wide(from.mean)).sum()).backward();
    return {h.grad(), proj.defined() ? proj.grad() : at::Tensor(), unit.grad(), tau.grad()};
}

void expect_near(const CosineGradient& a, const CosineGradient& b, double most,
                 const std::string& what) {
    const auto near = [&](const at::Tensor& x, const at::Tensor& y, const char* of) {
        ASSERT_EQ(x.defined(), y.defined()) << what << ", " << of;
        if (!x.defined()) return;
        const double largest = y.abs().max().item().toDouble();
        EXPECT_LT(max_abs(x, y), most * (1 + largest)) << what << ", " << of;
    };
    near(a.h, b.h, "h");
    near(a.proj, b.proj, "proj");
    near(a.unit, b.unit, "unit");
    near(a.tau, b.tau, "tau");
}

std::vector<CosineInput> cases(at::ScalarType type) {
    std::vector<CosineInput> out;
    for (const int64_t tokens : {1, 31, 63, 64, 65, 129, 1000})
        for (const bool projects : {true, false}) {
            auto in = input_of(tokens, 71, projects, type);
            in.renormalise = tokens % 2 == 1;
            if (tokens == 65) in.score_bias = randn({71}, 6, type);
            if (tokens == 129) {
                in.score_bias = randn({tokens, 71}, 6, type);
                in.pos_delta = randn({tokens, in.unit.size(1)}, 7, type);
            }
            out.push_back(in);
        }
    return out;
}

std::string name_of(const CosineInput& in) {
    return std::to_string(in.h.size(0)) + " tokens" + (in.proj.defined() ? "" : ", no projection");
}

TEST(RouteBlocks, GradientsAreThoseOfTheReference) {
    for (const auto type : {at::kDouble, at::kFloat})
        for (const auto& in : cases(type)) {
            const auto from = behind(in);
            const auto rows = kernels::cpu::route(in);
            expect_near(kernels::cpu::route_gradient(in, rows, from.weight, from.mean),
                        exact_gradient(in, from), type == at::kDouble ? 1e-11 : 1e-4, name_of(in));
        }
}

// Under bf16 factors are rounded: each of 2^-9 at most, in sums of few hundred terms.
TEST(RouteBlocks, NarrowTypesOfTheGradientStayNear) {
    for (auto& in : cases(at::kFloat)) {
        const auto from = behind(in);
        const auto rows = kernels::cpu::route(in);
        const auto wide = kernels::cpu::route_gradient(in, rows, from.weight, from.mean);
        in.narrow_gradient = true;
        const auto narrow = kernels::cpu::route_gradient(in, rows, from.weight, from.mean);
        expect_near(narrow, wide, 0.02, name_of(in));
        EXPECT_TRUE(narrow.tau.equal(wide.tau)) << "scores are fp32 ones";
        EXPECT_EQ(narrow.h.equal(wide.h), !kernels::cpu::has_pair_products()) << name_of(in);
    }
}

bool same(const at::Tensor& a, const at::Tensor& b) {
    return a.defined() == b.defined() && (!a.defined() || a.equal(b));
}

TEST(RouteBlocks, TheSameBitsForAnyNumberOfThreads) {
    const int threads = at::get_num_threads();
    auto all = cases(at::kFloat);
    for (auto in : cases(at::kFloat)) {
        in.narrow_gradient = true;
        all.push_back(in);
    }
    for (const auto& in : all) {
        const auto from = behind(in);
        std::vector<CosineRows> rows;
        std::vector<CosineGradient> grads;
        for (const int n : {1, 2, 3}) {
            at::set_num_threads(n);
            rows.push_back(kernels::cpu::route(in));
            grads.push_back(kernels::cpu::route_gradient(in, rows.back(), from.weight, from.mean));
        }
        for (const size_t i : {1, 2}) {
            EXPECT_TRUE(same(rows[0].idx, rows[i].idx) && same(rows[0].weight, rows[i].weight) &&
                        same(rows[0].mean_p, rows[i].mean_p) && same(rows[0].pos, rows[i].pos));
            EXPECT_TRUE(same(grads[0].h, grads[i].h) && same(grads[0].proj, grads[i].proj) &&
                        same(grads[0].unit, grads[i].unit) && same(grads[0].tau, grads[i].tau))
                << name_of(in);
        }
    }
    at::set_num_threads(threads);
}

// Without a balance loss nothing reaches mean_p, and what only balances has no gradient of weights.
TEST(RouteBlocks, EitherGradientMayBeMissing) {
    const auto in = input_of(70, 33, true, at::kDouble);
    const auto rows = kernels::cpu::route(in);
    const auto from = behind(in);
    const auto none = at::zeros_like(from.weight), flat = at::zeros_like(from.mean);
    expect_near(kernels::cpu::route_gradient(in, rows, from.weight, {}),
                exact_gradient(in, {from.weight, flat}), 1e-11, "weights alone");
    expect_near(kernels::cpu::route_gradient(in, rows, {}, from.mean),
                exact_gradient(in, {none, from.mean}), 1e-11, "mean alone");
}

TEST(RouteBlocks, NoTokensGiveNoGradient) {
    const auto in = input_of(0, 33, true, at::kFloat);
    const auto rows = kernels::cpu::route(in);
    EXPECT_EQ(rows.idx.sizes(), (at::IntArrayRef{0, in.k}));
    const auto from = behind(in);
    const auto grad = kernels::cpu::route_gradient(in, rows, from.weight, from.mean);
    EXPECT_TRUE(grad.proj.eq(0).all().item().toBool() && grad.unit.eq(0).all().item().toBool());
}

// ---- the way of a GPU, its operators for rows written down plainly

kernels::ScoreRows plain_rows(at::Tensor& scores, int64_t k) {
    const auto idx = kernels::reference::top_k(scores, k);
    scores = at::softmax(scores, -1);
    const auto plogp = at::where(scores > 0, scores * scores.log(), at::zeros_like(scores));
    return {idx, scores.gather(-1, idx), -plogp.sum(-1), std::get<0>(scores.max(-1))};
}

at::Tensor plain_gradient(at::Tensor& scores, const kernels::WeightGradient& from,
                          const at::Tensor& scale) {
    const auto raw = scores.clone(), p = at::softmax(scores, -1);
    const auto chosen = (from.weight * from.dweight).sum(-1, true);
    const auto g = (from.dmean / scores.size(0)).expand_as(p);
    auto grad = p * (g - (p * g).sum(-1, true));
    if (!from.renormalise) grad = grad - p * chosen;
    const auto pull = from.weight * (from.renormalise ? from.dweight - chosen : from.dweight);
    grad = grad.scatter_add(-1, from.idx, pull);
    scores = grad * scale;
    return (grad * raw).sum(-1).to(at::kDouble);
}

at::Tensor plain_means(const at::Tensor& x) {
    return x.mean(0);
}

TEST(RouteProducts, AreTheSameFunction) {
    constexpr kernels::RowOperators kPlain = {plain_rows, plain_gradient, plain_means};
    for (const auto& in : cases(at::kDouble)) {
        const auto from = behind(in);
        const auto a = kernels::route_by_products(in, kPlain), b = kernels::cpu::route(in);
        EXPECT_TRUE(a.idx.equal(b.idx)) << name_of(in);
        EXPECT_LT(max_abs(a.weight, b.weight), 1e-12) << name_of(in);
        EXPECT_LT(max_abs(a.mean_p, b.mean_p), 1e-12) << name_of(in);
        EXPECT_LT(max_abs(a.entropy, b.entropy), 1e-12) << name_of(in);
        EXPECT_LT(max_abs(a.max_p, b.max_p), 1e-12) << name_of(in);
        EXPECT_LT(max_abs(a.pos, b.pos), 1e-12) << name_of(in);
        expect_near(kernels::gradient_by_products(in, a, from.weight, from.mean, kPlain),
                    kernels::cpu::route_gradient(in, b, from.weight, from.mean), 1e-11,
                    name_of(in));
    }
}

}  // namespace
