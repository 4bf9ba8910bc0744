#include "core/lab/shown_run.h"

#include "core/base/utf8.h"
#include "core/trainer/race_file.h"

namespace hopscope::core::lab {

Result<std::string> shown_run(const std::string& dir) {
    if (!is_race_folder(dir)) return dir;
    const auto lanes = race_lane_names(dir);
    if (!lanes) return lanes.error();
    if (lanes->empty()) return usage_error(shown_path(dir) + "/race.json names no lanes");
    return dir + "/" + lanes->front();
}

}  // namespace hopscope::core::lab
