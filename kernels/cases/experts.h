// Cases of experts under all compositions. Plain values and pure functions, any thread.
#pragma once

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

/// Who chooses the experts.
enum class Choices {
    alike,          ///< every expert is as likely
    one_takes_all,  ///< all tokens take the last, in each slot
    routed          ///< cosine routing of the rows, which loads experts unequally
};

struct ExpertsShape {
    int64_t tokens, k, experts, rank, d;
    ExpertKind kind = ExpertKind::mlp;
    Composition composition = Composition::sum;
    Choices choices = Choices::alike;
    int64_t space = 0;  ///< of routed choices: width of positions
    double tau = 30;    ///< likewise
};

const char* word(ExpertKind kind);
const char* word(Composition composition);

/// Every kind under every composition that the number of slots allows.
const std::vector<Shaped<ExpertsShape>>& experts_shapes();
/// Given weight, idx, h (not of fixed experts) and the bank's tensors by their names.
Case experts_case(const Shaped<ExpertsShape>& of);
OperatorCases experts_cases();

/// The bank of such a problem, of tensors in its order.
ExpertBank bank_of(ExpertKind kind, const std::vector<at::Tensor>& given);

}  // namespace hopscope::kernels::cases
