#include "core/trainer/fork_difference.h"

#include <charconv>
#include <cmath>
#include <type_traits>

#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"

namespace hopscope::core {
namespace {

constexpr size_t kRecent = 100;  ///< updates behind the difference that is shown live
constexpr int64_t kForkResamples = 2000;
constexpr double kLevel = 0.95;
constexpr const char* kHeader =
    "# updates,tokens,nats,nats,nats,nats,nats,nats,nats,nats\n"
    "step,tokens,loss_run,loss_fork,loss_difference,valid_loss_run,valid_loss_fork,"
    "valid_difference,valid_low,valid_high\n";

/// ",VALUE" with the fewest digits that read back to the same bits; "," for NaN.
template <class Number>
std::string cell(Number value) {
    if constexpr (std::is_floating_point_v<Number>)
        if (std::isnan(value)) return ",";
    char text[32] = {','};
    return {text, std::to_chars(text + 1, text + sizeof text, value).ptr};
}

}  // namespace

Result<ForkDifference> ForkDifference::create(const std::string& dir) {
    auto file = AppendFile::create(dir + "/difference.csv");
    if (!file) return file.error();
    if (auto s = file->append(kHeader); !s) return s.error();
    return ForkDifference(std::move(*file));
}

Status ForkDifference::pair(const ScalarRecord& fork, ForkStatus& status) {
    while (!unpaired_.empty() && unpaired_.front().step < fork.step) unpaired_.pop_front();
    if (unpaired_.empty() || unpaired_.front().step != fork.step) return {};
    const ScalarRecord run = std::move(unpaired_.front());
    unpaired_.pop_front();
    const double difference = static_cast<double>(fork.loss) - static_cast<double>(run.loss);
    if (recent_.size() == kRecent) recent_.erase(recent_.begin());
    recent_.push_back(difference);
    status.updates = static_cast<int64_t>(recent_.size());
    status.loss = stats::mean(recent_);
    return file_.append(std::to_string(fork.step) + cell(fork.tokens) + cell(run.loss) +
                        cell(fork.loss) + cell(difference) + evaluation_cells(fork.step, status) +
                        '\n');
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
    return file_.append(std::to_string(step) + cell(tokens) + ",,," +
                        evaluation_cells(step, status) + '\n');
}

std::string ForkDifference::evaluation_cells(int64_t step, const ForkStatus& status) const {
    if (status.valid_step != step) return ",,,,,";
    return cell(run_valid_) + cell(fork_valid_) + cell(status.valid) + cell(status.valid_low) +
           cell(status.valid_high);
}

}  // namespace hopscope::core
