#include "core/trainer/race_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "core/base/json.h"
#include "core/base/state_text.h"
#include "core/base/utf8.h"
#include "core/config/parse.h"
#include "core/config/write.h"
#include "core/run/run_folder.h"

namespace hopscope::core {
namespace {

using nlohmann::ordered_json;

constexpr const char* kFormat = "hopscope.race/1";

constexpr std::string_view kFile = "race.json";

std::string file_of(const std::string& dir) {
    return dir + "/" + std::string(kFile);
}

/// A folder beside the race's own file, which is not hidden.
bool names_lane(std::string_view name) {
    return !name.empty() && name[0] != '.' && name.find('/') == std::string::npos && name != kFile;
}

ordered_json lane_json(const LaneReport& lane, RunState state) {
    const bool begun = !lane.loss->steps.empty(), measured = !lane.valid->values.empty();
    const double valid = measured ? lane.valid->values.back() : NAN;
    const double best =
        measured ? *std::min_element(lane.valid->values.begin(), lane.valid->values.end()) : NAN;
    if (lane.whole) state = RunState::done;
    if (!lane.failure.empty()) state = RunState::failed;
    ordered_json j = {{"name", lane.name},
                      {"run", lane.name},
                      {"config_hash", config_hash(*lane.config)},
                      {"parameters", lane.parameters},
                      {"state", name_of(state)},
                      {"step", lane.step},
                      {"steps", lane.steps},
                      {"tokens", begun ? lane.loss->tokens.back() : 0},
                      {"seconds", begun ? lane.loss->seconds.back() : 0.0},
                      {"loss", json_number(begun ? lane.loss->values.back() : NAN)},
                      {"valid_loss", json_number(valid)},
                      {"perplexity", json_number(std::exp(valid))},
                      {"best_valid_loss", json_number(best)}};
    if (!lane.failure.empty()) j["reason"] = lane.failure;
    return j;
}

/// The crossings of two curves of lanes a and b, appended to `by_step` and `by_seconds`.
void add_crossings(const std::string& a, const std::string& b, const char* quantity,
                   const RaceCurve& x, const RaceCurve& y, ordered_json& by_step,
                   ordered_json& by_seconds) {
    for (const Crossing& c : crossings_by_step(x, y))
        by_step.push_back({{"a", a},
                           {"b", b},
                           {"step", c.a_step},
                           {"tokens", c.tokens},
                           {"quantity", quantity},
                           {"ahead", c.a_ahead ? a : b},
                           {"seconds", {{"a", c.a_seconds}, {"b", c.b_seconds}}}});
    for (const Crossing& c : crossings_by_seconds(x, y))
        by_seconds.push_back({{"a", a},
                              {"b", b},
                              {"seconds", c.seconds},
                              {"step", {{"a", c.a_step}, {"b", c.b_step}}},
                              {"quantity", quantity},
                              {"ahead", c.a_ahead ? a : b}});
}

}  // namespace

Status check_race(const std::vector<RaceLane>& lanes) {
    if (lanes.size() < 2)
        return usage_error("a race needs two or more configurations, found " +
                           std::to_string(lanes.size()) + "; give a file for each");
    std::set<std::string> names;
    for (const RaceLane& lane : lanes) {
        if (!names_lane(lane.name))
            return usage_error("a configuration of the race is called " + in_quotes(lane.name) +
                               ", which cannot be the name of a lane's folder; rename the file");
        if (!names.insert(lane.name).second)
            return usage_error("two configurations of the race are called " + in_quotes(lane.name) +
                               ", the name of a lane's folder; rename one of the files");
    }
    for (size_t i = 1; i < lanes.size(); ++i) {
        auto keys = differing_data_keys(lanes[0].config, lanes[i].config);
        const auto& first = lanes[0].config.train;
        const auto& other = lanes[i].config.train;
        if (first.device != other.device)
            keys.push_back("train.device: " + word(first.device) + " → " + word(other.device));
        if (first.threads != other.threads)
            keys.push_back("train.threads: " + std::to_string(first.threads) + " → " +
                           std::to_string(other.threads));
        if (keys.empty()) continue;
        std::string list;
        for (const auto& key : keys) list += "\n  " + key;
        return usage_error("the lanes of a race train on the same batches, but " +
                           shown(lanes[0].name) + " and " + shown(lanes[i].name) +
                           " differ in:" + list + "\nmake them equal");
    }
    return {};
}

Status write_race_file(const std::string& dir, RunState state,
                       const std::vector<LaneReport>& lanes) {
    ordered_json j = {{"format", kFormat},
                      {"state", name_of(state == RunState::stopped ? RunState::paused : state)},
                      {"seed", lanes.front().config->train.seed},
                      {"smoothing", kRaceSmoothing}};
    j["lanes"] = j["crossings"] = j["crossings_by_seconds"] = ordered_json::array();
    for (const LaneReport& lane : lanes) j["lanes"].push_back(lane_json(lane, state));
    std::vector<RaceCurve> smooth;
    for (const LaneReport& lane : lanes) smooth.push_back(smoothed(*lane.loss));
    for (size_t a = 0; a < lanes.size(); ++a)
        for (size_t b = a + 1; b < lanes.size(); ++b) {
            add_crossings(lanes[a].name, lanes[b].name, "valid_loss", *lanes[a].valid,
                          *lanes[b].valid, j["crossings"], j["crossings_by_seconds"]);
            add_crossings(lanes[a].name, lanes[b].name, "loss (smoothed)", smooth[a], smooth[b],
                          j["crossings"], j["crossings_by_seconds"]);
        }
    const Status written = write_state_file(file_of(dir), dump_pretty(j));
    if (written) return {};
    // Crossings that came since find no room; how the race stands does, and they follow from the
    // lanes when it is written again.
    const auto before = read_object(file_of(dir), kFormat);
    if (!before) return written;
    for (const char* list : {"crossings", "crossings_by_seconds"})
        j[list] = before->value(list, ordered_json::array());
    return write_state_file(file_of(dir), dump_pretty(j)) ? Status() : written;
}

bool is_race_folder(const std::string& dir) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(file_of(dir), ignored);
}

