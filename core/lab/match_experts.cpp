// Experts of two runs or of two checkpoints of one, for the window.
#include "core/analyses/expert_matches.h"
#include "core/api/lab.h"
#include "core/base/utf8.h"
#include "core/imported/picture.h"
#include "core/imported/picture_pair.h"
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

Result<ExpertMatches> match_imported(const MatchRequest& request, const Progress& progress) {
    const auto a = ImportedRun::open(request.run_a), b = ImportedRun::open(request.run_b);
    if (!a) return a.error();
    if (!b) return b.error();
    const auto pair = picture_pair(*a, *b, request.layer);
    if (!pair) return pair.error();
    const int64_t width = routers_of(a->layout())[static_cast<size_t>(request.layer)].width;
    return analysis::match_experts(pair->first, pair->second, request, progress, width);
}

}  // namespace

Result<ExpertMatches> match_experts(const MatchRequest& request, const Progress& progress) {
    try {
        use_one_thread();
        const bool of_others = is_imported_run(request.run_a);
        if (of_others != is_imported_run(request.run_b))
            return usage_error(
                "one of them is an imported model, the other a run: their rows have no common "
                "space");
        if (of_others) return match_imported(request, progress);
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
