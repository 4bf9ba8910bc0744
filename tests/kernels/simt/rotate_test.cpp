// If these fail, a GPU turns queries and keys by another angle, or their gradient not back. The
// kernel runs on the CPU, under many orders of its threads.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <vector>

#include "kernels/reference/reference.h"
#include "tests/kernels/helpers.h"
#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/schedules.h"
#include "tests/kernels/simt/simt.h"
// CUDA's words have to come first.
#include "kernels/cuda/rotate.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using simt::Guarded;
using simt::kSchedules;
using test::randn;
namespace cuda = kernels::cuda;

template <class T>
class RotateKernel : public ::testing::Test {
  protected:
    static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;
    static constexpr at::ScalarType kWide = c10::CppTypeToScalarType<cuda::Wide<T>>::value;
    /// Results are rounded to their type, once.
    static constexpr double kTolerance = std::is_same_v<T, double>  ? 1e-14
                                         : std::is_same_v<T, float> ? 1e-6
                                                                    : 0x1.01p-8;

    static Tensor rotated(const Tensor& x, const Tensor& cos, const Tensor& sin, bool back,
                          unsigned blocks, uint64_t schedule) {
        Guarded<T> in(x), out(x.sizes(), kType);
        Guarded<cuda::Wide<T>> c(cos), s(sin);
        const cuda::Rotation<T> p{.x = in.data(),
                                  .out = out.data(),
                                  .cos = c.data(),
                                  .sin = s.data(),
                                  .pairs = x.numel() / 2,
                                  .length = x.size(1),
                                  .heads = x.size(2),
                                  .half = x.size(3) / 2,
                                  .way = back ? cuda::Wide<T>(-1) : cuda::Wide<T>(1)};
        EXPECT_EQ(simt::run({{blocks}, {cuda::kRotateThreads}, schedule},
                            [&] { cuda::rotate_kernel(p); }),
                  "");
        in.read();
        return out.read().to(at::kDouble);
    }
};
using RotateTypes = ::testing::Types<float, double, c10::BFloat16>;
TYPED_TEST_SUITE(RotateKernel, RotateTypes);

TYPED_TEST(RotateKernel, ValueAndGradientEqualTheReference) {
    for (const int64_t half : {1, 15, 16, 33})
        for (const int64_t length : {1, 7}) {
            const auto angle = randn({length, half}, 1);
            const auto cos = at::cos(angle).to(this->kWide), sin = at::sin(angle).to(this->kWide);
            const auto x = randn({2, length, 3, 2 * half}, 2, this->kType),
                       g = randn({2, length, 3, 2 * half}, 3, this->kType);
            const auto leaf = x.clone().to(at::kDouble).set_requires_grad(true);
            const auto want =
                kernels::reference::rotate(leaf, cos.to(at::kDouble), sin.to(at::kDouble));
            want.backward(g.to(at::kDouble));
            const auto pairs = x.numel() / 2;
            // Whole grids, and one block that has to go over the pairs in strides.
            for (const unsigned blocks : {cuda::rotate_blocks(pairs), 1U})
                for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
                    SCOPED_TRACE(testing::Message() << "half " << half << ", length " << length
                                                    << ", schedule " << schedule);
                    const auto near = [&](const Tensor& got, const Tensor& wanted) {
                        return at::allclose(got, wanted, this->kTolerance, this->kTolerance);
                    };
                    ASSERT_TRUE(near(this->rotated(x, cos, sin, false, blocks, schedule), want));
                    ASSERT_TRUE(
                        near(this->rotated(g, cos, sin, true, blocks, schedule), leaf.grad()));
                }
        }
}

}  // namespace
