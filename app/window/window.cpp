#include "app/window/window.h"

#include <GLFW/glfw3.h>
#include <algorithm>
#include <atomic>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <imgui.h>
#include <imgui_internal.h>
#include <implot.h>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "app/window/chords.h"
#include "app/window/display_loss.h"
#include "app/window/drawing_clock.h"
#include "app/window/input_player.h"
#include "app/window/input_recorder.h"
#include "app/window/pacing.h"
#include "app/window/picture_target.h"
#include "app/window/render.h"
#include "app/window/screenshot.h"
#include "app/window/shell.h"
#include "core/api/base.h"

namespace hopscope::app {
namespace {

/// Owns GLFW's window and what hangs on it; everything ends in the reverse order.
class Screen {
  public:
    ~Screen() {
        if (imgui_) {
            ImGui_ImplOpenGL3_Shutdown();
            ImGui_ImplGlfw_Shutdown();
            ImPlot::DestroyContext();
            ImGui::DestroyContext();
        }
        if (window) glfwDestroyWindow(window);
        if (started_) glfwTerminate();
    }

    bool open(int width, int height) {
        // Software OpenGL would otherwise start a thread a core, beside those that train.
        setenv("LP_NUM_THREADS", "1", 0);
        glfwSetErrorCallback([](int, const char* text) { last_error() = text; });
        started_ = glfwInit() == GLFW_TRUE;
        if (!started_) return false;
        glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
        glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
        glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
        glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
        window = glfwCreateWindow(width, height, "hopscope", nullptr, nullptr);
        if (!window) return false;
        glfwMakeContextCurrent(window);
        glfwSwapInterval(1);
        IMGUI_CHECKVERSION();
        ImGui::CreateContext();
        ImPlot::CreateContext();
        ImGui_ImplGlfw_InitForOpenGL(window, true);
        ImGui_ImplOpenGL3_Init("#version 330 core");
        imgui_ = true;
        const char* renderer = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
        software = renderer && (std::strstr(renderer, "llvmpipe") ||
                                std::strstr(renderer, "softpipe") || std::strstr(renderer, "SWR"));
        return true;
    }

    static std::string& last_error() {
        static std::string text;
        return text;
    }

    GLFWwindow* window = nullptr;
    bool software = false;

  private:
    bool started_ = false, imgui_ = false;
};

constexpr int kLeastWidth = 320, kLeastHeight = 240;  ///< smaller ones are not brought back

double seconds_now() {
    return glfwGetTime();
}

/// What becomes of a run that was closed because its display was lost.
std::string last_words(const core::RunStatus& status) {
    if (!status.followed.empty()) return "nothing of the run is lost; it was only looked at";
    if (status.run_dir.empty()) return "no run folder had been made yet";
    const std::string how = "`hopscope train --resume --out " + status.run_dir + "`";
    if (status.state == core::RunState::failed)
        return "the run failed: " + status.reason + "; its newest checkpoint goes on with " + how;
    if (status.state == core::RunState::done) return status.run_dir + " has made all its steps";
    return "the run is saved at step " + std::to_string(status.step) + "; go on with " + how;
}

/// One run of the window: owns the state and reads as the list of what happens.
class Loop {
  public:
    Loop(const WindowOptions& options, Services services)
        : options_(options), shell_(state_, options.keep_settings ? config_folder() : "") {
        state_.services = std::move(services);
        state_.exe_dir = options.exe_dir;
        // At most one wake-up is under way; the loop takes the flag before it looks for news.
        state_.wake = [this] {
            if (without_display_) {
                ++wakes_;
                wakes_.notify_all();
            } else if (!news_.exchange(true)) {
                glfwPostEmptyEvent();
            }
        };
    }
    ~Loop() { forget_display_loss(); }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    int run() {
        if (!screen_.open(options_.width, options_.height)) return no_display();
        state_.gl = glfwGetProcAddress;
        state_.software_gl = screen_.software;
        drawing_clock_.find_helpers();
        on_display_loss([this] { leave_without_display(); });
        if (const core::Status ready = ready_input(); !ready) {
            std::fprintf(stderr, "hopscope: %s\n", ready.error().message.c_str());
            return ready.error().kind == core::ErrorKind::usage ? 2 : 1;
        }
        begin();
        while (!shell_.door().wants_exit() && !closing_ && !asked_from_outside()) {
            const Pace next = pace(pacing());
            next.wait > 0 ? glfwWaitEventsTimeout(next.wait) : glfwPollEvents();
            state_.now = seconds_now();
            notice_input();
            update_status(state_);
            // Each question waits for the X server: asked only where the answer counts.
            if (hidden_ || pace(pacing()).draw) hidden_ = !can_be_seen();
            if (glfwWindowShouldClose(screen_.window)) ask_to_close();
            if (pace(pacing()).draw)
                draw_frame();
            else
                shell_.door().update();  // a hidden window finishes its closing, too
        }
        note_size();
        shell_.save(/*leaving=*/true);
        state_.finish_aside();
        state_.watch = nullptr;
        state_.attach(nullptr);  // its threads may still wake the window: they end before it goes
        return 0;
    }

