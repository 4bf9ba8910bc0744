// If these fail, a GPU turns queries and keys by another angle, or their gradient not back. The
// kernel runs on the CPU, under many orders of its threads.
#include "kernels/cases/rotate.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/listed.h"
#include "tests/kernels/simt/simt.h"
// CUDA's words have to come first.
#include "kernels/cuda/rotate.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using kernels::cases::RotateShape;
using simt::Guarded;
using simt::Wanted;
namespace cases = kernels::cases;
namespace cuda = kernels::cuda;

template <class T>
class RotateKernel : public ::testing::Test {
  protected:
    static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;

    static Tensor rotated(const Tensor& x, const cases::Problem& p, bool back, unsigned blocks,
                          uint64_t schedule) {
        Guarded<T> in(x), out(x.sizes(), kType);
        Guarded<cuda::Wide<T>> c(p["cos"]), s(p["sin"]);
        const cuda::Rotation<T> r{.x = in.data(),
                                  .out = out.data(),
                                  .cos = c.data(),
                                  .sin = s.data(),
                                  .pairs = x.numel() / 2,
                                  .length = x.size(1),
                                  .heads = x.size(2),
                                  .half = x.size(3) / 2,
                                  .way = back ? cuda::Wide<T>(-1) : cuda::Wide<T>(1)};
        EXPECT_EQ(simt::run({{blocks}, {cuda::kRotateThreads}, schedule},
                            [&] { cuda::rotate_kernel(r); }),
                  "");
        in.read();
        return out.read();
    }
};
using RotateTypes = ::testing::Types<float, double, c10::BFloat16>;
TYPED_TEST_SUITE(RotateKernel, RotateTypes);

TYPED_TEST(RotateKernel, ValueAndGradientEqualTheReference) {
    simt::for_each_listed(
        cases::rotate_shapes(), cases::rotate_case, this->kType,
        [](const RotateShape&, const Wanted& wanted, uint64_t schedule) {
            const auto& p = wanted.problem;
            const auto x = p["x"];
            // Whole grids, and one block that has to go over the pairs in strides.
            for (const unsigned blocks : {cuda::rotate_blocks(x.numel() / 2), 1U}) {
                wanted.expect("y", TestFixture::rotated(x, p, false, blocks, schedule));
                wanted.expect("grad.x",
                              TestFixture::rotated(p.pulls[0], p, true, blocks, schedule));
            }
        });
}

}  // namespace
