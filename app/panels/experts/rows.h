// The rows of the table of experts: their order, and the same as comma-separated text; the tokens
// of the sample that an expert acts on most, with what stands around them. Pure functions, window
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/panels/experts/filter.h"
#include "app/state/expert_book.h"

namespace hopscope::app {

/// Also ImGui's ids of the columns.
enum class ExpertColumn : uint8_t {
    expert,
    writes,
    reads,
    of_class,
    purity,
    odds,
    position,
    load,
    tokens,
    mark,
    cluster
};

struct RowOrderBy {
    ExpertColumn column = ExpertColumn::load;
    bool descending = true;
    bool operator==(const RowOrderBy&) const = default;
};

/// The experts of the hits in this order; of equals the lower id first, what has no value last.
std::vector<int32_t> rows_in_order(const ExpertBook& book, const std::vector<uint8_t>& hits,
                                   RowOrderBy by);

/// With a line "# …" that names layer, steps, sample and units.
std::string rows_csv(const ExpertBook& book, const std::vector<int32_t>& rows);

}  // namespace hopscope::app
