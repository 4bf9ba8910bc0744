// If these fail, loads, overlaps or gradient norms are counted wrongly on a GPU, or depend on who
// counts first. The kernels run on the CPU, under many orders of their threads.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kernels/ops.h"
#include "tests/kernels/expert_banks.h"
#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/schedules.h"
#include "tests/kernels/simt/simt.h"
// CUDA's words have to come first.
#include "kernels/cuda/counts.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using simt::Guarded;
using simt::kSchedules;
using test::randn;
namespace cuda = kernels::cuda;

/// Counts [n] from zeros, by a kernel in `blocks` blocks.
template <class Kernel>
Tensor counted(int64_t n, unsigned blocks, uint64_t schedule, const Kernel& kernel) {
    Guarded<int64_t> counts(at::zeros({n}, at::kLong));
    static_assert(sizeof(cuda::Count) == sizeof(int64_t));
    auto* to = reinterpret_cast<cuda::Count*>(counts.data());
    EXPECT_EQ(simt::run({{blocks}, {cuda::kCountThreads}, schedule}, [&] { kernel(to); }), "");
    return counts.read();
}

struct CountCase {
    int64_t tokens, k, experts;
};
const std::vector<CountCase> kCountCases{{1, 1, 1}, {33, 3, 7}, {256, 1, 32}, {171, 6, 71}};

TEST(Counts, ChoicesOfEachExpert) {
    for (const auto& c : kCountCases)
        for (const bool one_takes_all : {false, true}) {
            auto idx = test::choices(c.tokens, c.k, c.experts, 7);
            if (one_takes_all) idx.fill_(c.experts - 1);
            const auto want = kernels::count_choices(idx, c.experts);
            // Whole grids, and one block that has to go over the choices in strides.
            for (const unsigned blocks : {cuda::count_blocks(idx.numel()), 1U})
                for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
                    Guarded<int64_t> in(idx);
                    const auto got = counted(c.experts, blocks, schedule, [&](cuda::Count* to) {
                        cuda::count_choices_kernel(in.data(), idx.numel(), to);
                    });
                    ASSERT_TRUE(got.equal(want)) << c.tokens << " tokens, schedule " << schedule;
                }
        }
}

TEST(Counts, OverlapsGiveTheMeanOfJaccard) {
    for (const auto& c : kCountCases)
        for (const int64_t other : {int64_t{1}, c.k}) {
            const auto a = test::choices(c.tokens, c.k, c.experts, 7),
                       b = test::choices(c.tokens, other, c.experts, 8);
            const double want = kernels::mean_jaccard(a, b);
            for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
                Guarded<int64_t> one(a), two(b);
                const auto blocks = cuda::count_blocks(c.tokens);
                const auto with = counted(c.k * other + 1, blocks, schedule, [&](cuda::Count* to) {
                    cuda::overlaps_kernel(one.data(), two.data(), c.tokens, c.k, other, to);
                });
                ASSERT_EQ(with.sum().item<int64_t>(), c.tokens);
                ASSERT_NEAR(
                    cuda::mean_of_overlaps(with.const_data_ptr<int64_t>(), c.tokens, c.k, other),
                    want, 1e-14);
            }
        }
}

template <class T>
void expect_squares(at::ScalarType type) {
    for (const int64_t n : {1, 31, 257, 8192, 8193, 20000}) {
        const auto x = randn({n}, 3, type);
        const double want = x.to(at::kDouble).square().sum().item<double>();
        const auto blocks = cuda::square_blocks(n);
        double first = 0;
        for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
            Guarded<T> in(x);
            Guarded<double> sums({blocks}, at::kDouble), total({1}, at::kDouble);
            ASSERT_EQ(simt::run({{static_cast<unsigned>(blocks)}, {cuda::kCountThreads}, schedule},
                                [&] { cuda::square_sums_kernel(in.data(), n, sums.data()); }),
                      "");
            ASSERT_EQ(simt::run({{1}, {cuda::kCountThreads}, schedule},
                                [&] { cuda::total_kernel(sums.data(), blocks, total.data()); }),
                      "");
            sums.read();
            const double got = total.read().item<double>();
            ASSERT_NEAR(got, want, 1e-13 * want) << n << ", schedule " << schedule;
            if (schedule == 0) first = got;
            ASSERT_EQ(got, first) << n << ": another order, another sum";
        }
    }
}

TEST(Counts, SumsOfSquaresAreTheSameUnderAnyOrder) {
    expect_squares<float>(at::kFloat);
    expect_squares<double>(at::kDouble);
    expect_squares<c10::BFloat16>(at::kBFloat16);
}

}  // namespace
