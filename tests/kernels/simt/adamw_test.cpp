// If these fail, an update on a GPU is another than that of the reference.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kernels/reference/reference.h"
#include "tests/kernels/helpers.h"
#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/schedules.h"
#include "tests/kernels/simt/simt.h"
// CUDA's words have to come first.
#include "kernels/cuda/adamw.cuh"

namespace {

using namespace hopscope;
using simt::Guarded;
using simt::kSchedules;
using test::randn;
namespace cuda = kernels::cuda;

TEST(AdamWKernel, EqualsTheReference) {
    const kernels::AdamWStep step{.lr = 0.01, .weight_decay = 0.1, .grad_scale = 0.5, .t = 3};
    const double c1 = 1 - std::pow(step.beta1, 3), c2 = 1 - std::pow(step.beta2, 3);
    const auto f = [](double x) { return static_cast<float>(x); };
    const cuda::AdamWFactors factors{f(1 - step.lr * step.weight_decay),
                                     f(step.beta1),
                                     f(step.beta2),
                                     f(1 / std::sqrt(c2)),
                                     f(step.eps),
                                     f(step.lr / c1),
                                     f(step.grad_scale)};
    for (const int64_t n : {1, 31, 256, 257, 1000}) {
        const auto p = randn({n}, 1, at::kFloat), g = randn({n}, 2, at::kFloat),
                   m = randn({n}, 3, at::kFloat), v = randn({n}, 4, at::kFloat).square();
        auto want_p = p.clone(), want_m = m.clone(), want_v = v.clone();
        kernels::reference::adamw(want_p, g, want_m, want_v, {}, step);
        // Whole grids, and one of two blocks that has to go over the elements in strides.
        for (const unsigned blocks : {cuda::adamw_blocks(n), 2U})
            for (const bool with_shadow : {false, true})
                for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
                    Guarded<float> new_p(p), grad(g), new_m(m), new_v(v);
                    Guarded<c10::BFloat16> shadow({n}, at::kBFloat16);
                    auto* target = with_shadow ? shadow.data() : nullptr;
                    ASSERT_EQ(simt::run({{blocks}, {cuda::kAdamWThreads}, schedule},
                                        [&] {
                                            cuda::adamw_kernel(new_p.data(), grad.data(),
                                                               new_m.data(), new_v.data(), target,
                                                               factors, n);
                                        }),
                              "");
                    ASSERT_LT(test::max_abs(new_p.read(), want_p), 1e-6);
                    ASSERT_LT(test::max_abs(new_m.read(), want_m), 1e-6);
                    ASSERT_LT(test::max_abs(new_v.read(), want_v), 1e-6);
                    const auto rounded = new_p.read().to(at::kBFloat16);
                    ASSERT_TRUE(!with_shadow || shadow.read().equal(rounded));
                }
    }
}

}  // namespace
