// Which runs a path names, for the window's comparison.
#include <algorithm>
#include <filesystem>

#include "core/api/lab.h"
#include "core/base/utf8.h"
#include "core/run/new_folder.h"
#include "core/trainer/race_file.h"

namespace hopscope::core::lab {
namespace {

namespace fs = std::filesystem;

Result<std::vector<std::string>> lanes_at(const std::string& dir) {
    auto lanes = race_lane_names(dir);
    if (!lanes) return lanes.error();
    for (std::string& lane : *lanes) lane = dir + "/" + lane;
    return lanes;
}

}  // namespace

Result<std::vector<std::string>> runs_at(const std::string& path) {
    std::string dir = path;
    while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
    std::error_code code;
    if (!fs::is_directory(dir, code))
        return usage_error(
            shown_path(dir) +
            " is no folder. Give the folder of a run, of a race, or of several runs");
    if (is_race_folder(dir)) return lanes_at(dir);
    if (is_run_folder(dir)) return std::vector<std::string>{dir};
    std::vector<std::string> runs;
    for (fs::directory_iterator it(dir, code), end; !code && it != end; it.increment(code))
        if (is_run_folder(it->path().string())) runs.push_back(it->path().string());
    if (runs.empty())
        return usage_error(
            shown_path(dir) +
            ": no run lies here. The folder of a run holds config.toml and run.json");
    std::sort(runs.begin(), runs.end());
    return runs;
}

}  // namespace hopscope::core::lab
