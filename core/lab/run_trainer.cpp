#include "core/lab/run_trainer.h"

#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/config/config.h"
#include "core/lab/checkpoint_io.h"
#include "core/lab/peak_memory.h"
#include "core/measure/coupling.h"
#include "core/measure/gradient_geometry.h"
#include "core/probe/intervention_probe.h"

namespace hopscope::core {
namespace {

double unix_seconds() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Error resume_refusal(const std::string& dir, const std::vector<std::string>& keys) {
    std::string list;
    for (const auto& k : keys) list += "\n  " + k;
    return usage_error(
        dir +
        ": the configuration differs from the run's in keys that resume may not change:" + list +
        "\nresume may change device, threads, eval_*, checkpoint_*, keep_checkpoints and steps");
}

}  // namespace

bool changes_training(const Command& command) {
    const auto* spec = find_command(command.name);
    return spec && spec->action == Action::change && command.name != "fork";
}

Status RunTrainer::create_folder(const Device& device) {
    RunInfo info;
    info.program_version = HOPSCOPE_VERSION;
    info.config_name = options_.config_name;
    info.source = source_name(config_);
    info.synthetic = config_.data.source == "synthetic";
    info.seed = config_.train.seed;
    info.created = unix_seconds();
    info.kernel_choices = {
        {"route", "fused"}, {"experts", "fused"}, {"classifier", "fused"}, {"adamw", "fused"}};
    for (const Command& command : options_.script) info.script.push_back(to_json(command));
    info.state = RunState::running;
    describe(info, device);
    auto folder = RunFolder::create(options_.run_dir, to_toml(config_), info);
    if (!folder) return folder.error();
    folder_ = std::move(*folder);
    writer_ = created_ = true;
    return {};
}

void RunTrainer::describe(RunInfo& info, const Device& device) const {
    info.config_hash = config_hash(config_);
    info.device = device.name;
    info.device_name = device.for_people;
    info.precision = device.precision;
    info.threads = device.threads;
    info.steps = config_.train.steps;
}

Status RunTrainer::open_folder(const Progress& progress, const Device& device) {
    auto folder = RunFolder::open(options_.run_dir, /*writer=*/false);
    if (!folder) return folder.error();
    auto toml = folder->config_toml();
    if (!toml) return toml.error();
    auto saved = parse_config(*toml, folder->config_path());
    if (!saved) return saved.error();
    const auto differing = differing_keys(*saved, config_, /*resumable=*/true);
    if (!differing.empty()) return resume_refusal(options_.run_dir, differing);
    changed_ = differing_keys(*saved, config_, /*resumable=*/false);
    std::vector<std::string> skipped;
    const auto newest = folder->checkpoints().newest_complete(&skipped);
    for (const auto& s : skipped) {
        changed_.push_back("skipped a damaged checkpoint: " + s);
        progress.report(changed_.back(), -1);
    }
    if (!newest && !skipped.empty()) {
        std::string list;
        for (const auto& s : skipped) list += "\n  " + s;
        return usage_error(options_.run_dir + ": no checkpoint of this run can be read:" + list +
                           "\nput a good one back; nothing was changed");
    }
    if (newest) {
        auto state = read_checkpoint(*newest, config_, device.device);
        if (!state) return state.error();
        resumed_ = std::move(*state);
    }
    folder_ = std::move(*folder);
    return options_.open_only ? Status() : ensure_writer();
}

Status RunTrainer::ensure_writer() {
    if (writer_) return {};
    auto folder = RunFolder::open(options_.run_dir, /*writer=*/true);
    if (!folder) return folder.error();
    auto info = folder->info();
    const int64_t done = engine_ ? step() : resumed_ ? resumed_->step : 0;
    info.resumes.push_back({done, unix_seconds(), changed_});
    info.state = RunState::running;
    info.reason.clear();
    describe(info, device_);
    if (auto s = folder->write_config(to_toml(config_)); !s) return s;
    if (auto s = folder->write_info(info); !s) return s;
    folder_ = std::move(*folder);
    writer_ = true;
    leave_forks(*folder_, "the run was resumed at step " + std::to_string(done));
    return engine_ ? open_logs() : Status();
}

Status RunTrainer::open_logs() {
    auto metrics = MetricsLog::open(*folder_, config_.model.n_layers, step());
    if (!metrics) return metrics.error();
    metrics_ = std::move(*metrics);
    auto events = EventLog::open(folder_->events_path());
    if (!events) return events.error();
    events_ = std::move(*events);
    return {};
}

Status RunTrainer::start_engine(const Device& device) {
    EngineState state;
    if (resumed_) {
        state = std::move(*resumed_);
        resumed_.reset();
    } else {
        state.live = config_;
        state.weights =
            init_weights(config_, config_.train.seed).map([&](Group, const at::Tensor& t) {
                return t.to(device.device);
            });
        const auto zeros = [](Group, const at::Tensor& t) { return at::zeros_like(t); };
        state.m = state.weights.map(zeros);
        state.v = state.weights.map(zeros);
    }
    const int64_t done = state.step;
    engine_ = std::make_unique<Engine>(std::move(state));
    if (writer_)
        if (auto opened = open_logs(); !opened) return opened;
    auto records = read_metrics_csv(folder_->metrics_path());
    if (!records) return records.error();
    for (auto& r :
         *records)  // what came after the checkpoint is not part of the state that is shown
        if (r.step <= done) history_.push_back(std::move(r));
    if (!history_.empty() && history_.back().step == done && due().evaluate &&
        std::isnan(history_.back().valid_loss))
        owed_ = history_.back();

    auto logged = read_event_log(folder_->events_path());
    if (!logged) return logged.error();
    for (auto& entry : *logged)
        if (changes_training(entry.command)) replay_.push_back(entry);
    // In the order they were applied: of one step as logged (RunTrainer::apply sees to it).
    std::stable_sort(
        replay_.begin(), replay_.end(),
        [](const LoggedCommand& a, const LoggedCommand& b) { return a.step < b.step; });
    // Those the checkpoint holds are not applied twice: a second `clear` or `unfreeze` would take
    // away something else, or nothing. Older checkpoints hold what came before their step.
    const int64_t held = engine_->state().commands;
    auto behind = held >= 0 ? replay_.begin() + std::min<int64_t>(held, std::ssize(replay_))
                            : std::find_if(replay_.begin(), replay_.end(),
                                           [&](const auto& e) { return e.step >= done; });
    replay_.erase(replay_.begin(), behind);
    return {};
}

Status RunTrainer::prepare(const Progress& progress, RunStatus& status) {
    auto prepared = prepare_run(progress, status);
    if (!prepared) abandon(prepared.error());
    return prepared;
}

void RunTrainer::abandon(const Error& error) {
    if (!folder_) return;
    if (error.kind == ErrorKind::interrupted) {
        (void)write_state(RunState::paused, "").ok();  // can go on with --resume
    } else if (created_) {
        // Nothing was trained: the folder must not stand in the way of the next try under its name.
        const auto dir = folder_->dir();
        folder_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(dir, ignored);
    } else if (writer_) {
        (void)write_state(RunState::failed, error.message).ok();
    }
}

std::vector<ScalarRecord> RunTrainer::recorded() const {
    auto records = read_metrics_csv(folder_->metrics_path());
    if (!records) return {};
    std::erase_if(*records, [&](const ScalarRecord& r) { return r.step > step(); });
    return std::move(*records);
}

Status RunTrainer::prepare_run(const Progress& progress, RunStatus& status) {
    try {
        if (options_.resume || options_.open_only) {
            // The stored thread count makes the resumed run bit-identical; naming another one in
            // the config changes it.
            auto folder = RunFolder::open(options_.run_dir, /*writer=*/false);
            if (!folder) return folder.error();
            if (config_.train.threads == 0) config_.train.threads = folder->info().threads;
            if (config_.train.device == "auto") config_.train.device = folder->info().device;
            if (config_.train.precision == "auto")
                config_.train.precision = folder->info().precision;
        }
        auto device = resolve_device(config_.train);
        if (!device) return device.error();
        device_ = *device;
        config_.train.threads = device_.threads;
        config_.train.device = device_.name;
        config_.train.precision = device_.precision;
        use_threads(device_.threads);
        if (options_.run_dir.empty()) options_.run_dir = default_run_dir(options_.config_name);
        const bool existing = options_.resume || options_.open_only;
        if (auto s = existing ? open_folder(progress, device_) : create_folder(device_); !s)
            return s;

        status.run_dir = folder_->dir();
        status.run_name = folder_->name();
        status.device = device_.name;
        status.threads = device_.threads;
        status.source = source_name(config_);
        status.synthetic = config_.data.source == "synthetic";
        auto data = prepare_run_data(*folder_, config_, folder_->info().corpus_hashes,
                                     options_.siblings, progress);
        if (!data) return data.error();
        data_.emplace(std::move(*data));
        progress.report("building the model", -1);
        if (auto s = start_engine(device_); !s) return s;
        status.parameters = engine_->state().weights.parameters();
        if (writer_) {
            auto info = folder_->info();
            info.corpus_hashes = data_->hashes;
            info.parameters = status.parameters;
            if (auto s = folder_->write_info(info); !s) return s;
        }
        for (const auto& r : history_)
            if (!std::isnan(r.valid_loss)) status.valid_loss = r.valid_loss;
        make_probe_sample();
        return replay_due_commands();
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

Status RunTrainer::replay_due_commands() {
    while (!replay_.empty() && replay_.front().step <= step()) {
        if (auto s = engine_->apply(replay_.front().command); !s) return s;
        replay_.pop_front();
    }
    return {};
}

std::vector<ScalarRecord> RunTrainer::history() {
    // Without a window nobody draws the curves again, and a progress line must not repeat old
    // steps.
    return options_.headless ? std::vector<ScalarRecord>() : std::move(history_);
}

Result<ScalarRecord> RunTrainer::update(const std::function<void()>& between) {
    try {
        if (auto s = ensure_writer(); !s) return s.error();
        if (auto s = replay_due_commands(); !s) return s.error();
        if (alone_) reset_peak_memory(device_.device);
        std::vector<double> cosines;
        GradientView look;
        if (due_at(step() + 1).snapshot && config_.model.ffn != "dense")
            look = [&](const Weights& weights, const std::map<std::string, at::Tensor>& gradients) {
                cosines = live_gradient_cosines(config_, weights, gradients);
            };
        auto record = engine_->update(data_->train, between, look);
        if (alone_) peak_memory_ = std::max(peak_memory_, peak_memory(device_.device));
        if (!record) {
            save_bad_batch();
            return record;
        }
        constexpr double kKeep = 0.9;  // load = the last ten batches or so
        const auto& counts = engine_->counts();
        recent_load_.resize(counts.size());
        for (size_t l = 0; l < counts.size(); ++l) {
            recent_load_[l].resize(counts[l].size(), 0.0);
            for (size_t e = 0; e < counts[l].size(); ++e)
                recent_load_[l][e] = kKeep * recent_load_[l][e] + static_cast<double>(counts[l][e]);
        }
        if (due().snapshot) add_geometry(*record, cosines);
        return record;
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

void RunTrainer::add_geometry(ScalarRecord& record, const std::vector<double>& gradient_cosines) {
    if (config_.model.ffn == "dense") return;
    const auto begin = std::chrono::steady_clock::now();
    const c10::AutoGradMode no_grad(false);
    const auto& layers = engine_->state().weights.layers;
    // The pass that the snapshot needs anyway.
    const auto spearman = refresh_cloud();
    cloud_is_new_ = true;
    for (size_t l = 0; l < layers.size(); ++l) {
        const auto found = live_geometry(config_, layers[l], static_cast<int64_t>(l));
        record.layers[l].coupling = static_cast<float>(found.coupling);
        record.layers[l].collinearity = static_cast<float>(found.collinearity);
        record.layers[l].nearest_cosine = static_cast<float>(found.nearest_cosine);
        record.layers[l].gradient_cosine = static_cast<float>(gradient_cosines[l]);
        if (!spearman.empty()) record.layers[l].score_spearman = static_cast<float>(spearman[l]);
    }
    record.publish_ms =
        std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

void RunTrainer::save_bad_batch() {
    nlohmann::json j = {{"format", "hopscope.bad_batch/1"},
                        {"step", step()},
                        {"batch", config_.train.batch},
                        {"seq_len", config_.train.seq_len},
                        {"tokens", engine_->bad_batch()}};
    // The failure itself is what the user must read; that its batch could not be saved too would
    // only hide it.
    (void)write_file_atomic(folder_->dir() + "/bad_batch_" + std::to_string(step()) + ".json",
                            j.dump())
        .ok();
    (void)checkpoint().ok();
}

Due RunTrainer::due() const {
    return due_at(step());
}

Due RunTrainer::due_at(int64_t n) const {
    const auto& t = config_.train;
    const auto every = [&](int64_t period) { return period > 0 && n > 0 && n % period == 0; };
    return {every(t.eval_every) || n == t.steps, every(t.checkpoint_every) || n == t.steps,
            every(t.snapshot_every) || n == t.steps};
}

Result<float> RunTrainer::evaluate(const Progress& progress) {
    try {
        if (auto s = ensure_writer(); !s) return s.error();
        const auto begin = std::chrono::steady_clock::now();
        const Controls controls = engine_->controls();
        const auto& state = engine_->state();
        InterventionProbe probe(state.live, state.weights, engine_->plan(), config_.train.seq_len);
        const bool changed = !engine_->plan().actions.empty();
        auto result =
            core::evaluate(state.live, state.weights, data_->valid, config_.train.eval_batches,
                           controls, progress, changed ? &probe : nullptr);
        if (!result) return result.error();
        EvalRecord record;
        record.run = folder_->name();
        record.config_hash = folder_->info().config_hash;
        record.step = step();
        record.loss = result->loss;
        record.batches = result->batches;
        record.tokens = result->tokens;
        record.origin = eval_origin(config_, folder_->info(), step());
        if (controls.freeze_routing) record.origin.changes["freeze_routing"] = "true";
        std::string active;
        for (const auto& one : engine_->interventions())
            active += (active.empty() ? "" : "; ") + one;
        if (!active.empty()) record.origin.changes["interventions"] = active;
        if (config_.model.ffn != "dense") {
            record.hops_executed = result->hops_executed;
            record.jaccard = result->jaccard;
        }
        record.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        if (auto s = write_eval(folder_->eval_path(step()), record); !s) return s.error();
        evaluated_ = std::move(result->sequences);
        return static_cast<float>(result->loss);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

Status RunTrainer::record(const ScalarRecord& record) {
    return metrics_->append(record);
}

Result<ScalarRecord> RunTrainer::make_up(float valid_loss) {
    ScalarRecord completed = *owed_;
    completed.valid_loss = valid_loss;
    if (auto s = metrics_->amend(completed); !s) return s.error();
    owed_.reset();
    return completed;
}

Status RunTrainer::checkpoint() {
    try {
        if (auto s = ensure_writer(); !s) return s;
        if (auto s = metrics_->sync(); !s) return s;
        const auto checkpoints = folder_->checkpoints();
        if (auto s = write_checkpoint(checkpoints, engine_->state()); !s) return s;
        return checkpoints.rotate(config_.train.keep_checkpoints);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

Status RunTrainer::apply(const Command& command, const std::string& by) {
    if (auto s = ensure_writer(); !s) return s;
    try {
        // Older commands of this step first, so that the log's order is that of application.
        if (auto s = replay_due_commands(); !s) return s;
        if (auto s = engine_->apply(command); !s) return s;
        cloud_is_new_ = false;  // a command may change what the sample is routed by
    } catch (const std::exception& e) {
        return torch_error(e);
    }
    return note(command, by);
}

Status RunTrainer::note(const Command& command, const std::string& by) {
    if (auto s = ensure_writer(); !s) return s;
    return events_->append({command, step(), unix_seconds(), by});
}

std::vector<std::string> RunTrainer::frozen() const {
    return engine_ ? engine_->frozen() : std::vector<std::string>();
}

std::vector<std::string> RunTrainer::interventions() const {
    return engine_ ? engine_->interventions() : std::vector<std::string>();
}

Status RunTrainer::write_state(RunState state, const std::string& reason) {
    if (!folder_ || !writer_) return {};
    // On disk a run is running, paused, done or failed (product.md section 4); a stopped one can go
    // on, so it is paused.
    if (state == RunState::stopped || state == RunState::stopping) state = RunState::paused;
    if (state == RunState::preparing || state == RunState::idle) state = RunState::running;
    RunInfo info = folder_->info();
    info.state = state;
    info.reason = reason;
    if (peak_memory_ > 0) info.peak_memory_bytes = peak_memory_;
    return folder_->write_info(info);
}

}  // namespace hopscope::core
