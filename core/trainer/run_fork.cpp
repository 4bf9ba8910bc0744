#include "core/trainer/run_fork.h"

#include "core/base/clock.h"
#include "core/trainer/share_data.h"

namespace hopscope::core {
namespace {

/// run.json of a fork, as the run's stands now.
RunInfo fork_info(const RunFolder& run, int64_t step, const Command* with) {
    RunInfo info = run.info();
    info.created = unix_seconds();
    info.state = RunState::running;
    info.reason.clear();
    info.resumes.clear();
    // Beside the run it takes the run's commands; gone on with alone it has none.
    info.script.clear();
    info.peak_memory_bytes = 0;
    info.forked_from = {run.name(), step, with ? to_json(*with) : ""};
    return info;
}

/// Of events.jsonl the changes, not what controlled the run.
Status inherit_changes(const RunFolder& run, const RunFolder& fork) {
    auto logged = read_event_log(run.events_path());
    if (!logged) return logged.error();
    auto text = read_file(run.events_path(), SIZE_MAX);
    if (!text) return text.error();
    // Whole lines, as read_event_log counts them: one write instead of one for each command.
    std::string kept;
    auto entry = logged->begin();
    for (const std::string_view line : complete_lines(*text)) {
        if (line.empty()) continue;
        if (changes_training((entry++)->command)) kept.append(line) += '\n';
    }
    return write_file_atomic(fork.events_path(), kept);
}

Status inherit(const RunFolder& run, RunRecords& fork, const LiveRun& copy, const Command* with) {
    const bool synthetic = copy.config.data.is_synthetic();
    if (auto s = link_data(run, fork.folder().dir(), synthetic); !s) return s;
    if (auto s = copy_file(run.metrics_path(), fork.folder().metrics_path()); !s) return s;
    if (auto s = inherit_changes(run, fork.folder()); !s) return s;
    if (auto s = fork.open_logs(copy.config.model.n_layers, copy.step()); !s) return s;
    if (with)
        if (auto s = fork.log(*with, copy.step(), "fork"); !s) return s;
    return fork.checkpoint(copy.engine.state(), copy.config.train.keep_checkpoints);
}

}  // namespace

Result<RunRecords> found_fork(const std::string& dir, const RunRecords& records,
                              const LiveRun& copy, const Command* with) {
    const RunFolder& run = records.folder();
    if (auto s = records.check(); !s) return s.error();
    auto fork = RunRecords::create(dir, copy.config, fork_info(run, copy.step(), with));
    Status founded = fork ? inherit(run, *fork, copy, with) : Status(fork.error());
    if (founded) return fork;
    if (fork) fork->undo_create();
    return founded.error();
}

}  // namespace hopscope::core
