// The past of the open run as its folder keeps it: the snapshots of geometry/. A run that is
// trained here, one that another process trains and one that was finished long ago have the same
// past, whatever a window has seen of it; so what panels draw of it is the same too. Files are
// listed and read aside; the rest is the window thread's. Owned by the window's state.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/state/pending.h"
#include "core/api/snapshot.h"
#include "core/api/state.h"

namespace hopscope::app {

struct AppState;

using Snapshot = std::shared_ptr<const core::GeometrySnapshot>;
/// Snapshots of one model by rising steps, the last of them that which is shown.
using Past = std::vector<Snapshot>;

class Archive {
  public:
    static constexpr size_t kMost = 256;         ///< snapshots in memory
    static constexpr size_t kBytes = 96u << 20;  ///< of them; fewer where they are large

    /// Looks into the folder where the run has gone on since the last look, and takes what was
    /// read. Once a frame.
    void update(AppState& state);

    /// All on disk up to the run's step, rising steps.
    const std::vector<core::KeptSnapshot>& files() const { return files_; }
    /// What is held of them before `shown`, and `shown` itself: as many as memory allows, spread
    /// evenly, the oldest among them. Those of the folder are without what belongs to single
    /// tokens, but for their choices.
    Past until(const Snapshot& shown) const;
    /// The oldest that can be read, and the first of those whose routing had settled
    /// (core::settling_step); whole. Null before they are read.
    const Snapshot& first() const { return first_; }
    const Snapshot& settled() const { return settled_; }
    /// Whether all that the folder keeps up to the run's step has been looked at.
    bool complete() const { return looked_for_ && !more_ && !looking_.waits(); }
    /// Changes with every change of what stands above.
    uint64_t version() const { return version_; }

  private:
    struct Entry {
        core::KeptSnapshot file;
        Snapshot snapshot;  ///< null: it cannot be read
    };
    struct Found {
        std::vector<core::KeptSnapshot> files;
        std::vector<Entry> entries;  ///< all that are to be held, or can be so far
        Snapshot first, settled;
        bool more = false;    ///< some are left to be read
        std::string problem;  ///< why one cannot be read
    };
    struct Look;
    void take(AppState& state, Found found);

    std::vector<Entry> entries_;
    std::vector<core::KeptSnapshot> files_;
    Snapshot first_, settled_;
    uint64_t version_ = 0;

    Pending<Found> looking_;
    bool more_ = false;
    double looked_at_ = -1e9;                                       ///< AppState::now
    std::optional<std::pair<int64_t, core::RunState>> looked_for_;  ///< the run's step and state
    std::string told_;                                              ///< the last problem
};

/// What a snapshot takes in memory, nearly.
size_t bytes_of(const core::GeometrySnapshot& snapshot);
/// The indices below `n` that stay of at most `most`: every 2^k-th, and the last.
std::vector<size_t> spread_evenly(size_t n, size_t most);

}  // namespace hopscope::app
