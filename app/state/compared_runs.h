// The runs that stand beside each other: the open one (of a race its lanes, with a fork that too)
// and those that were given on the command line or added in the window. Each has its curve and a
// place, which decides its colour and glyph in every panel: seeds of one variant share it. Owned by
// the window's state, window thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/state/history.h"
#include "app/state/pending.h"
#include "core/api/base.h"
#include "core/api/state.h"

namespace hopscope::app {

struct AppState;

struct ComparedEntry {
    std::string dir;                   ///< "" where a run has no folder yet
    std::string name;                  ///< unique among the entries, never empty
    const History* history = nullptr;  ///< until the next frame
    size_t place = 0;                  ///< of line_color() and line_marker()
    bool open = false;                 ///< the run that is inspected, a lane or a fork of it
    bool given = false;                ///< it can be taken out
    core::RunState state = core::RunState::idle;
    int64_t step = 0, steps = 0;
};

class ComparedRuns {
  public:
    /// The entry that is looked at in the panels that list runs: its folder, or its name where it
    /// has none; "" for none.
    std::string chosen;
    /// Somebody wants to add runs: the field for that is to be typed into.
    bool asked = false;

    /// More would be told apart neither in a plot nor in a table.
    static constexpr size_t kMost = 24;

    /// Once a frame.
    void update(AppState& state);
    const std::vector<ComparedEntry>& entries() const { return entries_; }
    /// nullptr: there is none of that folder.
    const ComparedEntry* of(const std::string& dir) const;

    /// Adds the runs that a path names: a run, the lanes of a race, all runs in a folder. The
    /// answer comes with a later frame.
    void add(AppState& state, const std::string& path);
    bool adding() const { return adding_.waits(); }
    /// Why the last one was not added, or not all of it; "" where it was.
    const std::string& problem() const { return problem_; }
    void remove(AppState& state, const std::string& dir);

  private:
    void take_added(AppState& state);
    void list(const AppState& state);
    void give_places(const AppState& state);

    std::vector<ComparedEntry> entries_;
    std::map<std::string, size_t> places_;  ///< by variant, or by folder until that is known
    Pending<core::Result<std::vector<std::string>>> adding_;
    std::string problem_;
};

}  // namespace hopscope::app
