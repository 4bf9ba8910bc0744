// What each of the compared runs came to, as single numbers for a plot of any over any other, and
// which two a person chose to see, how. Owned by the window's state, window thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/state/folder_reading.h"
#include "core/api/run_numbers.h"

namespace hopscope::app {

struct AppState;

/// What is drawn. Keys name settings ("moe.top_k") and numbers of runs (core::RunNumber::key).
struct SweepChoice {
    std::string x;  ///< "": the cost that tells most runs apart
    std::string y = "valid_loss/final";
    bool log_x = false, log_y = false;
    bool front = true;   ///< the Pareto front
    bool trend = false;  ///< a line through the variants, where it is told from level
    /// Chosen by hand; unknown: as the kind of the number says.
    core::Better better_x = core::Better::unknown, better_y = core::Better::unknown;
    bool operator==(const SweepChoice&) const = default;
};

class Sweep {
  public:
    SweepChoice choice;

    /// Keeps the numbers up to date while it is called once a frame, by whoever shows them.
    void want(AppState& state);
    /// One a folder; null before the first.
    const std::shared_ptr<const std::vector<core::RunNumbers>>& numbers() const {
        return reading_.result();
    }
    bool working() const { return reading_.working(); }
    const std::string& problem() const { return reading_.problem(); }
    /// Ends what is under way, before the window goes.
    void stop() { reading_.stop(); }

  private:
    FolderReading<std::vector<core::RunNumbers>> reading_;
};

}  // namespace hopscope::app
