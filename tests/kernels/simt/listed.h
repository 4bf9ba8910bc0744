// The list of cases (kernels/cases) for kernels that run without a GPU: the small ones, each under
// many orders of the threads.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/cases/evaluate.h"
#include "tests/kernels/simt/schedules.h"

namespace hopscope::simt {

inline constexpr uint64_t kSimtSeed = 9;  ///< of the numbers of a case

/// What a kernel is to make of a case.
struct Wanted {
    kernels::cases::Case of;
    at::ScalarType type;
    kernels::cases::Problem problem;
    kernels::cases::Found exact;

    /// `got` is the output or the gradient ("grad.X") of that name.
    void expect(std::string_view name, const at::Tensor& got) const {
        const auto want = exact[name];
        if (!want.is_floating_point()) {
            EXPECT_TRUE(got.equal(want)) << name;
            return;
        }
        expect(name, got, want);
    }
    /// The same of something that was made from it.
    void expect(std::string_view name, const at::Tensor& got, const at::Tensor& want) const {
        const auto& within =
            of.within.of(got.scalar_type() == at::kBFloat16 ? at::kBFloat16 : type);
        EXPECT_LE(kernels::cases::share_off(got, want.reshape(got.sizes()), of.within.least),
                  name.substr(0, 5) == "grad." ? within.gradient : within.value)
            << name;
    }
};

/// f(shape, wanted, schedule) for the cases of a list and the orders of their threads, until one
/// fails.
template <class Shape, class F>
void for_each_listed(const std::vector<kernels::cases::Shaped<Shape>>& shapes,
                     kernels::cases::Case (*make)(const kernels::cases::Shaped<Shape>&),
                     at::ScalarType type, const F& f) {
    constexpr uint64_t kFew = 6;
    for (const auto& one : shapes) {
        const bool all = one.uses & kernels::cases::kSimt;
        if (!all && !(one.uses & kernels::cases::kSimtLong)) continue;
        auto made = make(one);
        auto problem = made.make(kSimtSeed, type);
        auto exact = kernels::cases::exact(problem);
        const Wanted wanted{std::move(made), type, std::move(problem), std::move(exact)};
        for (uint64_t schedule = 0; schedule < (all ? kSchedules : std::min(kFew, kSchedules));
             ++schedule) {
            SCOPED_TRACE(one.name + ", schedule " + std::to_string(schedule));
            f(one.shape, wanted, schedule);
            if (::testing::Test::HasFailure()) return;
        }
    }
}

}  // namespace hopscope::simt