Result<std::vector<std::string>> race_lane_names(const std::string& dir) {
    const std::string name = shown_path(file_of(dir));
    auto json = read_object(file_of(dir), kFormat);
    if (!json) return json.error();
    const auto lanes = json->find("lanes");
    if (lanes == json->end() || !lanes->is_array())
        return usage_error(name + ": lanes: an array expected");
    std::vector<std::string> out;
    for (const auto& entry : *lanes) {
        const auto run = entry.is_object() ? entry.find("run") : entry.end();
        if (!entry.is_object() || run == entry.end() || !run->is_string())
            return usage_error(name + ": lanes: objects with \"run\" expected");
        out.push_back(run->get<std::string>());
        if (!names_lane(out.back()))
            return usage_error(name + ": lanes: run: found " + in_quotes(out.back()) +
                               ", the name of a folder beside it expected");
    }
    return out;
}

Result<std::vector<RaceLane>> read_race_lanes(const std::string& dir,
                                              const std::vector<std::string>& overrides) {
    const auto names = race_lane_names(dir);
    if (!names) return names.error();
    std::vector<RaceLane> out;
    for (const std::string& name : *names) {
        RaceLane lane;
        lane.name = name;
        const std::string run = dir + "/" + lane.name;
        if (!is_run_folder(run))
            return usage_error(shown_path(run) +
                               ": this lane was never begun; name every configuration of "
                               "the race");
        auto config = load_stored_config(run + "/config.toml", overrides);
        if (!config) return config.error();
        lane.config = *config;
        out.push_back(std::move(lane));
    }
    return out;
}

}  // namespace hopscope::core
