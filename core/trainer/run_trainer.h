// The real trainer behind a session: one run, from the first file of its folder to the last update.
// In memory it is a LiveRun, on disk RunRecords; this class is the list of what is done with the
// two, in the order that keeps them consistent. Made on any thread, then used by the trainer thread
// alone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/session/trainer.h"
#include "core/trainer/data_stage.h"
#include "core/trainer/live_run.h"
#include "core/trainer/peak_memory.h"
#include "core/trainer/run_records.h"

namespace hopscope::core {

class RunTrainer : public Trainer {
  public:
    explicit RunTrainer(SessionOptions options) : options_(std::move(options)) {}

    Status prepare(const Progress& progress, RunStatus& status) override;
    int64_t step() const override { return live_ ? live_->step() : 0; }
    int64_t steps() const override { return options_.config.train.steps; }
    std::vector<ScalarRecord> history() override;
    Result<ScalarRecord> update(const std::function<void()>& between) override;
    Due due() const override { return live_->due(step()); }
    Result<float> evaluate(const Progress& progress) override;
    Status record(const ScalarRecord& record) override { return records_->append(record); }
    /// The two halves of prepare(). Of a run that goes on the first reads and checks everything and
    /// changes no byte in its folder; the second makes it the writer's (none if it is only looked
    /// at). Apart, so that a race can check all lanes before it changes one.
    Status examine(const Progress& progress, RunStatus& status);
    Status begin_writing();
    bool owes_evaluation() override { return owed_.has_value(); }
    Result<ScalarRecord> make_up(float valid_loss) override;
    Status checkpoint() override;
    Status apply(const Command& command, const std::string& by) override;
    Status note(const Command& command, const std::string& by) override;
    std::vector<Answer> past() override;
    int64_t device_bytes() const override;
    std::vector<std::string> frozen() const override;
    std::vector<std::string> interventions() const override;
    std::shared_ptr<const GeometrySnapshot> geometry() override;
    Status save_geometry(const GeometrySnapshot& snapshot) override;
    std::shared_ptr<const WeightsCopy> copy_weights() override;
    Status write_state(RunState state, const std::string& reason) override;

    /// Leaves a prepared run that will not be trained as prepare() does after `error`: paused after
    /// an interruption, gone if this call began it, failed if it is written, else untouched.
    void abandon(const Error& error);
    /// The records of metrics.csv up to the present step, read anew.
    std::vector<ScalarRecord> recorded() const;

    /// A second run in the state of this one, which stays as it is: weights, moments and live
    /// settings copied, data shared. `with` (may be null) acts on the copy alone, from its first
    /// update on. Its folder, RunFolder::fork_path, holds what any run's does (run_fork.h). Errors:
    /// usage, the folder exists, or `with` is refused; failed, disk or memory. Nothing is left
    /// behind then.
    Result<std::unique_ptr<RunTrainer>> fork(const Command* with);
    const RunFolder& folder() const { return records_->folder(); }  ///< once prepared
    const at::Device& device() const { return live_->device.device; }
    int64_t tokens() const { return live_->engine.state().tokens; }
    int64_t parameters() const { return live_->engine.state().model.weights.parameters(); }
    /// Mean loss of each validation sequence in the newest evaluation of this process, in order.
    const std::vector<double>& evaluated() const { return evaluated_; }

  private:
    Status examine_run(const Progress& progress, RunStatus& status);
    /// Those of the newest snapshot up to `step`, where it fits the configuration.
    RecentLoad newest_loads(const Config& config, int64_t step) const;
    Status start_writing();
    /// Work that leaves the folder as abandon() says if it fails.
    Status guarded(const std::function<Status()>& work);
    /// Curves of the steps done, and whether the newest lacks the evaluation that was due.
    Status read_history(const Progress& progress);
    /// A run that was opened to look at becomes ours at the first thing that writes.
    Status ensure_writer();
    /// Beside the run, with a checkpoint. → its file's name; "" where it could not be kept
    std::string save_bad_batch();

    SessionOptions options_;
    std::optional<RunRecords> records_;
    std::unique_ptr<DataStage> stage_;  ///< until the folder is written
    std::unique_ptr<LiveRun> live_;
    std::vector<ScalarRecord> history_;
    std::vector<Answer> past_;          ///< of the log, what past() has not given
    std::optional<ScalarRecord> owed_;  ///< last record, whose due evaluation was cut short
    std::vector<double> evaluated_;
    UpdatePeak peak_;
};

}  // namespace hopscope::core
