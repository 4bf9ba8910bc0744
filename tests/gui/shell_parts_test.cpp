// Parts of the shell that need no window: pacing, palette search, theme contrast, settings files,
// fonts, refusals.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>
#include <utility>

#include "app/state/actions.h"
#include "app/state/settings.h"
#include "app/widgets/fonts.h"
#include "app/window/chords.h"
#include "app/window/pacing.h"
#include "app/window/run_door.h"
#include "fake_session.h"
#include "tests/temp_folder.h"

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
    EXPECT_LE(frames(in, 10, 0.005), 22);
    EXPECT_GE(frames(in, 10, 0.005), 16);
    in.last_input = 9;  // someone is looking: the full rate for a while
    EXPECT_GT(frames(in, 3, 0.005), 60);
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

// Wrong if text fell below 4.5 : 1 on a surface it is written on.
TEST(Theme, TextIsReadableOnEverySurface) {
    for (bool dark : {true, false}) {
        const Theme& t = theme_of(dark);
        for (const ImVec4& surface : {t.panel, t.background, t.raised}) {
            EXPECT_GE(contrast(t.text, surface), 4.5f);
            EXPECT_GE(contrast(t.chrome_dim, surface), 4.5f);
        }
        EXPECT_GE(contrast(t.dim, t.panel), 4.5f);
        EXPECT_GE(contrast(t.accent_text, selected_fill(t)), 4.5f);
        EXPECT_GE(contrast(t.amber_text, t.panel), 4.5f);
        EXPECT_GE(contrast(t.red_text, t.panel), 4.5f);
        EXPECT_GE(contrast(t.red_text, t.background), 4.5f);
    }
}

// Wrong if a few letters did not lead to the command, or led to a refused one first.
TEST(Palette, FindsByLettersInOrder) {
    AppState state;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}));
    update_state(state);
    const auto items = command_actions(state);
    auto found = search(items, "pau");
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(items[found[0].index].id, "pause");
    found = search(items, "frz rtr");
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(items[found[0].index].id, "freeze router");
    EXPECT_TRUE(search(items, "qqqq").empty());
    found = search(items, "");
    EXPECT_EQ(found.size(), items.size());
    EXPECT_TRUE(items[found[0].index].refusal().empty());
    EXPECT_FALSE(items[found.back().index].refusal().empty());
}

// Wrong if the palette offered what the run refuses, or did not say why.
TEST(Palette, ReasonsComeFromTheStateTable) {
    AppState state;
    for (const auto& item : command_actions(state)) EXPECT_FALSE(item.refusal().empty()) << item.id;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}));
    update_state(state);
    for (const auto& item : command_actions(state)) {
        if (item.id == "step") {
            EXPECT_EQ(item.refusal(), core::refusal(core::RunState::running, core::Action::step));
        } else if (item.id == "pause") {
            EXPECT_EQ(item.refusal(), "");
        }
    }
}

// Wrong if a command of the registry could not be reached from the palette, or a choice that needs
// arguments ran without asking for them.
TEST(Palette, ReachesEveryCommandOfTheRegistry) {
    AppState state;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}));
    update_state(state);
    const auto items = command_actions(state);
    for (const auto& spec : core::command_registry()) {
        const bool there = std::any_of(items.begin(), items.end(), [&](const ActionItem& item) {
            return item.id == spec.name || item.id.starts_with(spec.name + " ") ||
                   item.id == spec.name + ".stack";
        });
        EXPECT_TRUE(there) << spec.name;
    }
    state.selection.layer = 2;
    state.selection.experts = {14};
    const auto steer = std::find_if(items.begin(), items.end(),
                                    [](const ActionItem& i) { return i.id == "steer.stack"; });
    ASSERT_NE(steer, items.end());
    steer->run();
    ASSERT_EQ(state.stack.items().size(), 1u);
    EXPECT_EQ(core::to_json(state.stack.items()[0].command),
              R"({"command":"steer","expert":14,"lambda":1.0,"layer":2})");
    EXPECT_EQ(state.show_panel, "Intervene");
}

