// If these fail, an update on a GPU is another than that of the reference.
#include "kernels/cases/adamw.h"

#include <ATen/ATen.h>
#include <cmath>
#include <gtest/gtest.h>

#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/listed.h"
#include "tests/kernels/simt/simt.h"
// CUDA's words have to come first.
#include "kernels/cuda/adamw.cuh"

namespace {

using namespace hopscope;
using kernels::cases::AdamWShape;
using simt::Guarded;
namespace cases = kernels::cases;
namespace cuda = kernels::cuda;

cuda::AdamWFactors factors_of(const kernels::AdamWStep& step) {
    const double c1 = 1 - std::pow(step.beta1, step.t), c2 = 1 - std::pow(step.beta2, step.t);
    const auto f = [](double x) { return static_cast<float>(x); };
    return {f(1 - step.lr * step.weight_decay),
            f(step.beta1),
            f(step.beta2),
            f(1 / std::sqrt(c2)),
            f(step.eps),
            f(step.lr / c1),
            f(step.grad_scale)};
}

TEST(AdamWKernel, EqualsTheReference) {
    simt::for_each_listed(
        cases::adamw_shapes(), cases::adamw_case, at::kFloat,
        [](const AdamWShape& c, const simt::Wanted& wanted, uint64_t schedule) {
            const auto& given = wanted.problem;
            // Whole grids, and one of two blocks that has to go over the elements in strides.
            for (const unsigned blocks : {cuda::adamw_blocks(c.n), 2U}) {
                Guarded<float> p(given["param"]), grad(given["grad"]), m(given["m"]), v(given["v"]);
                Guarded<c10::BFloat16> shadow({c.n}, at::kBFloat16);
                auto* target = c.shadow ? shadow.data() : nullptr;
                ASSERT_EQ(simt::run({{blocks}, {cuda::kAdamWThreads}, schedule},
                                    [&] {
                                        cuda::adamw_kernel(p.data(), grad.data(), m.data(),
                                                           v.data(), target, factors_of(c.step),
                                                           c.n);
                                    }),
                          "");
                wanted.expect("param", p.read());
                wanted.expect("m", m.read());
                wanted.expect("v", v.read());
                grad.read();
                const auto rounded = p.read().to(at::kBFloat16);
                ASSERT_TRUE(!c.shadow || shadow.read().equal(rounded));
            }
        });
}

}  // namespace
