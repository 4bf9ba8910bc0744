// The snapshots that the folder of a run keeps, for the window.
#include <filesystem>

#include "core/api/lab.h"
#include "core/base/utf8.h"
#include "core/run/geometry_file.h"
#include "core/run/run_folder.h"
#include "core/trainer/race_file.h"

namespace hopscope::core::lab {
namespace {

/// Of a race the window shows its first lane.
Result<RunFolder> shown_run(const std::string& dir) {
    if (!is_race_folder(dir)) return RunFolder::open(dir, /*writer=*/false);
    const auto lanes = race_lane_names(dir);
    if (!lanes) return lanes.error();
    if (lanes->empty()) return usage_error(shown_path(dir) + "/race.json names no lanes");
    return RunFolder::open(dir + "/" + lanes->front(), /*writer=*/false);
}

}  // namespace

std::vector<KeptSnapshot> kept_snapshots(const std::string& run) {
    std::vector<KeptSnapshot> out;
    const auto folder = shown_run(run);
    if (!folder) return out;
    for (const GeometryEntry& entry : folder->geometry()) {
        std::error_code gone;
        const auto time = std::filesystem::last_write_time(folder->geometry_path(entry.step), gone);
        if (!gone)
            out.push_back({entry.step, static_cast<int64_t>(time.time_since_epoch().count())});
    }
    return out;
}

Result<GeometrySnapshot> read_kept_snapshot(const std::string& run, int64_t step) {
    const auto folder = shown_run(run);
    if (!folder) return folder.error();
    return read_geometry(folder->geometry_path(step));
}

}  // namespace hopscope::core::lab