// Wrong if a run that another process writes were offered anything but looking at it.
TEST(Palette, AFollowedRunTakesNoCommand) {
    AppState state;
    auto session = std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{});
    session->mutable_status().followed = "Another process is writing this run.";
    state.attach(std::move(session));
    update_state(state);
    for (const auto& item : command_actions(state))
        EXPECT_EQ(item.refusal().empty(), item.title.ends_with("on the prompt…")) << item.id;
    EXPECT_EQ(typed_action(state, R"({"command": "checkpoint"})").refusal(),
              "Another process is writing this run.");
    EXPECT_EQ(refusal(state, core::Action::trace), nullptr);
}

// Wrong if a typed line ran unchecked.
TEST(Palette, TypedJsonIsChecked) {
    AppState state;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}));
    update_state(state);
    EXPECT_EQ(typed_action(state, R"({"command": "checkpoint"})").refusal(), "");
    EXPECT_FALSE(typed_action(state, R"({"command": "freze"})").refusal().empty());
    EXPECT_FALSE(typed_action(state, "{").refusal().empty());
    EXPECT_FALSE(
        typed_action(state, R"({"command": "set", "key": "lr", "value": "x"})").refusal().empty());
}

// Wrong if what the user chose were lost, or a damaged file kept the window from opening.
TEST(SettingsFile, ReadsBackAndSurvivesDamage) {
    const test::TempFolder folder;
    SavedWindow saved;
    saved.settings.dark = false;
    saved.settings.scale = 1.5f;
    saved.layout = "Inspect";
    saved.shut["Log##Train"] = true;
    saved.last_config = "configs/a \"b\".toml";
    ASSERT_EQ(save_settings(folder.path(), saved), "");
    std::string problem;
    SavedWindow back = load_settings(folder.path(), problem);
    EXPECT_EQ(problem, "");
    EXPECT_EQ(back.settings, saved.settings);
    EXPECT_EQ(back.shut, saved.shut);
    EXPECT_EQ(back.last_config, saved.last_config);
    for (const char* text : {"", "{", "[]", "{\"scale\": \"big\"}", "{\"shut\": 3}", "\x80\xff"}) {
        folder.write("settings.json", text);
        problem.clear();
        back = load_settings(folder.path(), problem);
        EXPECT_EQ(back.settings, Settings{}) << text;
        EXPECT_NE(problem.find("settings.json"), std::string::npos) << text;
    }
    folder.write("settings.json", "{\"scale\": 1e9}");
    EXPECT_LE(load_settings(folder.path(), problem).settings.scale, kMaxScale);
    EXPECT_NE(save_settings("/proc/no/such", saved), "");
}

// Wrong if an unknown glyph or broken UTF-8 showed as "?" or was lost.
TEST(Fonts, WhatCannotBeDrawnBecomesItsCodePoint) {
    ImGui::CreateContext();
    ImGui::GetIO().IniFilename = nullptr;  // nothing is left behind
    ImGui::GetIO().BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
    std::vector<std::string> messages;
    const Fonts fonts = load_fonts("/no/such/folder", messages);
    ASSERT_NE(fonts.text, nullptr);  // whatever is missing, there is a font
    EXPECT_EQ(messages.size(), 3u);  // and the log says what is missing
    EXPECT_EQ(displayable("plain", fonts.text), "plain");
    EXPECT_EQ(displayable("\xE4\xB8\xAD", fonts.text), "[U+4E2D]");
    EXPECT_EQ(displayable("a\xE4", fonts.text), "a[0xE4]");
    EXPECT_EQ(displayable("a\n", fonts.text), "a[U+000A]");
    ImGui::DestroyContext();
}

// Wrong if a command without a run vanished silently, or a refusal were told twice or never.
TEST(AppState, RefusalsAreToldOnce) {
    AppState state;
    EXPECT_EQ(state.submit({core::CommandKind::pause, {}}), 0u);
    ASSERT_EQ(state.log.size(), 1u);
    EXPECT_TRUE(state.log[0].problem);
    auto session = std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{});
    gui_test::FakeSession* fake = session.get();
    state.attach(std::move(session));
    update_state(state);
    const size_t before = state.log.size();
    state.submit({core::CommandKind::fork, {}});
    fake->advance(1);
    update_state(state);
    update_state(state);
    EXPECT_EQ(state.log.size(), before + 1);
    EXPECT_TRUE(state.log.back().problem);
}

