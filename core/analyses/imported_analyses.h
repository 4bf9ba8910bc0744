// Analyses of an imported model: those of the same names that ask for no forward pass, and some
// that only a published model has the data for, on the rows of its routers and on recorded choices.
// Each is one row `const ImportedAnalysis kNAME` at the end of a file, and one line of the table.
// Layers have the model's own numbers. Functions run on the caller's thread and own nothing.
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
    std::vector<RecordedRouting> traces = {};  ///< all of the run, in the order of its names
    uint64_t seed = 42;
    Progress progress = {};
    const ImportedContext* against = nullptr;  ///< --against; may be null
};

/// What an analysis cannot do without.
enum class Asks {
    rows,       ///< the run alone
    trace,      ///< recorded choices
    experts,    ///< an import that read the experts
    second_run  ///< --against
};

struct ImportedAnalysis {
    const char* name;  ///< as the analysis of a trained run is called, where there is one
    Asks asks;
    const char* definition;
    /// Errors: usage, a damaged file; interrupted.
    Result<AnalysisOutput> (*run)(const ImportedContext& context);
    bool compares = false;  ///< reads --against where it is given
    bool pairs = false;     ///< holds each two experts against each other
    std::string cited() const { return std::string(definition) + " [def:" + name + "]"; }
};

/// Instead of the numbers of a router that has none to measure.
inline constexpr const char* kNotFinite = "the router has numbers that are not finite";

std::span<const ImportedAnalysis> imported_analyses();
/// Those whose name no analysis of a trained run has.
std::vector<const ImportedAnalysis*> only_imported();

/// Runs it. Errors (usage), as a clause: the run has no trace, or none that holds what is needed;
/// those of its files, which they name.
Result<AnalysisOutput> run_imported(const ImportedAnalysis& analysis,
                                    const ImportedContext& context);

}  // namespace hopscope::core::analysis
