// The curves of several run folders, read beside whoever writes them: for the plots of runs that
// are not the one being inspected. One thread of its own reads; every function returns at once and
// belongs to the window thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::core {

struct WatchedRun {
    std::string dir, name;
    RunState state = RunState::paused;  ///< as run.json tells it
    std::string reason;
    bool being_written = false;
    int64_t step = 0, steps = 0;
};

struct WatchedNews {
    size_t run = 0;          ///< index of the folder
    bool restarted = false;  ///< earlier records are void; `records` are all
    std::vector<ScalarRecord> records;
};

class RunWatch {
  public:
    /// Begins to read the folders again and again; `wake` is called from the thread when there is
    /// something new. A folder that cannot be read is told as a message.
    static std::unique_ptr<RunWatch> open(std::vector<std::string> dirs,
                                          std::function<void()> wake);
    virtual ~RunWatch() = default;  ///< joins

    /// In the order of the folders.
    virtual std::vector<WatchedRun> runs() const = 0;
    /// What came since the last call, oldest first.
    virtual std::vector<WatchedNews> drain() = 0;
    virtual std::vector<std::string> drain_messages() = 0;
};

}  // namespace hopscope::core
