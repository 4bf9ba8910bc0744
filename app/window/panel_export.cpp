#include "app/window/panel_export.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <imgui.h>
#include <iterator>
#include <memory>
#include <thread>
#include <utility>

#include "app/panels/table.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"
#include "app/window/offscreen.h"
#include "core/api/files.h"
#include "core/api/input.h"

namespace hopscope::app {
namespace {

/// All is there once nothing has changed for so long: a session that looks at a folder does so
/// twice a second.
constexpr double kQuiet = 1.2;
/// A model may be large and its prompt long; still, a call ends.
constexpr double kLongest = 600;
constexpr float kCaption = 30, kMargin = 12;  ///< unscaled pixels

const PanelEntry* entry_of(const std::string& id) {
    const auto table = panel_table();
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const PanelEntry& entry) { return entry.id == id; });
    return found == table.end() ? nullptr : &*found;
}

std::string panel_names() {
    std::string names;
    for (const PanelEntry& entry : panel_table())
        names += (names.empty() ? "" : ", ") + std::string(entry.id);
    return names;
}

class Exporter {
  public:
    Exporter(const PanelExport& what, Services services) : what_(what) {
        state_.services = std::move(services);
        state_.exe_dir = what.exe_dir;
        state_.wake = [] {};
        state_.settings.dark = what.dark;
        state_.settings.animations = false;
    }
    ~Exporter() {
        state_.finish_aside();
        state_.attach(nullptr);
        panel_.reset();  // it may hold OpenGL objects
    }
    Exporter(const Exporter&) = delete;
    Exporter& operator=(const Exporter&) = delete;

    core::Status run() {
        const PanelEntry* entry = entry_of(what_.panel);
        if (!entry)
            return core::usage_error("--panel: found " + core::shown_path(what_.panel) +
                                     "; allowed are " + panel_names());
        if (auto can = can_be_asked(); !can) return can;
        if (auto opened = open_session(); !opened) return opened;
        if (auto screen = start_drawing(); !screen) return screen;
        panel_ = entry->make();
        if (auto set = set_view(); !set) return set;
        if (auto settled = settle(); !settled) return settled;
        if (auto whole = nothing_lacks(); !whole) return whole;
        // Making the text and packing the picture take a while, too.
        const std::string table = what_.csv.empty() ? "" : panel_->numbers(state_);
        const std::string document = what_.json.empty() ? "" : panel_->json(state_, what_.panel);
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
        auto session = state_.services.open_session(std::move(options));
        if (!session) return session.error();
        state_.attach(*std::move(session));
        if (!what_.prompt.empty()) state_.prompt = what_.prompt;
        return {};
    }

