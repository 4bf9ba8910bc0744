#include "core/base/names.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

/// Nobody mistypes a word of this length; longer input is not looked at further.
constexpr size_t kLongestWord = 64;
/// More letters than this would make a message that nobody reads to its end.
constexpr size_t kLongestList = 200;
constexpr size_t kNearest = 6;

}  // namespace

std::string joined_first(const std::vector<std::string>& words, size_t most,
                         const char* separator) {
    if (words.size() <= most) return joined(words, separator);
    std::vector<std::string> first(words.begin(),
                                   words.begin() + static_cast<std::ptrdiff_t>(most));
    first.push_back("and " + std::to_string(words.size() - most) + " more");
    return joined(first, separator);
}

size_t slips(std::string_view a, std::string_view b) {
    a = a.substr(0, kLongestWord);
    b = b.substr(0, kLongestWord);
    std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
    for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
    for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
    for (size_t i = 1; i <= a.size(); ++i)
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    return cost[a.size()][b.size()];
}

std::string likely_word(std::string_view word, const std::vector<std::string>& known) {
    word = word.substr(0, kLongestWord);
    const std::string* best = nullptr;
    size_t least = std::numeric_limits<size_t>::max();
    for (const std::string& candidate : known) {
        const size_t distance = slips(word, candidate);
        if (distance >= least) continue;
        least = distance;
        best = &candidate;
    }
    if (!best || 2 * least > std::max(word.size(), best->size())) return "";
    return *best;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
    const std::string likely = likely_word(word, known);
    return likely.empty() ? "" : ", did you mean \"" + likely + "\"?";
}

namespace {

/// All names, or of a long list those that are nearest to `word`.
std::string allowed_names(std::string_view word, const std::vector<std::string>& known) {
    const std::string all = joined(known);
    if (all.size() <= kLongestList) return all;
    std::vector<std::string> near = known;
    std::stable_sort(near.begin(), near.end(), [&](const std::string& a, const std::string& b) {
        return slips(word, a) < slips(word, b);
    });
    near.resize(std::min(near.size(), kNearest));
    return joined(near) + " and " + std::to_string(known.size() - near.size()) +
           " others (--help tells them)";
}

}  // namespace

Result<ChosenNames> chosen_names(const std::string& option, const std::string& list,
                                 const std::vector<std::string>& known) {
    ChosenNames out;
    out.all = list == "all";
    std::vector<char> wanted(known.size(), out.all ? 1 : 0);
    for (size_t begin = 0; !out.all && begin <= list.size();) {
        const size_t end = std::min(list.find(',', begin), list.size());
        const std::string name = list.substr(begin, end - begin);
        begin = end + 1;
        const auto found = std::find(known.begin(), known.end(), name);
        if (found == known.end())
            return usage_error(option + ": found " + in_quotes(name) + ", allowed all, " +
                               allowed_names(name, known) + suggestion(name, known));
        wanted[static_cast<size_t>(found - known.begin())] = 1;
    }
    for (size_t i = 0; i < known.size(); ++i)
        if (wanted[i]) out.places.push_back(i);
    return out;
}

std::string config_name_of(const std::string& path) {
    std::string name = plain_name(std::filesystem::path(path).stem().string());
    const size_t dots = std::min(name.find_first_not_of('.'), name.size());
    name.erase(0, dots);  // no hidden folders
    if (name.empty() && dots > 0) return "config";
    if (name.size() <= kLongestFolderName) return name;
    size_t end = kLongestFolderName;
    while (end > 0 && !begins_character(name[end])) --end;
    name.resize(end);
    return name;
}

std::string folder_name(const std::string& dir) {
    std::error_code error;
    const auto full = std::filesystem::absolute(dir, error).lexically_normal();
    const std::string last = full.filename().string();
    return last.empty() ? full.parent_path().filename().string() : last;
}

}  // namespace hopscope::core
