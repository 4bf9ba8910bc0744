// How the two clocks of the window are played: the run's steps, and the hops that a token takes
// through the layers. One scrubber for both, so one of them moves at a time. Window thread only,
// owned by the window's state.
#pragma once

#include <cstdint>

namespace hopscope::app {

enum class Clock : uint8_t { steps, hops };

struct Playback {
    static constexpr double kSpeeds[] = {0.5, 1, 2, 5, 10, 20};  ///< moves a second

    Clock clock = Clock::steps;
    bool playing = false, loop = false;
    double speed = 5;        ///< moves a second
    double moved_at = -1e9;  ///< AppState::now of the last move

    bool plays(Clock one) const { return playing && clock == one; }
    /// Whether it is time to move on; it has moved then.
    bool due(double now) {
        if (now - moved_at < 1 / speed) return false;
        moved_at = now;
        return true;
    }
};

}  // namespace hopscope::app
