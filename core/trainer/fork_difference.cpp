#include "core/trainer/fork_difference.h"

#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"

namespace hopscope::core {
namespace {

constexpr int64_t kForkResamples = 2000;
constexpr double kLevel = 0.95;

}  // namespace

Result<ForkDifference> ForkDifference::create(const std::string& dir) {
    auto file = AppendFile::create(dir + "/difference.csv");
    if (!file) return file.error();
    if (auto s = file->append(difference_header()); !s) return s.error();
    return ForkDifference(std::move(*file));
}

Status ForkDifference::pair(const ScalarRecord& fork, ForkStatus& status) {
    while (!unpaired_.empty() && unpaired_.front().step < fork.step) unpaired_.pop_front();
    if (unpaired_.empty() || unpaired_.front().step != fork.step) return {};
    const ScalarRecord run = std::move(unpaired_.front());
    unpaired_.pop_front();
    DifferenceLine line = evaluation(fork.step, fork.tokens, status);
    line.loss_run = run.loss;
    line.loss_fork = fork.loss;
    line.loss = static_cast<double>(fork.loss) - static_cast<double>(run.loss);
    if (recent_.size() == kRecentDifferences) recent_.erase(recent_.begin());
    recent_.push_back(line.loss);
    status.updates = static_cast<int64_t>(recent_.size());
    status.loss = stats::mean(recent_);
    return file_.append(difference_text(line));
}

void ForkDifference::compare(int64_t step, const std::vector<double>& run,
                             const std::vector<double>& fork, ForkStatus& status) {
    const auto interval = stats::bootstrap_paired(fork, run, {kForkResamples}).interval(kLevel);
    run_valid_ = stats::mean(run);
    fork_valid_ = stats::mean(fork);
    status.valid_step = step;
    status.sequences = static_cast<int64_t>(fork.size());
    status.valid = fork_valid_ - run_valid_;
    status.valid_low = interval.low;
    status.valid_high = interval.high;
}

Status ForkDifference::write_evaluation(int64_t step, int64_t tokens, const ForkStatus& status) {
    return file_.append(difference_text(evaluation(step, tokens, status)));
}

DifferenceLine ForkDifference::evaluation(int64_t step, int64_t tokens,
                                          const ForkStatus& status) const {
    DifferenceLine line;
    line.step = step;
    line.tokens = tokens;
    if (status.valid_step != step) return line;
    line.valid_run = run_valid_;
    line.valid_fork = fork_valid_;
    line.valid = status.valid;
    line.valid_low = status.valid_low;
    line.valid_high = status.valid_high;
    return line;
}

}  // namespace hopscope::core
