#include "tests/app/window/drawn_frames.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "app/window/pacing.h"
#include "app/window/shell.h"
#include "tests/app/fake_session.h"

namespace hopscope::gui_test {
namespace {

/// Frames drawn in `seconds` or a little more, while the session wakes the window `wakes` times a
/// second.
struct Counted {
    int frames = 0;
    double seconds = 0;
};
Counted count_frames(core::RunState run_state, double seconds, int wakes) {
    using Clock = std::chrono::steady_clock;
    FakeOptions fake;
    fake.start_step = 200;
    fake.experts = 32;
    fake.tokens = 64;
    fake.state = run_state;
    app::WindowOptions options = plain_window();
    std::atomic<bool> stop{false};
    std::thread waker;
    Counted counted;
    Clock::time_point begin;  // of the first frame, since opening may take long
    const auto elapsed = [&] {
        return begin == Clock::time_point()
                   ? 0.0
                   : std::chrono::duration<double>(Clock::now() - begin).count();
    };
    constexpr double kSettle = 3.0;  // the first frames, the attentive time after input
    options.after_begin = [&](app::Shell&, app::AppState& a) {
        if (wakes > 0)
            waker = std::thread([&stop, wakes, wake = a.wake] {
                while (!stop) {
                    wake();
                    std::this_thread::sleep_for(std::chrono::duration<double>(1.0 / wakes));
                }
            });
    };
    options.after_frame = [&](app::Shell&, app::AppState&) {
        if (begin == Clock::time_point()) begin = Clock::now();
        counted.frames += elapsed() > kSettle;
    };
    options.close_now = [&] {
        counted.seconds = elapsed() - kSettle;
        const bool over = counted.seconds > seconds;
        // The waker ends before the window does.
        if (over && waker.joinable()) {
            stop = true;
            waker.join();
        }
        return over;
    };
    if (app::run_window(options, fake_services(fake)) != 0) return {};
    return counted;
}

}  // namespace

app::WindowOptions plain_window() {
    app::WindowOptions options;
    options.width = 1280;
    options.height = 800;
    options.keep_settings = false;
    options.exe_dir = HOPSCOPE_TEST_EXE_DIR;
    options.config_path = "configs/demo.toml";
    return options;
}

int run_pacing() {
    constexpr double kSeconds = 4;
    const Counted idle = count_frames(core::RunState::paused, kSeconds, 0);
    const Counted training = count_frames(core::RunState::running, kSeconds, 100);
    std::printf(
        "frames: %d in %.1f s idle, %d in %.1f s while training with 100 wake-ups a second\n",
        idle.frames, idle.seconds, training.frames, training.seconds);
    const bool idle_ok = idle.frames >= 2 && idle.frames <= 9 * idle.seconds;
    const bool training_ok =
        training.frames >= 4 && training.frames <= app::kNewsRate * training.seconds + 3;
    return idle_ok && training_ok ? 0 : 1;
}

}  // namespace hopscope::gui_test
