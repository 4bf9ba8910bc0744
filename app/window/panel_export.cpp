#include "app/window/panel_export.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "app/window/actions.h"
#include "app/window/export_view.h"
#include "app/window/offscreen.h"
#include "app/window/run_door.h"
#include "core/api/files.h"
#include "core/api/input.h"

namespace hopscope::app {
namespace {

/// All is there once nothing has changed for so long: a session that looks at a folder does so
/// twice a second.
constexpr double kQuiet = 1.2;
/// A model may be large and its prompt long; still, a call ends.
constexpr double kLongest = 600;

const PanelEntry* panel_named(const std::string& id) {
    const auto table = panel_table();
    const auto found = std::ranges::find(table, id, [](const PanelEntry& e) { return e.id; });
    return found == table.end() ? nullptr : &*found;
}

/// A layout's name on the command line.
std::string id_of(Layout layout) {
    return layout_action(layout).substr(sizeof "layout." - 1);
}

/// What is drawn, of the panel or layout that was asked for.
core::Result<std::unique_ptr<ExportView>> view_of(const PanelExport& what, AppState& state) {
    std::vector<std::string> names;
    if (what.layout.empty()) {
        if (const PanelEntry* entry = panel_named(what.panel)) return one_panel(state, *entry);
        for (const PanelEntry& entry : panel_table()) names.emplace_back(entry.id);
        return core::usage_error("--panel: found " + core::shown_path(what.panel) +
                                 "; allowed are " + core::joined(names));
    }
    for (const Layout layout : kLayouts) {
        if (what.layout == id_of(layout)) return whole_window(state, layout, what.front);
        names.push_back(id_of(layout));
    }
    return core::usage_error("--layout: found " + core::shown_path(what.layout) + "; allowed are " +
                             core::joined(names));
}

class Exporter {
  public:
    Exporter(const PanelExport& what, Services services) : what_(what) {
        state_.services = std::move(services);
        state_.exe_dir = what.exe_dir;
        state_.wake = [] {};
        state_.still = true;
    }
    ~Exporter() {
        state_.finish_aside();
        state_.attach(nullptr);
        view_.reset();  // it may hold OpenGL objects
    }
    Exporter(const Exporter&) = delete;
    Exporter& operator=(const Exporter&) = delete;

    core::Status run() {
        auto view = view_of(what_, state_);
        if (!view) return view.error();
        view_ = *std::move(view);
        if (auto can = can_be_asked(); !can) return can;
        if (auto opened = open_session(); !opened) return opened;
        if (auto screen = start_drawing(); !screen) return screen;
        view_->begin(what_.scale, what_.dark);
        if (auto set = view_->set(what_.view); !set) return set;
        if (auto settled = settle(); !settled) return settled;
        if (auto whole = nothing_lacks(); !whole) return whole;
        // Making the text and packing the picture take a while, too.
        const std::string table = what_.csv.empty() ? "" : view_->csv();
        const std::string document = what_.json.empty() ? "" : view_->json();
        const std::string picture = what_.png.empty() ? "" : png_of(screen_->picture());
        if (auto stopped = asked_to_stop(); !stopped) return stopped;
        if (auto written = write_numbers(what_.csv, "CSV", table); !written) return written;
        if (auto written = write_numbers(what_.json, "JSON", document); !written) return written;
        return what_.png.empty() ? core::Status() : core::write_output(what_.png, picture);
    }

  private:
    /// A prompt needs weights.
    core::Status can_be_asked() const {
        if (what_.prompt.empty() && what_.script.empty()) return {};
        std::error_code code;
        const std::filesystem::path folder = std::filesystem::path(what_.run) / "checkpoints";
        if (!std::filesystem::is_empty(folder, code) && !code) return {};
        return core::usage_error(core::shown_path(what_.run) +
                                 ": found no checkpoint, which a prompt is traced on");
    }

    core::Status open_session() {
        core::SessionOptions options;
        options.run_dir = what_.run;
        options.open_only = options.look_only = true;
        options.start = false;
        options.wake = state_.wake;
        spare_example(options, state_.exe_dir);
        auto session = state_.services.open_session(std::move(options));
        if (!session) return session.error();
        state_.attach(*std::move(session));
        if (!what_.prompt.empty()) state_.prompt = what_.prompt;
        return {};
    }

    core::Status start_drawing() {
        const auto pixels = [&](int units) {
            return static_cast<int>(std::lround(static_cast<float>(units) * what_.scale));
        };
        auto screen = Offscreen::open(pixels(what_.width), pixels(what_.height));
        if (!screen) return screen.error();
        screen_ = *std::move(screen);
        state_.gl = Offscreen::function;
        return {};
    }

    /// Frames until nothing changes any more.
    core::Status settle() {
        double quiet_since = 0;
        for (;;) {
            state_.now = seconds();
            if (auto stopped = asked_to_stop(); !stopped) return stopped;
            const bool busy = draw();
            if (auto wrong = problem(); !wrong) return wrong;
            if (busy || waits()) quiet_since = state_.now;
            if (state_.now - quiet_since > kQuiet) return {};
            if (state_.now > kLongest)
                return core::failure(subject() + " was not ready within " +
                                     std::to_string(static_cast<int>(kLongest)) + " s");
            std::this_thread::sleep_for(std::chrono::milliseconds(15));
        }
    }

    /// One frame, without ages: the same call gives the same picture. → whether another was asked
    /// for.
    bool draw() {
        state_.frames_wanted = 0;
        update_state(state_);
        hold();
        go_to_step();
        ask();
        add_beside();
        measure();
        screen_->begin_frame(state_.now - drawn_at_);
        drawn_at_ = state_.now;
        view_->draw();
        screen_->end_frame(state_.theme().background);
        return state_.frames_wanted > 0;
    }

