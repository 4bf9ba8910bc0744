// Faults as kernels have them, planted on purpose. If one of these fails, a kernel with such a
// fault would pass the tests of a machine without a GPU.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/kernels/simt/schedules.h"
#include "tests/kernels/simt/simt.h"

namespace {

using namespace hopscope;
using simt::kAll;
using simt::kSchedules;
using simt::Shared;

/// What the run says under each schedule; all must name `words`.
void expect_fault(dim3 block, const std::vector<std::string>& words,
                  const std::function<void()>& kernel) {
    for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
        const auto said = simt::run({{2}, block, schedule}, kernel);
        for (const auto& word : words)
            EXPECT_NE(said.find(word), std::string::npos)
                << "schedule " << schedule << " says: " << said << "\nand not: " << word;
    }
}

/// Turns blocks of 64 around through shared memory; without its barrier if told so.
void reverse(const int* x, int* out, bool with_barrier) {
    __shared__ Shared<int, 64> room;
    room[threadIdx.x] = x[threadIdx.x];
    if (with_barrier) __syncthreads();
    out[threadIdx.x] = room[63 - threadIdx.x];
}

TEST(PlantedFaults, AMissingBarrierIsNamed) {
    std::vector<int> x(64, 3), out(64);
    EXPECT_EQ(simt::run({{2}, {64}, 3}, [&] { reverse(x.data(), out.data(), true); }), "");
    // Who comes first reads what is not written yet, who comes later what was written just now.
    expect_fault({64}, {"block ", "thread ", "faults_test.cpp:", "shared memory that "},
                 [&] { reverse(x.data(), out.data(), false); });
}

/// The same through memory that nobody watches, as arrays in global memory are: the result tells.
TEST(PlantedFaults, AMissingBarrierChangesTheResult) {
    int wrong = 0;
    for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
        std::vector<int> room(64, -1), out(64);
        EXPECT_EQ(simt::run({{1}, {64}, schedule},
                            [&] {
                                room[threadIdx.x] = static_cast<int>(threadIdx.x);
                                out[threadIdx.x] = room[63 - threadIdx.x];
                            }),
                  "");
        for (int i = 0; i < 64; ++i)
            if (out[static_cast<size_t>(i)] != 63 - i) {
                ++wrong;
                break;
            }
    }
    EXPECT_EQ(wrong, static_cast<int>(kSchedules));
}

TEST(PlantedFaults, AWriteThatDoesNotWaitForTheReadersIsNamed) {
    // Another round over the same array: the second warp may write before the first has read.
    expect_fault({64}, {"shared memory that thread ", "has just ", "with no barrier between"}, [] {
        __shared__ Shared<int, 64> room;
        room[threadIdx.x] = 1;
        __syncthreads();
        if (threadIdx.x < 32) {
            [[maybe_unused]] const int other = room[threadIdx.x + 32];
        } else {
            room[threadIdx.x] = 2;
        }
    });
}

TEST(PlantedFaults, AMissingSyncwarpIsNamed) {
    expect_fault({32}, {"shared memory that "}, [] {
        __shared__ Shared<int, 32> room;
        room[threadIdx.x] = 1;
        [[maybe_unused]] const int next = room[(threadIdx.x + 1) % 32];
    });
}

TEST(PlantedFaults, AShuffleInPlaceOfASyncwarpIsNamed) {
    expect_fault({32}, {"touches shared memory that thread ", "has just written"}, [] {
        __shared__ Shared<int, 32> room;
        room[threadIdx.x] = 1;
        __shfl_sync(kAll, 0, 0);
        [[maybe_unused]] const int next = room[(threadIdx.x + 1) % 32];
    });
}

TEST(PlantedFaults, AMaskWithoutItsCallerIsNamed) {
    // Half the mask, all the lanes: the halves of a warp would each sum up something.
    expect_fault({32}, {"shuffle of the lanes 0x0000ffff ", " lane ", ", which is not among them"},
                 [] {
                     float sum = 1;
                     for (int by = 16; by > 0; by /= 2) sum += __shfl_xor_sync(0xffffU, sum, by);
                 });
}

TEST(PlantedFaults, AMaskThatNamesAnAbsentLaneIsNamed) {
    // The tail of an array: only 20 lanes have an element, yet all are called.
    expect_fault({32},
                 {"waits at the shuffle faults_test.cpp:", "of the lanes 0xffffffff",
                  "for thread 20, which has ended"},
                 [] {
                     if (threadIdx.x < 20) __shfl_xor_sync(kAll, 1.0f, 1);
                 });
    expect_fault({48}, {"of the lanes 0xffffffff, but this warp has 16"}, [] { __syncwarp(); });
}

TEST(PlantedFaults, AShuffleFromOutsideItsMaskIsNamed) {
    expect_fault({32}, {"takes from lane 16, which is not among them"}, [] {
        if (threadIdx.x < 16) __shfl_sync(0xffffU, 1, 16);
    });
}

TEST(PlantedFaults, AThreadThatEndsBeforeABarrierIsNamed) {
    // "if (i >= n) return;" above a barrier: the tail of the last block.
    expect_fault(
        {64}, {"thread 0 waits at the barrier faults_test.cpp:", "for thread 50, which has ended"},
        [] {
            if (threadIdx.x >= 50) return;
            __syncthreads();
        });
}

TEST(PlantedFaults, BarriersInBranchesAreNamed) {
    expect_fault(
        {64}, {"thread 0 waits at the barrier ", "for thread 40, which waits at the barrier "}, [] {
            if (threadIdx.x < 40) {
                __syncthreads();
            } else {
                __syncthreads();
            }
        });
    expect_fault({32}, {"waits at the __syncwarp ", "which waits at the barrier "}, [] {
        if (threadIdx.x == 7) __syncthreads();
        __syncwarp();
        if (threadIdx.x != 7) __syncthreads();
    });
}

TEST(PlantedFaults, AnOffByOneAtATailIsNamed) {
    expect_fault({48}, {"element 48 of a shared array of 48"}, [] {
        __shared__ Shared<int, 48> room;
        for (unsigned i = threadIdx.x; i <= 48; i += blockDim.x) room[i] = 0;
    });
    // One short: the last is what was there before, and that is garbage in each block anew.
    expect_fault({48}, {"reads shared memory that nobody has written"}, [] {
        __shared__ Shared<int, 48> room;
        if (threadIdx.x < 47) room[threadIdx.x] = 0;
        __syncthreads();
        [[maybe_unused]] const int x = room[threadIdx.x];
    });
}

TEST(PlantedFaults, ACircleEnds) {
    // Waits in a circle for a thread that never writes; the atomic lets others run.
    int flag = 0;
    const auto said = simt::run({{1}, {2}, 2, 100'000}, [&] {
        while (atomicAdd(&flag, 0) == 0) {
        }
    });
    EXPECT_NE(said.find("the block does not end"), std::string::npos) << said;
}

}  // namespace
