// Cases of what is counted: sum_squares, count_choices and mean_jaccard. Plain values and pure
// functions, any thread.
#pragma once

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

struct SquaresShape {
    int64_t n;
    double length = 1;  ///< of the numbers
};
const std::vector<Shaped<SquaresShape>>& sum_squares_shapes();
/// Given x.
Case sum_squares_case(const Shaped<SquaresShape>& of);
OperatorCases sum_squares_cases();

struct CountShape {
    int64_t tokens, k, experts;
    bool one_takes_all = false;
};
const std::vector<Shaped<CountShape>>& count_choices_shapes();
/// Given idx.
Case count_choices_case(const Shaped<CountShape>& of);
OperatorCases count_choices_cases();

struct JaccardShape {
    int64_t tokens, k, other, experts;  ///< choices of two hops, k and `other` a token
    bool alike = false;                 ///< twice the same
};
const std::vector<Shaped<JaccardShape>>& mean_jaccard_shapes();
/// Given a and b.
Case mean_jaccard_case(const Shaped<JaccardShape>& of);
OperatorCases mean_jaccard_cases();

}  // namespace hopscope::kernels::cases
