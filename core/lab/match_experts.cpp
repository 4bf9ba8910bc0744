// Experts of two runs or of two checkpoints of one, for the window.
#include "core/analyses/expert_matches.h"
#include "core/api/lab.h"
#include "core/base/utf8.h"
#include "core/trainer/device.h"

namespace hopscope::core::lab {
namespace {

Result<GeometrySnapshot> snapshot_of(const std::string& run, int64_t step) {
    if (step >= 0) return read_kept_snapshot(run, step);
    const auto kept = kept_snapshots(run);
    if (kept.empty())
        return usage_error(shown_path(run) + ": no snapshot is kept (train.snapshot_every)");
    return read_kept_snapshot(run, kept.back().step);
}

}  // namespace

Result<ExpertMatches> match_experts(const MatchRequest& request, const Progress& progress) {
    try {
        use_one_thread();
        const auto a = snapshot_of(request.run_a, request.step_a);
        if (!a) return a.error();
        const auto b = snapshot_of(request.run_b, request.step_b);
        if (!b) return b.error();
        return analysis::match_experts(*a, *b, request, progress);
    } catch (const std::exception& e) {
        return failure(e.what());
    }
}

}  // namespace hopscope::core::lab
