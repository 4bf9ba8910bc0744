#include "core/lab/analysis_table.h"

namespace hopscope::core {

std::span<const analysis::Analysis> analysis_table() {
    using namespace analysis;
    // Name, definition, needs a model, function.
    static const Analysis kTable[] = {
        {"phases", kPhasesDefinition, false, phases},
        {"convergence", kConvergenceDefinition, false, convergence},
    };
    return kTable;
}

}  // namespace hopscope::core
