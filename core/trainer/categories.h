// Word lists of concepts [def:category_probability]: assets/categories/*.toml, and for a run on the
// synthetic corpus its own labelled classes. Read on the calling thread, then plain values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/probe/effect.h"
#include "core/run/run_folder.h"

namespace hopscope::core {

/// Words of each category, by name.
using WordLists = std::map<std::string, std::vector<std::string>>;

/// Every NAME.toml of a folder, `words = ["…"]`. Errors (usage): file and line, what is allowed.
Result<WordLists> read_word_lists(const std::string& dir);

/// The lists of the first of `dirs` that exists (none is no error), and the classes of the run's
/// synthetic corpus as "class:NAME" where it has one.
Result<WordLists> word_lists_for(const RunFolder& folder, const std::vector<std::string>& dirs);

/// Of each list the words that are single tokens [def:category_probability]; lists without any are
/// left out.
Categories token_lists(const WordLists& lists, const Tokenizer& tokenizer);

}  // namespace hopscope::core
