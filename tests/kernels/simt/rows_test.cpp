// If these fail, routing on a GPU chooses other experts than its reference, or learns from another
// gradient. The kernels run on the CPU, under many orders of their threads.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "kernels/reference/reference.h"
#include "tests/kernels/helpers.h"
#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/schedules.h"
#include "tests/kernels/simt/simt.h"
// CUDA's words have to come first.
#include "kernels/cuda/rows.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using simt::Guarded;
using simt::kInf;
using simt::kSchedules;
using test::randn;
namespace cuda = kernels::cuda;

struct RowCase {
    int64_t tokens, m, k;
};

/// The edges of a warp, of a chunk of four rows, and of the family: 1,024 experts of which 12 act.
const std::vector<RowCase> kRowCases{{1, 1, 1},    {5, 31, 31},   {4, 32, 1},    {3, 33, 4},
                                     {7, 71, 12},  {2, 129, 129}, {1, 1000, 1},  {1, 1000, 48},
                                     {5, 1024, 4}, {6, 1024, 12}, {1, 4096, 12}, {1, 1000, 100}};

enum class Scores { normal, ties, suppressed, denormal, one_left };

Tensor scores_of(const RowCase& c, Scores kind) {
    auto s = randn({c.tokens, c.m}, static_cast<uint64_t>(c.m + c.k)) * 3;
    if (kind == Scores::ties) return s.round();
    if (kind == Scores::suppressed) return s.masked_fill(s > 0, -kInf);
    if (kind == Scores::denormal) return s * 1e-39;
    if (kind == Scores::one_left) {
        const auto one = s.select(1, c.m / 2).clone();
        s.fill_(-kInf).select(1, c.m / 2).copy_(one);
    }
    return s;
}

const std::vector<Scores> kScores{Scores::normal, Scores::ties, Scores::suppressed,
                                  Scores::denormal, Scores::one_left};

/// A launch as kernels/cuda/route.cu makes it.
simt::Launch rows_launch(int64_t tokens, uint64_t schedule) {
    return {{cuda::blocks_for(tokens, cuda::kRowWarps)}, {cuda::kRowWarps * cuda::kWarp}, schedule};
}

template <class T>
class Rows : public ::testing::Test {
  protected:
    static constexpr at::ScalarType kType = std::is_same_v<T, double> ? at::kDouble : at::kFloat;
    static constexpr double kTolerance = std::is_same_v<T, double> ? 1e-12 : 4e-6;

    /// Equal within rounding, infinities and NaN at the same places.
    static void expect_near(const Tensor& got, const Tensor& want, const char* what) {
        EXPECT_TRUE(at::allclose(got.to(at::kDouble), want, kTolerance, kTolerance, true))
            << what << "\n"
            << got << "\n"
            << want;
    }
};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Rows, Types);

TYPED_TEST(Rows, SoftmaxAndTheKBestEqualTheReference) {
    using T = TypeParam;
    for (const auto& c : kRowCases)
        for (const auto kind : kScores) {
            // What is special about a score shows in short rows, which take less time.
            if (c.m >= 1000 && kind > Scores::ties) continue;
            const auto scores = scores_of(c, kind).to(this->kType);
            const auto wide = scores.to(at::kDouble);
            const auto p = at::softmax(wide, -1), idx = kernels::reference::top_k(scores, c.k);
            const auto plogp = at::where(p == 0, at::zeros_like(p), p * at::log(p));
            for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
                SCOPED_TRACE(testing::Message()
                             << c.tokens << " rows of " << c.m << ", k " << c.k << ", scores "
                             << static_cast<int>(kind) << ", schedule " << schedule);
                Guarded<T> s(scores), top_p({c.tokens, c.k}, this->kType),
                    entropy({c.tokens}, this->kType), max_p({c.tokens}, this->kType);
                Guarded<int64_t> chosen({c.tokens, c.k}, at::kLong);
                const cuda::ForwardRows<T> rows{
                    s.data(),     chosen.data(), top_p.data(), entropy.data(),
                    max_p.data(), c.tokens,      c.m,          c.k};
                ASSERT_EQ(simt::run(rows_launch(c.tokens, schedule),
                                    [&] { cuda::softmax_top_k_kernel(rows); }),
                          "");
                ASSERT_TRUE(chosen.read().equal(idx));
                this->expect_near(s.read(), p, "softmax");
                this->expect_near(top_p.read(), p.gather(-1, idx), "top_p");
                this->expect_near(entropy.read(), -plogp.sum(-1), "entropy");
                this->expect_near(max_p.read(), std::get<0>(p.max(-1)), "max_p");
                if (this->HasFailure()) return;
            }
        }
}

/// Whatever a row holds, its choices are whole numbers of experts, each once.
TYPED_TEST(Rows, ARowOfNoNumbersStillNamesExperts) {
    using T = TypeParam;
    auto keys = randn({3, 40}, 1, this->kType);
    keys.select(0, 0).fill_(std::numeric_limits<double>::quiet_NaN());
    keys.select(0, 1).narrow(0, 3, 20).fill_(std::numeric_limits<double>::quiet_NaN());
    for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
        Guarded<T> s(keys);
        Guarded<int64_t> idx({3, 40}, at::kLong);
        ASSERT_EQ(simt::run(rows_launch(3, schedule),
                            [&] { cuda::top_k_kernel(s.data(), 3, 40, 40, idx.data()); }),
                  "");
        const auto got = idx.read();
        EXPECT_TRUE(std::get<0>(got.sort(-1)).equal(at::arange(40).expand({3, 40})));
        // Numbers first, in their order.
        EXPECT_TRUE(got[1].narrow(0, 20, 20).equal(at::arange(3, 23)));
    }
}

