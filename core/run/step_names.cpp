#include "core/run/step_names.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "core/base/file_handle.h"
#include "core/base/utf8.h"

namespace hopscope::core {

std::string step_name(int64_t step, const std::string& suffix) {
    char name[40];
    std::snprintf(name, sizeof name, "step_%08lld", static_cast<long long>(step));
    return name + suffix;
}

int64_t step_of_name(const std::string& name, const std::string& suffix,
                     const std::string& prefix) {
    const std::string begin = prefix + "step_";
    int64_t step = -1;
    if (name.starts_with(begin))
        std::from_chars(name.data() + begin.size(), name.data() + name.size(), step);
    return step >= 0 && prefix + step_name(step, suffix) == name ? step : -1;
}

Status check_step_of(const std::string& path, int64_t step, const std::string& suffix) {
    const int64_t named = step_of_name(path.substr(path.rfind('/') + 1), suffix, "");
    if (named < 0 || named == step) return {};
    return usage_error(shown_path(path) + ": \"step\": found " + std::to_string(step) +
                       ", that of its name expected; put the file of that step back");
}

std::vector<std::string> names_in(const std::string& dir) {
    auto names = list_folder(dir);
    return names ? *std::move(names) : std::vector<std::string>();
}

std::vector<int64_t> steps_in(const std::string& dir, const std::string& suffix,
                              const std::string& prefix) {
    std::vector<int64_t> steps;
    for (const std::string& name : names_in(dir))
        if (const int64_t step = step_of_name(name, suffix, prefix); step >= 0)
            steps.push_back(step);
    std::sort(steps.begin(), steps.end());
    return steps;
}

}  // namespace hopscope::core
