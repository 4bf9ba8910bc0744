#include "tests/app/window/drawn_frames.h"

#include <GLFW/glfw3.h>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "app/window/pacing.h"
#include "app/window/shell.h"
#include "app/window/status_bar.h"
#include "tests/app/fake_session.h"

namespace hopscope::gui_test {
namespace {

/// What the window has before it, and for how long.
struct Scene {
    core::RunState run_state = core::RunState::paused;
    int wakes = 0;  ///< by the session, a second
    bool hidden = false;
};

/// Frames drawn in `seconds` or a little more.
struct Counted {
    int frames = 0;
    double seconds = 0;
};
Counted count_frames(const Scene& scene, double seconds) {
    using Clock = std::chrono::steady_clock;
    FakeOptions fake;
    fake.start_step = 200;
    fake.experts = 32;
    fake.tokens = 64;
    fake.state = scene.run_state;
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
        if (scene.wakes > 0)
            waker = std::thread([&stop, wakes = scene.wakes, wake = a.wake] {
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
    bool shown = true;
    options.close_now = [&] {
        if (scene.hidden && shown && elapsed() > kSettle / 2) {
            glfwHideWindow(glfwGetCurrentContext());
            shown = false;
        }
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

/// Whether a window that goes on drawing news takes no more memory for it: each frame has an update
/// of the run and a snapshot.
bool memory_is_bounded() {
    constexpr int kFrom = 200, kTo = 2000;
    // Curves keep all updates, 1,800 here; what is left is what the allocator holds back.
    constexpr double kMostMiB = 16;
    FakeOptions fake;
    fake.steps = 1'000'000;
    fake.layers = fake.hops = 2;
    fake.experts = 16;
    fake.tokens = 32;
    fake.updates_per_look = 1;
    app::WindowOptions options = plain_window();
    options.width = 640;  // soon drawn
    options.height = 480;
    int frames = 0;
    int64_t first = 0, last = 0, updates = 0;
    options.after_frame = [&](app::Shell&, app::AppState& state) {
        state.keep_drawing();
        ++frames;
        if (frames == kFrom) first = app::resident_memory();
        if (frames == kTo) last = app::resident_memory();
        updates = std::ssize(state.history.step);
    };
    options.close_now = [&] { return frames >= kTo; };
    if (app::run_window(options, fake_services(fake)) != 0) return false;
    const double more = static_cast<double>(last - first) / (1 << 20);
    std::printf("memory: %.1f MiB after %d frames with news, %.1f MiB more after %d\n",
                static_cast<double>(first) / (1 << 20), kFrom, more, kTo);
    return updates >= kTo && first > 0 && more < kMostMiB;
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
    const Counted idle = count_frames({core::RunState::paused, 0}, kSeconds);
    const Counted training = count_frames({core::RunState::running, 100}, kSeconds);
    const Counted hidden = count_frames({core::RunState::running, 100, true}, kSeconds);
    std::printf(
        "frames: %d in %.1f s idle, %d in %.1f s while training with 100 wake-ups a second, %d in "
        "%.1f s of that while hidden\n",
        idle.frames, idle.seconds, training.frames, training.seconds, hidden.frames,
        hidden.seconds);
    const bool idle_ok = idle.frames >= 2 && idle.frames <= 9 * idle.seconds;
    const bool training_ok =
        training.frames >= 4 && training.frames <= app::kNewsRate * training.seconds + 3;
    const bool hidden_ok = hidden.frames == 0 && hidden.seconds > kSeconds;
    const bool memory_ok = memory_is_bounded();
    return idle_ok && training_ok && hidden_ok && memory_ok ? 0 : 1;
}

}  // namespace hopscope::gui_test
