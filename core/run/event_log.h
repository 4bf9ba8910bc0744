// events.jsonl: every command applied to the run, one JSON line each: the command
// (docs/formats.md#commands-and-scripts) plus "step", "time", "by". Appended by the trainer thread
// alone; each line is on disk before the call returns, so that it replays.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/base/files.h"
#include "core/base/result.h"

namespace hopscope::core {

struct LoggedCommand {
    Command command;
    int64_t step = 0;  ///< first update affected
    double time = 0;   ///< seconds, Unix
    std::string by;    ///< "window", "cli", "script", …
    bool operator==(const LoggedCommand&) const = default;
};

/// As a session lists it (Session::answers), which gives it its id.
Answer answer_of(const LoggedCommand& entry);

class EventLog {
  public:
    /// Creates the file, or repairs its torn last line.
    static Result<EventLog> open(const std::string& path);
    Status check() const { return file_.check(); }  ///< as AppendFile::check
    Status append(const LoggedCommand& entry);

  private:
    explicit EventLog(AppendFile file) : file_(std::move(file)) {}
    AppendFile file_;
};

/// All complete lines in order; none where the file is missing. Errors (usage) name file and line.
Result<std::vector<LoggedCommand>> read_event_log(const std::string& path);

}  // namespace hopscope::core
