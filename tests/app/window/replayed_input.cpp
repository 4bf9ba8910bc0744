#include "tests/app/window/replayed_input.h"

#include <cstdio>
#include <set>
#include <string>

#include "app/window/shell.h"
#include "tests/app/engine_support.h"
#include "tests/app/fake_session.h"
#include "tests/app/window/drawn_frames.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

/// What the gestures lead to.
struct Seen {
    app::Layout layout = app::Layout::train;
    std::string prompt;
    std::set<int64_t> tokens;
    bool dark = true;
    bool operator==(const Seen&) const = default;
};
Seen* recorded = nullptr;

Seen seen(app::Shell& shell, const app::AppState& state) {
    return {shell.workspace().layout(), state.prompt, state.selection.prompt_tokens,
            state.settings.dark};
}

FakeOptions paused() {
    FakeOptions fake;
    fake.start_step = 200;
    fake.state = core::RunState::paused;
    return fake;
}

/// By key, by typing, by a click, and by name.
void gestures(ImGuiTestContext* ctx) {
    ctx->KeyPress(ImGuiKey_2);
    ctx->Yield(5);
    ctx->SetRef("Trajectory##Inspect");
    ctx->ItemInput("##prompt");
    ctx->KeyCharsReplaceEnter("\xE5\xB7\x9D three words");
    ctx->Yield(10);
    const ImGuiID strip = ctx->WindowInfo("//Trajectory##Inspect/strip").ID;
    ctx->ItemClick(ctx->GetID("$$1/token", strip));
    ctx->Yield(3);
    ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
    ctx->Yield(3);
    ctx->KeyChars("light theme");
    ctx->KeyPress(ImGuiKey_Enter);
    ctx->Yield(5);
}

}  // namespace

int run_replayed_input() {
    const test::TempFolder folder;
    app::WindowOptions options = plain_window();
    Seen first, again;
    recorded = &first;
    options.record = folder / "clicks.jsonl";
    ImGuiTestEngine* engine = make_engine("replayed_input_results.xml");
    static app::Shell* shell = nullptr;
    static app::AppState* state = nullptr;
    const int code = run_in_window(engine, options, fake_services(paused()),
                                   [&](app::Shell& s, app::AppState& a) {
                                       shell = &s, state = &a;
                                       IM_REGISTER_TEST(engine, "replay", "is_recorded")->TestFunc =
                                           [](ImGuiTestContext* ctx) {
                                               gestures(ctx);
                                               *recorded = seen(*shell, *state);
                                           };
                                   });
    const bool changed = first.layout == app::Layout::inspect && first.tokens.size() == 1 &&
                         first.prompt == "\xE5\xB7\x9D three words" && !first.dark;

    options.record.clear();
    options.replay = folder / "clicks.jsonl";
    options.close_after_replay = true;
    options.after_frame = [&](app::Shell& s, app::AppState& a) { again = seen(s, a); };
    const int replayed = app::run_window(options, fake_services(paused()));
    std::printf("recorded %s; %s again\n", changed ? "all gestures" : "NOT all gestures",
                first == again ? "the same" : "NOT the same");

    // A file is never written over, and a damaged one opens no window.
    options.after_frame = nullptr;
    options.record = options.replay;
    options.replay.clear();
    const int over = app::run_window(options, fake_services(paused()));
    options.record.clear();
    options.replay = folder.write("damaged.jsonl", "{}\n");
    const int damaged = app::run_window(options, fake_services(paused()));
    std::printf("over another: %d, damaged: %d\n", over, damaged);
    const bool good =
        code == 0 && changed && replayed == 0 && first == again && over != 0 && damaged == 2;
    return good ? 0 : 1;
}

}  // namespace hopscope::gui_test
