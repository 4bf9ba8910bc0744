// A run and, from the command `fork` on, its fork: a copy that is given something the run is not
// (run_fork.h), and trained beside it behind the interface of one run. The run is a RunTrainer that
// nothing here touches beyond what the session asks of it, so its numbers are those of a run never
// forked; the copy, a RunTrainer of its own, has its turn after each update of the run, on the same
// batch. Made on any thread, then used by the trainer thread alone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/session/trainer.h"
#include "core/trainer/fork_difference.h"
#include "core/trainer/run_trainer.h"

namespace hopscope::core {

/// Bytes that a fork needs for each parameter: weights, two moments, gradients.
inline constexpr int64_t kForkBytes = 16;

/// The command that the copy alone gets; none where none is given. Errors (usage).
Result<std::optional<Command>> inner_command(const Command& fork);
/// Whether a fork can begin, or end, where the one of the name `alive` ("": none) is being trained.
/// Errors (usage).
Status check_fork(const Command& command, const std::string& alive);

/// Whether a copy of so many parameters fits into `available` bytes (negative: unknown, then yes).
/// The refusal (usage) names both figures.
Status check_fork_memory(int64_t parameters, int64_t available);

class ForkTrainer : public Trainer {
  public:
    using Available = std::function<int64_t(const at::Device&)>;
    /// `available` tells the bytes that are left for a copy; for tests.
    explicit ForkTrainer(SessionOptions options, Available available = available_bytes());

    Status prepare(const Progress& progress, RunStatus& status) override;
    int64_t step() const override { return run_.step(); }
    int64_t steps() const override { return run_.steps(); }
    /// Of the run, then of its forks that were trained beside it earlier.
    std::vector<ScalarRecord> history() override;
    Result<ScalarRecord> update(const std::function<void()>& between) override;
    Due due() const override { return run_.due(); }
    /// Of the run; between two updates of the copy, too.
    Result<float> evaluate(const Progress& progress) override;
    Status record(const ScalarRecord& record) override;
    bool owes_evaluation() override { return run_.owes_evaluation(); }
    Result<ScalarRecord> make_up(float valid_loss) override { return run_.make_up(valid_loss); }
    Status checkpoint() override;
    Status checkpoint_due() override;
    bool unsaved() const override;
    /// `fork` begins or ends a fork. All else acts on the run and then on its copy, so that what
    /// differs between them stays the fork's doing; what the copy alone refuses is told.
    Status apply(const Command& command, const std::string& by) override;
    Status note(const Command& command, const std::string& by) override;
    std::vector<ScalarRecord> beside(const Progress& progress) override;
    std::vector<std::string> messages() override { return std::exchange(messages_, {}); }
    std::vector<Answer> past() override { return run_.past(); }
    void describe(RunStatus& status) const override;
    int64_t device_bytes() const override { return run_.device_bytes(); }
    std::vector<std::string> frozen() const override { return run_.frozen(); }
    std::vector<std::string> interventions() const override { return run_.interventions(); }
    std::shared_ptr<const GeometrySnapshot> geometry() override { return run_.geometry(); }
    Status save_geometry(const GeometrySnapshot& snapshot) override {
        return run_.save_geometry(snapshot);
    }
    std::shared_ptr<const WeightsCopy> copy_weights() override { return run_.copy_weights(); }
    Status write_state(RunState state, const std::string& reason) override;

  private:
    static Available available_bytes();
    void recall_forks(const Progress& progress);
    Status begin(const Command& command, const std::string& by);
    Status end(const Command& command, const std::string& by);
    void catch_up(const Progress& progress);
    Status take_turn(const Progress& progress);
    Status measure(const Progress& progress, float& loss);
    void save();
    void guard(const std::function<Status()>& work);
    void leave(const std::string& why);

    const bool headless_;
    RunTrainer run_;
    const Available available_;
    std::string run_name_;
    RunState state_ = RunState::paused;  ///< last written to run.json
    bool run_saved_ = false;             ///< the newest checkpoint is the run's state
    int64_t run_evaluated_ = -1;         ///< step of the run's newest evaluation

    std::unique_ptr<RunTrainer> copy_;          ///< null: no fork is being trained
    bool copy_saved_ = false;                   ///< the newest checkpoint is the copy's state
    std::optional<ForkDifference> difference_;  ///< there while the copy is
    std::vector<ScalarRecord> records_;         ///< of the copy, for the session
    std::vector<std::string> messages_;
    std::vector<ScalarRecord> past_;  ///< of forks of earlier sessions, for history()
    std::vector<std::string> forks_;  ///< names of all that have a lane; the last is status_'s
    ForkStatus status_;
};

}  // namespace hopscope::core
