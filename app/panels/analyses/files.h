// The files that analyses leave in a run folder: which are there, and one analysis read and parsed.
// They may be large, so the panel has this done aside. Pure functions of the disk, any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/panels/analyses/view.h"

namespace hopscope::app {

struct AnalysisFolder {
    std::set<std::string> measured;  ///< names with a document in RUN/analysis
    bool has_checkpoint = false;
    std::vector<std::string> beside;  ///< other runs in the folder that holds this one
};
AnalysisFolder look_at_analyses(const std::string& run);

/// What RUN/analysis/NAME.* say.
struct AnalysisFiles {
    std::optional<AnalysisView> view;  ///< nothing where there is no document, or a wrong one
    std::vector<ResultTable> tables;   ///< of the document, then of its CSV files
    std::string problem;               ///< why a document that is there cannot be shown
};
AnalysisFiles read_analysis_files(const std::string& run, const std::string& name);

}  // namespace hopscope::app
