// The halting curve of the open run: which thresholds are asked for, the task that measures them at
// the newest checkpoint beside the training, and the newest answer. Owned by the panel Halting,
// window thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/state/app_state.h"
#include "core/api/halting_table.h"

namespace hopscope::app {

class HaltingQuestion {
  public:
    /// What is measured of each threshold; the window shows all of it.
    static core::HaltingPlan plan(std::vector<double> epsilons);

    std::string thresholds = "0.01, 0.02, 0.05, 0.1, 0.2, 0.5";  ///< as typed

    /// The typed ones and that of the slider, rising, each once. Errors name what is no threshold.
    core::Result<std::vector<double>> epsilons(const AppState& state) const;
    /// Why nothing can be measured, a sentence; "" where it can.
    std::string refusal(const AppState& state) const;
    void start(AppState& state);
    void cancel(AppState& state) const;
    /// Once a frame: takes the answer, forgets what was of another run.
    void update(AppState& state);

    bool working() const { return task_.id != 0 && !task_.ended(); }
    const TaskView& task() const { return task_; }
    /// The newest; null before the first.
    const std::shared_ptr<const core::HaltingTable>& answer() const { return answer_; }
    /// Why the last question has no answer; "" where it has, or was cancelled.
    const std::string& problem() const { return problem_; }
    /// The same from a shell.
    std::string command(const AppState& state) const;

  private:
    /// Where the worker puts the answer: written before the task ends, read after.
    using Slot = std::shared_ptr<std::shared_ptr<const core::HaltingTable>>;

    uint64_t run_ = 0;  ///< AppState::runs_opened
    TaskView task_;     ///< id 0: none
    Slot slot_;
    std::shared_ptr<const core::HaltingTable> answer_;
    std::string problem_;
};

}  // namespace hopscope::app
