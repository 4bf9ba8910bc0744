// The table of experts: one row an expert that the filter leaves, sorted by a click on a column,
// selected in all panels by a click on a row, with the menu of an expert on the right button. Owned
// by the experts panel, window thread only.
#pragma once

#include <cstdint>
#include <imgui.h>
#include <optional>
#include <string>
#include <vector>

#include "app/panels/experts/rows.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// What is another than in the frame before: only what is known of the experts, or also which of
/// them are to be shown.
enum class TableChange : uint8_t { none, values, rows };

class ExpertTable {
  public:
    void draw(AppState& state, const ExpertBook& book, const std::vector<uint8_t>& hits,
              TableChange change, ImVec2 size);
    /// Experts in the order of the rows.
    const std::vector<int32_t>& rows() const { return rows_; }
    /// One row down (+1) or up (−1) from the first of the selection, which is then selected alone.
    void step(AppState& state, int by);
    /// "load falling": by which column the rows are sorted. A text that is none changes nothing.
    std::string order_in_words() const;
    void set_order(const std::string& words);
    /// An order whose column has not been shown so far is waited for no longer.
    void forget_wanted() { wanted_.reset(); }

  private:
    void sort(const ExpertBook& book, const std::vector<uint8_t>& hits, bool under_pointer);
    void draw_row(AppState& state, const ExpertBook& book, int32_t expert, float height);
    void draw_cell(AppState& state, const ExpertBook& book, const BookEntry& entry,
                   ExpertColumn column) const;
    void follow_selection(const AppState& state, float height);

    std::vector<int32_t> rows_;
    RowOrderBy by_;
    std::optional<RowOrderBy>
        wanted_;            ///< as soon as its column is shown, unless another is clicked before
    int64_t clicked_ = -1;  ///< last; it is not scrolled to
    uint64_t seen_selection_ = 0;
    bool scroll_to_clicked_ = false;
    TableChange stale_ = TableChange::rows;  ///< what the order does not know yet
};

}  // namespace hopscope::app
