#include "app/window/run_door.h"

#include <filesystem>
#include <imgui.h>
#include <utility>

#include "app/widgets/widgets.h"
#include "core/api/files.h"

namespace hopscope::app {
namespace {

namespace fs = std::filesystem;
constexpr const char* kAsk = "Stop the run?";
constexpr const char* kFinishing = "Finishing step";

bool begin_modal(const char* name) {
    if (!ImGui::IsPopupOpen(name)) ImGui::OpenPopup(name);
    const bool begun = begin_question(name);
    // A question is answered by Enter, too.
    if (begun && ImGui::IsWindowAppearing()) ImGui::SetNavCursorVisible(true);
    return begun;
}

constexpr const char* kExampleReason =
    "This example comes with the program and is only looked at. To go on with it, train a copy: in "
    "the panel Run, or in the menu File.";

/// The path of a file that comes with the program; "" if it is nowhere.
std::string bundled(const std::string& exe_dir, const fs::path& file) {
    std::error_code ignored;
    for (const fs::path& folder :
         {fs::path(exe_dir), fs::path(exe_dir) / "../share/hopscope", fs::path(exe_dir) / "..",
          fs::path(exe_dir) / "../..",  // build/PRESET of the repository
          fs::path()})
        if (fs::path path = folder / file; fs::is_regular_file(path, ignored))
            return path.lexically_normal().string();
    return {};
}

/// The run that a session file names; one that was moved with its file is found beside it.
std::string run_of(const SavedSession& saved, const std::string& file) {
    std::error_code ignored;
    if (fs::is_directory(saved.run, ignored)) return saved.run;
    const fs::path beside = fs::path(file).parent_path();
    for (const char* kept : {"config.toml", "imported.json"})
        if (fs::is_regular_file(beside / kept, ignored))
            return beside.empty() ? "." : beside.string();
    if (const fs::path named = beside / fs::path(saved.run).filename();
        fs::is_directory(named, ignored))
        return named.string();
    return saved.run;
}

}  // namespace

std::string bundled_config(const std::string& exe_dir, const std::string& name) {
    return bundled(exe_dir, fs::path("configs") / (name + ".toml"));
}

std::string bundled_example(const std::string& exe_dir) {
    const std::string config = bundled(exe_dir, "assets/example/config.toml");
    return config.empty() ? "" : fs::path(config).parent_path().string();
}

void RunDoor::read(const std::string& path, std::function<Asked()> work) {
    if (stage_ == Stage::finishing || stage_ == Stage::opening)
        return;  // the first request is being carried out
    next_ = nullptr;
    problem_.clear();
    forget_reading();
    stage_ = Stage::reading;
    activity_ = "reading " + path + "\xE2\x80\xA6";
    reading_ = state_.aside(std::move(work));
    state_.keep_drawing();
}

/// An import of a large model ends soon, and holds up nothing that is asked for after it.
void RunDoor::forget_reading() {
    if (given_up_) *given_up_ = true;
    given_up_ = nullptr;
    reading_.forget();
}

void RunDoor::start_config(const std::string& path, bool start) {
    read(path, [read = state_.services.read_config, path, start]() -> Asked {
        auto config = read(path, {});
        if (!config) return config.error();
        core::SessionOptions options;
        options.config = std::move(*config);
        options.config_name = core::config_name_of(path);
        options.start = start;
        return Found{std::move(options)};
    });
}

void RunDoor::start_race(const std::vector<std::string>& paths, const std::string& folder) {
    read("the configurations", [read = state_.services.read_config, paths, folder]() -> Asked {
        core::SessionOptions options;
        for (const std::string& path : paths) {
            auto config = read(path, {});
            if (!config) return config.error();
            options.race.push_back({std::move(*config), core::config_name_of(path)});
        }
        options.run_dir = folder;
        return Found{std::move(options)};
    });
}

void RunDoor::start_shapes(const std::string& order) {
    struct Shape {
        const char* name;
        std::vector<std::string> overrides;
    };
    // As the lanes of configs/batches/order.toml have them.
    const std::vector<Shape> shapes = {{"dense", {"model.ffn=dense", "model.d_ff=156"}},
                                       {"wide", {}},
                                       {"deep", {"moe.hops=3", "moe.top_k=4"}}};
    read(order, [read = state_.services.read_config, order, shapes]() -> Asked {
        core::SessionOptions options;
        for (const Shape& shape : shapes) {
            auto config = read(order, shape.overrides);
            if (!config) return config.error();
            options.race.push_back({std::move(*config), shape.name});
        }
        return Found{std::move(options)};
    });
}

void RunDoor::open_run(const std::string& path) {
    const auto given_up = std::make_shared<std::atomic<bool>>(false);
    read(path,
         [path, exe = state_.exe_dir, run_of = state_.services.run_of_model, given_up]() -> Asked {
             if (!run_of) return found_in(path, exe);
             const auto run = run_of(path, [given_up] { return given_up->load(); });
             return run ? found_in(*run, exe) : Asked(run.error());
         });
    if (stage_ == Stage::reading) given_up_ = given_up;
}

void spare_example(core::SessionOptions& options, const std::string& exe_dir) {
    std::error_code ignored;
    const std::string example = bundled_example(exe_dir);
    if (example.empty() || !fs::equivalent(options.run_dir, example, ignored)) return;
    options.look_only = true;
    options.look_reason = kExampleReason;
}

/// Reads files, aside.
RunDoor::Asked RunDoor::found_in(const std::string& path, const std::string& exe_dir) {
    Found found;
    std::string folder = path;
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) {
        const auto text = core::read_text(path, kLargestSession);
        if (!text) return text.error();
        auto saved = parse_session(*text, path);
        if (!saved) return saved.error();
        folder = run_of(*saved, path);
        found.restored = std::move(*saved);
    }
    if (!fs::is_directory(folder, ignored))
        return core::usage_error(
            "\"" + folder +
            "\" is no folder. Give the folder of a run: it holds config.toml and run.json");
    found.options.run_dir = folder;
    found.options.open_only = true;
    found.options.start = false;
    spare_example(found.options, exe_dir);
    return found;
}

