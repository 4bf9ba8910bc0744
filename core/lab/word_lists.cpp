// The word lists that a run can be asked about, for the window.
#include <utility>

#include "core/api/lab.h"
#include "core/trainer/categories.h"

namespace hopscope::core::lab {

Result<std::vector<CategoryWords>> word_lists(const std::string& run,
                                              const std::vector<std::string>& dirs) {
    auto folder = RunFolder::open(run, /*writer=*/false);
    if (!folder) return folder.error();
    auto lists = word_lists_for(*folder, dirs);
    if (!lists) return lists.error();
    std::vector<CategoryWords> out;
    for (auto& [name, words] : *lists) out.push_back({name, std::move(words)});
    return out;
}

}  // namespace hopscope::core::lab
