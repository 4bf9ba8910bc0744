// Writes what a person does to the window into a new file, as it is done: what led to a crash is
// there. Window thread only; its frames write, since a recording is asked for and its lines are
// short.
#pragma once

#include <optional>
#include <string>

#include "core/api/files.h"

namespace hopscope::app {

class InputRecorder {
  public:
    /// Makes the file. Errors: there is one already, or no room.
    core::Status open(const std::string& path, int width, int height);
    /// What came in the frame that has begun, at `at` seconds. Errors end the recording, and are
    /// told once.
    core::Status note(double at);

  private:
    std::optional<core::AppendFile> file_;
};

}  // namespace hopscope::app
