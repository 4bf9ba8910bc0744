// Cases of choose. Plain values and pure functions, any thread.
#pragma once

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

/// What is special about scores.
enum class Scores {
    normal,
    ties,        ///< few different ones
    suppressed,  ///< half are −inf
    denormal,    ///< below the smallest normal fp32
    one_left,    ///< all but one are −inf
    endless      ///< a row holds +inf: no probabilities
};

struct ChooseShape {
    int64_t tokens, experts, k;
    Scores scores = Scores::normal;
    Score score = Score::softmax;
    bool renormalise = true;
    bool identity = false;
    bool biased = false;          ///< something is added for the selection
    bool bias_on_scores = false;  ///< to the scores
};

const std::vector<Shaped<ChooseShape>>& choose_shapes();
/// Given scores and, where it is asked for, select_bias.
Case choose_case(const Shaped<ChooseShape>& of);
OperatorCases choose_cases();

}  // namespace hopscope::kernels::cases
