// A published model becomes a run folder of state "imported": what it is (imported.json), the rows
// of its routers (geometry/) and recorded choices (traces/), each as a file of this program. The
// model's own folder is only read. One thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/imported/expert_alignment.h"

namespace hopscope::core {

struct ImportRequest {
    std::string model;                ///< the model's folder
    std::vector<std::string> traces;  ///< files: of servers, or hopscope.routing/1
    std::string out;                  ///< the new run folder; one that exists must be empty
    AlignExperts align = {};          ///< reads the experts, too, and measures them with it
};

/// What a model is called, after its folder.
std::string name_of_model(const std::string& dir);

/// The text of the imported.json that was written. Errors: usage, those of ModelFolder::open,
/// layout_of, expert_layout, expert_values, routing_of, read_routing and WholeFolder; failed, the
/// disk; interrupted. After an error, or a kill, all is as it was before, but for a folder that the
/// next import sweeps.
Result<std::string> import_model(const ImportRequest& request, const Progress& progress);

}  // namespace hopscope::core
