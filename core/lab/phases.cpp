// The phases of a run for those who have its curve in memory.
#include "core/analyses/curve.h"
#include "core/api/lab.h"

namespace hopscope::core::lab {

std::vector<Phase> loss_phases(const std::vector<double>& steps,
                               const std::vector<double>& losses) {
    return analysis::phases_of(analysis::segments_of(steps, losses));
}

}  // namespace hopscope::core::lab