    /// A run that is trained meanwhile would never stand still: once it has been read, and what
    /// its folder held at the first look was seen, it stays as it is.
    void hold() {
        const bool read = state_.training() && state_.status.step > 0 &&
                          state_.archive.complete() &&
                          (state_.geometry || state_.archive.files().empty());
        if (!read) return;
        if (read_at_ < 0) read_at_ = state_.now;
        state_.holds = state_.holds || state_.now - read_at_ > kQuiet;
    }

    void go_to_step() {
        if (!what_.step || went_ || !state_.archive.complete()) return;
        const auto& files = state_.archive.files();
        first_kept_ = files.empty() ? -1 : files.front().step;
        if (first_kept_ >= 0 && first_kept_ <= *what_.step) state_.time.go_to(files, *what_.step);
        went_ = true;
    }

    /// The prompt and what acts on it, once.
    void ask() {
        if (asked_ || (what_.prompt.empty() && what_.script.empty())) return;
        if (state_.status.state == core::RunState::preparing || !state_.archive.complete()) return;
        const ModelShape shape = state_.model_shape();
        for (const core::Command& command : what_.script) {
            if (script_problem_.empty()) script_problem_ = prompt_problem(command, shape);
            state_.stack.add(command);
        }
        core::TraceRequest request;
        request.prompt = state_.prompt;
        request.interventions = state_.prompt_script();
        request.second = state_.second.asked();
        state_.session->request_trace(std::move(request));
        asked_ = true;
        told_before_ = state_.log.size();
    }

    /// One after another, since each looks at those that are there.
    void add_beside() {
        if (added_ == what_.beside.size() || state_.compared.adding()) return;
        if (!state_.compared.problem().empty() || !state_.archive.complete()) return;
        state_.compared.add(state_, what_.beside[added_++]);
    }

    void measure() {
        if (measured_ || state_.status.state == core::RunState::preparing ||
            !state_.archive.complete())
            return;
        measured_ = true;
        view_->measure();
    }

    bool waits() const {
        if (state_.status.state == core::RunState::preparing || !state_.archive.complete())
            return true;
        if (state_.is_imported() &&
            (!state_.imported || state_.asked_view || !state_.status.activity.empty()))
            return true;
        if (added_ < what_.beside.size() || state_.compared.adding()) return true;
        if (state_.comparison.working() || state_.sweep.working()) return true;
        if (state_.tasks && !state_.tasks->idle()) return true;
        if (state_.short_work && !state_.short_work->idle()) return true;
        if (state_.time.reading() || (what_.step && !went_)) return true;
        const bool asks = !what_.prompt.empty() || !what_.script.empty();
        if (asks && !state_.trace) return true;
        return view_->has("intervene") && !what_.script.empty() &&
               !(state_.effect && (state_.effect->whole || !state_.effect->error.empty()));
    }

    core::Status problem() const {
        if (state_.imported && !state_.imported->problem.empty())
            return core::usage_error(state_.imported->problem);
        if (went_ && (first_kept_ < 0 || first_kept_ > *what_.step))
            return core::usage_error("--step: found " + std::to_string(*what_.step) + "; " +
                                     (first_kept_ < 0 ? "the run keeps no snapshot"
                                                      : "its first kept snapshot is of step " +
                                                            std::to_string(first_kept_)));
        if (!state_.compared.problem().empty())
            return core::usage_error("--beside: " + state_.compared.problem());
        if (!script_problem_.empty()) return core::usage_error("--script: " + script_problem_);
        if (asked_ && state_.trace && !state_.trace->error.empty())
            return core::usage_error(state_.trace->error);
        if (asked_ && !state_.trace && state_.log.size() > told_before_)  // weights cannot be read
            return core::usage_error(last_message());
        return {};
    }

    /// What cannot be read leaves the panel empty, and is told.
    core::Status nothing_lacks() const {
        const bool all = state_.geometry && (!state_.history.empty() || state_.is_imported());
        if (all || state_.log.empty()) return {};
        return core::usage_error(last_message());
    }

    /// Without its time of day.
    std::string last_message() const {
        const std::string& text = state_.log.back().text;
        constexpr size_t kTime = sizeof "hh:mm:ss ";
        return text.size() > kTime ? text.substr(kTime - 1) : text;
    }

    std::string subject() const {
        return what_.layout.empty() ? "the panel " + what_.panel : "the layout " + what_.layout;
    }

    core::Status asked_to_stop() const {
        const bool asked = what_.interrupted && what_.interrupted();
        return asked ? core::stopped_on_request("the export") : core::Status();
    }

    core::Status write_numbers(const std::string& file, const std::string& form,
                               const std::string& numbers) const {
        if (file.empty()) return {};
        if (numbers.empty())
            return core::usage_error(
                subject() + " shows no numbers of this run that can be written as " + form);
        return core::write_output(file, numbers);
    }

    double seconds() const {
        const auto passed = std::chrono::steady_clock::now() - began_;
        return std::chrono::duration<double>(passed).count();
    }

    const PanelExport& what_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::unique_ptr<Offscreen> screen_;  ///< ends after what was drawn in it
    AppState state_;
    std::unique_ptr<ExportView> view_;
    double drawn_at_ = 0;
    bool asked_ = false, went_ = false, measured_ = false;
    double read_at_ = -1;     ///< when the run had been read first
    size_t added_ = 0;        ///< paths of `beside` that were asked for
    size_t told_before_ = 0;  ///< lines of the log when it was asked
    std::string script_problem_;
    int64_t first_kept_ = -1;
};

}  // namespace

core::Status export_panel(const PanelExport& what, Services services) {
    Exporter exporter(what, std::move(services));
    return exporter.run();
}

}  // namespace hopscope::app
