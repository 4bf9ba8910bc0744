// Alignments that are added up expert by expert against plain singular value decompositions: if
// these fail, an imported model's coupling is another measure than a run's.
#include "core/measure/alignment.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>
#include <cmath>
#include <gtest/gtest.h>

#include "core/measure/model_space.h"
#include "core/measure/numbers.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

/// On one thread: of small matrices that is faster, and beside other work by far.
class AlignOneByOne : public testing::Test {
  protected:
    AlignOneByOne() : before_(at::get_num_threads()) { at::set_num_threads(1); }
    ~AlignOneByOne() override { at::set_num_threads(before_); }

  private:
    int before_;
};

std::vector<float> plain(const at::Tensor& t) {
    const auto flat = t.contiguous();
    return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

Result<std::vector<Alignment>> one_by_one(const std::vector<at::Tensor>& row_sets,
                                          const at::Tensor& matrices, int64_t left_out = -1) {
    std::vector<std::vector<float>> sets;
    for (const auto& rows : row_sets) sets.push_back(plain(rows));
    return align_one_by_one(sets, matrices.size(0), [&](int64_t e) -> Result<std::vector<float>> {
        return e == left_out ? std::vector<float>() : plain(matrices[e]);
    });
}

/// Right singular vectors of each of [n, r, d], in fp64.
at::Tensor directions(const at::Tensor& matrices) {
    return std::get<2>(at::linalg_svd(matrices.to(at::kDouble), /*full_matrices=*/false));
}

/// Score(i, j) of the definition, from the vectors of expert j.
double score(const at::Tensor& row, const at::Tensor& v, int64_t k) {
    const auto unit = unit_rows(row.to(at::kDouble));
    return at::matmul(v.narrow(0, 0, k), unit).square().sum().item().toDouble();
}

TEST_F(AlignOneByOne, IsTheDefinitionBySingularValueDecomposition) {
    // Narrower, square and wider than they are long; 110 of them: two directions count.
    for (const auto& [r, d] :
         {std::pair<int64_t, int64_t>{12, 40}, {40, 40}, {90, 40}, {110, 120}}) {
        constexpr int64_t kExperts = 5;
        const auto matrices = randn({kExperts, r, d}, 3, at::kFloat);
        const auto rows = randn({kExperts, d}, 4, at::kFloat) + 0.5;
        const auto v = directions(matrices);
        const auto found = one_by_one({rows}, matrices);
        ASSERT_TRUE(found);
        const Alignment& a = (*found)[0];
        const int64_t k = r == 110 ? 2 : 1, vectors = std::min(r, d);
        EXPECT_EQ(a.k, k);
        EXPECT_NEAR(a.baseline, static_cast<double>(k) / static_cast<double>(d), 1e-12);
        for (int64_t i = 0; i < kExperts; ++i) {
            const auto e = static_cast<size_t>(i);
            double others = 0, cosines = 0;
            for (int64_t j = 0; j < kExperts; ++j) {
                if (j == i) continue;
                others += score(rows[i], v[j], k) / (kExperts - 1);
                cosines += mean_of(at::matmul(unit_rows(matrices[j]), unit_rows(rows[i]))) /
                           (kExperts - 1);
            }
            const double energy = score(rows[i], v[i], vectors);
            EXPECT_NEAR(a.matched[e], score(rows[i], v[i], k), 1e-5) << r << " × " << d;
            EXPECT_NEAR(a.mismatched[e], others, 1e-5);
            EXPECT_NEAR(a.cosine[e],
                        mean_of(at::matmul(unit_rows(matrices[i]), unit_rows(rows[i]))), 1e-5);
            EXPECT_NEAR(a.cosine_mismatched[e], cosines, 1e-5);
            EXPECT_NEAR(a.energy[e], energy, 1e-5);
            EXPECT_NEAR(a.top1[e], score(rows[i], v[i], k) / energy, 1e-5);
            const auto tenth = static_cast<int64_t>(std::ceil(0.1 * static_cast<double>(vectors)));
            EXPECT_NEAR(a.top10[e], score(rows[i], v[i], tenth) / energy, 1e-5);
        }
    }
}

TEST_F(AlignOneByOne, IsWhatAllAtOnceGive) {
    const auto matrices = randn({6, 150, 170}, 5, at::kFloat);
    const std::vector<at::Tensor> sets = {randn({6, 170}, 6, at::kFloat),
                                          randn({6, 170}, 7, at::kFloat)};
    AlignmentSum sum(sets);
    sum.add(matrices);
    const auto together = sum.finish();
    const auto alone = one_by_one(sets, matrices);
    ASSERT_TRUE(alone);
    ASSERT_EQ(together.size(), 2u);
    for (size_t set = 0; set < 2; ++set) {
        const Alignment &a = (*alone)[set], &b = together[set];
        EXPECT_EQ(a.k, 2);
        EXPECT_EQ(a.k, b.k);
        for (size_t e = 0; e < 6; ++e) {
            EXPECT_NEAR(a.matched[e], b.matched[e], 1e-6);
            EXPECT_NEAR(a.mismatched[e], b.mismatched[e], 1e-6);
            EXPECT_NEAR(a.cosine[e], b.cosine[e], 1e-6);
            EXPECT_NEAR(a.cosine_mismatched[e], b.cosine_mismatched[e], 1e-6);
            EXPECT_NEAR(a.energy[e], b.energy[e], 1e-6);
            EXPECT_NEAR(a.top10[e], b.top10[e], 1e-6);
        }
    }
    EXPECT_GT(std::abs((*alone)[0].matched[0] - (*alone)[1].matched[0]), 1e-6)
        << "each set of rows is its own";
}

TEST_F(AlignOneByOne, AnExpertThatIsLeftOutCountsNowhere) {
    const auto matrices = randn({4, 8, 12}, 8, at::kFloat);
    const auto rows = randn({4, 12}, 9, at::kFloat);
    const auto v = directions(matrices);
    const auto found = one_by_one({rows}, matrices, 2);
    ASSERT_TRUE(found);
    const Alignment& a = (*found)[0];
    EXPECT_TRUE(std::isnan(a.matched[2]) && std::isnan(a.mismatched[2]) && std::isnan(a.cosine[2]));
    EXPECT_NEAR(a.mismatched[0], (score(rows[0], v[1], 1) + score(rows[0], v[3], 1)) / 2, 1e-5);
    for (int64_t e = 0; e < 4; ++e) {
        const auto none = align_one_by_one(
            {plain(rows)}, 4,
            [](int64_t) -> Result<std::vector<float>> { return std::vector<float>(); });
        ASSERT_TRUE(none);
        EXPECT_TRUE(std::isnan((*none)[0].mismatched[static_cast<size_t>(e)]));
    }
}

TEST_F(AlignOneByOne, PassesAnErrorOn) {
    const auto found =
        align_one_by_one({{1, 2, 3, 4}}, 2, [](int64_t e) -> Result<std::vector<float>> {
            if (e == 1) return usage_error("cut");
            return std::vector<float>{1, 0, 0, 1};
        });
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message, "cut");
}

}  // namespace
