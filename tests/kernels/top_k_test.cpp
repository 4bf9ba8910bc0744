// If these fail, the k best of a row are not its k best, in the wrong order, or ties go elsewhere
// than to the lowest index: with few scores by insertion, with many by counting.
#include <ATen/ops/full.h>
#include <cmath>
#include <limits>
#include <set>

#include "kernels/cpu/route.h"
#include "kernels/reference/reference.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::cpu::top_k;

constexpr int64_t kRows = 5;
constexpr double kInf = std::numeric_limits<double>::infinity();

void expect_best(const at::Tensor& keys, const std::string& what) {
    const int64_t m = keys.size(1);
    for (const int64_t k : {int64_t{1}, int64_t{2}, int64_t{12}, int64_t{16}, int64_t{17}, m}) {
        if (k > m) continue;
        EXPECT_TRUE(top_k(keys, k).equal(kernels::reference::top_k(keys, k)))
            << what << ", k " << k << " of " << m;
    }
}

class TopK : public ::testing::TestWithParam<int64_t> {};

TEST_P(TopK, IsThatOfAStableSort) {
    const int64_t m = GetParam();
    for (const auto type : {at::kFloat, at::kDouble}) {
        const auto x = randn({kRows, m}, 1, type);
        expect_best(x, "random");
        expect_best((x * 2).round(), "ties");
        expect_best(x * 1e-40, "denormals");
        expect_best(at::zeros({kRows, m}, x.options()), "all equal");
        expect_best(at::full({kRows, m}, -kInf, x.options()), "all excluded");
        expect_best(x.masked_fill(x < 1, -kInf), "most excluded");
        expect_best(x.masked_fill(x > 1, kInf), "some infinite");
        expect_best(std::get<0>(x.sort(-1)), "rising");
        expect_best(std::get<0>(x.sort(-1, /*descending=*/true)), "falling");
    }
}

// A score that is no number is an error that the loss shows; until then every choice is an expert.
TEST_P(TopK, OfNoNumbersAreStillDifferentExperts) {
    const int64_t m = GetParam();
    for (const double share : {0.1, 0.9, 2.0}) {
        auto x = randn({kRows, m}, 2, at::kFloat);
        x.masked_fill_(randn({kRows, m}, 3).abs() < share, std::nan(""));
        for (const int64_t k : {int64_t{1}, int64_t{12}, m}) {
            if (k > m) continue;
            const auto idx = top_k(x, k);
            for (int64_t t = 0; t < kRows; ++t) {
                const auto* row = idx.const_data_ptr<int64_t>() + t * k;
                const std::set<int64_t> different(row, row + k);
                EXPECT_EQ(different.size(), static_cast<size_t>(k));
                EXPECT_GE(*different.begin(), 0);
                EXPECT_LT(*different.rbegin(), m);
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Experts, TopK,
                         ::testing::Values(1, 5, 31, 32, 33, 63, 64, 65, 71, 96, 129, 256, 1000));

}  // namespace
