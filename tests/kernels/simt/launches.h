// How the tests of kernels without a GPU launch them, and the sort of pairs, which several need.
#pragma once

#include <ATen/ATen.h>
#include <functional>
#include <gtest/gtest.h>

#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/simt.h"
// CUDA's words have to come first.
#include "kernels/cuda/pairs.cuh"

namespace hopscope::simt {

/// A launch of kernels of which a warp has an item, as kernels/cuda makes it.
inline Launch warps_launch(int64_t warps, int per_block, uint64_t schedule) {
    return {{kernels::cuda::blocks_for(warps, per_block)},
            {static_cast<unsigned>(per_block * kernels::cuda::kWarp)},
            schedule};
}

struct SortedPairs {
    at::Tensor first, pairs;
};

/// The three kernels of the counting sort, one after another.
inline SortedPairs sort_pairs(const at::Tensor& idx, const kernels::cuda::PairRange& range,
                              int64_t experts, uint64_t schedule) {
    namespace cuda = kernels::cuda;
    const int64_t n = range.tokens * range.count, chunks = cuda::pair_chunks(n);
    Guarded<int64_t> choices(idx);
    Guarded<int> counts(at::zeros({chunks, experts}, at::kInt)), first({experts + 1}, at::kInt),
        pairs({n}, at::kInt);
    const auto run = [&](int64_t warps, int per_block, const std::function<void()>& kernel) {
        EXPECT_EQ(simt::run(warps_launch(warps, per_block, schedule), kernel), "");
    };
    run(chunks, cuda::kPairWarps,
        [&] { cuda::count_pairs_kernel(choices.data(), range, experts, counts.data()); });
    run(cuda::kScanThreads / cuda::kWarp, cuda::kScanThreads / cuda::kWarp,
        [&] { cuda::scan_pairs_kernel(counts.data(), chunks, experts, first.data()); });
    run(chunks, cuda::kPairWarps, [&] {
        cuda::place_pairs_kernel(choices.data(), range, experts, counts.data(), pairs.data());
    });
    counts.read();
    return {first.read(), pairs.read()};
}

}  // namespace hopscope::simt
