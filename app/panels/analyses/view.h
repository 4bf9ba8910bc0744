// Documents and tables of analyses (hopscope.analysis, formats 1 and 2, and its CSV files) as the
// panel shows them: key numbers, tables that sort. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/api/base.h"

namespace hopscope::app {

struct ResultTable {
    std::string name;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;  ///< as many cells as columns
};

inline constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

/// A number of a sample, as documents of format 2 have it; NaN for an interval that they lack.
struct Measured {
    double value = kNotMeasured, low = kNotMeasured, high = kNotMeasured;
    int64_t n = -1;
    std::string over;  ///< what n counts
};

/// One document.
struct AnalysisView {
    std::string name, definition;
    int64_t n = 0, step = -1, seed = -1;
    std::string skipped;  ///< why it was not made; "" where it was
    std::vector<std::pair<std::string, std::string>> numbers;  ///< key path → value
    std::map<std::string, Measured> measured;                  ///< those of them with an interval
    std::vector<ResultTable> tables;  ///< lists of objects in the result, e.g. "layers"
};

/// Errors (failed): text that is no such document.
core::Result<AnalysisView> read_analysis(const std::string& json);

/// RFC 4180: quoted cells may hold commas, quotes and line ends. Behind the lines "# key: value" at
/// the head, the first line names the columns; shorter rows are filled up.
ResultTable read_csv(const std::string& text, const std::string& name);

/// Sorts the rows by a column: numbers by value, then texts by letters, empty cells last.
void sort_rows(ResultTable& table, size_t column, bool descending);

/// A number as written by a program in four significant digits; other text as it is.
std::string shown_cell(const std::string& cell);
bool is_number(const std::string& cell);

}  // namespace hopscope::app
