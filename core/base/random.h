// The integer generators of this module: the same numbers on every platform and standard library,
// which std::distributions do not promise. Plain values, each of one thread, that
// of whoever draws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hopscope::core {

__extension__ typedef unsigned __int128
    Uint128;  // every supported compiler has it, ISO C++ has not

/// A bijection of 64 bits whose outputs look independent (the finaliser of splitmix64).
constexpr uint64_t mix64(uint64_t x) {
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/// A number that depends on both, for keys such as (seed, epoch).
constexpr uint64_t mix64(uint64_t a, uint64_t b) {
    return mix64(mix64(a) ^ b);
}

/// Counter-based stream: the i-th number is mix64(seed + i · odd constant).
class Random {
  public:
    explicit Random(uint64_t seed) : state_(mix64(seed)) {}

    uint64_t next() {
        const uint64_t value = mix64(state_);
        state_ += 0x9e3779b97f4a7c15ULL;
        return value;
    }
    /// Uniform in 0 … n − 1; n > 0. Bias below n / 2^64.
    uint64_t below(uint64_t n) {
        return static_cast<uint64_t>((static_cast<Uint128>(next()) * n) >> 64);
    }
    /// Uniform in [0, 1), 53 bits.
    double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    /// Fisher-Yates, from the back.
    template <class T>
    void shuffle(std::vector<T>& items) {
        for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
    }
    bool chance(double p) { return unit() < p; }

  private:
    uint64_t state_;
};

/// 128-bit content hash of a byte stream, fed in any pieces: equal bytes give equal hashes on every
/// platform. Finds accidents (a truncated or exchanged file), not forgeries.
class ContentHash {
  public:
    void update(const void* data, size_t bytes);
    void update(std::string_view text) { update(text.data(), text.size()); }
    std::string hex() const;  ///< 32 hex digits

  private:
    void block(uint64_t word);

    uint64_t a_ = 0x243f6a8885a308d3ULL, b_ = 0x13198a2e03707344ULL;
    uint64_t length_ = 0;
    unsigned char rest_[8] = {};
};

}  // namespace hopscope::core
