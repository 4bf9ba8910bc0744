// How a run folder stands, for a list of runs.
#include "core/api/lab.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/run/run_folder.h"
#include "core/trainer/race_file.h"

namespace hopscope::core::lab {
namespace {

Result<RunLook> look_at_one(const std::string& dir) {
    const auto folder = RunFolder::open(dir, /*writer=*/false);
    if (!folder) return folder.error();
    const RunInfo& info = folder->info();
    const auto steps = folder->checkpoints().steps();
    RunLook look;
    look.variant = info.config_name;
    look.being_written = is_being_written(dir);
    // A killed process leaves "running" behind.
    const bool orphan = !look.being_written && !is_final(info.state);
    look.state = orphan ? RunState::paused : info.state;
    look.synthetic = info.synthetic;
    look.step = steps.empty() ? 0 : steps.back();
    look.steps = info.steps;
    return look;
}

}  // namespace

Result<RunLook> look_at_run(const std::string& dir) {
    if (!is_race_folder(dir)) return look_at_one(dir);
    const auto lanes = race_lane_names(dir);
    if (!lanes) return lanes.error();
    if (lanes->empty()) return usage_error(shown_path(dir) + "/race.json names no lanes");
    auto look = look_at_one(dir + "/" + lanes->front());
    if (!look) return look;
    look->being_written |= is_being_written(dir);
    look->lanes = static_cast<int64_t>(lanes->size());
    look->variant = joined(*lanes, ", ");
    return look;
}

}  // namespace hopscope::core::lab
