// Experts by their words, as people read them, for every panel that names one. Window thread only.
#pragma once

#include <string>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

/// As people read them, falling score.
std::vector<std::string> word_list(const ExpertBook& book, const std::vector<BookWord>& words,
                                   size_t most = ExpertBook::kWords);
/// The words of an expert that say most, "before, after, prior"; "" where none are known, or the
/// panels show another layer.
std::string expert_words(const AppState& state, int64_t layer, int64_t expert, size_t most);

}  // namespace hopscope::app
