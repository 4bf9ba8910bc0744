// If these fail, an operator on a GPU is another than its reference, although its kernels were
// right when their threads ran on the CPU. Only in a build with CUDA; skipped where there is no
// device.
#ifdef HOPSCOPE_CUDA
#include "tests/kernels/device.h"

#include <c10/core/GradMode.h>

#include "kernels/cases/evaluate.h"
#include "kernels/cases/list.h"
#include "tests/kernels/walk.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using at::Tensor;
using kernels::Form;
using kernels::Operator;
namespace cases = kernels::cases;

/// Flash attention drops by seed and device, other entries than the CPU.
bool drops_otherwise(Operator of, const cases::Case& c, at::ScalarType type) {
    if (of != Operator::attention || type != at::kBFloat16) return false;
    bool drops = false, takes = false;
    for (const auto& [name, size] : c.sizes) {
        drops = drops || (name == "dropout" && std::get<double>(size) > 0);
        takes = takes || (name == "head_dim" && std::get<int64_t>(size) % 8 == 0);
    }
    return drops && takes;
}

class DeviceOperators : public Device, public ::testing::WithParamInterface<Operator> {
  protected:
    template <class F>
    void for_each(const F& f) const {
        for_each_case(cases::cases_of(GetParam()), cases::kValues, c10::DeviceType::CUDA, f);
    }
};

INSTANTIATE_TEST_SUITE_P(Device, DeviceOperators, ::testing::ValuesIn(kOperators), name_of);

TEST_P(DeviceOperators, ValuesAndGradientsEqualTheReferenceOnTheCpu) {
    for_each([](const cases::Case& c, at::ScalarType type, const cases::Problem& p) {
        if (drops_otherwise(GetParam(), c, type)) return;
        const auto got = cases::found(cases::on_device(p, at::kCUDA), Form::fused);
        EXPECT_EQ(difference(got, cases::exact(p), c.within, type), "");
        for (const auto& [name, x] : got.outputs)
            // Those that wait for the device give numbers of the host.
            EXPECT_TRUE(x.is_cuda() || p.pulls.empty()) << name;
    });
}

TEST_P(DeviceOperators, BitsAreTheSameAgain) {
    for_each([](const cases::Case&, at::ScalarType, const cases::Problem& p) {
        const auto there = cases::on_device(p, at::kCUDA);
        const auto once = cases::found(there, Form::fused);
        EXPECT_EQ(difference_in_bits(once, cases::found(there, Form::fused),
                                     [](std::string_view) { return true; }),
                  "");
    });
}

/// On the CPU such targets are refused; a device is not waited for.
TEST_F(Device, TargetsThatThereAreNotHaveNoLoss) {
    const c10::NoGradGuard guard;
    const auto x = randn({3, 16}, 1).to(at::kCUDA), embed = randn({9, 16}, 2).to(at::kCUDA);
    const auto nll =
        kernels::classifier(x, embed, at::tensor({-1, 8, 9}, at::kLong).to(at::kCUDA)).nll;
    EXPECT_TRUE(nll.isfinite().cpu().equal(at::tensor({0, 1, 0}).to(at::kBool)));
}

TEST_F(Device, LoadsStayThere) {
    const auto idx = at::tensor({0, 1, 2, 2}, at::kLong).view({2, 2}).to(at::kCUDA);
    EXPECT_TRUE(kernels::count_choices(idx, 3).is_cuda());
}

}  // namespace
#endif
