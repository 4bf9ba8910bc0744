// If these fail, attention on a GPU in types that flash attention does not take is not softmax(q
// kᵀ) ⊙ mask · v, its gradient is that of another function, or it drops other entries than the CPU.
// The kernels run on the CPU, under many orders of their threads.
#include "kernels/cases/attention.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <limits>

#include "kernels/attention_blocks.h"
#include "tests/kernels/helpers.h"
#include "tests/kernels/simt/launches.h"
#include "tests/kernels/simt/listed.h"
// CUDA's words have to come first.
#include "kernels/cuda/attention.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using kernels::ScoreBlock;
using simt::Guarded;
using test::randn;
namespace cases = kernels::cases;
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
};
using ScoreTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(AttentionKernels, ScoreTypes);

TYPED_TEST(AttentionKernels, ValueAndGradientsEqualTheReference) {
    simt::for_each_listed(
        cases::attention_shapes(), cases::attention_case, this->kType,
        [](const cases::AttentionShape& c, const simt::Wanted& wanted, uint64_t schedule) {
            const auto& p = wanted.problem;
            const kernels::BlocksInput input{
                p["q"], p["k"], p["v"], {c.p, static_cast<uint64_t>(c.seed)}};
            the_schedule = schedule;
            const auto made = kernels::attention_by_blocks(input, simt_kernels<TypeParam>());
            wanted.expect("y", made.out);
            const auto grads = kernels::attention_by_blocks_gradient(input, made.lse, p.pulls[0],
                                                                     simt_kernels<TypeParam>());
            size_t next = 0;
            for (const char* name : {"grad.q", "grad.k", "grad.v"})
                wanted.expect(name, grads[next++]);
        });
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
