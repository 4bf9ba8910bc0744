// If these fail, the residual stream of a GPU is another than the formula's, or what the parameters
// of its norms learn. The kernels run on the CPU, under many orders of their threads.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kernels/cases/add_norm.h"
#include "tests/kernels/simt/launches.h"
#include "tests/kernels/simt/listed.h"
// CUDA's words have to come first.
#include "kernels/cuda/norm.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using kernels::cases::NormShape;
using simt::Guarded;
using simt::Wanted;
namespace cases = kernels::cases;
namespace cuda = kernels::cuda;

template <class T>
class Norm : public ::testing::Test {
  protected:
    static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;

    /// Forward and backward of a case under one order of the threads. @return the gradient of the
    /// weight
    static Tensor compare(const NormShape& c, const Wanted& wanted, uint64_t schedule);
};

template <class T>
Tensor Norm<T>::compare(const NormShape& c, const Wanted& wanted, uint64_t schedule) {
    using W = cuda::Wide<T>;
    constexpr auto kWide = c10::CppTypeToScalarType<W>::value;
    const auto& p = wanted.problem;
    const auto rows_of = [&](const Tensor& x) { return Guarded<T>(x); };
    auto residual = rows_of(p["x"]), written = rows_of(c.has_written ? p["written"] : p["x"]),
         g = rows_of(p.pulls[0]), behind = rows_of(p.pulls.back());
    const at::IntArrayRef shape = p["x"].sizes();
    Guarded<T> sum(shape, kType), out(shape, kType), dresidual(shape, kType),
        dwritten(shape, kType);
    Guarded<W> weight(p["weight"]), bias(p["bias"]), mean({c.tokens}, kWide),
        inverse({c.tokens}, kWide), dweight({c.d}, kWide), dbias({c.d}, kWide);
    const auto mask = kernels::Mask<W>::of({c.p, static_cast<uint64_t>(cases::kCaseSeed)});
    const auto rows = simt::warps_launch(c.tokens, cuda::kNormWarps, schedule);
    const cuda::NormRows<T> forward{.tokens = c.tokens,
                                    .d = c.d,
                                    .eps = static_cast<W>(cases::kCaseEps),
                                    .mask = mask,
                                    .residual = residual.data(),
                                    .written = c.has_written ? written.data() : nullptr,
                                    .weight = weight.data(),
                                    .bias = bias.data(),
                                    .sum = sum.data(),
                                    .out = out.data(),
                                    .mean = mean.data(),
                                    .inverse = inverse.data()};
    EXPECT_EQ(simt::run(rows, [&] { cuda::norm_kernel(forward); }), "");
    wanted.expect("sum", sum.read());
    wanted.expect("normed", out.read());
    const cuda::NormGradientRows<T> back{.tokens = c.tokens,
                                         .d = c.d,
                                         .mask = mask,
                                         .sum = sum.data(),
                                         .dout = g.data(),
                                         .dsum = c.uses_sum ? behind.data() : nullptr,
                                         .weight = weight.data(),
                                         .mean = mean.data(),
                                         .inverse = inverse.data(),
                                         .dresidual = dresidual.data(),
                                         .dwritten = c.has_written ? dwritten.data() : nullptr};
    EXPECT_EQ(simt::run(rows, [&] { cuda::norm_gradient_kernel(back); }), "");
    wanted.expect("grad.x", dresidual.read());
    if (c.has_written) wanted.expect("grad.written", dwritten.read());
    const int64_t chunks = cuda::norm_chunks(c.tokens);
    Guarded<W> sums({chunks, 2, c.d}, kWide);
    EXPECT_EQ(simt::run({{cuda::blocks_for(c.d, cuda::kNormColumns), static_cast<unsigned>(chunks)},
                         {cuda::kNormColumns, cuda::kNormShares},
                         schedule},
                        [&] { cuda::norm_columns_kernel(back, sums.data()); }),
              "");
    EXPECT_EQ(
        simt::run(
            {{cuda::blocks_for(c.d, cuda::kNormTotalThreads)}, {cuda::kNormTotalThreads}, schedule},
            [&] {
                cuda::norm_columns_total_kernel(sums.data(), chunks, c.d, dweight.data(),
                                                dbias.data());
            }),
        "");
    sums.read();
    wanted.expect("grad.weight", dweight.read());
    wanted.expect("grad.bias", dbias.read());
    return dweight.read();
}

using NormTypes = ::testing::Types<float, double, c10::BFloat16>;
TYPED_TEST_SUITE(Norm, NormTypes);

TYPED_TEST(Norm, ValueAndGradientsEqualTheReference) {
    Tensor first;
    simt::for_each_listed(cases::add_norm_shapes(), cases::add_norm_case, this->kType,
                          [&](const NormShape& c, const Wanted& wanted, uint64_t schedule) {
                              const auto dweight = TestFixture::compare(c, wanted, schedule);
                              if (schedule == 0) first = dweight;
                              EXPECT_TRUE(dweight.equal(first))
                                  << "another order, another gradient";
                          });
}

}  // namespace