struct GradientCase {
    bool renormalise, weights, mean;
};

TYPED_TEST(Rows, GradientEqualsTheReference) {
    using T = TypeParam;
    for (const auto& c : kRowCases)
        for (const auto& g : std::vector<GradientCase>{{true, true, false},
                                                       {false, true, false},
                                                       {true, true, true},
                                                       {false, true, true},
                                                       {true, false, true}}) {
            // The renormalised weights of one choice are 1 whatever the scores are.
            auto scores = scores_of(c, Scores::normal).to(this->kType).to(at::kDouble);
            const auto idx = kernels::reference::top_k(scores, c.k);
            const auto dweight = randn({c.tokens, c.k}, 5, this->kType);
            const auto dmean = randn({c.m}, 6, this->kType);
            const auto leaf = scores.clone().set_requires_grad(true);
            const auto p = at::softmax(leaf, -1);
            auto weight = p.gather(-1, idx);
            if (g.renormalise) weight = weight / weight.sum(-1, true);
            auto loss = (leaf * 0).sum();
            if (g.weights) loss = loss + (weight * dweight.to(at::kDouble)).sum();
            if (g.mean) loss = loss + (p.mean(0) * dmean.to(at::kDouble)).sum();
            loss.backward();
            const auto dscore = leaf.grad(), dot = (dscore * scores).sum(-1);
            const auto over = dmean.to(at::kDouble) / static_cast<double>(c.tokens);
            for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
                SCOPED_TRACE(testing::Message()
                             << c.tokens << " rows of " << c.m << ", k " << c.k
                             << (g.renormalise ? ", renormalised" : "")
                             << (g.weights ? ", weights" : "") << (g.mean ? ", mean" : "")
                             << ", schedule " << schedule);
                const auto narrow = [&](const Tensor& x) { return x.detach().to(this->kType); };
                Guarded<T> s(narrow(scores)), w(narrow(weight)), dw(dweight), mean(narrow(over)),
                    scale(at::full({1}, 2.5, at::TensorOptions().dtype(this->kType)));
                Guarded<int64_t> chosen(idx);
                Guarded<double> along({c.tokens}, at::kDouble);
                const cuda::GradientRows<T> rows{.scores = s.data(),
                                                 .idx = chosen.data(),
                                                 .weight = w.data(),
                                                 .dweight = g.weights ? dw.data() : nullptr,
                                                 .mean = g.mean ? mean.data() : nullptr,
                                                 .scale = scale.data(),
                                                 .dot = along.data(),
                                                 .tokens = c.tokens,
                                                 .m = c.m,
                                                 .k = c.k,
                                                 .renormalise = g.renormalise};
                ASSERT_EQ(simt::run(rows_launch(c.tokens, schedule),
                                    [&] { cuda::score_gradient_kernel(rows); }),
                          "");
                this->expect_near(s.read(), dscore * 2.5, "gradient");
                this->expect_near(along.read(), dot, "Σ score · gradient");
                if (this->HasFailure()) return;
            }
        }
}

TYPED_TEST(Rows, ASuppressedExpertGetsNoGradient) {
    using T = TypeParam;
    const auto scores = at::tensor({1.0, -kInf, 2.0, -kInf}).view({1, 4}).to(this->kType);
    Guarded<T> s(scores), w(at::ones({1, 1}, scores.options())),
        dw(at::ones({1, 1}, scores.options())), mean(at::arange(4, scores.options())),
        scale(at::ones({1}, scores.options()));
    Guarded<int64_t> idx(at::full({1, 1}, 2, at::kLong));
    Guarded<double> dot({1}, at::kDouble);
    const cuda::GradientRows<T> rows{s.data(),     idx.data(), w.data(), dw.data(), mean.data(),
                                     scale.data(), dot.data(), 1,        4,         1,
                                     true};
    ASSERT_EQ(simt::run(rows_launch(1, 2), [&] { cuda::score_gradient_kernel(rows); }), "");
    const auto got = s.read()[0];
    EXPECT_EQ(got[1].template item<double>(), 0);
    EXPECT_EQ(got[3].template item<double>(), 0);
    EXPECT_TRUE(dot.read().isfinite().all().template item<bool>());
}

TYPED_TEST(Rows, MeansOverTokensAreTheSameUnderAnyOrder) {
    using T = TypeParam;
    for (const auto& [tokens, m] : std::vector<std::pair<int64_t, int64_t>>{
             {1, 1}, {7, 31}, {255, 33}, {256, 32}, {257, 71}, {600, 5}}) {
        const auto x = randn({tokens, m}, 3, this->kType);
        const auto chunks = cuda::mean_chunks(tokens);
        Tensor first;
        for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
            Guarded<T> in(x), sums({chunks, m}, this->kType), mean({m}, this->kType);
            const auto columns = cuda::blocks_for(m, cuda::kMeanLanes);
            ASSERT_EQ(
                simt::run({{columns, static_cast<unsigned>(chunks)},
                           {cuda::kMeanLanes, cuda::kMeanRows},
                           schedule},
                          [&] { cuda::chunk_sums_kernel(in.data(), tokens, m, sums.data()); }),
                "");
            ASSERT_EQ(
                simt::run({{columns}, {cuda::kMeanLanes}, schedule},
                          [&] { cuda::mean_kernel(sums.data(), chunks, tokens, m, mean.data()); }),
                "");
            const auto got = mean.read();
            this->expect_near(got, x.to(at::kDouble).mean(0), "mean");
            if (schedule == 0) first = got;
            ASSERT_TRUE(got.equal(first)) << "schedule " << schedule;
        }
    }
}

}  // namespace