  private:
    int no_display() const {
        std::fprintf(
            stderr,
            "hopscope: no window can be opened (%s). Without a display, train with "
            "`hopscope train --config %s`.\n",
            Screen::last_error().empty() ? "no display was found" : Screen::last_error().c_str(),
            options_.config_path.empty() ? "configs/first_look.toml"
                                         : options_.config_path.c_str());
        return 2;
    }

    /// The recording that is to be done again is read, the one to be written begun.
    core::Status ready_input() {
        if (!options_.replay.empty()) {
            auto text = core::read_text(options_.replay);
            if (!text) return text.error();
            auto record = parse_input_record(*text, options_.replay);
            if (!record) return record.error();
            glfwSetWindowSize(screen_.window, static_cast<int>(record->width),
                              static_cast<int>(record->height));
            player_ = InputPlayer(std::move(*record));
            replays_ = true;
        }
        if (options_.record.empty()) return {};
        int width = 0, height = 0;
        glfwGetWindowSize(screen_.window, &width, &height);
        return recorder_.open(options_.record, width, height);
    }

    /// The clock of recordings stands while a run is being opened, which takes as long as it takes.
    void count_input_time() {
        const double now = seconds_now();
        if (!shell_.door().busy() && input_seen_ > 0) input_time_ += now - input_seen_;
        input_seen_ = now;
    }

    void begin_frame() {
        ImGui_ImplOpenGL3_NewFrame();
        ImGui_ImplGlfw_NewFrame();
        count_input_time();
        if (!player_.done()) {
            player_.play(input_time_);
            state_.keep_drawing();
        }
        make_denser();
        if (new_frame_with_whole_chords()) state_.keep_drawing(1);
        player_.begun();
        if (const core::Status written = recorder_.note(input_time_); !written)
            state_.say("recording: " + written.error().message, /*problem=*/true);
        if (replays_ && player_.done() && ImGui::GetCurrentContext()->InputEventsQueue.empty()) {
            replays_ = false;
            state_.say("the recording was done again");
            closing_ |= options_.close_after_replay;
        }
    }

    /// The last thing the window thread does once the display is gone: the run is saved as by a
    /// close, without a word to GLFW or OpenGL.
    [[noreturn]] void leave_without_display() {
        constexpr const char* kLost = "the display was lost";
        without_display_ = true;
        if (!state_.session) {
            std::fprintf(stderr, "hopscope: %s; no run was open\n", kLost);
            std::_Exit(1);
        }
        std::fprintf(stderr, "hopscope: %s; finishing the step and saving the run\n", kLost);
        state_.session->close(kLost);
        for (;;) {
            const uint64_t seen = wakes_;
            if (state_.session->finished()) break;
            wakes_.wait(seen);
        }
        const core::RunStatus status = state_.session->status();
        state_.session.reset();  // joins the threads
        std::fprintf(stderr, "hopscope: %s\n", last_words(status).c_str());
        std::_Exit(1);
    }

    /// Minimised, or taken off the screen: nobody looks.
    bool can_be_seen() const {
        return glfwGetWindowAttrib(screen_.window, GLFW_VISIBLE) != 0 &&
               glfwGetWindowAttrib(screen_.window, GLFW_ICONIFIED) == 0;
    }

