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

/// Experts × time of one layer, for the heatmap.
struct LoadMap {
    int64_t experts = 0, columns = 0;
    int64_t first_step = 0, last_step = 0;
    std::vector<int32_t> order;  ///< [experts] the expert of each row, falling present load
    /// [experts, columns] log2 of load × experts, column c showing the snapshot at or before its
    /// step; NaN before the first one. Experts without a choice: kUnused.
    std::vector<float> values;
    static constexpr float kLow = -3, kHigh = 3;  ///< ⅛ … 8 × uniform
    static constexpr float kUnused = -20;
    bool empty() const { return values.empty(); }
    /// Step at the middle of a column.
    int64_t step_of(int64_t column) const;
};
LoadMap load_map(const StatisticsHistory& history, size_t layer, int64_t columns = 240);

/// How much of the routing of the probe sample stayed from one step to another.
struct StepOverlap {
    std::vector<int64_t> steps;
    std::vector<float> jaccard;    ///< [steps, steps] mean over tokens and hops (science.md E11)
    int64_t tokens = 0, hops = 0;  ///< each number is the mean of tokens × hops sets
};
StepOverlap step_overlap(const StatisticsHistory& history, const core::LayerGeometry& now,
                         size_t layer);

}  // namespace hopscope::app