    core::Status set_view() {
        const PanelView known = panel_->saved_view();
        std::vector<std::string> names;
        for (const auto& [name, value] : known) names.push_back(name);
        for (const auto& [name, value] : what_.view)
            if (!known.contains(name))
                return core::usage_error(
                    "--view: found " + core::shown_path(name) + "; the panel " + what_.panel +
                    (names.empty() ? " has nothing to set" : " has " + core::joined(names)));
        if (!what_.view.empty()) panel_->restore_view(what_.view);
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
        state_.pixel_scale = what_.scale;
        std::vector<std::string> unused;  // a face that is missing is replaced, as in the window
        state_.fonts = load_fonts(state_.exe_dir, unused);
        apply_theme(state_.theme(), state_.pixel_scale);
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
                return core::failure("the panel " + what_.panel + " was not ready within " +
                                     std::to_string(static_cast<int>(kLongest)) + " s");
            std::this_thread::sleep_for(std::chrono::milliseconds(15));
        }
    }

    /// One frame, without ages: the same call gives the same picture. → whether another was asked
    /// for.
    bool draw() {
        state_.frames_wanted = 0;
        update_state(state_);
        go_to_step();
        ask();
        add_beside();
        measure();
        screen_->begin_frame(state_.now - drawn_at_);
        drawn_at_ = state_.now;
        panel_->prepare(state_);
        const ImGuiViewport* view = ImGui::GetMainViewport();
        const float s = state_.pixel_scale;
        ImGui::SetNextWindowPos(view->Pos);
        ImGui::SetNextWindowSize(view->Size);
        ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(kMargin * s, kMargin * s));
        ImGui::Begin("export", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                         ImGuiWindowFlags_NoSavedSettings);
        ImGui::PopStyleVar();
        draw_caption();
        panel_->draw(state_);
        ImGui::End();
        screen_->end_frame(state_.theme().background);
        return state_.frames_wanted > 0;
    }

    /// What it is, of which run and step: a picture alone must say so.
    void draw_caption() {
        const float s = state_.pixel_scale, top = ImGui::GetCursorPosY();
        ImGui::PushFont(state_.fonts.title, kTitleSize);
        ImGui::TextUnformatted(panel_->title());
        ImGui::PopFont();
        std::string text = state_.status.run_name;
        if (state_.status.synthetic) text += "   synthetic text";
        const int64_t step =
            state_.geometry && !state_.time.live() ? state_.geometry->step : state_.status.step;
        text += "   step " + with_thousands(step);
        if (const std::string detail = panel_->detail(state_); !detail.empty())
            text += "   " + detail;
        const float width = ImGui::CalcTextSize(text.c_str()).x;
        ImGui::SameLine(std::max(ImGui::GetItemRectSize().x + 24 * s,
                                 ImGui::GetContentRegionAvail().x - width));
        text_cut(state_, text, state_.theme().dim);
        ImGui::SetCursorPosY(top + kCaption * s);
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

    /// What a panel measures at a press alone, once; where it cannot, it says why itself. What is
    /// an analysis is not pressed: it would write into the run.
    void measure() {
        if (measured_ || state_.status.state == core::RunState::preparing ||
            !state_.archive.complete())
            return;
        measured_ = true;
        for (const ActionItem& item : panel_->actions(state_))
            if (item.measures && item.refusal().empty()) item.run();
    }

    bool waits() const {
        if (state_.status.state == core::RunState::preparing || !state_.archive.complete())
            return true;
        if (added_ < what_.beside.size() || state_.compared.adding()) return true;
        if (state_.comparison.working() || state_.sweep.working()) return true;
        if (state_.tasks && !state_.tasks->idle()) return true;
        if (state_.short_work && !state_.short_work->idle()) return true;
        if (state_.time.reading() || (what_.step && !went_)) return true;
        const bool asks = !what_.prompt.empty() || !what_.script.empty();
        if (asks && !state_.trace) return true;
        return what_.panel == "intervene" && !what_.script.empty() &&
               !(state_.effect && (state_.effect->whole || !state_.effect->error.empty()));
    }

    core::Status problem() const {
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
        const bool all = state_.geometry && !state_.history.empty();
        if (all || state_.log.empty()) return {};
        return core::usage_error(last_message());
    }

    /// Without its time of day.
    std::string last_message() const {
        const std::string& text = state_.log.back().text;
        constexpr size_t kTime = sizeof "hh:mm:ss ";
        return text.size() > kTime ? text.substr(kTime - 1) : text;
    }

    core::Status asked_to_stop() const {
        const bool asked = what_.interrupted && what_.interrupted();
        return asked ? core::stopped_on_request("the export") : core::Status();
    }

    core::Status write_numbers(const std::string& file, const std::string& form,
                               const std::string& numbers) const {
        if (file.empty()) return {};
        if (numbers.empty())
            return core::usage_error("the panel " + what_.panel +
                                     " shows no numbers of this run that can be written as " +
                                     form);
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
    std::unique_ptr<Panel> panel_;
    double drawn_at_ = 0;
    bool asked_ = false, went_ = false, measured_ = false;
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
