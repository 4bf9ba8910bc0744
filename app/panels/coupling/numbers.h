// The numbers of a measured coupling, as they stand in tables, with what explains them. Pure,
// window thread.
#pragma once

#include <cstdint>
#include <string>

#include "app/panels/coupling/view.h"
#include "app/state/app_state.h"
#include "app/state/number.h"

namespace hopscope::app {

class CouplingNumbers {
  public:
    /// `beside`: of what is held against the open run's own, which no command of the run computes.
    CouplingNumbers(const AppState& state, const Coupling& coupling, bool beside);

    Number measured(const CouplingNumber& of, std::string shown) const;
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
