// hopscope race: several configurations stepped in turn on the same batches.
#include "core/api/lab.h"
#include "core/base/files.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/lab/train_run.h"
#include "core/trainer/race_file.h"

namespace hopscope::core::lab {
namespace {

Result<std::vector<RaceLane>> lanes_of(const RaceOptions& o) {
    const auto overrides = with_device(o.overrides, o.device);
    if (o.config_paths.empty()) return read_race_lanes(o.out, overrides);
    std::vector<RaceLane> lanes;
    for (const std::string& path : o.config_paths) {
        auto config = read_training_config(path, overrides, o.allow_debug);
        if (!config) return config.error();
        lanes.push_back({*config, config_name_of(path)});
    }
    return lanes;
}

/// Whether these are the lanes that the race has: one left out would be lost without a word.
/// Errors: usage; those of its file.
Status check_same_lanes(const std::string& dir, const std::vector<RaceLane>& lanes) {
    auto known = race_lane_names(dir);
    if (!known) return known.error();
    std::vector<std::string> missing = std::move(*known), added;
    for (const RaceLane& lane : lanes)
        if (std::erase(missing, lane.name) == 0) added.push_back(lane.name);
    if (missing.empty() && added.empty()) return {};
    const auto told = [](const char* what, std::vector<std::string> names) {
        for (std::string& name : names) name = shown(name);  // race.json may hold any
        return names.empty() ? "" : std::string(what) + joined_first(names, 4);
    };
    return usage_error("the race in " + shown_path(dir) +
                       " has other lanes than are named:" + told(" not named is ", missing) +
                       (missing.empty() || added.empty() ? "" : ";") + told(" new is ", added) +
                       "; give --resume without --config to go on with all of it, or --out for a "
                       "new race");
}

}  // namespace

Result<std::string> race(const RaceOptions& o) {
    if (o.out.empty()) return usage_error("race needs --out DIR, the folder of its lanes");
    if (o.resume && !is_race_folder(o.out))
        return usage_error(shown_path(o.out) +
                           " holds no race (no race.json); leave --resume out to begin one");
    if (!o.resume && o.config_paths.empty())
        return usage_error("race needs --config FILE, once for each of its lanes");
    auto lanes = lanes_of(o);
    if (!lanes) return lanes.error();
    if (o.resume && !o.config_paths.empty())
        if (auto s = check_same_lanes(o.out, *lanes); !s) return s.error();
    SessionOptions options;
    options.race = std::move(*lanes);
    options.run_dir = o.out;
    options.resume = o.resume;
    options.allow_debug = o.allow_debug;
    auto status = train_run(std::move(options), {o.on_status, o.on_step});
    if (!status) return status.error();
    auto text = core::read_file(o.out + "/race.json");
    // Behind its end the file may keep room for what it says next.
    if (text) text->resize(text->find_last_not_of('\n') + 1);
    return text;
}

}  // namespace hopscope::core::lab
