// The numbers of a panel as JSON (hopscope.panel/1, docs/formats.md), made from what it gives as
// CSV: one form for all panels. Pure, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hopscope::app {

/// What the numbers are of.
struct PanelNumbers {
    std::string_view id, title;     ///< of the panel
    std::string run;                ///< its name
    std::string origin;             ///< "of RUN, step 40"; "" where the CSV says it itself
    int64_t first = -1, last = -1;  ///< steps; -1 where they are not known
};

/// The document, ended by a line end; "" where `csv` holds no table. Cells that are numbers become
/// numbers, empty ones and what is not finite null; what is quoted, and everything else, is text.
std::string json_of(const PanelNumbers& of, std::string_view csv);

}  // namespace hopscope::app
