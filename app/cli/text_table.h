// Columns of text aligned for a terminal: the first to the left, the others to the right. Pure;
// main thread.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/api/input.h"

namespace hopscope::app {

class TextTable {
  public:
    explicit TextTable(std::vector<std::string> header) { add(std::move(header)); }
    /// One cell a column.
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    std::string text() const {
        std::vector<size_t> widths(rows_.front().size(), 0);
        for (const auto& row : rows_)
            for (size_t i = 0; i < row.size(); ++i)
                widths[i] = std::max(widths[i], characters(row[i]));
        std::string out;
        for (const auto& row : rows_) {
            for (size_t i = 0; i < row.size(); ++i) {
                const std::string pad(widths[i] - characters(row[i]), ' ');
                out += i == 0 ? row[i] + pad : "  " + pad + row[i];
            }
            out += '\n';
        }
        return out;
    }

  private:
    /// Of UTF-8 text; good enough for cells without double-width letters.
    static size_t characters(const std::string& text) {
        return static_cast<size_t>(std::count_if(text.begin(), text.end(), core::begins_character));
    }

    std::vector<std::vector<std::string>> rows_;
};

}  // namespace hopscope::app
