// If these fail, the loss on a GPU is not the cross-entropy of its logits, or training follows
// another gradient. The kernel runs on the CPU, under many orders of its threads.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <limits>

#include "kernels/cases/classifier.h"
#include "tests/kernels/helpers.h"
#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/listed.h"
#include "tests/kernels/simt/simt.h"
// CUDA's words have to come first.
#include "kernels/cuda/cross_entropy.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using simt::Guarded;
using simt::kInf;
using test::randn;
namespace cases = kernels::cases;
namespace cuda = kernels::cuda;

/// What the kernel makes of some rows.
struct Made {
    Tensor nll, gradient;  ///< fp64
};

template <class T>
class CrossEntropy : public ::testing::Test {
  protected:
    static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;
    static constexpr at::ScalarType kWide = c10::CppTypeToScalarType<cuda::Wide<T>>::value;
    static constexpr double kTolerance = std::is_same_v<T, double> ? 1e-12 : 4e-6;
    /// Entries of the gradient are rounded to their type, once.
    static constexpr double kRounding = std::is_same_v<T, c10::BFloat16> ? 0x1p-8 : kTolerance;

    /// The same by the formula of the reference, from the logits on: its product with an embedding
    /// would make NaN of −inf.
    static Made wanted(const Tensor& logits, const Tensor& targets) {
        const auto x = logits.clone().to(at::kDouble).set_requires_grad(true);
        const auto nll = -at::log_softmax(x, -1).gather(-1, targets.unsqueeze(-1)).squeeze(-1);
        nll.sum().backward();
        return {nll.detach(), x.grad()};
    }

    static Made made(const Tensor& logits, const Tensor& targets, bool gradient,
                     uint64_t schedule) {
        const int64_t rows = logits.size(0), width = logits.size(1);
        const int64_t stride = cuda::vector_stride<T>(width);
        // What stands between the rows is no number.
        auto padded = at::full({rows, stride}, std::numeric_limits<double>::quiet_NaN(), kType);
        padded.narrow(1, 0, width).copy_(logits);
        Guarded<T> z(padded);
        Guarded<int64_t> target(targets);
        Guarded<cuda::Wide<T>> nll({rows}, kWide);
        const cuda::LogitRows<T> r{.logits = z.data(),
                                   .targets = target.data(),
                                   .nll = nll.data(),
                                   .width = width,
                                   .stride = stride,
                                   .gradient = gradient};
        EXPECT_EQ(simt::run({{static_cast<unsigned>(rows)}, {cuda::kLogitThreads}, schedule},
                            [&] { cuda::cross_entropy_kernel(r); }),
                  "");
        const auto left = z.read();
        EXPECT_TRUE(left.narrow(1, width, stride - width).isnan().all().template item<bool>())
            << "written behind a row";
        return {nll.read().to(at::kDouble), left.narrow(1, 0, width).to(at::kDouble)};
    }

    static void expect_near(const Tensor& got, const Tensor& want, double tolerance,
                            const char* what) {
        EXPECT_TRUE(at::allclose(got, want, tolerance, tolerance, /*equal_nan=*/true))
            << what << "\n"
            << got << "\n"
            << want;
    }
};
using LogitTypes = ::testing::Types<float, double, c10::BFloat16>;
TYPED_TEST_SUITE(CrossEntropy, LogitTypes);

Tensor targets_of(int64_t rows, int64_t width) {
    return at::arange(rows, at::kLong).mul(7).add(width - 1).remainder(width);
}

enum class Logits { as_they_are, large, denormal, suppressed, one_left };

Tensor changed(const Tensor& logits, Logits kind) {
    auto z = logits * 3;
    if (kind == Logits::large) return z * 100;
    if (kind == Logits::denormal) return z * 1e-39;
    if (kind == Logits::suppressed) return z.masked_fill(z > 1, -kInf);
    if (kind == Logits::one_left) {
        const int64_t last = z.size(1) - 1;
        const auto one = z.select(1, last).clone();
        z.fill_(-kInf).select(1, last).copy_(one);
    }
    return z;
}

/// The products are not the kernel's: it is held against the formula on the logits of the case,
/// rounded to its type. What is special about a logit shows in short rows, which take less time.
TYPED_TEST(CrossEntropy, LossAndGradientEqualTheReference) {
    for (const auto kind : {Logits::as_they_are, Logits::large, Logits::denormal,
                            Logits::suppressed, Logits::one_left}) {
        SCOPED_TRACE(static_cast<int>(kind));
        Made want;
        Tensor z, first;
        simt::for_each_listed(
            cases::classifier_shapes(), cases::classifier_case, this->kType,
            [&](const cases::ClassifierShape& c, const simt::Wanted& wanted, uint64_t schedule) {
                if (c.vocab > 1000 && kind > Logits::large) return;
                const auto& p = wanted.problem;
                if (schedule == 0) {
                    const auto logits =
                        at::matmul(p["x"].to(at::kDouble), p["embed"].to(at::kDouble).t());
                    z = changed(logits, kind).to(this->kType);
                    want = this->wanted(z, p["targets"]);
                    const auto kept = this->made(z, p["targets"], false, 3).gradient;
                    EXPECT_TRUE(kept.equal(z.to(at::kDouble)))
                        << "without a gradient the logits stay";
                }
                const auto got = this->made(z, p["targets"], true, schedule);
                this->expect_near(got.nll, want.nll, this->kTolerance, "nll");
                this->expect_near(got.gradient, want.gradient, this->kRounding, "gradient");
                if (schedule == 0) first = got.nll;
                EXPECT_TRUE(at::allclose(got.nll, first, 0, 0, /*equal_nan=*/true))
                    << "another order, another loss";
            });
    }
}

TYPED_TEST(CrossEntropy, WhatIsNoNumberIsNoLoss) {
    for (const double none : {std::numeric_limits<double>::quiet_NaN(), kInf})
        for (const int64_t place : {0, 40, 99}) {
            auto z = randn({3, 100}, 5).to(this->kType);
            z.select(0, 1).select(0, place).fill_(none);
            const auto nll = this->made(z, targets_of(3, 100), true, 4).nll;
            EXPECT_TRUE(nll[1].isnan().template item<bool>()) << place;
            EXPECT_TRUE(nll[0].isfinite().template item<bool>());
            EXPECT_TRUE(nll[2].isfinite().template item<bool>());
        }
    const auto nothing = at::full({1, 9}, -kInf, this->kType);
    EXPECT_TRUE(
        this->made(nothing, targets_of(1, 9), true, 4).nll.isnan().all().template item<bool>());
}

/// On the CPU such a target is refused; a device is not waited for. Rows of whole vectors: behind
/// the first stands the second.
TYPED_TEST(CrossEntropy, ATargetThatThereIsNotGivesNoLoss) {
    const auto z = randn({3, 16}, 5).to(this->kType);
    const auto nll = this->made(z, at::tensor({16, 15, -1}, at::kLong), true, 2).nll;
    EXPECT_TRUE(nll[0].isnan().template item<bool>());
    EXPECT_TRUE(nll[1].isfinite().template item<bool>());
    EXPECT_TRUE(nll[2].isnan().template item<bool>());
}

}  // namespace