    void begin() {
        glfwSetWindowUserPointer(screen_.window, &state_);
        const auto redraw = [](GLFWwindow* window) {
            static_cast<AppState*>(glfwGetWindowUserPointer(window))->keep_drawing();
        };
        glfwSetWindowRefreshCallback(screen_.window, redraw);
        shell_.begin(ImGui_ImplGlfw_GetContentScaleForWindow(screen_.window));
        if (options_.keep_settings && options_.screenshot.empty()) take_size();
        if (!options_.config_path.empty())
            shell_.door().start_config(options_.config_path, options_.start);
        else if (!options_.runs.empty())
            shell_.door().open_run(options_.runs.front());
        else if (options_.example)
            act(state_, *find_action(shell_.actions(), "file.example"), /*problem=*/true);
        if (options_.runs.size() + (options_.config_path.empty() ? 0 : 1) > 1)
            state_.watch_runs(options_.runs);
        if (options_.after_begin) options_.after_begin(shell_, state_);
    }

    /// The size that the window had last, as far as the screen holds it.
    void take_size() {
        const Settings& settings = state_.settings;
        if (settings.maximised) return glfwMaximizeWindow(screen_.window);
        if (settings.width < kLeastWidth || settings.height < kLeastHeight) return;
        int x = 0, y = 0, width = settings.width, height = settings.height;
        if (GLFWmonitor* monitor = glfwGetPrimaryMonitor())
            glfwGetMonitorWorkarea(monitor, &x, &y, &width, &height);
        glfwSetWindowSize(screen_.window, std::min(width, settings.width),
                          std::min(height, settings.height));
    }

    void note_size() {
        Settings& settings = state_.settings;
        if (!can_be_seen()) return;
        settings.maximised = glfwGetWindowAttrib(screen_.window, GLFW_MAXIMIZED) != 0;
        if (!settings.maximised)
            glfwGetWindowSize(screen_.window, &settings.width, &settings.height);
    }

    PacingInput pacing() const {
        PacingInput in;
        in.now = seconds_now();
        in.last_draw = last_draw_;
        in.last_input = state_.last_input;
        in.frames_wanted = state_.frames_wanted;
        in.news = news_.load();
        in.run_open = state_.session != nullptr;
        in.training = state_.training();
        in.typing = ImGui::GetIO().WantTextInput;
        in.hidden = hidden_;
        in.software_gl = screen_.software;
        const double frame_ms = state_.own_cost.frame_ms();  // NaN before the first
        in.frame_seconds = std::isnan(frame_ms) ? 0 : frame_ms / 1000;
        return in;
    }

    void notice_input() {
        // ImGui's back end has put what came into the queue that the next frame will read.
        if (!ImGui::GetCurrentContext()->InputEventsQueue.empty()) {
            state_.last_input = state_.now;
            state_.keep_drawing(kFramesAfterInput);
        }
    }

    bool asked_from_outside() const { return options_.close_now && options_.close_now(); }

    void ask_to_close() {
        glfwSetWindowShouldClose(screen_.window, GLFW_FALSE);
        shell_.door().exit();
    }

    void draw_frame() {
        const double begun = drawing_clock_.seconds();
        news_ = false;
        update_state(state_);
        state_.frames_wanted = std::max(0, state_.frames_wanted - 1);
        state_.unix_now = core::unix_seconds();
        last_draw_ = state_.now;
        shell_.set_content_scale(ImGui_ImplGlfw_GetContentScaleForWindow(screen_.window));
        begin_frame();
        shell_.frame();
        ImGui::Render();
        if (picture_due_) write_picture(*std::exchange(picture_due_, {}));
        ImGui::GetDrawData()->FramebufferScale.x /= denser_;
        ImGui::GetDrawData()->FramebufferScale.y /= denser_;
        present();
        if (options_.after_frame) options_.after_frame(shell_, state_);
        shell_.save();
        state_.own_cost.add_frame(seconds_now(), drawing_clock_.seconds() - begun);
        if (options_.allow_debug && state_.session)
            be_slow(state_.session->config().debug.frame_ms);
    }

    void be_slow(int64_t frame_ms) const {
        const double rest = rest_of_frame(last_draw_, seconds_now(), frame_ms);
        std::this_thread::sleep_for(std::chrono::duration<double>(rest));
    }

