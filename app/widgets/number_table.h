// A plain table: words in the first column, numbers at the right edge of the others, each header
// with its sentence. Window thread only, inside an ImGui window.
#pragma once

#include <span>
#include <string>

#include "app/state/app_state.h"
#include "app/state/number.h"

namespace hopscope::app {

struct NumberColumn {
    const char* name;
    const char* help = "";  ///< tooltip of the header; "" for none
};

/// As ImGui::BeginTable: ImGui::EndTable follows where this is true.
bool begin_number_table(const AppState& state, const char* id, const char* words,
                        std::span<const NumberColumn> numbers);
/// A new row and its words; `why` is their tooltip.
void number_row(const AppState& state, const std::string& words, const std::string& why = {},
                bool faint = false);
void number_cell(const AppState& state, const std::string& text, const std::string& why = {},
                 bool faint = false);
/// The numbers of a row from the first such column on. Each explains itself and has the menu of a
/// number: it is named after the row and its column, whose sentence defines it where it has no
/// definition of its own; `shown` is what stands there, `range` below it.
void number_cells(const AppState& state, const std::string& row,
                  std::span<const NumberColumn> columns, std::span<const Number> numbers,
                  bool faint = false);

}  // namespace hopscope::app
