// A model as a folder that transformers opens (docs/formats.md#a-model-for-transformers): weights
// under the names of a checkpoint, tables of the configuration as JSON, the tokenizer, and the
// files of python/ that compute it. Any thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/trainer/open_run.h"

namespace hopscope::core::lab {

/// Fills `dir`, an empty folder; returns the names of its files. Errors (failed): the disk.
Result<std::vector<std::string>> write_transformers_folder(const std::string& dir,
                                                           const OpenRun& run);

}  // namespace hopscope::core::lab
