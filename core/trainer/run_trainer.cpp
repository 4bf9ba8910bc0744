#include "core/trainer/run_trainer.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/base/debug_points.h"
#include "core/base/utf8.h"
#include "core/config/check.h"
#include "core/trainer/model_copy.h"
#include "core/trainer/prepare_run.h"
#include "core/trainer/rehearsal.h"
#include "core/trainer/run_evaluation.h"
#include "core/trainer/run_fork.h"

namespace hopscope::core {

Status RunTrainer::guarded(const std::function<Status()>& work) {
    try {
        auto worked = work();
        if (!worked) abandon(worked.error());
        return worked;
    } catch (const std::exception& e) {
        const Error error = torch_error(e);
        abandon(error);
        return error;
    }
}

Status RunTrainer::prepare(const Progress& progress, RunStatus& status) {
    auto examined = examine(progress, status);
    return examined ? begin_writing() : examined;
}

Status RunTrainer::examine(const Progress& progress, RunStatus& status) {
    return guarded([&] { return examine_run(progress, status); });
}

Status RunTrainer::begin_writing() {
    if (options_.open_only) return {};
    return guarded([&] { return start_writing(); });
}

Status RunTrainer::examine_run(const Progress& progress, RunStatus& status) {
    auto setup = set_up(options_);
    if (!setup) return setup.error();
    if (auto s = use_threads(setup->device.threads); !s) return s;
    const DebugConfig& debug = setup->config.debug;
    const bool trains = !options_.open_only || options_.allow_debug;
    set_debug_points(trains ? debug.kill_at : "", trains ? debug.slow_writer_ms : 0);

    std::optional<EngineState> checkpoint;
    if (options_.resume || options_.open_only) {
        auto reopened = reopen_run(options_, *setup, progress);
        if (!reopened) return reopened.error();
        records_ = std::move(reopened->records);
        checkpoint = std::move(reopened->checkpoint);
    } else {
        auto created = create_run(options_, *setup);
        if (!created) return created.error();
        records_ = std::move(*created);
    }
    const Config& config = setup->config;
    status.run_dir = folder().dir();
    status.run_name = folder().name();
    status.device = word(setup->device.kind);
    status.threads = setup->device.threads;
    status.source = source_name(config);
    status.synthetic = config.data.is_synthetic();

    using Where = DataStage::Where;
    stage_ = std::make_unique<DataStage>(folder().dir(), records_->created() ? Where::in_place
                                                         : folder().locked() ? Where::beside
                                                                             : Where::apart);
    auto data = prepare_run_data(folder(), config, *stage_, options_.siblings, progress);
    if (!data) return data.error();
    progress.report("building the model", -1);
    if (checkpoint && checkpoint->recent_load.empty())  // written by an older version
        checkpoint->recent_load = newest_loads(setup->config, checkpoint->step);
    Engine engine(checkpoint ? std::move(*checkpoint) : first_state(*setup), {setup->form});
    auto log = read_event_log(folder().events_path());
    if (!log) return log.error();
    ReplayQueue replay(*log, engine.state());
    // What controlled an earlier session behind this step does not come again.
    for (const LoggedCommand& entry : *log)
        if (entry.step <= engine.state().step || changes_training(entry.command))
            past_.push_back(answer_of(entry));
    GeometryRecorder geometry(probe_sample(*data, config.train));
    live_ = std::make_unique<LiveRun>(LiveRun{config, setup->device, std::move(*data),
                                              std::move(engine), std::move(replay),
                                              std::move(geometry)});
    status.parameters = parameters();
    if (folder().locked())
        if (auto s = MetricsCsv::check(folder().metrics_path(), config.model.n_layers); !s)
            return s;
    if (auto s = read_history(progress); !s) return s;
    for (const auto& r : history_)
        if (!std::isnan(r.valid_loss)) status.valid_loss = r.valid_loss;
    if (auto s = live_->catch_up(); !s) return s;
    if (!records_->created()) return {};
    return rehearse(live_->engine, options_.script, parameters(), available_memory(device()));
}

/// Nothing where there is none that can be read: pictures are no reason not to go on.
RecentLoad RunTrainer::newest_loads(const Config& config, int64_t step) const {
    const auto entries = folder().geometry();
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        if (entry->step > step) continue;
        const auto saved = read_geometry(folder().geometry_path(entry->step));
        if (!saved) continue;
        RecentLoad out;
        for (const LayerGeometry& layer : saved->layers) {
            if (std::ssize(layer.load) != config.moe.experts) return {};
            out.emplace_back(layer.load.begin(), layer.load.end());
        }
        return std::ssize(out) == config.model.n_layers ? out : RecentLoad();
    }
    return {};
}

