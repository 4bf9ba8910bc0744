// What a run gives to its fork: the state in memory, the data, and the past in its folder.
#include <chrono>
#include <filesystem>

#include "core/config/config.h"
#include "core/lab/run_trainer.h"
#include "core/lab/share_data.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

double unix_seconds() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

EngineState deep_copy(const EngineState& state) {
    EngineState copy = state;
    const auto clone = [](Group, const at::Tensor& t) { return t.detach().clone(); };
    copy.weights = state.weights.map(clone);
    copy.m = state.m.map(clone);
    copy.v = state.v.map(clone);
    return copy;
}

}  // namespace

Result<std::unique_ptr<RunTrainer>> RunTrainer::fork(const Command* with) {
    try {
        if (auto s = ensure_writer(); !s) return s.error();
        // Older commands of this step first: they are part of what both have in common.
        if (auto s = replay_due_commands(); !s) return s.error();
        SessionOptions options = options_;
        options.run_dir = folder_->fork_path(step());
        options.resume = options.open_only = false;
        if (fs::exists(options.run_dir))
            return usage_error(options.run_dir +
                               " exists: an earlier fork of this step; make another step first, "
                               "or move that folder away");
        auto copy = std::make_unique<RunTrainer>(std::move(options));
        copy->config_ = config_;
        copy->device_ = device_;
        copy->data_ = data_;
        copy->replay_ = replay_;
        copy->recent_load_ = recent_load_;
        copy->sample_ = sample_;
        copy->sample_rows_ = sample_rows_;
        copy->alone_ = alone_ = false;
        copy->engine_ = std::make_unique<Engine>(deep_copy(engine_->state()));
        // Before anything is written: a refusal leaves nothing.
        if (with)
            if (auto s = copy->engine_->apply(*with); !s) return s.error();
        if (auto s = copy->found_fork(*this, with); !s) {
            const std::string dir = copy->options_.run_dir;
            copy.reset();
            std::error_code ignored;
            fs::remove_all(dir, ignored);
            fs::remove(parent_dir(dir), ignored);  // the folder of forks, if it holds no other
            return s.error();
        }
        return copy;
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

Status RunTrainer::found_fork(const RunTrainer& run, const Command* with) {
    RunInfo info = run.folder_->info();
    info.created = unix_seconds();
    info.state = RunState::running;
    info.reason.clear();
    info.resumes.clear();
    info.peak_memory_bytes = 0;
    info.forked_from = {run.folder_->name(), run.step(), with ? to_json(*with) : ""};
    auto folder = RunFolder::create(options_.run_dir, to_toml(config_), info);
    if (!folder) return folder.error();
    folder_ = std::move(*folder);
    writer_ = created_ = true;
    if (auto s = link_data(*run.folder_, *folder_, config_.data.source == "synthetic"); !s)
        return s;
    std::error_code error;
    fs::copy_file(run.folder_->metrics_path(), folder_->metrics_path(), error);
    if (error)
        return failure("cannot copy " + run.folder_->metrics_path() + " to " +
                       folder_->metrics_path() + ": " + error.message());
    if (auto s = inherit_events(run, with); !s) return s;
    if (auto s = open_logs(); !s) return s;
    return checkpoint();
}

Status RunTrainer::inherit_events(const RunTrainer& run, const Command* with) {
    auto logged = read_event_log(run.folder_->events_path());
    if (!logged) return logged.error();
    auto text = read_file(run.folder_->events_path(), SIZE_MAX);
    if (!text) return text.error();
    // Whole lines, as read_event_log counts them: one write instead of one for each command.
    std::string kept;
    auto entry = logged->begin();
    for (const std::string_view line : complete_lines(*text)) {
        if (line.empty()) continue;
        if (changes_training((entry++)->command)) kept.append(line) += '\n';
    }
    if (auto s = write_file_atomic(folder_->events_path(), kept); !s) return s;
    if (!with) return {};
    auto log = EventLog::open(folder_->events_path());
    if (!log) return log.error();
    return log->append({*with, step(), unix_seconds(), "fork"});
}

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

}  // namespace hopscope::core
