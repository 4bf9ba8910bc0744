// The snapshots that the folder of a run keeps, for the window.
#include <filesystem>

#include "core/api/lab.h"
#include "core/imported/imported_run.h"
#include "core/lab/shown_run.h"
#include "core/run/geometry_file.h"
#include "core/run/run_folder.h"

namespace hopscope::core::lab {
namespace {

Result<RunFolder> folder_of(const std::string& dir) {
    const auto run = shown_run(dir);
    if (!run) return run.error();
    return RunFolder::open(*run, /*writer=*/false);
}

}  // namespace

std::vector<KeptSnapshot> kept_snapshots(const std::string& run) {
    std::vector<KeptSnapshot> out;
    if (is_imported_run(run)) return {KeptSnapshot()};  // its rows
    const auto folder = folder_of(run);
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
    const auto folder = folder_of(run);
    if (!folder) return folder.error();
    return read_geometry(folder->geometry_path(step));
}

}  // namespace hopscope::core::lab
