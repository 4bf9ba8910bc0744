// What the statistics panel remembers of past snapshots, bounded in memory: the load of every
// expert over the run, and the choices of the probe sample at a few steps. Window thread, owned by
// the panel.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::app {

class StatisticsHistory {
  public:
    static constexpr size_t kLoads = 256;        ///< snapshots whose loads are kept
    static constexpr size_t kBytes = 32u << 20;  ///< of loads; fewer snapshots where they are large
    static constexpr size_t kChoices = 9;        ///< snapshots whose choices are kept

    /// Adds a snapshot; one at or before the last step (a resumed or another run) drops what comes
    /// after it, other sizes drop all. When full, every second entry goes and the distance between
    /// steps that are kept doubles, so that all of the run stays covered.
    void add(const core::GeometrySnapshot& snapshot);
    void clear() { *this = {}; }

    struct Loads {
        int64_t step = 0;
        std::vector<std::vector<float>> layers;  ///< each [experts], shares
    };
    /// Oldest first; the last is the newest snapshot's.
    const std::vector<Loads>& loads() const { return loads_; }

    struct Choices {
        int64_t step = 0;
        struct Layer {
            int64_t top_k = 0;
            std::vector<int32_t> experts;  ///< [hops, tokens, top_k]
        };
        std::vector<Layer> layers;
    };
    const std::vector<Choices>& choices() const { return choices_; }

  private:
    template <class Entry>
    static void keep(std::vector<Entry>& entries, int64_t& stride, size_t most, Entry entry);

    std::vector<Loads> loads_;
    std::vector<Choices> choices_;
    int64_t load_stride_ = 1, choice_stride_ = 1;  ///< steps between entries that stay
};

}  // namespace hopscope::app
