// difference.csv: what a fork differs in from its run, in nats a token, a line for each update that
// both have made and for each evaluation of both; and what the folder of a fork tells of it to
// those who have it not in memory. Plain C++, any thread; written by the trainer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/api/snapshot.h"
#include "core/base/result.h"
#include "core/run/run_folder.h"

namespace hopscope::core {

/// As curves and panels name the fork of that step.
std::string fork_name(int64_t step);

inline constexpr size_t kRecentDifferences = 100;  ///< updates behind ForkStatus::loss

/// One line. NaN is an empty cell.
struct DifferenceLine {
    int64_t step = 0, tokens = 0;
    float loss_run = kNaN, loss_fork = kNaN;  ///< of this update; NaN where it was evaluated alone
    double loss = kNaN;                       ///< fork − run
    double valid_run = kNaN, valid_fork = kNaN;  ///< only where both were evaluated
    double valid = kNaN;
    double valid_low = kNaN, valid_high = kNaN;  ///< 95 %, paired [def:fork_difference]
    bool operator==(const DifferenceLine&) const = default;
};

std::string difference_header();  ///< units, names; two lines
std::string difference_text(const DifferenceLine& line);
/// Errors (usage) name file and line. A torn last line is left out.
Result<std::vector<DifferenceLine>> read_differences(const std::string& path);

/// Whether `dir` is the folder of a fork that was founded to its end.
bool is_fork_folder(const std::string& dir);
/// The fork that was taken from `run` at `step`, as its folder tells it; `lane` is the caller's to
/// set. Errors (usage): as RunFolder::open and read_differences.
Result<ForkStatus> read_fork(const RunFolder& run, int64_t step);

}  // namespace hopscope::core
