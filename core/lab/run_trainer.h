// The real trainer behind a session: run folder, data, engine, metrics, checkpoints, geometry. Made
// on any thread, then used by the trainer thread alone.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/lab/device.h"
#include "core/lab/run_data.h"
#include "core/lab/weights_copy.h"
#include "core/run/event_log.h"
#include "core/run/metrics_log.h"
#include "core/run/run_folder.h"
#include "core/session/trainer.h"
#include "core/train/engine.h"

namespace hopscope::core {

/// Whether a logged command is part of the run's state: what EngineState::commands counts and a
/// resumed run applies again. A fork is not: it changes its copy alone.
bool changes_training(const Command& command);

/// Marks the forks of a run that nobody trains any more as paused: they lived in the memory of a
/// process that has ended. Those that another process goes on with stay as they are.
void leave_forks(const RunFolder& folder, const std::string& reason);

class RunTrainer : public Trainer {
  public:
    explicit RunTrainer(SessionOptions options)
        : options_(std::move(options)), config_(options_.config) {}

    Status prepare(const Progress& progress, RunStatus& status) override;
    int64_t step() const override { return engine_ ? engine_->state().step : 0; }
    int64_t steps() const override { return config_.train.steps; }
    std::vector<ScalarRecord> history() override;
    Result<ScalarRecord> update(const std::function<void()>& between) override;
    Due due() const override;
    Result<float> evaluate(const Progress& progress) override;
    Status record(const ScalarRecord& record) override;
    bool owes_evaluation() override { return owed_.has_value(); }
    Result<ScalarRecord> make_up(float valid_loss) override;
    Status checkpoint() override;
    Status apply(const Command& command, const std::string& by) override;
    Status note(const Command& command, const std::string& by) override;
    std::vector<std::string> frozen() const override;
    std::vector<std::string> interventions() const override;
    std::shared_ptr<const GeometrySnapshot> geometry() override;
    Status save_geometry(const GeometrySnapshot& snapshot) override;
    std::shared_ptr<const WeightsCopy> copy_weights() override;
    Status write_state(RunState state, const std::string& reason) override;

    /// Leaves a prepared run that will not be trained as prepare() does after `error`: paused after
    /// an interruption, gone if this call began it, else failed.
    void abandon(const Error& error);
    /// The records of metrics.csv up to the present step, read anew.
    std::vector<ScalarRecord> recorded() const;

    /// A second run in the state of this one, which stays as it is: weights, moments and live
    /// settings copied, data shared. `with` (may be null) acts on the copy alone, from its first
    /// update on. Its folder, RunFolder::fork_path, holds what any run's does: the curves and the
    /// changes up to now are those of this run, and a checkpoint stands at this step, so that it
    /// can go on by itself and its events.jsonl replays its course. Errors: usage, the folder
    /// exists, or `with` is refused; failed, disk or memory. Nothing is left behind then.
    Result<std::unique_ptr<RunTrainer>> fork(const Command* with);
    const RunFolder& folder() const { return *folder_; }  ///< once prepared
    const at::Device& device() const { return device_.device; }
    int64_t tokens() const { return engine_->state().tokens; }
    int64_t parameters() const { return engine_->state().weights.parameters(); }
    /// Mean loss of each validation sequence in the newest evaluation of this process, in order.
    const std::vector<double>& evaluated() const { return evaluated_; }

  private:
    Status prepare_run(const Progress& progress, RunStatus& status);
    Status create_folder(const Device& device);
    Status open_folder(const Progress& progress, const Device& device);
    /// A run that was opened to look at becomes ours at the first thing that writes: lock, cut
    /// metrics, event file.
    Status ensure_writer();
    Status open_logs();
    void describe(RunInfo& info, const Device& device) const;
    Status start_engine(const Device& device);
    Status replay_due_commands();
    /// The folder of a fork, as fork() describes it, for the state that is set.
    Status found_fork(const RunTrainer& run, const Command* with);
    /// events.jsonl of a fork: the changes logged by `run`, then `with`.
    Status inherit_events(const RunTrainer& run, const Command* with);
    Due due_at(int64_t step) const;
    void make_probe_sample();
    /// What weights, probe sample and gradients show, where a snapshot is due (LayerScalars).
    /// @param gradient_cosines [layers], of the update just made
    void add_geometry(ScalarRecord& record, const std::vector<double>& gradient_cosines);
    /// One pass over the probe sample: the cloud anew. Returns the score–activation Spearman of
    /// each layer, none where experts have no scores or read nothing.
    std::vector<double> refresh_cloud();
    void save_bad_batch();

    SessionOptions options_;
    Config config_;
    std::optional<RunFolder> folder_;
    std::optional<RunData> data_;
    std::optional<MetricsLog> metrics_;
    std::optional<EventLog> events_;
    std::unique_ptr<Engine> engine_;
    std::optional<EngineState> resumed_;
    std::vector<ScalarRecord> history_;
    std::optional<ScalarRecord> owed_;  ///< last record, whose due evaluation was cut short
    std::deque<LoggedCommand>
        replay_;  ///< logged after the checkpoint, to be applied again at their steps
    Device device_;
    int64_t peak_memory_ = 0;  ///< bytes, highest of the updates of this process
    bool alone_ = true;        ///< the process never held a fork: its peak is the run's
    std::vector<double> evaluated_;
    bool writer_ = false;               ///< holds the lock of the folder
    bool created_ = false;              ///< the folder is of this call
    std::vector<std::string> changed_;  ///< for the note of a resumption

    std::vector<int32_t> sample_;  ///< [sequences, seq_len] of the fixed probe sample
    int64_t sample_rows_ = 0;
    std::shared_ptr<GeometrySnapshot> cloud_;       ///< positions and choices last computed
    bool cloud_is_new_ = false;                     ///< of this update and not yet published
    std::vector<std::vector<double>> recent_load_;  ///< decayed counts, [layers][M]
    uint64_t version_ = 0;
};

}  // namespace hopscope::core
