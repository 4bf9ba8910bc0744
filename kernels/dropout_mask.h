// Which entries of attention's probabilities are dropped: a function of seed and place alone, so
// that it depends neither on threads nor on how the work is cut, nor on the device. Plain C++ that
// CUDA kernels call as it stands. Pure functions, any thread.
#pragma once

#include <cmath>
#include <cstdint>

namespace hopscope::kernels {

struct Dropout {
    double p = 0;  ///< 0 … below 1; 0: nothing
    uint64_t seed = 0;
};

/// The finaliser of splitmix64: every bit of the result depends on every bit of x.
[[gnu::always_inline]] constexpr uint64_t mixed(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/// Which entries go, and what those that stay are multiplied by.
template <class W>
struct Mask {
    uint64_t seed = 0, below = 0;  ///< an entry goes if its 32 bits are below
    W kept = 1;

    static Mask of(const Dropout& dropout) {
        if (dropout.p <= 0) return {};
        return {dropout.seed, static_cast<uint64_t>(std::llround(dropout.p * 0x1p32)),
                static_cast<W>(1 / (1 - dropout.p))};
    }
    [[gnu::always_inline]] constexpr uint64_t key(int64_t query) const {
        return mixed(seed ^ mixed(static_cast<uint64_t>(query)));
    }
    [[gnu::always_inline]] constexpr bool drops(uint64_t key, int64_t i) const {
        return (mixed(key + static_cast<uint64_t>(i)) >> 32) < below;
    }
};

}  // namespace hopscope::kernels
