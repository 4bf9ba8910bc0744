// What kinds of tokens each expert gets [def:specialisation], for choices of whatever model. Pure
// functions of plain values, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/analyses/coactivation.h"
#include "core/analyses/document.h"

namespace hopscope::core::analysis {

/// Labels of tokens under a name each.
struct Labelling {
    std::vector<int32_t> of;  ///< [tokens], −1: none
    std::vector<std::string> names;
};

/// Token ids that occur often enough. `piece`: what an id is called
Labelling frequent_ids(std::span<const int32_t> ids,
                       const std::function<std::string(int32_t)>& piece);
/// Eighths of a sequence of that length, by the place of each token in it.
Labelling eighths(std::span<const int64_t> places, int64_t length, int64_t first = 0);

/// Each expert's strongest token ids, and the mean of their shares; its rows go into the table.
Fields strongest_ids(const LayerChoices& choices, const Labelling& ids, uint64_t seed,
                     Table& table);
/// Of each expert the label with the largest share, against the share over all labels. `column`:
/// what the table calls a label
Fields strongest_labels(const LayerChoices& choices, const Labelling& labels, uint64_t seed,
                        const char* column, Table& table);

}  // namespace hopscope::core::analysis