void RunDoor::train_copy(const std::string& path) {
    if (!state_.services.copy_run) return;
    read(path,
         [copy = state_.services.copy_run, read = state_.services.read_config, path]() -> Asked {
             const auto folder = copy(path);
             if (!folder) return folder.error();
             auto config = read(*folder + "/config.toml", {});
             if (!config) return config.error();
             Found found;
             found.options.run_dir = *folder;
             found.options.config = std::move(*config);
             found.options.config.train.steps *= 2;  // it has made all of its own
             found.options.config_name = core::config_name_of(*folder);
             found.options.open_only = true;
             found.options.start = false;
             return found;
         });
}

void RunDoor::close_run() {
    after_closing([] {});
}

void RunDoor::exit() {
    after_closing([this] { exit_now_ = true; });
}

void RunDoor::refuse(const core::Error& error) {
    problem_ = error.message;
    state_.say(problem_, true);
}

void RunDoor::open(core::SessionOptions options) {
    stage_ = Stage::opening;
    const std::string name = options.run_dir.empty() ? options.config_name : options.run_dir;
    activity_ = "opening " + (name.empty() ? "the race" : name) + "\xE2\x80\xA6";
    options.wake = state_.wake;
    opening_ = state_.aside([open = state_.services.open_session, options = std::move(options)] {
        return open(options);
    });
}

bool RunDoor::session_at_work() const {
    return state_.session && !state_.session->finished() && state_.status.followed.empty() &&
           !core::is_final(state_.status.state);
}

void RunDoor::after_closing(std::function<void()> next) {
    if (stage_ == Stage::finishing) return;  // the first request is being carried out
    if (stage_ == Stage::opening) {
        when_opened_ = std::move(next);
        return;
    }
    forget_reading();
    activity_.clear();
    next_ = std::move(next);
    if (session_at_work()) {
        stage_ = Stage::asking;
    } else {
        if (state_.session) state_.session->close();
        stage_ = Stage::finishing;
    }
    state_.keep_drawing();
}

void RunDoor::take_read() {
    auto read = reading_.take();
    if (!read) return;
    stage_ = Stage::open;
    activity_.clear();
    if (!*read) return refuse(read->error());
    after_closing([this, found = std::move(**read)] {
        restored_ = found.restored;
        open(found.options);
    });
}

void RunDoor::take_opened() {
    auto opened = opening_.take();
    if (!opened) return;
    stage_ = Stage::open;
    activity_.clear();
    if (*opened) {
        problem_.clear();
        state_.attach(std::move(**opened));
    } else {
        restored_.reset();
        refuse(opened->error());
    }
    if (const auto then = std::exchange(when_opened_, nullptr)) after_closing(then);
}

void RunDoor::update() {
    if (stage_ == Stage::reading) take_read();
    if (stage_ == Stage::opening) take_opened();
    if (stage_ != Stage::finishing) return;
    state_.keep_drawing(1);
    if (state_.session && !state_.session->finished()) return;
    if (state_.session) state_.attach(nullptr);
    stage_ = Stage::open;
    if (const auto next = std::exchange(next_, nullptr)) next();
}

void RunDoor::draw() {
    if (stage_ == Stage::asking && begin_modal(kAsk)) {
        const float width = 132 * state_.pixel_scale;
        ImGui::TextUnformatted("The run is still open.");
        note(state_, "It finishes its step and writes a checkpoint; you can go on from there.");
        ImGui::Dummy(ImVec2(0, 4 * state_.pixel_scale));
        if (button(state_, "Stop and save", nullptr, nullptr, width, true)) {
            state_.session->close();
            stage_ = Stage::finishing;
            ImGui::CloseCurrentPopup();
        }
        ImGui::SetItemDefaultFocus();
        ImGui::SameLine();
        if (cancel_button(state_, width)) {
            stage_ = Stage::open;
            next_ = nullptr;
            ImGui::CloseCurrentPopup();
        }
        ImGui::EndPopup();
    }
    if (stage_ == Stage::finishing && state_.session && begin_modal(kFinishing)) {
        if (state_.is_imported()) {
            ImGui::TextUnformatted("closing the model…");
        } else {
            ImGui::TextUnformatted("finishing step…");
            note(state_, "The checkpoint is being written.");
        }
        ImGui::EndPopup();
    }
}

}  // namespace hopscope::app