/// From here on the folder is changed; what could be refused has been.
Status RunTrainer::start_writing() {
    const auto place = [&] { return stage_->put_in_place(); };
    if (!records_->writes())
        if (auto s = records_->take(live_->config, live_->device, step(), place); !s) return s;
    if (auto s = records_->open_logs(live_->config.model.n_layers, step()); !s) return s;
    RunInfo info = folder().info();
    info.corpus_hashes = live_->data.hashes;
    info.parameters = parameters();
    return records_->write_info(info);
}

Status RunTrainer::read_history(const Progress& progress) {
    std::vector<std::string> unknown;
    auto history = records_->history(step(), &unknown);
    if (!history) return history.error();
    history_ = std::move(*history);
    if (options_.open_only) unknown.clear();  // a look leaves the file as it is
    for (const std::string& found : records_->note_curves(history_, step(), unknown))
        progress.tell(found);
    if (history_.empty()) return {};
    const ScalarRecord& last = history_.back();
    if (last.step == step() && due().evaluate && std::isnan(last.valid_loss)) owed_ = last;
    return {};
}

void RunTrainer::abandon(const Error& error) {
    if (!records_) return;
    if (error.kind == ErrorKind::interrupted) {
        (void)write_state(RunState::paused, "").ok();  // can go on with --resume
    } else if (records_->created()) {
        // Nothing was trained: the folder must not stand in the way of the next try under its name.
        records_->undo_create();
        records_.reset();
    } else if (records_->writes()) {
        (void)write_state(RunState::failed, error.message).ok();
    }
    stage_.reset();
}

Status RunTrainer::ensure_writer() {
    if (records_->writes()) return {};
    const auto file = folder().config_path();
    if (auto s = check_debug(live_->config, options_.allow_debug, file); !s) return s;
    return start_writing();
}

std::vector<ScalarRecord> RunTrainer::history() {
    // Without a window nobody draws the curves again, and a progress line must not repeat old
    // steps.
    return options_.headless ? std::vector<ScalarRecord>() : std::move(history_);
}

std::vector<ScalarRecord> RunTrainer::recorded() const {
    auto history = records_->history(step());
    return history ? std::move(*history) : std::vector<ScalarRecord>();
}

