// Tensors for kernels that the tests of a machine without a GPU run: copies with sentinels before
// and behind, which a kernel that leaves its array reads as NaN (or −1) or overwrites.
#pragma once

#include <ATen/ATen.h>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

namespace hopscope::simt {

template <class T>
class Guarded {
  public:
    explicit Guarded(const at::Tensor& x)
        : shape_(x.sizes().vec()),
          type_(x.scalar_type()),
          room_(static_cast<size_t>(x.numel()) + 2 * kGuard) {
        std::memset(room_.data(), 0xff, room_.size() * sizeof(T));
        const auto dense = x.contiguous();
        if (x.numel() > 0)
            std::memcpy(data(), dense.const_data_ptr(), static_cast<size_t>(x.numel()) * sizeof(T));
    }
    /// Room for a result: nothing but sentinels until a kernel writes it.
    Guarded(at::IntArrayRef shape, at::ScalarType type)
        : Guarded(at::empty(shape, at::TensorOptions().dtype(type))) {
        std::memset(room_.data(), 0xff, room_.size() * sizeof(T));
    }

    T* data() { return room_.data() + kGuard; }

    /// A copy; fails the test where a sentinel is no longer what it was.
    at::Tensor read() {
        std::vector<unsigned char> whole(kGuard * sizeof(T), 0xff);
        EXPECT_EQ(std::memcmp(room_.data(), whole.data(), whole.size()), 0)
            << "written before its array";
        EXPECT_EQ(std::memcmp(room_.data() + room_.size() - kGuard, whole.data(), whole.size()), 0)
            << "written behind its array";
        return at::from_blob(data(), shape_, at::TensorOptions().dtype(type_)).clone();
    }

  private:
    static constexpr size_t kGuard = 64;

    std::vector<int64_t> shape_;
    at::ScalarType type_;
    std::vector<T> room_;
};

}  // namespace hopscope::simt
