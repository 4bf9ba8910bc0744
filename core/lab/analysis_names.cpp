#include "core/lab/analysis_names.h"

#include "core/analyses/imported_analyses.h"
#include "core/analyses/table.h"
#include "core/base/names.h"

namespace hopscope::core::lab {

std::vector<std::string> analysis_names() {
    std::vector<std::string> out;
    for (const analysis::Analysis* one : analysis::analysis_table()) out.emplace_back(one->name);
    for (const analysis::ImportedAnalysis* one : analysis::only_imported())
        out.emplace_back(one->name);
    return out;
}

std::string only_of_imported(const std::string& name) {
    return name + " is of recorded choices of a published model, and this run is trained here";
}

Status check_trained_names(const std::string& what) {
    const auto known = analysis_names();
    const auto chosen = chosen_names("--what", what, known);
    if (!chosen) return chosen.error();
    const size_t trained = analysis::analysis_table().size();
    for (const size_t place : chosen->places)
        if (place >= trained && !chosen->all) return usage_error(only_of_imported(known[place]));
    return {};
}

}  // namespace hopscope::core::lab
