// A race on disk: DIR/race.json beside the run folders of its lanes, and what lanes must have in
// common. Written by the trainer thread, read by any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/api/crossings.h"
#include "core/api/session.h"
#include "core/api/state.h"
#include "core/base/result.h"

namespace hopscope::core {

/// What race.json says of one lane.
struct LaneReport {
    std::string name;
    const Config* config = nullptr;
    int64_t parameters = 0, step = 0, steps = 0;
    bool whole = false;   ///< all its steps are made and saved
    std::string failure;  ///< "" = going well
    const RaceCurve *loss = nullptr, *valid = nullptr;
};

/// Errors (usage): fewer than two lanes; two of one name; keys that decide which tokens a lane sees
/// (differing_data_keys), or train.device and train.threads, which one process has once, differ:
/// all of them are named.
Status check_race(const std::vector<RaceLane>& lanes);

/// hopscope.race/1: lanes[], crossings[{a, b, step, tokens, quantity, ahead, seconds{a, b}}] by
/// step (and so by tokens), crossings_by_seconds[{a, b, seconds, step{a, b}, quantity, ahead}];
/// quantity "valid_loss" or "loss (smoothed)" (core/api/crossings.h).
/// Errors (failed): no room, not even in the place of the file that is there.
Status write_race_file(const std::string& dir, RunState state,
                       const std::vector<LaneReport>& lanes);

bool is_race_folder(const std::string& dir);
/// Of the lanes' folders. Errors (usage): a foreign or damaged race.json.
Result<std::vector<std::string>> race_lane_names(const std::string& dir);
/// The lanes of a race with the configurations of their run folders. Errors (usage): a foreign or
/// damaged race.json; a lane that was never begun.
Result<std::vector<RaceLane>> read_race_lanes(const std::string& dir,
                                              const std::vector<std::string>& overrides);

}  // namespace hopscope::core
