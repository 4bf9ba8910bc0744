#include "core/api/name_list.h"

#include <algorithm>

#include "core/api/joined.h"
#include "core/api/nearest.h"

namespace hopscope::core {

Result<std::vector<size_t>> chosen_names(const std::string& option, const std::string& list,
                                         const std::vector<std::string>& known) {
    std::vector<char> wanted(known.size(), list == "all" ? 1 : 0);
    for (size_t begin = 0; list != "all" && begin <= list.size();) {
        const size_t end = std::min(list.find(',', begin), list.size());
        const std::string name = list.substr(begin, end - begin);
        begin = end + 1;
        const auto found = std::find(known.begin(), known.end(), name);
        if (found == known.end())
            return usage_error(option + ": found \"" + name + "\", allowed all, " + joined(known) +
                               suggestion(name, known));
        wanted[static_cast<size_t>(found - known.begin())] = 1;
    }
    std::vector<size_t> out;
    for (size_t i = 0; i < known.size(); ++i)
        if (wanted[i]) out.push_back(i);
    return out;
}

}  // namespace hopscope::core
