// If these fail, attention on a GPU in types that flash attention does not take is not softmax(q
// kᵀ) ⊙ mask · v, its gradient is that of another function, or it drops other entries than the CPU.
// The kernels run on the CPU, under many orders of their threads.
#include <ATen/ATen.h>
#include <array>
#include <gtest/gtest.h>
#include <limits>

#include "kernels/attention_blocks.h"
#include "kernels/cpu/dropout.h"
#include "kernels/reference/reference.h"
#include "tests/kernels/helpers.h"
#include "tests/kernels/simt/launches.h"
#include "tests/kernels/simt/schedules.h"
// CUDA's words have to come first.
#include "kernels/cuda/attention.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using kernels::ScoreBlock;
using simt::Guarded;
using simt::kSchedules;
using test::randn;
namespace cuda = kernels::cuda;

uint64_t the_schedule = 0;  ///< of the launches below

/// One kernel over a block of rows, as kernels/cuda/attention.cu launches it.
template <class T>
void run_rows(void (*kernel)(cuda::QueryRows<T>), const ScoreBlock& b, Tensor& scores,
              Tensor* along, Tensor lse) {
    const auto own = lse;  // [heads, size], rows `length` apart
    Guarded<T> s(scores), a(along ? *along : scores);
    Guarded<T> whole_lse({b.heads, b.length}, scores.scalar_type());
    auto view = at::from_blob(whole_lse.data(), {b.heads, b.length}, scores.options());
    view.narrow(1, 0, b.size).copy_(own);
    const cuda::QueryRows<T> r{.heads = b.heads,
                               .size = b.size,
                               .keys = b.keys,
                               .begin = b.begin,
                               .length = b.length,
                               .scale = static_cast<T>(b.scale),
                               .mask = kernels::Mask<T>::of(b.dropout),
                               .scores = s.data(),
                               .along = along ? a.data() : nullptr,
                               .lse = whole_lse.data()};
    ASSERT_EQ(simt::run(simt::warps_launch(b.heads * b.size, cuda::kQueryWarps, the_schedule),
                        [&] { kernel(r); }),
              "");
    scores.copy_(s.read());
    if (along) along->copy_(a.read());
    lse.copy_(whole_lse.read().narrow(1, 0, b.size));
}

template <class T>
kernels::ScoreKernels simt_kernels() {
    return {[](const ScoreBlock& b, Tensor& scores, Tensor& lse) {
                run_rows<T>(cuda::query_weights_kernel<T>, b, scores, nullptr, lse);
            },
            [](const ScoreBlock& b, Tensor& scores, Tensor& along, const Tensor& lse) {
                run_rows<T>(cuda::query_gradient_kernel<T>, b, scores, &along, lse);
            }};
}

template <class T>
class AttentionKernels : public ::testing::Test {
  protected:
    static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;
    static constexpr double kTolerance = std::is_same_v<T, double> ? 1e-12 : 2e-5;

    static void expect_near(const Tensor& got, const Tensor& want, const char* what) {
        EXPECT_TRUE(at::allclose(got.to(at::kDouble), want, kTolerance, kTolerance,
                                 /*equal_nan=*/true))
            << what << ": " << (got.to(at::kDouble) - want).abs().max();
    }
};
using ScoreTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(AttentionKernels, ScoreTypes);

// Lengths at the edges of a warp and of a block of queries, with heads that lie in memory as
// projections make them: [B, T, heads, head_dim].
TYPED_TEST(AttentionKernels, ValueAndGradientsEqualTheReference) {
    for (const int64_t length : {1, 31, 33, 128, 129, 141})
        for (const double p : {0.0, 0.3}) {
            std::array<Tensor, 3> in, exact;
            for (size_t i = 0; i < 3; ++i) {
                in[i] = randn({1, length, 2, 5}, i + 1, this->kType).transpose(1, 2);
                exact[i] = in[i].clone().to(at::kDouble).set_requires_grad(true);
            }
            const kernels::BlocksInput input{in[0], in[1], in[2], {p, 7}};
            const auto g = randn({1, 2, length, 5}, 9, this->kType);
            const auto want = kernels::reference::masked_attention(
                exact[0], exact[1], exact[2],
                kernels::cpu::dropout_factors(2 * length, length, at::kDouble, {p, 7})
                    .view({1, 2, length, length}));
            want.backward(g.to(at::kDouble));
            for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
                if (length > 128 && schedule > 5) break;  // two blocks take their time
                SCOPED_TRACE(testing::Message() << "length " << length << ", dropout " << p
                                                << ", schedule " << schedule);
                the_schedule = schedule;
                const auto made = kernels::attention_by_blocks(input, simt_kernels<TypeParam>());
                this->expect_near(made.out, want, "out");
                const auto grads = kernels::attention_by_blocks_gradient(input, made.lse, g,
                                                                         simt_kernels<TypeParam>());
                for (size_t i = 0; i < 3; ++i)
                    this->expect_near(grads[i], exact[i].grad(), i == 0 ? "q" : i == 1 ? "k" : "v");
                if (this->HasFailure()) return;
            }
        }
}

// Wrong if a number that is none were hidden: training stops at a loss that is not finite.
TYPED_TEST(AttentionKernels, WhatIsNotFiniteStaysSo) {
    auto x = randn({1, 1, 40, 4}, 1, this->kType), k = randn({1, 1, 40, 4}, 2, this->kType);
    k.select(2, 36).fill_(std::numeric_limits<double>::quiet_NaN());
    const auto y = kernels::attention_by_blocks({x, k, x, {}}, simt_kernels<TypeParam>()).out;
    EXPECT_TRUE(y.narrow(2, 0, 36).isfinite().all().template item<bool>());
    EXPECT_TRUE(y.narrow(2, 36, 4).isnan().all().template item<bool>());
}

}  // namespace
