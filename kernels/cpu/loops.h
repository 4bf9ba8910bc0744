// Inner loops of the CPU kernels. Sums run over a fixed set of lanes, so that results do not depend
// on the compiler's mood; the clones let one binary use AVX2 or AVX-512 where the machine has it.
// Called on the threads among which a kernel shares its rows; each writes its own.
#pragma once

#include <cstdint>

#if defined(__x86_64__) && !defined(HOPSCOPE_SANITIZED)
#define HOPSCOPE_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define HOPSCOPE_CLONES
#endif

// A clone's instruction set reaches a helper only if the helper is inlined into it.
#define HOPSCOPE_INLINE inline __attribute__((always_inline))

namespace hopscope::kernels::cpu {

template <class T>
HOPSCOPE_INLINE T dot_loop(const T* a, const T* b, int64_t n) {
    constexpr int kLanes = 32;
    T acc[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        for (int j = 0; j < kLanes; ++j) acc[j] += a[i + j] * b[i + j];
    for (int j = 0; i < n; ++i, ++j) acc[j] += a[i] * b[i];
    for (int width = kLanes / 2; width > 0; width /= 2)
        for (int j = 0; j < width; ++j) acc[j] += acc[j + width];
    return acc[0];
}

template <class T>
HOPSCOPE_INLINE void axpy_loop(T* y, T a, const T* x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

}  // namespace hopscope::kernels::cpu