/// What a watch has seen, given piece by piece.
struct FakeWatch final : core::RunWatch {
    std::vector<core::WatchedRun> all;
    std::vector<core::WatchedNews> news;
    std::vector<std::string> messages;
    std::vector<core::WatchedRun> runs() const override { return all; }
    std::vector<core::WatchedNews> drain() override { return std::exchange(news, {}); }
    std::vector<std::string> drain_messages() override { return std::exchange(messages, {}); }
};

// Wrong if one run's rows landed in another's curve, stale rows outlived a resumption, or the
// curves of the other runs waited for a run to be open.
TEST(AppState, WatchedRunsKeepTheirOwnCurves) {
    AppState state;
    FakeWatch* watch = nullptr;
    state.services.watch_runs = [&](const std::vector<std::string>& dirs,
                                    const std::function<void()>&) {
        auto made = std::make_unique<FakeWatch>();
        for (const auto& dir : dirs) {
            core::WatchedRun run;
            run.dir = dir;
            made->all.push_back(run);
        }
        watch = made.get();
        return made;
    };
    state.watch_runs({"runs/a/", "runs/b"});
    ASSERT_TRUE(watch);
    const auto rows = [](int64_t count) {
        std::vector<core::ScalarRecord> records(static_cast<size_t>(count));
        for (int64_t i = 0; i < count; ++i) records[static_cast<size_t>(i)].step = i + 1;
        return records;
    };
    watch->news = {{0, false, rows(5)}, {1, false, rows(3)}, {7, false, rows(9)}};
    watch->messages = {"runs/b: no run"};
    update_status(state);
    ASSERT_EQ(state.watched.size(), 2u);
    EXPECT_EQ(state.watched[0].history.step.size(), 5u);
    EXPECT_EQ(state.watched[1].history.step.size(), 3u);
    EXPECT_TRUE(state.log.back().problem);
    watch->news = {{0, true, rows(2)}};
    update_status(state);
    EXPECT_EQ(state.watched[0].history.step.size(), 2u);
    EXPECT_FALSE(state.inspects(state.watched[0].run));
    auto session = std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{});
    session->mutable_status().run_dir = "runs/a";
    state.attach(std::move(session));
    update_status(state);
    EXPECT_TRUE(state.inspects(state.watched[0].run)) << "a slash behind the folder's name";
    EXPECT_FALSE(state.inspects(state.watched[1].run));
    EXPECT_EQ(state.watched[0].history.step.size(), 2u);
}

// Wrong if a quick Ctrl+P were lost because Ctrl went up within the frame in which P came down.
TEST(Chords, ModifierOutlivesItsKeyByAFrame) {
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
    io.DisplaySize = ImVec2(100, 100);
    Chords chords;
    const auto frame = [&] {
        chords.keep_together();
        ImGui::NewFrame();
        const bool chord = ImGui::IsKeyChordPressed(ImGuiMod_Ctrl | ImGuiKey_P);
        ImGui::EndFrame();
        return chord;
    };
    frame();
    for (bool down : {true, false}) {  // both in one frame, the modifier first, as a fast hand does
        io.AddKeyEvent(ImGuiMod_Ctrl, down);
        io.AddKeyEvent(ImGuiKey_LeftCtrl, down);
        io.AddKeyEvent(ImGuiKey_P, down);
    }
    int seen = 0;
    for (int i = 0; i < 5; ++i) seen += frame();
    EXPECT_EQ(seen, 1);
    EXPECT_FALSE(io.KeyCtrl);
    EXPECT_FALSE(ImGui::IsKeyDown(ImGuiKey_P));
    EXPECT_FALSE(chords.waiting());
    ImGui::DestroyContext();
}

