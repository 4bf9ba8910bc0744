#include "core/trainer/run_records.h"

#include "core/base/clock.h"
#include "core/base/file_handle.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/config/write.h"
#include "core/trainer/checkpoint_io.h"

namespace hopscope::core {
namespace {

constexpr size_t kMostTold = 3;  ///< columns that a message holds

/// Marks the forks of a run that nobody trains any more as paused: they lived in the memory of a
/// process that has ended. Those that another process goes on with stay as they are.
void leave_forks(const RunFolder& folder, const std::string& reason) {
    for (const int64_t step : folder.forks()) {
        auto fork = RunFolder::open(folder.fork_path(step), /*writer=*/false);
        if (!fork || fork->info().state != RunState::running) continue;
        // Its lock is free unless another process goes on with it; a folder that cannot be written
        // is no reason not to resume the run.
        fork = RunFolder::open(folder.fork_path(step), /*writer=*/true);
        if (fork) (void)fork->write_state(RunState::paused, reason).ok();
    }
}

}  // namespace

void describe(RunInfo& info, const Config& config, const Device& device) {
    info.config_hash = config_hash(config);
    info.device = device.kind;
    info.device_name = device.for_people;
    info.precision = device.precision;
    info.threads = device.threads;
    info.steps = config.train.steps;
    if (config.debug.asks_for_any()) info.debug = true;
}

Result<RunRecords> RunRecords::create(const std::string& dir, const Config& config,
                                      const RunInfo& info) {
    auto folder = RunFolder::create(dir, to_toml(config), info);
    if (!folder) return folder.error();
    RunRecords records(std::move(*folder), {});
    records.writes_ = records.created_ = true;
    return records;
}

Status RunRecords::take(const Config& config, const Device& device, int64_t step,
                        const std::function<Status()>& place) {
    if (!folder_.locked())
        if (auto s = folder_.lock(); !s) return s;
    if (auto s = folder_.begin_writing(); !s) return s;
    writes_ = true;
    if (auto s = place(); !s) return s;
    auto info = folder_.info();
    info.resumes.push_back({step, unix_seconds(), changed_});
    info.state = RunState::running;
    info.reason.clear();
    describe(info, config, device);
    if (auto s = folder_.write_config(to_toml(config)); !s) return s;
    if (auto s = folder_.write_info(info); !s) return s;
    leave_forks(folder_, "the run was resumed at step " + std::to_string(step));
    return {};
}

Status RunRecords::open_logs(int64_t layers, int64_t step) {
    auto metrics = MetricsLog::open(folder_, layers, step);
    if (!metrics) return metrics.error();
    auto events = EventLog::open(folder_.events_path());
    if (!events) return events.error();
    metrics_ = std::move(*metrics);
    events_ = std::move(*events);
    return {};
}

Result<std::vector<ScalarRecord>> RunRecords::history(int64_t step,
                                                      std::vector<std::string>* unknown) const {
    // A run that was killed while it was prepared has none yet.
    if (!file_exists(folder_.metrics_path())) return std::vector<ScalarRecord>();
    auto records = read_metrics_csv(folder_.metrics_path(), unknown);
    if (records) std::erase_if(*records, [&](const ScalarRecord& r) { return r.step > step; });
    return records;
}

std::vector<std::string> RunRecords::note_curves(const std::vector<ScalarRecord>& history,
                                                 int64_t step,
                                                 const std::vector<std::string>& unknown) {
    std::vector<std::string> notes;
    const int64_t last = history.empty() ? 0 : history.back().step;
    const auto missing = step - std::ssize(history);
    if (last < step) {
        std::string found = "is missing";
        if (file_exists(folder_.metrics_path()))
            found = history.empty() ? "holds no update" : "ends at step " + std::to_string(last);
        notes.push_back("metrics.csv " + found + ", the checkpoint is of step " +
                        std::to_string(step) + ": the curve has a gap");
    } else if (missing > 0) {
        int64_t first = 1;
        for (const ScalarRecord& record : history) {
            if (record.step != first) break;
            ++first;
        }
        notes.push_back("metrics.csv lacks " + std::to_string(missing) + " of the " +
                        std::to_string(step) + " steps up to the checkpoint, the first of them " +
                        std::to_string(first) + ": the curve has a gap");
    }
    if (!unknown.empty()) {
        std::vector<std::string> names;
        for (const std::string& column : unknown) names.push_back(shown(column));
        notes.push_back("metrics.csv has columns that this version does not know (" +
                        joined_first(names, kMostTold) +
                        "): their values stay in the old file beside it");
    }
    changed_.insert(changed_.end(), notes.begin(), notes.end());
    return notes;
}

Status RunRecords::append(const ScalarRecord& record) {
    if (auto s = check(); !s) return s;
    return metrics_->append(record);
}

Status RunRecords::amend(const ScalarRecord& record) {
    if (auto s = check(); !s) return s;
    return metrics_->amend(record);
}

Status RunRecords::log(const Command& command, int64_t step, const std::string& by) {
    if (auto s = check(); !s) return s;
    return events_->append({command, step, unix_seconds(), by});
}

Status RunRecords::checkpoint(const EngineState& state, int64_t keep) {
    if (auto s = check(); !s) return s;
    if (auto s = events_->check(); !s) return s;
    if (auto s = metrics_->sync(); !s) return s;
    const auto checkpoints = folder_.checkpoints();
    if (auto s = write_checkpoint(checkpoints, state, folder_.info().corpus_hashes); !s) return s;
    return checkpoints.rotate(keep);
}

Status RunRecords::write_state(RunState state, const std::string& reason, int64_t peak_memory) {
    // On disk a run is running, paused, done or failed (docs/formats.md#run-folder); a stopped one
    // can go on, so it is paused.
    if (state == RunState::stopped || state == RunState::stopping) state = RunState::paused;
    if (state == RunState::preparing || state == RunState::idle) state = RunState::running;
    if (auto s = check(); !s) return s;
    RunInfo info = folder_.info();
    info.state = state;
    info.reason = reason;
    if (peak_memory > 0) info.peak_memory_bytes = peak_memory;
    return folder_.write_info(info);
}

}  // namespace hopscope::core
