// If these fail, loads, overlaps or gradient norms are counted wrongly on a GPU, or depend on who
// counts first. The kernels run on the CPU, under many orders of their threads.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kernels/cases/statistics.h"
#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/listed.h"
#include "tests/kernels/simt/simt.h"
// CUDA's words have to come first.
#include "kernels/cuda/counts.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using simt::Guarded;
namespace cases = kernels::cases;
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

TEST(Counts, ChoicesOfEachExpert) {
    simt::for_each_listed(
        cases::count_choices_shapes(), cases::count_choices_case, at::kLong,
        [](const cases::CountShape& c, const simt::Wanted& wanted, uint64_t schedule) {
            const auto idx = wanted.problem["idx"];
            // Whole grids, and one block that has to go over the choices in strides.
            for (const unsigned blocks : {cuda::count_blocks(idx.numel()), 1U}) {
                Guarded<int64_t> in(idx);
                wanted.expect("counts", counted(c.experts, blocks, schedule, [&](cuda::Count* to) {
                                  cuda::count_choices_kernel(in.data(), idx.numel(), to);
                              }));
            }
        });
}

TEST(Counts, OverlapsGiveTheMeanOfJaccard) {
    simt::for_each_listed(
        cases::mean_jaccard_shapes(), cases::mean_jaccard_case, at::kLong,
        [](const cases::JaccardShape& c, const simt::Wanted& wanted, uint64_t schedule) {
            Guarded<int64_t> one(wanted.problem["a"]), two(wanted.problem["b"]);
            const auto blocks = cuda::count_blocks(c.tokens);
            const auto with = counted(c.k * c.other + 1, blocks, schedule, [&](cuda::Count* to) {
                cuda::overlaps_kernel(one.data(), two.data(), c.tokens, c.k, c.other, to);
            });
            ASSERT_EQ(with.sum().item<int64_t>(), c.tokens);
            const double mean =
                cuda::mean_of_overlaps(with.const_data_ptr<int64_t>(), c.tokens, c.k, c.other);
            wanted.expect("mean", at::scalar_tensor(mean, at::kDouble));
        });
}

template <class T>
void expect_squares(at::ScalarType type) {
    double first = 0;
    simt::for_each_listed(
        cases::sum_squares_shapes(), cases::sum_squares_case, type,
        [&](const cases::SquaresShape& c, const simt::Wanted& wanted, uint64_t schedule) {
            const auto blocks = cuda::square_blocks(c.n);
            Guarded<T> in(wanted.problem["x"]);
            Guarded<double> sums({blocks}, at::kDouble), total({1}, at::kDouble);
            ASSERT_EQ(simt::run({{static_cast<unsigned>(blocks)}, {cuda::kCountThreads}, schedule},
                                [&] { cuda::square_sums_kernel(in.data(), c.n, sums.data()); }),
                      "");
            ASSERT_EQ(simt::run({{1}, {cuda::kCountThreads}, schedule},
                                [&] { cuda::total_kernel(sums.data(), blocks, total.data()); }),
                      "");
            sums.read();
            const auto got = total.read();
            wanted.expect("sum", got);
            if (schedule == 0) first = got.item<double>();
            ASSERT_EQ(got.item<double>(), first) << "another order, another sum";
        });
}

TEST(Counts, SumsOfSquaresAreTheSameUnderAnyOrder) {
    expect_squares<float>(at::kFloat);
    expect_squares<double>(at::kDouble);
    expect_squares<c10::BFloat16>(at::kBFloat16);
}

}  // namespace
