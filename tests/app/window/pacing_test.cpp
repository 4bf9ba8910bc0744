// When a frame is drawn.
#include "app/window/pacing.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

/// Frames drawn in `seconds` when time goes on as the loop would let it.
int frames(PacingInput in, double seconds, double news_every) {
    int drawn = 0;
    double next_news = 0;
    for (in.now = 0; in.now < seconds;) {
        if (news_every > 0 && in.now >= next_news) {
            in.news = true;
            next_news += news_every;
        }
        const Pace p = pace(in);
        if (p.draw) {
            ++drawn;
            in.last_draw = in.now;
            in.news = false;
            in.frames_wanted = std::max(0, in.frames_wanted - 1);
        }
        in.now +=
            p.draw ? 0.001 : std::max(0.001, news_every > 0 ? std::min(p.wait, 0.002) : p.wait);
    }
    return drawn;
}

// Wrong if the window drew while nobody can see it: training must run at full rate then.
TEST(Pacing, NothingIsDrawnWhileHidden) {
    PacingInput in;
    in.hidden = true;
    in.frames_wanted = 3;
    in.news = true;
    in.training = in.run_open = true;
    EXPECT_FALSE(pace(in).draw);
    EXPECT_GE(pace(in).wait, 0.25) << "a hidden window wakes the processor for nothing";
}

// Wrong if an idle window kept a core busy, or left ages unrenewed.
TEST(Pacing, IdleDrawsSeldom) {
    PacingInput in;
    in.last_input = -100;
    EXPECT_LE(frames(in, 10, 0), 1);
    in.run_open = true;
    const int renewed = frames(in, 10, 0);
    EXPECT_GE(renewed, 8);
    EXPECT_LE(renewed, 12);
    in.typing = true;
    EXPECT_LE(frames(in, 10, 0), 91);
}

// Wrong if news could draw faster than 30 a second, or training with software GL paid for pictures.
TEST(Pacing, NewsAreLimited) {
    PacingInput in;
    in.last_input = -100;
    in.run_open = in.training = true;
    EXPECT_LE(frames(in, 10, 0.005), 301);
    EXPECT_GE(frames(in, 10, 0.005), 200);
    in.software_gl = true;
    in.frame_seconds = 0.01;
    EXPECT_LE(frames(in, 10, 0.005), 22);
    EXPECT_GE(frames(in, 10, 0.005), 16);
    in.last_input = 9;  // someone is looking: the full rate for a while
    EXPECT_GT(frames(in, 3, 0.005), 60);
}

// Wrong if the threads that train lost more than 3 % of a core to software GL, also where a text
// cursor blinks, or if a frame of a large screen left an old picture standing for long.
TEST(Pacing, ASoftwarePictureTakesItsShareOfACore) {
    PacingInput in;
    in.last_input = -100;
    in.run_open = in.training = in.software_gl = in.typing = true;
    for (const double cost : {0.02, 0.03, 0.05}) {
        in.frame_seconds = cost;
        const int drawn = frames(in, 40, 0.005);
        EXPECT_LE(drawn * cost, 40 * 0.034) << cost;
        EXPECT_GE(drawn * cost, 40 * 0.026) << cost;
    }
    in.frame_seconds = 1;
    EXPECT_GE(frames(in, 40, 0.005), 18);
    in.training = false;
    EXPECT_GT(frames(in, 10, 0.005), 200);
}

// Wrong if a popup stayed half drawn after a click.
TEST(Pacing, WantedFramesComeAtOnce) {
    PacingInput in;
    in.frames_wanted = 1;
    EXPECT_TRUE(pace(in).draw);
    EXPECT_EQ(pace(in).wait, 0);
}

// Wrong if a frame that must be slow (debug.frame_ms) is not, or one that is slow anyway waits
// more.
TEST(Pacing, ASlowFrameSleepsWhatIsLeft) {
    EXPECT_DOUBLE_EQ(rest_of_frame(10.0, 10.25, 750), 0.5);
    EXPECT_EQ(rest_of_frame(10.0, 10.25, 100), 0);
    EXPECT_EQ(rest_of_frame(10.0, 10.25, 0), 0);
}

}  // namespace
}  // namespace hopscope::app
