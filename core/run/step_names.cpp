#include "core/run/step_names.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "core/base/utf8.h"

namespace hopscope::core {

std::string step_name(int64_t step, const std::string& suffix) {
    char name[40];
    std::snprintf(name, sizeof name, "step_%08lld", static_cast<long long>(step));
    return name + suffix;
}

Status check_step_of(const std::string& path, int64_t step, const std::string& suffix) {
    const std::string file = path.substr(path.rfind('/') + 1), begin = "step_";
    int64_t named = -1;
    if (file.starts_with(begin))
        std::from_chars(file.data() + begin.size(), file.data() + file.size(), named);
    if (named < 0 || named == step || file != step_name(named, suffix)) return {};
    return usage_error(shown_path(path) + ": \"step\": found " + std::to_string(step) +
                       ", that of its name expected; put the file of that step back");
}

std::vector<std::string> names_in(const std::string& dir) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator it(dir, error), end; !error && it != end;
         it.increment(error))
        names.push_back(it->path().filename().string());
    return names;
}

std::vector<int64_t> steps_in(const std::string& dir, const std::string& suffix,
                              const std::string& prefix) {
    const std::string begin = prefix + "step_";
    std::vector<int64_t> steps;
    for (const std::string& name : names_in(dir)) {
        if (!name.starts_with(begin)) continue;
        int64_t step = -1;
        std::from_chars(name.data() + begin.size(), name.data() + name.size(), step);
        if (step >= 0 && prefix + step_name(step, suffix) == name) steps.push_back(step);
    }
    std::sort(steps.begin(), steps.end());
    return steps;
}

}  // namespace hopscope::core
