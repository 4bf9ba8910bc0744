// Loads and stores of 16 bytes, which is what the memory of a GPU gives a thread at once, for rows
// that the threads of a block share. A row begins at a multiple of 16 bytes and may end anywhere.
#pragma once

#include <cstdint>

namespace hopscope::kernels::cuda {

constexpr int64_t kVectorBytes = 16;

template <class T>
constexpr int64_t kPerVector = kVectorBytes / static_cast<int64_t>(sizeof(T));

template <class T>
struct alignas(kVectorBytes) Vector {
    T at[kPerVector<T>];
};

/// Entries from the beginning of a row to that of the next, where each begins at a vector.
template <class T>
constexpr int64_t vector_stride(int64_t width) {
    return (width + kPerVector<T> - 1) / kPerVector<T> * kPerVector<T>;
}

/// f(entry, place) for the calling thread's share of a row; with `kStore` what f left is written
/// back. The shares are the same at each call. `threads`: of the block, along x.
template <bool kStore, class T, class F>
__device__ inline void each_of_row(T* row, int64_t width, const F& f) {
    const int64_t whole = width / kPerVector<T>;
    for (int64_t v = threadIdx.x; v < whole; v += blockDim.x) {
        Vector<T>* place = reinterpret_cast<Vector<T>*>(row) + v;
        Vector<T> x = *place;
        for (int64_t e = 0; e < kPerVector<T>; ++e) f(x.at[e], v * kPerVector<T> + e);
        if constexpr (kStore) *place = x;
    }
    for (int64_t i = whole * kPerVector<T> + threadIdx.x; i < width; i += blockDim.x) {
        T x = row[i];
        f(x, i);
        if constexpr (kStore) row[i] = x;
    }
}
template <class T, class F>
__device__ inline void for_vectors(T* row, int64_t width, const F& f) {
    each_of_row<false>(row, width, f);
}
template <class T, class F>
__device__ inline void change_vectors(T* row, int64_t width, const F& f) {
    each_of_row<true>(row, width, f);
}

}  // namespace hopscope::kernels::cuda
