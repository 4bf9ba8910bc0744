#include "app/state/folder_reading.h"

#include <algorithm>

namespace hopscope::app {
namespace {

constexpr double kEvery = 2.0;  ///< seconds between two starts while evaluations come in

/// Of a core, at most, while a run in training is evaluated again and again.
constexpr double kShare = 0.1;

bool same_runs(const auto& a, const auto& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const auto& x, const auto& y) { return x.dir == y.dir; });
}

}  // namespace

bool ReadingTurn::comes(const std::vector<ComparedEntry>& entries, bool working, double now) {
    std::vector<Stamp> wanted;
    for (const ComparedEntry& entry : entries)
        if (!entry.dir.empty()) wanted.push_back({entry.dir, entry.history->valid_step.size()});
    if (wanted == made_for_ || wanted.empty()) return false;
    const bool others = !same_runs(wanted, made_for_);
    const double pause = std::max(kEvery, took_ / kShare);
    if (!others && (working || now - started_at_ < pause)) return false;
    dirs_.clear();
    for (const Stamp& stamp : wanted) dirs_.push_back(stamp.dir);
    made_for_ = std::move(wanted);
    started_at_ = now;
    return true;
}

}  // namespace hopscope::app
