// What is said of a published model in JSON: to people and scripts (hopscope info), and in its run
// folder, where imported.json (hopscope.imported/1) is all that later calls know of it besides its
// tensors. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/imported/model_layout.h"
#include "core/imported/parameter_counts.h"

namespace hopscope::core {

inline constexpr const char* kImportedFormat = "hopscope.imported/1";

/// Family, rule, layers with their routers, dense layers, numbers of parameters, warnings; without
/// a format.
OrderedJson layout_json(const ModelLayout& layout, const NamedCounts& parameters,
                        const NamedCounts& dtypes);

struct ImportedDocument {
    ModelLayout layout;
    std::vector<std::string> traces;  ///< names, as traces/NAME.safetensors has them
};
/// The text of an imported.json. Errors (usage) begin with `name`.
Result<ImportedDocument> parse_imported(const std::string& text, const std::string& name);

}  // namespace hopscope::core
