// If these fail, the residual stream of a GPU is another than the formula's, or what the parameters
// of its norms learn. The kernels run on the CPU, under many orders of their threads.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <optional>

#include "tests/kernels/helpers.h"
#include "tests/kernels/simt/launches.h"
#include "tests/kernels/simt/schedules.h"
// CUDA's words have to come first.
#include "kernels/cuda/norm.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using simt::Guarded;
using simt::kSchedules;
using test::randn;
namespace cuda = kernels::cuda;

constexpr double kNormEpsilon = 1e-5;

struct NormCase {
    int64_t tokens, d;
    bool written = true, behind = true;
    double p = 0;
};

/// The edges of a warp, of a block of rows, of a chunk of 128, and rows of a real width.
const std::vector<NormCase> kNormCases{{1, 1},
                                       {5, 31, true, true, 0.3},
                                       {3, 33, false, true},
                                       {129, 32, true, false, 0.1},
                                       {4, 71, true, true, 0.5},
                                       {260, 3},
                                       {1, 1024, true, true, 0.1}};

/// The same by LibTorch, fp64.
struct Formula {
    explicit Formula(const NormCase& c, const std::vector<Tensor>& in, const Tensor& dout,
                     const Tensor& dsum, const kernels::Dropout& dropout) {
        for (const auto& x : in)
            leaves.push_back(x.clone().to(at::kDouble).set_requires_grad(true));
        auto factors = at::ones({c.tokens, c.d}, at::kDouble);
        const auto mask = kernels::Mask<double>::of(dropout);
        auto* to = factors.mutable_data_ptr<double>();
        for (int64_t i = 0; i < factors.numel(); ++i)
            to[i] = mask.drops(mask.key(i / c.d), i % c.d) ? 0 : mask.kept;
        sum = c.written ? leaves[0] + factors * leaves[1] : leaves[0] * 1;
        out = at::layer_norm(sum, {c.d}, leaves[2], leaves[3], kNormEpsilon);
        auto loss = (out * dout.to(at::kDouble)).sum();
        if (c.behind) loss = loss + (sum * dsum.to(at::kDouble)).sum();
        loss.backward();
    }
    std::vector<Tensor> leaves;  ///< residual, written, weight, bias
    Tensor sum, out;
};

template <class T>
class Norm : public ::testing::Test {
  protected:
    static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;
    static constexpr at::ScalarType kWide = c10::CppTypeToScalarType<cuda::Wide<T>>::value;
    /// Of bf16 the sum is rounded before its norm is taken.
    static constexpr double kTolerance = std::is_same_v<T, double>  ? 1e-11
                                         : std::is_same_v<T, float> ? 2e-5
                                                                    : 0.03;

    static void expect_near(const Tensor& got, const Tensor& want, const char* what) {
        EXPECT_LE(test::max_abs(got, want), kTolerance * (1 + want.abs().max().item<double>()))
            << what;
    }
};
using NormTypes = ::testing::Types<float, double, c10::BFloat16>;
TYPED_TEST_SUITE(Norm, NormTypes);

TYPED_TEST(Norm, ValueAndGradientsEqualTheFormula) {
    using T = TypeParam;
    using W = cuda::Wide<T>;
    for (const auto& c : kNormCases) {
        const std::vector<Tensor> in{randn({c.tokens, c.d}, 1, this->kType),
                                     randn({c.tokens, c.d}, 2, this->kType),
                                     randn({c.d}, 3, this->kWide), randn({c.d}, 4, this->kWide)};
        const auto dout = randn({c.tokens, c.d}, 5, this->kType),
                   dsum = randn({c.tokens, c.d}, 6, this->kType);
        const kernels::Dropout dropout{c.p, 77};
        const Formula want(c, in, dout, dsum, dropout);
        std::optional<Tensor> first;
        for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
            if (c.tokens > 100 && schedule > 5) break;  // many rows take their time
            SCOPED_TRACE(testing::Message() << c.tokens << " rows of " << c.d << ", dropout " << c.p
                                            << ", schedule " << schedule);
            Guarded<T> residual(in[0]), written(in[1]), sum({c.tokens, c.d}, this->kType),
                out({c.tokens, c.d}, this->kType), g(dout), behind(dsum),
                dresidual({c.tokens, c.d}, this->kType), dwritten({c.tokens, c.d}, this->kType);
            Guarded<W> weight(in[2]), bias(in[3]), mean({c.tokens}, this->kWide),
                inverse({c.tokens}, this->kWide), dweight({c.d}, this->kWide),
                dbias({c.d}, this->kWide);
            const auto mask = kernels::Mask<W>::of(dropout);
            const auto rows = simt::warps_launch(c.tokens, cuda::kNormWarps, schedule);
            const cuda::NormRows<T> forward{.tokens = c.tokens,
                                            .d = c.d,
                                            .eps = static_cast<W>(kNormEpsilon),
                                            .mask = mask,
                                            .residual = residual.data(),
                                            .written = c.written ? written.data() : nullptr,
                                            .weight = weight.data(),
                                            .bias = bias.data(),
                                            .sum = sum.data(),
                                            .out = out.data(),
                                            .mean = mean.data(),
                                            .inverse = inverse.data()};
            ASSERT_EQ(simt::run(rows, [&] { cuda::norm_kernel(forward); }), "");
            this->expect_near(sum.read(), want.sum, "sum");
            this->expect_near(out.read(), want.out, "out");
            const cuda::NormGradientRows<T> back{.tokens = c.tokens,
                                                 .d = c.d,
                                                 .mask = mask,
                                                 .sum = sum.data(),
                                                 .dout = g.data(),
                                                 .dsum = c.behind ? behind.data() : nullptr,
                                                 .weight = weight.data(),
                                                 .mean = mean.data(),
                                                 .inverse = inverse.data(),
                                                 .dresidual = dresidual.data(),
                                                 .dwritten = c.written ? dwritten.data() : nullptr};
            ASSERT_EQ(simt::run(rows, [&] { cuda::norm_gradient_kernel(back); }), "");
            this->expect_near(dresidual.read(), want.leaves[0].grad(), "residual");
            if (c.written) this->expect_near(dwritten.read(), want.leaves[1].grad(), "written");
            const int64_t chunks = cuda::norm_chunks(c.tokens);
            Guarded<W> sums({chunks, 2, c.d}, this->kWide);
            ASSERT_EQ(simt::run({{cuda::blocks_for(c.d, cuda::kNormColumns),
                                  static_cast<unsigned>(chunks)},
                                 {cuda::kNormColumns, cuda::kNormShares},
                                 schedule},
                                [&] { cuda::norm_columns_kernel(back, sums.data()); }),
                      "");
            ASSERT_EQ(simt::run({{cuda::blocks_for(c.d, cuda::kNormTotalThreads)},
                                 {cuda::kNormTotalThreads},
                                 schedule},
                                [&] {
                                    cuda::norm_columns_total_kernel(sums.data(), chunks, c.d,
                                                                    dweight.data(), dbias.data());
                                }),
                      "");
            sums.read();
            this->expect_near(dweight.read(), want.leaves[2].grad(), "weight");
            this->expect_near(dbias.read(), want.leaves[3].grad(), "bias");
            if (!first) first = dweight.read();
            EXPECT_TRUE(dweight.read().equal(*first)) << "another order, another gradient";
            if (this->HasFailure()) return;
        }
    }
}

}  // namespace
