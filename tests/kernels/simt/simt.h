// The words of CUDA that the kernels are written in, for g++: with this header first, a .cuh of
// kernels/cuda compiles as it stands, and simt::run executes it on a machine without a GPU. The
// threads of a block are fibers that change places at barriers, warp operations and atomics, in an
// order that the seed decides, so that a missing barrier shows as a changed result; wherever
// threads would wait for each other for ever, the run ends with a sentence instead. Blocks run one
// after another on the calling thread; one run at a time in a process.
//
// What it cannot tell: speed, occupancy, the memory model beyond barriers, what blocks do to each
// other at the same time.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <source_location>
#include <string>
#include <type_traits>

#include "tests/kernels/simt/shared.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};

/// Where the thread that runs stands.
extern dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace hopscope::simt {

inline constexpr int kLanes = 32;

struct Launch {
    dim3 grid, block;
    /// Order of threads and blocks: 0 rising, 1 falling, else random of this seed.
    uint64_t schedule = 0;
    /// A block whose threads take more turns than this goes round in a circle.
    uint64_t most_turns = 100'000'000;
};

/// Calls `kernel` once for each thread of the launch.
/// @return "" or what is wrong: a thread that is waited for and never comes, threads at different
/// barriers, misuse of a warp operation or of shared memory; with block, thread and place
[[nodiscard]] std::string run(const Launch& launch, const std::function<void()>& kernel);

/// Operations at which the lanes of a warp meet.
enum class Meeting { sync, shuffle, ballot, match };

/// The calling lane comes to a meeting of the lanes in `mask`. @return sync: 0; shuffle: what lane
/// `from` brought; ballot: the lanes that brought something but 0; match: those that brought the
/// same
uint64_t meet(Meeting kind, unsigned mask, uint64_t brought, int from, std::source_location at);

/// The calling thread comes to the barrier of its block.
void barrier(std::source_location at);

/// The lane of the calling thread in its warp.
int lane();

/// Lets others go first, now and then.
void yield();

/// A shuffle: `value` of lane `from`, which counts as the own one outside [first, first + width).
template <class T>
T shuffle(unsigned mask, T value, int from, int width, std::source_location at) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint64_t));
    const int first = lane() & ~(width - 1);
    if (from < first || from >= first + width) from = lane();
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    bits = meet(Meeting::shuffle, mask, bits, from, at);
    std::memcpy(&value, &bits, sizeof(T));
    return value;
}

}  // namespace hopscope::simt

#define HOPSCOPE_HERE std::source_location at = std::source_location::current()

inline void __syncthreads(HOPSCOPE_HERE) {
    hopscope::simt::barrier(at);
}

inline void __syncwarp(unsigned mask = 0xffffffffU, HOPSCOPE_HERE) {
    hopscope::simt::meet(hopscope::simt::Meeting::sync, mask, 0, hopscope::simt::lane(), at);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int from, int width = 32, HOPSCOPE_HERE) {
    const int first = hopscope::simt::lane() & ~(width - 1);
    return hopscope::simt::shuffle(mask, value, first | (from & (width - 1)), width, at);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, HOPSCOPE_HERE) {
    return hopscope::simt::shuffle(mask, value, hopscope::simt::lane() ^ bits, width, at);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32, HOPSCOPE_HERE) {
    return hopscope::simt::shuffle(mask, value, hopscope::simt::lane() + static_cast<int>(by),
                                   width, at);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32, HOPSCOPE_HERE) {
    return hopscope::simt::shuffle(mask, value, hopscope::simt::lane() - static_cast<int>(by),
                                   width, at);
}

inline unsigned __ballot_sync(unsigned mask, int vote, HOPSCOPE_HERE) {
    return static_cast<unsigned>(hopscope::simt::meet(hopscope::simt::Meeting::ballot, mask,
                                                      vote != 0, hopscope::simt::lane(), at));
}
inline int __any_sync(unsigned mask, int vote, HOPSCOPE_HERE) {
    return __ballot_sync(mask, vote, at) != 0;
}
template <class T>
unsigned __match_any_sync(unsigned mask, T value, HOPSCOPE_HERE) {
    static_assert(std::is_integral_v<T>);
    return static_cast<unsigned>(hopscope::simt::meet(hopscope::simt::Meeting::match, mask,
                                                      static_cast<uint64_t>(value),
                                                      hopscope::simt::lane(), at));
}

inline int __popc(unsigned x) {
    return __builtin_popcount(x);
}
inline int __ffs(int x) {
    return __builtin_ffs(x);
}

/// Sums of floats depend on who comes first, so only whole numbers have one.
template <class T>
T atomicAdd(T* at, std::type_identity_t<T> by) {
    static_assert(std::is_integral_v<T>, "no float atomics: their result depends on timing");
    hopscope::simt::yield();
    const T before = *at;
    *at = static_cast<T>(before + by);
    return before;
}

#undef HOPSCOPE_HERE

namespace hopscope::kernels::cuda {
using simt::Shared;
}
