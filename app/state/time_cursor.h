// Which moment of the run the panels show: the newest snapshot as it comes ("live"), or one of the
// past that the run's folder keeps. One cursor for all panels: they draw AppState::geometry, which
// is what it points at. Whole snapshots are read aside, so that the picture follows a fast hand by
// leaving steps out rather than by waiting. Window thread only, owned by the window's state.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "app/state/pending.h"
#include "core/api/base.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

struct AppState;

class TimeCursor {
  public:
    using Snapshot = std::shared_ptr<const core::GeometrySnapshot>;

    bool live() const { return !wanted_; }
    /// Of the kept snapshot that is shown or on its way; nothing while live.
    std::optional<int64_t> step() const { return wanted_; }
    /// Whether what is wanted is not yet what is shown.
    bool reading() const { return wanted_ && (!past_ || past_->step != *wanted_); }

    /// The newest kept snapshot at or before `step`, else the first; nothing where none is kept.
    void go_to(std::span<const core::KeptSnapshot> kept, int64_t step);
    /// The next kept snapshot (+1), behind the last one live; or the one before (−1).
    void step_by(std::span<const core::KeptSnapshot> kept, int direction);
    void go_live();
    /// Grows with each of these calls.
    uint64_t moves() const { return moves_; }
    /// Unlike the version of any snapshot that a trainer or a follower publishes, and of any other
    /// that was read: panels tell by it that there is another picture to draw.
    static uint64_t new_version();

    /// Goes on playing, takes what was read and asks for what is wanted; once a frame.
    /// → what the panels are to show; `newest` while live.
    Snapshot update(AppState& state, const Snapshot& newest);

  private:
    using Read = core::Result<core::GeometrySnapshot>;
    static constexpr size_t kRemembered = 12;    ///< whole snapshots in memory …
    static constexpr size_t kBytes = 96u << 20;  ///< … fewer where they are large, but two

    void play(AppState& state);
    void take(AppState& state, Read read);
    void forget_the_oldest();
    /// The file of what is wanted. The folder may have lost it: then the nearest, or the present.
    std::optional<core::KeptSnapshot> wanted_file(const AppState& state);

    std::optional<int64_t> wanted_;
    uint64_t moves_ = 0;
    Snapshot past_;  ///< what is shown; null while live
    std::vector<std::pair<core::KeptSnapshot, Snapshot>> remembered_;  ///< oldest use first
    Pending<Read> reading_;
    core::KeptSnapshot reading_file_;
};

}  // namespace hopscope::app
