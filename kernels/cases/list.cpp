#include "kernels/cases/list.h"

#include "kernels/cases/adamw.h"
#include "kernels/cases/add_norm.h"
#include "kernels/cases/attention.h"
#include "kernels/cases/choose.h"
#include "kernels/cases/classifier.h"
#include "kernels/cases/experts.h"
#include "kernels/cases/linear.h"
#include "kernels/cases/rotate.h"
#include "kernels/cases/route.h"
#include "kernels/cases/statistics.h"

namespace hopscope::kernels::cases {

const std::vector<OperatorCases>& all_cases() {
    static const std::vector<OperatorCases> kCases{
// An operator without cases does not compile.
#define X(name) name##_cases(),
        HOPSCOPE_OPERATORS(X)
#undef X
    };
    return kCases;
}

const OperatorCases& cases_of(Operator of) {
    return all_cases()[static_cast<size_t>(of)];
}

}  // namespace hopscope::kernels::cases
