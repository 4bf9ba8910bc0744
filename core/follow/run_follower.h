// Reads a run folder while another process may be writing it: what is new in metrics.csv, run.json,
// events.jsonl, geometry/ and checkpoints/ since the last look. Writes nothing and waits for
// nobody; an object belongs to the thread that made it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/snapshot.h"
#include "core/follow/acting_commands.h"
#include "core/follow/told_once.h"
#include "core/run/event_log.h"
#include "core/run/fork_file.h"
#include "core/run/metrics_tail.h"
#include "core/run/run_folder.h"

namespace hopscope::core {

struct FollowedNews {
    std::vector<ScalarRecord> records;  ///< oldest first, of the run before those of forks
    bool restarted = false;             ///< earlier records are void; `records` are all
    bool info_changed = false;          ///< run.json, or whether someone writes
    std::shared_ptr<const GeometrySnapshot> geometry;  ///< null: nothing newer
    bool checkpoint_changed = false;
    std::vector<Answer> commands;  ///< that were carried out, oldest first
    /// What acts on the run now; null where nothing of it may have changed.
    std::shared_ptr<const ActingCommands> acting;
    std::shared_ptr<const ForkStatus> fork;  ///< the newest; null where nothing of it has changed
    std::vector<std::string> lanes;          ///< names of all forks, with `fork`
    std::vector<std::string> problems;       ///< what could not be read; each is told once

    bool any() const {
        return !records.empty() || restarted || info_changed || geometry || checkpoint_changed ||
               !commands.empty() || fork || !problems.empty();
    }
};

class RunFollower {
  public:
    /// Errors (usage): no run folder, a run.json that cannot be read.
    static Result<RunFollower> open(const std::string& dir);

    /// Everything that is new. `pictures`: also read the newest geometry snapshot.
    FollowedNews look(bool pictures);

    const RunFolder& folder() const { return folder_; }
    const RunInfo& info() const { return folder_.info(); }
    bool being_written() const { return being_written_; }
    int64_t step() const { return step_; }              ///< of the last record; 0 before the first
    int64_t checkpoint() const { return checkpoint_; }  ///< step of the newest; −1: none yet

  private:
    explicit RunFollower(RunFolder folder)
        : folder_(std::move(folder)), tail_(folder_.metrics_path()) {}

    void read_records(FollowedNews& news);
    void read_info(FollowedNews& news);
    void read_commands(FollowedNews& news);
    void read_forks(FollowedNews& news);
    void read_geometry(FollowedNews& news);
    void tell(FollowedNews& news, const Error& error);

    RunFolder folder_;
    MetricsTail tail_;
    bool looked_ = false, being_written_ = false;
    int64_t step_ = 0, checkpoint_ = -1;
    int64_t geometry_step_ = -1, geometry_time_ = 0;  ///< of the file last read
    uint64_t geometry_version_ = 0;
    uintmax_t events_size_ = 0;        ///< of events.jsonl as last read
    std::vector<LoggedCommand> log_;   ///< as last read
    std::vector<bool> told_commands_;  ///< of log_
    struct Fork {
        int64_t step = 0;
        MetricsTail tail;
    };
    std::vector<Fork> forks_;  ///< in the order of their lanes, from 1 on
    ForkStatus fork_;          ///< as last told
    ToldOnce told_;
};

}  // namespace hopscope::core
