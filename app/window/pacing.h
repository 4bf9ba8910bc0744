// Decides when the window draws and how long it may sleep, apart from GLFW so that it can be
// tested: nothing is drawn while hidden, three frames follow each input, snapshots wake at most
// 30 times a second, and with software OpenGL a training run is disturbed as little as can be.
// Window thread only.
#pragma once

#include <cstdint>

namespace hopscope::app {

/// Frames after an input, so that popups and hover states come to rest.
inline constexpr int kFramesAfterInput = 3;
/// Longest sleep without an event, seconds: 9 wake-ups a second.
inline constexpr double kIdleWait = 0.111;
/// The same while nobody can see the window: only signals and the end of a run wait for it.
inline constexpr double kHiddenWait = 0.5;
/// News from the trainer are drawn at most this often, frames a second.
inline constexpr double kNewsRate = 30.0;
/// With software OpenGL, which draws on the cores that train, drawing may take this share of one of
/// them. Updates wait for the slowest of their threads, so that training loses as much, and about
/// once more for the X server's copy and for threads that are torn apart.
inline constexpr double kSoftwareShare = 0.03;
/// However little or much a frame takes there, seconds between frames: two a second are enough to
/// watch, and a picture older than two seconds looks like one that hangs.
inline constexpr double kSoftwareLeast = 0.5, kSoftwareMost = 2.0;
/// How long after an input the full rate holds even with software OpenGL, seconds.
inline constexpr double kAttentive = 2.0;
/// Ages and times shown are renewed at least this often while a run is open, seconds.
inline constexpr double kRenew = 1.0;

struct PacingInput {
    double now = 0;         ///< seconds
    double last_draw = 0;   ///< when the last frame was drawn
    double last_input = 0;  ///< when the last key or mouse event came
    int frames_wanted = 0;  ///< by input, motion or panels
    bool news = false;      ///< the session has published something since the last frame
    bool run_open = false;  ///< ages are shown
    bool training = false;
    bool typing = false;  ///< a text cursor blinks
    bool hidden = false;  ///< minimised, unmapped
    bool software_gl = false;
    double frame_seconds = 0;  ///< processor time of a frame, helpers of OpenGL included
};

struct Pace {
    bool draw = false;
    double wait = kIdleWait;  ///< seconds to sleep for events before asking again; 0: poll only
};

Pace pace(const PacingInput& in);

/// Seconds that a frame begun at `began` still sleeps, so that it takes `least_ms`.
double rest_of_frame(double began, double now, int64_t least_ms);

}  // namespace hopscope::app
