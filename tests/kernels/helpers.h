// Tensors and finite differences for the tests of operators and model, all in fp64 unless said
// otherwise.
#pragma once

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace hopscope::test {

inline at::Tensor randn(at::IntArrayRef shape, uint64_t seed, at::ScalarType type = at::kDouble) {
    auto gen = at::detail::createCPUGenerator(seed);
    return at::empty(shape, at::TensorOptions().dtype(at::kDouble)).normal_(0, 1, gen).to(type);
}

inline double max_abs(const at::Tensor& a, const at::Tensor& b) {
    return a.numel() ? (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item().toDouble() : 0.0;
}

/// Largest error of the analytic gradient of a scalar function against central differences, over
/// all inputs. `smooth` functions only: callers keep choices away from ties.
inline void expect_gradient(const std::string& what, std::vector<at::Tensor> inputs,
                            const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f,
                            double tolerance = 1e-6) {
    for (auto& x : inputs) x = x.detach().clone().set_requires_grad(true);
    f(inputs).backward();
    constexpr double kStep = 1e-6;
    for (size_t i = 0; i < inputs.size(); ++i) {
        ASSERT_TRUE(inputs[i].grad().defined()) << what << ": input " << i << " has no gradient";
        const auto grad = inputs[i].grad().contiguous();
        auto flat = inputs[i].detach().view({-1});
        double* p = flat.mutable_data_ptr<double>();
        const double* g = grad.const_data_ptr<double>();
        for (int64_t j = 0; j < flat.numel(); ++j) {
            const double keep = p[j];
            const auto value = [&](double at) {
                p[j] = at;
                std::vector<at::Tensor> plain;
                for (const auto& x : inputs) plain.push_back(x.detach());
                return f(plain).item().toDouble();
            };
            const double numeric = (value(keep + kStep) - value(keep - kStep)) / (2 * kStep);
            p[j] = keep;
            ASSERT_NEAR(g[j], numeric, tolerance * std::max(1.0, std::abs(numeric)))
                << what << ": input " << i << ", element " << j;
        }
    }
}

}  // namespace hopscope::test
