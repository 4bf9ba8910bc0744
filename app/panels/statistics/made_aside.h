// Numbers of a page that take longer than a frame: made aside when what they are of has changed,
// and seldom while snapshots stream. Owned by a page of the statistics panel, window thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "app/state/app_state.h"

namespace hopscope::app {

/// What the numbers of a page are of.
struct MadeFrom {
    Snapshot snapshot;  ///< itself: those of the folder have no version that tells them apart
    uint64_t archive = 0;
    int64_t layer = -1;
    int view = 0;                ///< how the page is set
    int64_t clusters_step = -1;  ///< of the clusters that the order needs
    bool operator==(const MadeFrom&) const = default;
    /// Whether they differ by their time alone.
    bool same_view(const MadeFrom& other) const {
        return layer == other.layer && view == other.view && clusters_step == other.clusters_step;
    }
};

template <class Numbers>
class MadeAside {
  public:
    const Numbers& numbers() const { return numbers_; }
    /// Changes whenever numbers() does.
    uint64_t version() const { return version_; }
    void forget() {
        numbers_ = {};
        ++version_;
        asked_ = {};
        of_.reset();
        behind_ = false;
        pending_.forget();
    }
    /// Takes what is done; whether ask() is to follow, once a frame. `seen`: the page is.
    bool wants(const AppState& state, const MadeFrom& from, bool seen) {
        if (auto made = pending_.take()) {
            numbers_ = std::move(*made);
            of_ = asked_;
            ++version_;
        }
        // While a run trains the next snapshot would come before the numbers of the last.
        const bool fits =
            of_ && from.same_view(*of_) && (!state.rests() || from.snapshot == of_->snapshot);
        behind_ = seen && !fits;
        if (!seen || pending_.waits() || from == asked_) return false;
        return !from.same_view(asked_) || state.now - asked_at_ >= kAskAgain;
    }
    /// Whether the page shows something else than numbers(), older ones of the same aside.
    bool behind() const { return behind_; }
    template <class Work>
    void ask(AppState& state, MadeFrom from, Work work) {
        asked_ = std::move(from);
        asked_at_ = state.now;
        pending_ = state.aside(std::move(work));
    }

  private:
    static constexpr double kAskAgain = 1.0;  ///< seconds between two makings of the same view

    Numbers numbers_;
    uint64_t version_ = 0;
    std::optional<MadeFrom> of_;  ///< what numbers() are of
    bool behind_ = false;
    MadeFrom asked_;
    double asked_at_ = -1e9;
    Pending<Numbers> pending_;
};

}  // namespace hopscope::app
