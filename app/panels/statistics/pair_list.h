// Pairs of experts as a list beside their matrix: their numbers with what chance gives in the first
// row, and their words. A click selects both in all panels. Window thread only, inside an ImGui
// window.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "app/panels/statistics/experts.h"

namespace hopscope::app {

struct PairRow {
    int32_t a = 0, b = 0;
    std::vector<std::string> numbers;  ///< one a column
    bool stands_out = true;            ///< beyond what chance gives; else it is faint
    std::string help;                  ///< its numbers with their sample, as a sentence
};

struct PairList {
    std::vector<std::pair<const char*, const char*>> columns;  ///< name and meaning of each number
    std::vector<std::string> chance;                           ///< numbers of the first row
    std::string chance_text, chance_help;                      ///< beside them, and on hover
    size_t rows = 0;
    std::function<PairRow(size_t)> row;
};

/// Part of an area for a matrix and part for the list beside it, or below it where it is narrow.
struct MatrixAndList {
    Area matrix, list;
};
MatrixAndList split_for_list(const AppState& state, const Area& area);
void draw_pair_list(AppState& state, const SnapshotLayer& place, const Area& area,
                    const PairList& list);

}  // namespace hopscope::app
