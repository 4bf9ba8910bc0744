// If these fail, the emulated block does not do what a device does, and the tests of CUDA kernels
// on a machine without one prove nothing.
#include <gtest/gtest.h>
#include <vector>

#include "tests/kernels/simt/schedules.h"
#include "tests/kernels/simt/simt.h"

namespace {

using namespace hopscope;
using simt::kAll;
using simt::kSchedules;
using simt::Shared;

unsigned thread_of_grid() {
    return blockIdx.x * blockDim.x + threadIdx.x;
}

TEST(Vocabulary, EveryThreadOfEveryBlockRunsOnce) {
    for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
        std::vector<int> runs(static_cast<size_t>(3 * 2 * 5 * 7), 0);
        EXPECT_EQ(simt::run({{3, 2}, {5, 7}, schedule},
                            [&] {
                                const auto block = blockIdx.y * gridDim.x + blockIdx.x;
                                const auto thread = threadIdx.y * blockDim.x + threadIdx.x;
                                ++runs[block * blockDim.x * blockDim.y + thread];
                            }),
                  "");
        for (const int n : runs) EXPECT_EQ(n, 1);
    }
}

TEST(Vocabulary, OrderFollowsTheSeed) {
    const auto order = [](uint64_t schedule) {
        std::vector<unsigned> out;
        EXPECT_EQ(simt::run({{4}, {64}, schedule}, [&] { out.push_back(thread_of_grid()); }), "");
        return out;
    };
    EXPECT_EQ(order(0).front(), 0U);
    EXPECT_EQ(order(1).front(), 255U);
    EXPECT_EQ(order(5), order(5));
    EXPECT_NE(order(5), order(6));
}

TEST(Vocabulary, ShufflesReadTheLaneTheyName) {
    struct Row {
        int xor_, down, up, one, narrow, part;
    };
    for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
        std::vector<Row> rows(64, Row{});
        EXPECT_EQ(simt::run({{1}, {64}, schedule},
                            [&] {
                                const int id = static_cast<int>(threadIdx.x);
                                Row& row = rows[threadIdx.x];
                                row.xor_ = __shfl_xor_sync(kAll, id, 5);
                                row.down = __shfl_down_sync(kAll, id, 3);
                                row.up = __shfl_up_sync(kAll, id, 3);
                                row.one = __shfl_sync(kAll, id, 30);
                                row.narrow = __shfl_down_sync(kAll, id, 1, 8);
                                if (id % 32 < 8) row.part = __shfl_xor_sync(0xffU, id, 7);
                            }),
                  "");
        for (int id = 0; id < 64; ++id) {
            const Row& row = rows[static_cast<size_t>(id)];
            const int warp = id / 32 * 32, lane = id % 32;
            EXPECT_EQ(row.xor_, warp + (lane ^ 5));
            EXPECT_EQ(row.down, lane + 3 < 32 ? id + 3 : id);
            EXPECT_EQ(row.up, lane >= 3 ? id - 3 : id);
            EXPECT_EQ(row.one, warp + 30);
            EXPECT_EQ(row.narrow, lane % 8 == 7 ? id : id + 1);
            EXPECT_EQ(row.part, lane < 8 ? warp + (lane ^ 7) : 0);
        }
    }
}

TEST(Vocabulary, VotesAndMatchesSeeTheWholeMask) {
    for (uint64_t schedule = 0; schedule < kSchedules; ++schedule)
        EXPECT_EQ(simt::run({{1}, {32}, schedule},
                            [&] {
                                const auto lane = threadIdx.x;
                                EXPECT_EQ(__ballot_sync(kAll, lane % 3 == 0), 0x49249249U);
                                EXPECT_EQ(__match_any_sync(kAll, lane / 16),
                                          lane < 16 ? 0xffffU : 0xffff0000U);
                                EXPECT_EQ(__any_sync(kAll, lane == 40), 0);
                            }),
                  "");
}

TEST(Vocabulary, AtomicsCountEveryThread) {
    for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
        int total = 0;
        EXPECT_EQ(simt::run({{3}, {96}, schedule}, [&] { atomicAdd(&total, 2); }), "");
        EXPECT_EQ(total, 3 * 96 * 2);
    }
}

/// Sums of blocks over one array, as kernels do them: warps by shuffles, then one warp over theirs.
void block_sums(const float* x, int n, float* out) {
    __shared__ Shared<float, 32> of_warps;
    const int thread = static_cast<int>(threadIdx.x), i = static_cast<int>(thread_of_grid());
    float sum = i < n ? x[i] : 0.0f;
    for (int by = 16; by > 0; by /= 2) sum += __shfl_xor_sync(kAll, sum, by);
    if (thread % 32 == 0) of_warps[thread / 32] = sum;
    __syncthreads();
    if (thread >= 32) return;
    sum = thread < static_cast<int>(blockDim.x) / 32 ? float(of_warps[thread]) : 0.0f;
    for (int by = 16; by > 0; by /= 2) sum += __shfl_xor_sync(kAll, sum, by);
    if (thread == 0) out[blockIdx.x] = sum;
}

TEST(Vocabulary, ABlockReductionIsRightUnderAnyOrder) {
    std::vector<float> x(1000), out(4);
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 17);
    for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
        EXPECT_EQ(
            simt::run({{4}, {256}, schedule}, [&] { block_sums(x.data(), 1000, out.data()); }), "");
        for (size_t b = 0; b < 4; ++b) {
            float sum = 0;
            for (size_t i = b * 256; i < std::min<size_t>(1000, (b + 1) * 256); ++i) sum += x[i];
            EXPECT_EQ(out[b], sum) << "block " << b << ", schedule " << schedule;
        }
    }
}

}  // namespace
