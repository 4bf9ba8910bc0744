// Reads comma-separated text (RFC 4180): the tables that panels write, and those of analyses. Pure
// functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hopscope::app {

struct CsvCell {
    std::string text;
    bool quoted = false;  ///< it stood in quotes: text, whatever it looks like
};
using CsvLine = std::vector<CsvCell>;

/// The line at `at`, which goes behind its end; quoted cells may hold commas, quotes and line ends.
/// False where there is no further line.
bool read_csv_line(std::string_view text, size_t& at, CsvLine& line);

struct CsvTable {
    std::string about;  ///< the lines "# …" before it, without their signs
    std::vector<std::string> columns;
    std::vector<CsvLine> rows;  ///< as many cells as columns
};

/// The tables of a text, one after another: each begins behind lines "# …" or a blank line, with a
/// line that names its columns. Shorter rows are filled up, longer ones cut.
std::vector<CsvTable> read_csv_tables(std::string_view text);

}  // namespace hopscope::app
