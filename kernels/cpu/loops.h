// Inner loops of the CPU kernels. Sums run over a fixed set of lanes, so that results do not depend
// on the compiler's mood; the clones let one binary use AVX2 or AVX-512 where the machine has it.
// Called on the threads among which a kernel shares its rows; each writes its own.
#pragma once

#include <bit>
#include <c10/util/BFloat16.h>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#if defined(__x86_64__) && !defined(HOPSCOPE_SANITIZED)
#define HOPSCOPE_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define HOPSCOPE_CLONES
#endif

// A clone's instruction set reaches a helper only if the helper is inlined into it.
#define HOPSCOPE_INLINE inline __attribute__((always_inline))

namespace hopscope::kernels::cpu {

/// As many numbers as the largest registers hold; where they are smaller, several hold them.
template <class T>
struct Lanes {
    typedef T Numbers __attribute__((vector_size(64)));  // an alias would drop the attribute
    static constexpr int64_t kCount = 64 / sizeof(T);
    Numbers numbers;

    HOPSCOPE_INLINE Lanes() : numbers{} {}
    HOPSCOPE_INLINE explicit Lanes(const T* from) {
        __builtin_memcpy(&numbers, from, sizeof numbers);
    }
    HOPSCOPE_INLINE void add(T by, const T* x) { numbers += by * Lanes(x).numbers; }
    HOPSCOPE_INLINE void add_products(const T* x, const T* y) {
        numbers += Lanes(x).numbers * Lanes(y).numbers;
    }
    HOPSCOPE_INLINE void put(T* to) const { __builtin_memcpy(to, &numbers, sizeof numbers); }

    /// Lane i joins lane i + kHalf: where 2 kHalf are left, kHalf are.
    template <int kHalf, class Join>
    HOPSCOPE_INLINE void fold() {
        fold<kHalf, Join>(std::make_index_sequence<static_cast<size_t>(kCount)>());
    }

  private:
    template <int kHalf, class Join, size_t... kAt>
    HOPSCOPE_INLINE void fold(std::index_sequence<kAt...>) {
        const Numbers upper = __builtin_shufflevector(
            numbers, numbers, ((static_cast<int>(kAt) + kHalf) % int{kCount})...);
        Join::join(numbers, upper);
    }
};

// How two lanes, or registers of them, become one. Nothing is returned: a vector that is passed by
// value has no one form over all instruction sets.
struct Added {
    template <class V>
    HOPSCOPE_INLINE static void join(V& a, const V& b) {
        a += b;
    }
};
struct Either {
    template <class V>
    HOPSCOPE_INLINE static void join(V& a, const V& b) {
        a |= b;
    }
};
struct Larger {
    template <class V>
    HOPSCOPE_INLINE static void join(V& a, const V& b) {
        a = b > a ? b : a;
    }
};

/// Lanes that sums and the like run over.
inline constexpr int kSumLanes = 32;

/// One number out of kSumLanes: the upper half joins the lower, until one is left.
template <class Join, class T>
HOPSCOPE_INLINE T joined(const T* lanes) {
    using L = Lanes<T>;
    L a(lanes), b(lanes + kSumLanes / 2);
    if constexpr (L::kCount < kSumLanes / 2) {
        L c(lanes + L::kCount), d(lanes + 3 * L::kCount);
        Join::join(c.numbers, d.numbers);
        Join::join(a.numbers, b.numbers);
        Join::join(a.numbers, c.numbers);
    } else {
        Join::join(a.numbers, b.numbers);
        a.template fold<8, Join>();
    }
    a.template fold<4, Join>();
    a.template fold<2, Join>();
    a.template fold<1, Join>();
    return a.numbers[0];
}

/// Σ f(i) over 0 … n − 1.
template <class T, class F>
HOPSCOPE_INLINE T sum_loop(int64_t n, const F& f) {
    T acc[kSumLanes] = {};
    int64_t i = 0;
    for (; i + kSumLanes <= n; i += kSumLanes)
        for (int j = 0; j < kSumLanes; ++j) acc[j] += f(i + j);
    for (int j = 0; i < n; ++i, ++j) acc[j] += f(i);
    return joined<Added>(acc);
}

template <class T>
HOPSCOPE_INLINE T dot_loop(const T* a, const T* b, int64_t n) {
    return sum_loop<T>(n, [a, b](int64_t i) { return a[i] * b[i]; });
}

/// out_j = <x, rows_j>, summed as dot_loop does; four rows at a time meet the same part of x.
template <class T>
HOPSCOPE_INLINE void dots_loop(const T* x, const T* const* rows, int64_t count, int64_t n, T* out) {
    constexpr int kRows = 4, kWide = int{Lanes<T>::kCount}, kParts = kSumLanes / kWide;
    int64_t j = 0;
    for (; j + kRows <= count; j += kRows) {
        Lanes<T> sums[kRows][kParts];
        int64_t i = 0;
        for (; i + kSumLanes <= n; i += kSumLanes)
            for (int part = 0; part < kParts; ++part)
                for (int r = 0; r < kRows; ++r)
                    sums[r][part].add_products(x + i + part * kWide,
                                               rows[j + r] + i + part * kWide);
        for (int r = 0; r < kRows; ++r) {
            T lanes[kSumLanes];
            for (int part = 0; part < kParts; ++part) sums[r][part].put(lanes + part * kWide);
            for (int64_t rest = i; rest < n; ++rest) lanes[rest - i] += x[rest] * rows[j + r][rest];
            out[j + r] = joined<Added>(lanes);
        }
    }
    for (; j < count; ++j) out[j] = dot_loop(x, rows[j], n);
}

/// The largest; −inf where n is 0, NaN is passed over.
template <class T>
HOPSCOPE_INLINE T max_loop(const T* x, int64_t n) {
    T top[kSumLanes];
    for (T& t : top) t = -std::numeric_limits<T>::infinity();
    int64_t i = 0;
    for (; i + kSumLanes <= n; i += kSumLanes)
        for (int j = 0; j < kSumLanes; ++j) top[j] = x[i + j] > top[j] ? x[i + j] : top[j];
    for (int j = 0; i < n; ++i, ++j) top[j] = x[i] > top[j] ? x[i] : top[j];
    return joined<Larger>(top);
}

/// e^x for x ≤ 0, in steps that compilers turn into vectors: x = n ln 2 + r, |r| ≤ ln 2 / 2, and
/// the series of e^r to its seventh term. Relative error below 2e-7; below −87 it is 0.
HOPSCOPE_INLINE float exp_below_zero(float x) {
    constexpr float kLeast = -87.0f, kPerLn2 = 1.44269504f;
    // ln 2 in two parts: the first has so few digits that n times it is exact.
    constexpr float kLn2High = 0.693145751953125f, kLn2Low = 1.42860682030941723e-6f;
    constexpr float kRound = 12582912.0f;  // 1.5 · 2^23: adding it rounds to a whole number
    const float y = x < kLeast ? kLeast : x;
    const float shifted = y * kPerLn2 + kRound;
    const float n = shifted - kRound;
    const float r = (y - n * kLn2High) - n * kLn2Low;
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    const int32_t whole = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRound);
    const float power = std::bit_cast<float>((whole + 127) << 23);
    return x < kLeast ? 0.0f : p * power;
}
HOPSCOPE_INLINE double exp_below_zero(double x) {
    return std::exp(x);
}

