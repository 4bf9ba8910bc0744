// Analyses of an imported model: those of the same names that ask for no forward pass, on the rows
// of its routers and on recorded choices. Layers have the model's own numbers. Functions run on the
// caller's thread and own nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/analyses/analysis.h"
#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/imported/imported_run.h"

namespace hopscope::core::analysis {

struct ImportedContext {
    const ImportedRun& run;
    std::vector<RecordedRouting> traces = {};  ///< all of the run, taken together
    uint64_t seed = 42;
    Progress progress = {};
};

struct ImportedAnalysis {
    const char* name;  ///< as the analysis of a trained run is called
    bool needs_trace;
    const char* definition;
    /// Errors: usage, a damaged file; interrupted.
    Result<AnalysisOutput> (*run)(const ImportedContext& context);
    std::string cited() const { return std::string(definition) + " [def:" + name + "]"; }
};

std::span<const ImportedAnalysis> imported_analyses();

/// Runs it. Errors (usage), as a clause: the run has no trace, or none that holds what is needed;
/// those of its files, which they name.
Result<AnalysisOutput> run_imported(const ImportedAnalysis& analysis,
                                    const ImportedContext& context);

}  // namespace hopscope::core::analysis