// Wrong if an answer came twice or not at all, a failure left its asker waiting for ever, or short
// work waited behind a long task.
TEST(Aside, AnswersComeOnceAndNotBehindLongWork) {
    AppState state;
    std::atomic<bool> let_go{false};
    state.task_runner().start("long", [&](const core::Progress&) -> core::Result<std::string> {
        while (!let_go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return std::string();
    });
    const auto window = std::this_thread::get_id();
    Pending<bool> elsewhere = state.aside([=] { return std::this_thread::get_id() != window; });
    Pending<std::unique_ptr<int>> movable = state.aside([] { return std::make_unique<int>(7); });
    Pending<core::Result<int>> failed =
        state.aside([]() -> core::Result<int> { throw std::runtime_error("no disk"); });
    EXPECT_TRUE(elsewhere.waits());
    state.finish_aside();
    EXPECT_EQ(elsewhere.take(), std::optional<bool>(true));
    EXPECT_EQ(elsewhere.take(), std::nullopt);
    EXPECT_FALSE(elsewhere.waits());
    EXPECT_EQ(**movable.take(), 7);
    EXPECT_EQ(failed.take()->error().message, "no disk");
    EXPECT_EQ(state.tasks->tasks().size(), 1u);
    let_go = true;
    state.task_runner().finish();
    EXPECT_EQ(state.tasks->tasks()[0].state, TaskState::done);
}

// Wrong if a text did not arrive whole, or the log said nothing of it.
TEST(Aside, WrittenFilesAreTold) {
    const test::TempFolder folder;
    AppState state;
    state.write_file(folder / "a.txt", "text");
    state.write_file(folder / "none/a.txt", "text");
    state.finish_aside();
    update_status(state);
    ASSERT_EQ(state.log.size(), 2u);
    EXPECT_NE(state.log[0].text.find("wrote " + (folder / "a.txt")), std::string::npos);
    EXPECT_FALSE(state.log[0].problem);
    EXPECT_TRUE(state.log[1].problem);
}

// Wrong if the selection of one layer's experts survived into another layer.
TEST(Selection, ClickShiftClickAndLayers) {
    Selection s;
    s.pick_expert(4, false);
    s.pick_expert(7, true);
    EXPECT_EQ(s.experts, (std::set<int64_t>{4, 7}));
    s.pick_expert(4, true);
    EXPECT_EQ(s.experts, (std::set<int64_t>{7}));
    s.pick_expert(9, false);
    EXPECT_EQ(s.experts, (std::set<int64_t>{9}));
    s.pick_prompt_token(2, false);
    const auto version = s.version;
    s.set_layer(3);
    EXPECT_TRUE(s.experts.empty());
    EXPECT_FALSE(s.prompt_tokens.empty());
    EXPECT_GT(s.version, version);
    s.clear();
    EXPECT_TRUE(s.empty());
}

/// Lets the door do what was asked: it reads files and opens sessions aside.
void settle(RunDoor& door) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    do {
        door.update();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } while (door.busy() && std::chrono::steady_clock::now() < end);
    ASSERT_FALSE(door.busy());
}

// Wrong if a bad config or folder left the user without a reason, or replaced the open run.
TEST(RunDoor, SaysWhyNothingOpened) {
    AppState state;
    state.services = gui_test::fake_services({});
    RunDoor door(state);
    door.start_config("bad.toml");
    settle(door);
    EXPECT_FALSE(state.session);
    EXPECT_NE(door.problem().find("bad.toml:3"), std::string::npos);
    door.open_run("/no/such/folder");
    settle(door);
    EXPECT_NE(door.problem().find("/no/such/folder"), std::string::npos);
    door.start_config("good.toml");
    settle(door);
    EXPECT_TRUE(state.session);
    EXPECT_EQ(door.problem(), "");
    core::Session* open = state.session.get();
    door.start_config("bad.toml");
    settle(door);
    EXPECT_EQ(state.session.get(), open);
}

// Wrong if a race began with fewer lanes, lanes of other names, or half of them where one of the
// files is wrong.
TEST(RunDoor, StartsARaceOfFiles) {
    AppState state;
    core::SessionOptions asked;
    int opened = 0;
    state.services = gui_test::fake_services({});
    const auto open = state.services.open_session;
    state.services.open_session = [&](core::SessionOptions options) {
        asked = options;
        ++opened;
        return open(std::move(options));
    };
    RunDoor door(state);
    door.start_race({"a/wide.toml", "bad.toml"});
    settle(door);
    EXPECT_EQ(opened, 0);
    EXPECT_NE(door.problem().find("bad.toml:3"), std::string::npos);
    door.start_race({"a/wide.toml", "b/deep.toml"}, "runs/two");
    settle(door);
    ASSERT_EQ(opened, 1);
    ASSERT_EQ(asked.race.size(), 2u);
    EXPECT_EQ(asked.race[0].name, "wide");
    EXPECT_EQ(asked.race[1].name, "deep");
    EXPECT_EQ(asked.run_dir, "runs/two");
    EXPECT_TRUE(asked.start);
    EXPECT_TRUE(door.problem().empty());
}

}  // namespace
}  // namespace hopscope::app
