// Sentences that were told already: whoever looks at a folder again and again finds the same
// problem each time, and tells it once. A bounded number of them, so that another text each time
// does not fill the memory. Belongs to the thread that looks.
#pragma once

#include <set>
#include <string>

namespace hopscope::core {

class ToldOnce {
  public:
    /// Whether `text` is to be told now.
    bool is_new(const std::string& text) {
        return told_.size() < kMost && told_.insert(text).second;
    }

  private:
    static constexpr size_t kMost = 64;
    std::set<std::string> told_;
};

}  // namespace hopscope::core