Result<ScalarRecord> RunTrainer::update(const std::function<void()>& between) {
    try {
        if (auto s = ensure_writer(); !s) return s.error();
        if (auto s = records_->check(); !s) return s.error();
        if (auto s = live_->catch_up(); !s) return s.error();
        LiveRun& run = *live_;
        const bool shown = run.due(step() + 1).snapshot;
        const auto look =
            shown ? run.geometry.gradient_view(run.engine.state().model.config) : GradientView();
        peak_.begin(device());
        auto record = run.engine.update(run.data.train, between, look);
        peak_.end(device());
        if (!record) {
            const std::string kept = save_bad_batch();
            if (kept.empty()) return record;
            return Error{record.error().kind,
                         record.error().message + " Its tokens are in " + kept + "."};
        }
        if (shown) run.geometry.record(run.engine, *record);
        return record;
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

std::string RunTrainer::save_bad_batch() {
    if (!records_->check()) return "";
    const auto& train = live_->config.train;
    const nlohmann::json j = {{"format", "hopscope.bad_batch/1"},
                              {"step", step()},
                              {"batch", train.batch},
                              {"seq_len", train.seq_len},
                              {"tokens", live_->engine.bad_batch()}};
    // The failure itself is what the user must read; that its batch could not be saved too would
    // only hide it.
    const std::string name = "bad_batch_" + std::to_string(step()) + ".json";
    const bool kept = write_file_atomic(folder().dir() + "/" + name, j.dump()).ok();
    (void)checkpoint().ok();
    return kept ? name : "";
}

Result<float> RunTrainer::evaluate(const Progress& progress) {
    try {
        if (auto s = ensure_writer(); !s) return s.error();
        if (auto s = records_->check(); !s) return s.error();
        auto found = evaluate_run(*live_, folder(), progress);
        if (!found) return found.error();
        evaluated_ = std::move(found->sequences);
        return static_cast<float>(found->loss);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

Result<ScalarRecord> RunTrainer::make_up(float valid_loss) {
    ScalarRecord completed = *owed_;
    completed.valid_loss = valid_loss;
    if (auto s = records_->amend(completed); !s) return s.error();
    owed_.reset();
    return completed;
}

Status RunTrainer::checkpoint() {
    try {
        if (auto s = ensure_writer(); !s) return s;
        return records_->checkpoint(live_->engine.state(), live_->config.train.keep_checkpoints);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

Status RunTrainer::apply(const Command& command, const std::string& by) {
    if (auto s = ensure_writer(); !s) return s;
    try {
        if (auto s = live_->apply(command); !s) return s;
    } catch (const std::exception& e) {
        return torch_error(e);
    }
    return note(command, by);
}

Status RunTrainer::note(const Command& command, const std::string& by) {
    if (auto s = ensure_writer(); !s) return s;
    return records_->log(command, step(), by);
}

std::vector<Answer> RunTrainer::past() {
    if (past_.empty()) return {};
    const auto later = std::stable_partition(
        past_.begin(), past_.end(), [&](const Answer& answer) { return answer.step <= step(); });
    std::vector<Answer> due(std::make_move_iterator(past_.begin()), std::make_move_iterator(later));
    past_.erase(past_.begin(), later);
    return due;
}

std::vector<std::string> RunTrainer::frozen() const {
    return live_ ? live_->engine.frozen() : std::vector<std::string>();
}

int64_t RunTrainer::device_bytes() const {
    return live_ ? held_memory(device()) : 0;
}

std::vector<std::string> RunTrainer::interventions() const {
    return live_ ? live_->engine.interventions() : std::vector<std::string>();
}

std::shared_ptr<const GeometrySnapshot> RunTrainer::geometry() {
    if (live_->config.debug.skip_publication) return nullptr;
    return live_->geometry.snapshot(live_->engine, due().snapshot);
}

Status RunTrainer::save_geometry(const GeometrySnapshot& snapshot) {
    if (!records_->writes()) return {};
    auto saved = folder().save_geometry(snapshot, projections(live_->engine.state().model.weights),
                                        settling_step(live_->config));
    return saved ? Status() : Status(saved.error());
}

std::shared_ptr<const WeightsCopy> RunTrainer::copy_weights() {
    const EngineState& state = live_->engine.state();
    const auto own = [](Group, const at::Tensor& t) {
        return t.detach().to(at::TensorOptions().dtype(at::kFloat).device(at::kCPU), false,
                             /*copy=*/true);
    };
    auto copy = std::make_shared<ModelCopy>(Model{state.model.config, state.model.weights.map(own)},
                                            live_->data.tokenizer, live_->data.valid);
    copy->step = state.step;
    return copy;
}

Status RunTrainer::write_state(RunState state, const std::string& reason) {
    if (!records_ || !records_->writes()) return {};
    return records_->write_state(state, reason, peak_.bytes());
}

Result<std::unique_ptr<RunTrainer>> RunTrainer::fork(const Command* with) {
    try {
        if (auto s = ensure_writer(); !s) return s.error();
        // Older commands of this step first: they are part of what both have in common.
        if (auto s = live_->catch_up(); !s) return s.error();
        SessionOptions options = options_;
        options.run_dir = folder().fork_path(step());
        options.resume = options.open_only = false;
        if (!check_new_folder(options.run_dir, FolderOf::run))
            return usage_error(shown_path(options.run_dir) +
                               " exists: an earlier fork of this step; make another step first, "
                               "or move that folder away");
        auto copy = std::make_unique<RunTrainer>(std::move(options));
        copy->live_ = std::make_unique<LiveRun>(*live_);
        peak_.share();
        copy->peak_.share();
        // Before anything is written: a refusal leaves nothing.
        if (with)
            if (auto s = copy->live_->apply(*with); !s) return s.error();
        auto founded = found_fork(copy->options_.run_dir, *records_, *copy->live_, with);
        if (!founded) return founded.error();
        copy->records_ = std::move(*founded);
        return copy;
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core
