// The runs that were opened here last, newest first: kept as recent.json in the settings folder, so
// that the start screen and the menu can offer them again. Several windows may keep it; each write
// lays what this window did over what the file holds by then. How a run stands is looked up aside
// and kept with it, so that one whose folder has gone still says what it was. Window thread only,
// but for the functions that say otherwise.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/state/pending.h"
#include "core/api/base.h"
#include "core/api/run_look.h"

namespace hopscope::app {

struct AppState;

struct RecentRun {
    std::string dir;    ///< its folder, whole path
    double opened = 0;  ///< seconds, Unix
    core::RunLook look;
    std::string missing;  ///< why it cannot be opened now; "" where it can
    bool operator==(const RecentRun&) const = default;
};

inline constexpr size_t kRecentRuns = 12;  ///< that are kept

/// recent.json, hopscope.recent/1. `problem` gets a sentence when the file is there but cannot be
/// used. Any thread.
std::vector<RecentRun> read_recent(const std::string& folder, std::string& problem);
std::string recent_text(const std::vector<RecentRun>& runs);

class RecentRuns {
  public:
    /// Asks for what `folder` holds; "" keeps nothing.
    void begin(AppState& state, std::string folder);
    /// Notes the run that is open, takes what came, writes what changed; once a frame.
    void update(AppState& state);
    /// Has the runs looked at anew if that was long ago; by who draws them.
    void wanted(AppState& state);
    void remove(AppState& state, const std::string& dir);
    /// Newest first.
    const std::vector<RecentRun>& runs() const { return runs_; }
    bool busy() const { return due_ || working_.waits(); }

  private:
    /// What this window did since the last write: a run opened (seconds), or removed (0).
    using Edits = std::map<std::string, double>;
    struct Answer {
        std::vector<RecentRun> runs;
        std::string problem;
    };
    static Answer look(const std::string& folder, const Edits& edits,
                       const std::function<core::Result<core::RunLook>(const std::string&)>& look);
    void ask(AppState& state);

    std::string folder_;
    bool begun_ = false;
    std::vector<RecentRun> runs_;
    Edits edits_;
    Pending<Answer> working_;
    std::string noted_, told_;  ///< the run noted last, the problem told last
    double looked_at_ = -1e9;
    bool due_ = false;  ///< there are edits to be written
};

}  // namespace hopscope::app
