// Cases of classifier. Plain values and pure functions, any thread.
#pragma once

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

struct ClassifierShape {
    int64_t tokens, d, vocab;
    double length = 1;  ///< of the rows, which logits grow with
};

const std::vector<Shaped<ClassifierShape>>& classifier_shapes();
/// Given x, embed and targets.
Case classifier_case(const Shaped<ClassifierShape>& of);
OperatorCases classifier_cases();

}  // namespace hopscope::kernels::cases
