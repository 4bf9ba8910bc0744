// Going over the list of cases, with the words that a failure is told in.
#pragma once

#include <c10/core/DeviceType.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "kernels/cases/case.h"
#include "kernels/ops.h"
#include "kernels/support.h"

namespace hopscope::test {

inline constexpr uint64_t kCaseSeed = 5;  ///< of the numbers of a case

inline const std::vector<kernels::Operator> kOperators{
#define X(name) kernels::Operator::name,
    HOPSCOPE_OPERATORS(X)
#undef X
};

inline std::string name_of(const ::testing::TestParamInfo<kernels::Operator>& of) {
    return kernels::word(of.param);
}

/// The types that kernels/support.cpp promises a fused form for.
inline std::vector<at::ScalarType> types_of(kernels::Operator of, c10::DeviceType device) {
    for (const auto& form : kernels::fused_forms())
        if (form.of == of && form.device == device) return form.types;
    return {};
}

/// f(case, type, problem) for the cases of an operator that are for one of `uses`, in each type
/// that it has a fused form for.
template <class F>
void for_each_case(const kernels::cases::OperatorCases& all, kernels::cases::Uses uses,
                   c10::DeviceType device, const F& f) {
    for (const auto& one : all.cases)
        if (one.uses & uses)
            for (const auto type : types_of(all.of, device)) {
                SCOPED_TRACE(std::string(kernels::word(all.of)) + ": " + one.name + " (" +
                             kernels::cases::text_of(one.sizes) + "), " + c10::toString(type));
                f(one, type, one.make(kCaseSeed, type));
            }
}

}  // namespace hopscope::test
