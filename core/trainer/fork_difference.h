// What a fork differs in from its run while both are trained: the lines of difference.csv in the
// fork's folder (core/run/fork_file.h), and the same live in ForkStatus. The run is always ahead,
// so its side of a pair waits here for the fork's. Owned by a ForkTrainer, used by the trainer
// thread alone.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/api/snapshot.h"
#include "core/base/files.h"
#include "core/base/result.h"
#include "core/run/fork_file.h"

namespace hopscope::core {

class ForkDifference {
  public:
    /// Begins DIR/difference.csv. Errors (failed): disk.
    static Result<ForkDifference> create(const std::string& dir);

    /// The run made an update, which the fork has yet to make.
    void add(const ScalarRecord& run) { unpaired_.push_back(run); }
    /// The fork made it: a line, with the evaluations of this step where both were evaluated.
    Status pair(const ScalarRecord& fork, ForkStatus& status);
    /// Both were evaluated at `step`, losses of the same sequences in order: the interval.
    void compare(int64_t step, const std::vector<double>& run, const std::vector<double>& fork,
                 ForkStatus& status);
    /// A line of that evaluation alone, where it came between two updates.
    Status write_evaluation(int64_t step, int64_t tokens, const ForkStatus& status);
    Status sync() { return file_.sync(); }

  private:
    explicit ForkDifference(AppendFile file) : file_(std::move(file)) {}
    /// Its cells of validation are filled where both were evaluated at `step`.
    DifferenceLine evaluation(int64_t step, int64_t tokens, const ForkStatus& status) const;

    AppendFile file_;
    std::deque<ScalarRecord> unpaired_;
    std::vector<double> recent_;                   ///< differences of the newest training losses
    double run_valid_ = kNaN, fork_valid_ = kNaN;  ///< of the newest comparison
};

}  // namespace hopscope::core
