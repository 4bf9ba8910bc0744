// The files of a corpus: one file, or those of a folder in an order that does not depend on the
// machine. Pure looking, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace hopscope::core {

/// In reading order, as CorpusReader has it. @param what how messages call it: "corpus"
Result<std::vector<std::string>> corpus_files(const std::string& path, const std::string& what);

}  // namespace hopscope::core
