// If these fail, routing on a GPU chooses other experts than its reference, or learns from another
// gradient. The kernels run on the CPU, under many orders of their threads.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <limits>
#include <optional>
#include <vector>

#include "kernels/cases/choose.h"
#include "tests/kernels/helpers.h"
#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/listed.h"
#include "tests/kernels/simt/simt.h"
// CUDA's words have to come first.
#include "kernels/cuda/rows.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using kernels::cases::ChooseShape;
using simt::Guarded;
using simt::kInf;
using simt::kSchedules;
using test::randn;
namespace cases = kernels::cases;
namespace cuda = kernels::cuda;

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
    simt::for_each_listed(
        cases::choose_shapes(), cases::choose_case, this->kType,
        [&](const ChooseShape& c, const simt::Wanted& wanted, uint64_t schedule) {
            Guarded<T> s(wanted.problem["scores"]), top_p({c.tokens, c.k}, this->kType),
                entropy({c.tokens}, this->kType), max_p({c.tokens}, this->kType);
            Guarded<int64_t> chosen({c.tokens, c.k}, at::kLong);
            const cuda::ForwardRows<T> rows{
                s.data(),     chosen.data(), top_p.data(), entropy.data(),
                max_p.data(), c.tokens,      c.experts,    c.k};
            ASSERT_EQ(simt::run(rows_launch(c.tokens, schedule),
                                [&] { cuda::softmax_top_k_kernel(rows); }),
                      "");
            wanted.expect("idx", chosen.read());
            wanted.expect("p", s.read());
            wanted.expect("top_p", top_p.read(), wanted.exact["p"].gather(-1, wanted.exact["idx"]));
            wanted.expect("entropy", entropy.read());
            wanted.expect("max_p", max_p.read());
        });
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

/// The gradient of scores by autograd, for gradients of weights and of mean probabilities.
struct ScoreGradient {
    ScoreGradient(const simt::Wanted& wanted, const GradientCase& g) {
        idx = wanted.exact["idx"];
        dweight = wanted.problem.pulls[0];
        const auto dmean = wanted.problem.pulls[1].to(at::kDouble);
        scores = wanted.problem["scores"].to(at::kDouble).set_requires_grad(true);
        const auto p = at::softmax(scores, -1);
        auto w = p.gather(-1, idx);
        if (g.renormalise) w = w / w.sum(-1, true);
        // The renormalised weights of one choice are 1 whatever the scores are.
        auto loss = (scores * 0).sum();
        if (g.weights) loss = loss + (w * dweight.to(at::kDouble)).sum();
        if (g.mean) loss = loss + (p.mean(0) * dmean).sum();
        loss.backward();
        weight = w.detach();
        over = dmean / static_cast<double>(scores.size(0));
        dscore = scores.grad();
        scores = scores.detach();
    }
    Tensor idx, dweight, scores, weight, over, dscore;
};

TYPED_TEST(Rows, GradientEqualsTheReference) {
    using T = TypeParam;
    for (const auto& g : std::vector<GradientCase>{{true, true, false},
                                                   {false, true, false},
                                                   {true, true, true},
                                                   {false, true, true},
                                                   {true, false, true}}) {
        SCOPED_TRACE(testing::Message() << (g.renormalise ? "renormalised " : "")
                                        << (g.weights ? "weights " : "") << (g.mean ? "mean" : ""));
        std::optional<ScoreGradient> want;
        simt::for_each_listed(
            cases::choose_shapes(), cases::choose_case, this->kType,
            [&](const ChooseShape& c, const simt::Wanted& wanted, uint64_t schedule) {
                if (c.scores != cases::Scores::normal && c.scores != cases::Scores::ties) return;
                if (schedule == 0) want.emplace(wanted, g);
                const auto narrow = [&](const Tensor& x) { return x.to(this->kType); };
                Guarded<T> s(narrow(want->scores)), w(narrow(want->weight)), dw(want->dweight),
                    mean(narrow(want->over)), scale(at::full({1}, 2.5, this->kType));
                Guarded<int64_t> chosen(want->idx);
                Guarded<double> along({c.tokens}, at::kDouble);
                const cuda::GradientRows<T> rows{.scores = s.data(),
                                                 .idx = chosen.data(),
                                                 .weight = w.data(),
                                                 .dweight = g.weights ? dw.data() : nullptr,
                                                 .mean = g.mean ? mean.data() : nullptr,
                                                 .scale = scale.data(),
                                                 .dot = along.data(),
                                                 .tokens = c.tokens,
                                                 .m = c.experts,
                                                 .k = c.k,
                                                 .renormalise = g.renormalise};
                ASSERT_EQ(simt::run(rows_launch(c.tokens, schedule),
                                    [&] { cuda::score_gradient_kernel(rows); }),
                          "");
                this->expect_near(s.read(), want->dscore * 2.5, "gradient");
                this->expect_near(along.read(), (want->dscore * want->scores).sum(-1),
                                  "Σ score · gradient");
            });
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