template <class T>
struct Exponentials {
    T top;  ///< the largest of the row
    T sum;  ///< of what was made
};
/// out_i = e^(x_i − top), the softmax before it is divided by its sum; `out` may be `x`.
template <class T>
HOPSCOPE_INLINE Exponentials<T> exp_loop(const T* x, T* out, int64_t n) {
    const T top = max_loop(x, n);
    for (int64_t i = 0; i < n; ++i) out[i] = exp_below_zero(x[i] - top);
    return {top, sum_loop<T>(n, [out](int64_t i) { return out[i]; })};
}

HOPSCOPE_INLINE void round_row(const float* from, c10::BFloat16* to, int64_t n) {
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<c10::BFloat16>(from[i]);
}

template <class T>
HOPSCOPE_INLINE void axpy_loop(T* y, T a, const T* x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

/// Asks for `kLines` lines of the cache from x on; any address is allowed.
template <int kLines, class T>
HOPSCOPE_INLINE void fetch(const T* x) {
    for (int line = 0; line < kLines; ++line) __builtin_prefetch(x + line * int{Lanes<T>::kCount});
}

/// y_i += Σ_j by_j · rows_j[i], added in the order of j, for i in begin … end − 1. Sums stay in
/// registers over all j. Rows that lie anywhere in memory are asked for `kAhead` rows before they
/// are needed; `rows` goes on by so many behind the last, which are only asked for.
template <int kAhead = 0, class T>
HOPSCOPE_INLINE void add_rows_loop(T* y, int64_t begin, int64_t end, const T* const* rows,
                                   const T* by, int64_t count) {
    constexpr int64_t kWide = Lanes<T>::kCount, kBlock = 4 * kWide;
    int64_t i = begin;
    for (; i + kBlock <= end; i += kBlock) {
        Lanes<T> a(y + i), b(y + i + kWide), c(y + i + 2 * kWide), d(y + i + 3 * kWide);
        for (int64_t j = 0; j < count; ++j) {
            const T* x = rows[j] + i;
            if constexpr (kAhead > 0) fetch<4>(rows[j + kAhead] + i);
            a.add(by[j], x);
            b.add(by[j], x + kWide);
            c.add(by[j], x + 2 * kWide);
            d.add(by[j], x + 3 * kWide);
        }
        a.put(y + i);
        b.put(y + i + kWide);
        c.put(y + i + 2 * kWide);
        d.put(y + i + 3 * kWide);
    }
    for (; i < end; ++i)
        for (int64_t j = 0; j < count; ++j) y[i] += by[j] * rows[j][i];
}

}  // namespace hopscope::kernels::cpu
