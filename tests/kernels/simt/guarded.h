// Tensors for kernels that the tests of a machine without a GPU run: copies with sentinels before
// and behind, which a kernel that leaves its array reads as NaN (of whole numbers: far below 0) or
// overwrites. They are signalling NaN, so that what is computed from one is never the same again.
#pragma once

#include <ATen/ATen.h>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

namespace hopscope::simt {

template <class T>
class Guarded {
  public:
    explicit Guarded(const at::Tensor& x) : shape_(x.sizes().vec()), type_(x.scalar_type()) {
        room_.assign(static_cast<size_t>(x.numel()) + 2 * kGuard, sentinel());
        const auto dense = x.contiguous();
        if (x.numel() > 0)
            std::memcpy(data(), dense.const_data_ptr(), static_cast<size_t>(x.numel()) * sizeof(T));
    }
    /// Room for a result: nothing but sentinels until a kernel writes it.
    Guarded(at::IntArrayRef shape, at::ScalarType type)
        : Guarded(at::empty(shape, at::TensorOptions().dtype(type))) {
        room_.assign(room_.size(), sentinel());
    }

    T* data() { return room_.data() + kGuard; }

    /// A copy; fails the test where a sentinel is no longer what it was.
    at::Tensor read() {
        const std::vector<T> whole(kGuard, sentinel());
        EXPECT_EQ(std::memcmp(room_.data(), whole.data(), kGuard * sizeof(T)), 0)
            << "written before its array";
        EXPECT_EQ(
            std::memcmp(room_.data() + room_.size() - kGuard, whole.data(), kGuard * sizeof(T)), 0)
            << "written behind its array";
        return at::from_blob(data(), shape_, at::TensorOptions().dtype(type_)).clone();
    }

  private:
#ifdef __SANITIZE_ADDRESS__
    static constexpr size_t kGuard = 0;  // its own guards see reads as well
#else
    static constexpr size_t kGuard = 64;
#endif

    static T sentinel() {
        constexpr uint64_t kWide = 0xfff5a5a5a5a5a5a5U;
        constexpr uint32_t kNarrow = 0xffa5a5a5U;
        constexpr uint16_t kShort = 0xffa5U;
        T out;
        if constexpr (sizeof(T) == 8) std::memcpy(&out, &kWide, 8);
        if constexpr (sizeof(T) == 4) std::memcpy(&out, &kNarrow, 4);
        if constexpr (sizeof(T) == 2) std::memcpy(&out, &kShort, 2);
        return out;
    }

    std::vector<int64_t> shape_;
    at::ScalarType type_;
    std::vector<T> room_;
};

}  // namespace hopscope::simt