    void present() {
        int width = 0, height = 0;
        glfwGetFramebufferSize(screen_.window, &width, &height);
        glViewport(0, 0, width, height);
        clear();
        render(ImGui::GetDrawData());
        if (!options_.screenshot.empty()) {
            state_.keep_drawing(1);
            if (++frames_ >= options_.frames) {
                const auto picture = grab_framebuffer({0, 0, width, height});
                if (const auto why = write_png(options_.screenshot, picture); !why.empty())
                    std::fprintf(stderr, "hopscope: %s\n", why.c_str());
                closing_ = true;
            }
        }
        glfwSwapBuffers(screen_.window);
    }

    /// The frame after an order is made of as many pixels as its picture is to have, so that text
    /// and points are drawn for them and not enlarged.
    void make_denser() {
        picture_due_ = std::exchange(state_.picture_order, {});
        state_.for_file = picture_due_.has_value();
        denser_ = picture_due_ ? static_cast<float>(picture_due_->scale) : 1;
        ImGui::GetIO().DisplayFramebufferScale.x *= denser_;
        ImGui::GetIO().DisplayFramebufferScale.y *= denser_;
    }

    /// Draws the part of the frame once more, off the screen.
    void write_picture(const PictureOrder& order) {
        ImDrawData& frame = *ImGui::GetDrawData();
        const ImVec2 origin = frame.DisplayPos, whole = frame.DisplaySize;
        frame.DisplayPos = order.low;
        frame.DisplaySize = ImVec2(order.high.x - order.low.x, order.high.y - order.low.y);
        // The nearest whole number; a hundredth of a pixel more, since what remains of one is left
        // out.
        const auto pixels = [](float units, float scale) {
            return static_cast<int>(std::lround(units * scale));
        };
        const int width = pixels(frame.DisplaySize.x, frame.FramebufferScale.x),
                  height = pixels(frame.DisplaySize.y, frame.FramebufferScale.y);
        frame.DisplaySize = ImVec2((static_cast<float>(width) + 0.01f) / frame.FramebufferScale.x,
                                   (static_cast<float>(height) + 0.01f) / frame.FramebufferScale.y);
        draw_picture(frame, order.path, width, height);
        frame.DisplayPos = origin;
        frame.DisplaySize = whole;
    }

    void draw_picture(ImDrawData& frame, const std::string& path, int width, int height) {
        const int most = PictureTarget::largest_side();
        if (width <= 0 || height <= 0 || std::max(width, height) > most)
            return state_.say("no picture of " + std::to_string(width) + " x " +
                                  std::to_string(height) + " pixels: the driver here draws 1 to " +
                                  std::to_string(most) +
                                  " in either direction; choose a smaller scale of pictures in "
                                  "the menu View",
                              true);
        Pixels picture;
        {
            const PictureTarget target(width, height);
            if (target.usable()) {
                target.bind();
                clear();
                render(&frame);
                picture = target.picture();
            }
        }  // the screen is bound again
        state_.tell("wrote " + path, state_.aside([path, picture = std::move(picture)] {
            return write_png(path, picture);
        }));
    }

    void clear() const {
        const ImVec4 back = state_.theme().background;
        glClearColor(back.x, back.y, back.z, 1.0f);
        glClear(GL_COLOR_BUFFER_BIT);
    }

    const WindowOptions& options_;
    std::atomic<bool> news_{false};
    std::atomic<bool> without_display_{false};
    std::atomic<uint64_t> wakes_{0};  ///< counted once the display is gone
    bool hidden_ = false;
    std::optional<PictureOrder> picture_due_;  ///< of the frame that is being drawn
    float denser_ = 1;                         ///< than the screen is that frame
    AppState state_;
    Screen screen_;
    DrawingClock drawing_clock_;
    Shell shell_;  // goes first: panels hold OpenGL objects
    InputPlayer player_;
    InputRecorder recorder_;
    double input_time_ = 0, input_seen_ = 0;  ///< seconds
    bool replays_ = false;
    double last_draw_ = 0;
    int frames_ = 0;
    bool closing_ = false;
};

}  // namespace

int run_window(const WindowOptions& options, Services services) {
    Loop loop(options, std::move(services));
    return loop.run();
}

}  // namespace hopscope::app
