// Opens the window on made-up data: to look at it, and for pictures.
//   window_demo [--screenshot FILE] [--frames N] [--size 1600x900] [--light] [--scale X] [--empty]
//   [--inspect] [--trace] [--pair] …
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

#include "app/window/shell.h"
#include "app/window/window.h"
#include "tests/app/fake_session.h"
#include "tests/app/long_trace.h"

int main(int argc, char** argv) {
    using namespace hopscope;
    app::WindowOptions options;
    gui_test::FakeOptions fake;
    fake.start_step = 1240;
    fake.updates_per_look = 1;
    bool light = false, empty = false, inspect = false, palette = false, shortcuts = false,
         trace = false, pair = false, long_prompt = false, close = false, compare = false;
    float scale = 1;
    options.keep_settings = false;
    options.exe_dir = HOPSCOPE_TEST_EXE_DIR;
    for (int i = 1; i < argc; ++i) {
        const std::string arg = argv[i];
        const auto next = [&] { return i + 1 < argc ? std::string(argv[++i]) : std::string(); };
        if (arg == "--screenshot")
            options.screenshot = next();
        else if (arg == "--frames")
            options.frames = std::stoi(next());
        else if (arg == "--size")
            std::sscanf(next().c_str(), "%dx%d", &options.width, &options.height);
        else if (arg == "--light")
            light = true;
        else if (arg == "--scale")
            scale = std::stof(next());
        else if (arg == "--still")
            fake.updates_per_look = 0;
        else if (arg == "--settings")
            options.keep_settings = true;
        else if (arg == "--shortcuts")
            shortcuts = true;
        else if (arg == "--trace")
            inspect = trace = true;
        else if (arg == "--pair")
            inspect = trace = pair = true;
        else if (arg == "--long-prompt")
            inspect = long_prompt = true;
        else if (arg == "--close")
            close = true;
        else if (arg == "--empty")
            empty = true;
        else if (arg == "--fork")
            fake.can_fork = true;
        else if (arg == "--inspect")
            inspect = true;
        else if (arg == "--compare")
            compare = true;
        else if (arg == "--palette")
            palette = true;
        else if (arg == "--preparing")
            fake.state = core::RunState::preparing, fake.start_step = 0;
        else if (arg == "--fresh")
            fake.state = core::RunState::paused, fake.start_step = 0;
        else if (arg == "--long")
            fake.run_name = "a_very_long_run_name_that_no_panel_is_wide_enough_for_20261122";
        else {
            std::fprintf(stderr, "unknown option %s\n", arg.c_str());
            return 2;
        }
    }
    gui_test::FakeSession* session = nullptr;
    if (!empty) options.config_path = "configs/demo.toml";
    int frame = 0;
    const auto tell_story = [&] {
        if (fake.state == core::RunState::preparing) {
            session->mutable_status().activity = "training the tokenizer";
            session->mutable_status().progress = 0.42;
        }
        if (fake.start_step == 0) return;
        session->submit({core::CommandKind::freeze, {{"what", std::string("router")}}}, "demo");
        session->submit({core::CommandKind::set, {{"key", std::string("lr")}, {"value", 1e-4}}},
                        "demo");
        session->advance(1);
        session->submit({core::CommandKind::freeze, {{"what", std::string("routing")}}}, "demo");
        session->advance(150);
        core::Command fork{core::CommandKind::fork, {}};
        if (fake.can_fork)
            fork.args["with"] = std::string(R"({"command": "freeze", "what": "experts"})");
        session->submit(fork, "demo");
        session->advance(fake.can_fork ? 160 : 1);
        session->set_state(core::RunState::running);
    };
    options.after_begin = [&](app::Shell& shell, app::AppState& state) {
        if (light) state.settings.dark = false;
        if (scale != 1) state.settings.scale = scale;
        if (inspect) shell.workspace().set_layout(state, app::Layout::inspect);
        if (compare) shell.workspace().set_layout(state, app::Layout::compare);
    };
    options.after_frame = [&](app::Shell& shell, app::AppState& state) {
        if (!empty && !state.session) return;  // it is being opened
        if (++frame == 2 && session) tell_story();
        if (frame == 3 && compare) state.compared.add(state, "runs/all");
        if (frame == 3 && pair) {
            state.second.text = "she put money into the bank and left";
            state.second.shift = -2;
            app::find_action(shell.actions(), "trajectory.second")->run();
        }
        if (frame == 3 && trace) session->request_trace({state.prompt, {}, state.second.asked()});
        if (frame == 3 && long_prompt)
            session->put(gui_test::long_trace(fake.layers, fake.hops, fake.experts));
        if (frame == 3 && close) shell.door().exit();
        if (frame == 3 && shortcuts) app::find_action(shell.actions(), "help.shortcuts")->run();
        if (frame == 2 && palette) app::find_action(shell.actions(), "palette")->run();
        if (frame == 12 && session)
            session->submit({core::CommandKind::unfreeze, {{"what", std::string("routing")}}},
                            "demo");
    };
    return app::run_window(options, gui_test::fake_services(fake, &session));
}
