// Does again what was recorded, at the same times, in place of mouse and keyboard. Window thread
// only.
#pragma once

#include <cstddef>
#include <utility>

#include "app/window/input_record.h"

namespace hopscope::app {

class InputPlayer {
  public:
    InputPlayer() = default;
    explicit InputPlayer(InputRecord record) : record_(std::move(record)) {}

    /// Gives ImGui the events of one frame that are due at `at` seconds, and no others. Before a
    /// frame begins.
    void play(double at);
    /// Notes what ImGui left for the next frame, a release after a press. Once it has begun.
    void begun();
    /// Whether all has been done, or nothing was to be.
    bool done() const { return next_ == record_.events.size(); }

  private:
    InputRecord record_;
    size_t next_ = 0;
    int kept_ = 0;  ///< events of the recording that still wait in ImGui's queue
};

}  // namespace hopscope::app
