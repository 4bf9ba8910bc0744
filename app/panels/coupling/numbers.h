// The numbers of a measured coupling, as they stand in tables, with what explains them. Pure,
// window thread.
#pragma once

#include <cstdint>
#include <string>

#include "app/panels/coupling/view.h"
#include "app/state/app_state.h"
#include "app/state/number.h"

namespace hopscope::app {

/// A line of a table: what stands in it, and what its numbers are named after where they are
/// copied, one by one.
struct TableRow {
    std::string words, name;
};
TableRow own_row(const std::string& words);
/// Below it, the same of what is held against the run.
TableRow row_beside(const std::string& words, const std::string& beside);
/// "layer 3"; −1: "all layers".
std::string layer_words(int64_t layer);

class CouplingNumbers {
  public:
    /// `beside`: of what is held against the open run's own, which no command of the run computes.
    CouplingNumbers(const AppState& state, const Coupling& coupling, bool beside);

    Number measured(const CouplingNumber& of, std::string shown) const;
    /// The same, with its interval in the line below.
    Number with_range_below(const CouplingNumber& of) const;
    /// Without an interval, over `n` things.
    Number plain(double value, int64_t n, int digits = 3) const;
    /// What a column "n" counts.
    Number counted(int64_t n) const;
    bool beside() const { return beside_; }

  private:
    std::string command_;
    int64_t step_ = -1;
    bool beside_ = false;
};

}  // namespace hopscope::app
