// A race trains several configurations side by side on the same batches, so that their curves can
// be compared update by update. Each runs in a lane of its own: a RunTrainer with its run folder,
// so its numbers are those it has alone. An update is the turn of the lane that has made the
// fewest, behind the interface of a single run: the session's loop drives a race as it drives a
// run. Made on any thread, then used by the trainer thread alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/crossings.h"
#include "core/run/new_folder.h"
#include "core/session/trainer.h"
#include "core/trainer/race_file.h"
#include "core/trainer/run_trainer.h"

namespace hopscope::core {

class RaceTrainer : public Trainer {
  public:
    /// `options.race` are the lanes (check_race has passed them), `options.run_dir` their folder.
    explicit RaceTrainer(const SessionOptions& options);

    Status prepare(const Progress& progress, RunStatus& status) override;
    /// Of the lane that is next; steps() once every lane that has not failed is through.
    int64_t step() const override;
    int64_t steps() const override;
    int64_t lanes() const override { return static_cast<int64_t>(lanes_.size()); }
    std::vector<ScalarRecord> history() override;
    /// Without a window a lane that fails is left behind with its state "failed: reason", and the
    /// others go on; an error only once none is left.
    Result<ScalarRecord> update(const std::function<void()>& between) override;
    // These speak of the lane that made the last update.
    Due due() const override { return current().due(); }
    Result<float> evaluate(const Progress& progress) override {
        return current().evaluate(progress);
    }
    Status record(const ScalarRecord& record) override;
    Status checkpoint_due() override;

    bool owes_evaluation() override;
    Result<ScalarRecord> make_up(float valid_loss) override;
    /// Every lane whose newest checkpoint is not its state; the first error, after all were tried.
    Status checkpoint() override;
    bool unsaved() const override;
    /// Refused: a race compares its configurations as they are.
    Status apply(const Command& command, const std::string& by) override;
    Status note(const Command& command, const std::string& by) override;
    /// Of the first lane: all are told the same.
    std::vector<Answer> past() override { return lanes_.front().trainer->past(); }
    int64_t device_bytes() const override { return current().device_bytes(); }
    std::vector<std::string> frozen() const override { return {}; }
    /// Of the first lane in a window, else of the one whose snapshot is due.
    std::shared_ptr<const GeometrySnapshot> geometry() override;
    Status save_geometry(const GeometrySnapshot& snapshot) override;
    std::shared_ptr<const WeightsCopy> copy_weights() override;
    /// A lane is done once it is whole, and otherwise stands as the race does; the first error,
    /// after all were tried.
    Status write_state(RunState state, const std::string& reason) override;

  private:
    struct Lane {
        std::string name, dir;
        Config config;
        std::unique_ptr<RunTrainer> trainer;
        int64_t parameters = 0;
        RaceCurve loss, valid;
        std::string failure;  ///< not empty: left behind
        bool saved = false;   ///< the newest checkpoint is its state
        bool begun = false;   ///< its run was there before
        bool is_through() const { return trainer->step() >= trainer->steps(); }
        /// Nothing is left to do for it: also saved, and measured where that is due.
        bool is_whole() const {
            return failure.empty() && saved && is_through() && !trainer->owes_evaluation();
        }
    };

    Lane* next_lane();
    const Lane* next_lane() const;
    RunTrainer& current() const { return *lanes_[current_].trainer; }
    RunTrainer& shown() const { return *lanes_[headless_ ? current_ : 0].trainer; }
    Status claim_folder();
    Status prepare_lanes(const Progress& progress, RunStatus& status);
    Status prepare_lane(Lane& lane, const Progress& progress, RunStatus& status);
    Status ensure_writer();
    Status save(Lane& lane);
    static void follow(Lane& lane, const ScalarRecord& record);
    std::vector<LaneReport> reports() const;
    Status write_race(RunState state);

    const std::string dir_;
    const bool headless_, open_only_, resume_;
    FolderLock lock_;                 ///< of the race's folder; a look has none
    std::optional<NewFolder> place_;  ///< of a race that this process begins, while it is prepared
    std::vector<Lane> lanes_;
    size_t current_ = 0;
    RunState state_ = RunState::preparing;
    std::string reason_;  ///< of the state
};

}  // namespace hopscope::core
