// Imports that are kept, so that a model which was looked at once opens at once: a run folder each,
// named by the model's folder and the size and time of its files. One thread.
#pragma once

#include <string>

#include "core/api/progress.h"
#include "core/base/result.h"

namespace hopscope::core {

/// Where the import of a model is kept below `cache`: another place whenever one of its files has
/// another size or time. Errors (usage): the folder cannot be listed.
Result<std::string> cache_place(const std::string& dir, const std::string& cache);

/// The run folder of the model's import without traces, made where it is not there yet, by whoever
/// of several processes is first. Errors: those of import_model.
Result<std::string> cached_import(const std::string& model, const std::string& cache,
                                  const Progress& progress);

}  // namespace hopscope::core
