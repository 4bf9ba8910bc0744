// The whole window on a real screen (or Xvfb) with made-up data: clicks by the Test Engine through
// the same loop that the program runs. `test_window pacing` counts drawn frames instead,
// `test_window long` and `test_window frame_times` take the time of frames, `test_window
// first_steps` begins without a run, `test_window two_starts` begins twice, `test_window replay`
// does again what another window recorded.
#include "app/window/window.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>

#include "app/window/shell.h"
#include "core/api/files.h"
#include "tests/app/engine_support.h"
#include "tests/app/fake_session.h"
#include "tests/app/window/dialog_tests.h"
#include "tests/app/window/drawn_frames.h"
#include "tests/app/window/first_steps.h"
#include "tests/app/window/frame_times.h"
#include "tests/app/window/layout_tests.h"
#include "tests/app/window/long_sequences.h"
#include "tests/app/window/menu_tests.h"
#include "tests/app/window/palette_names.h"
#include "tests/app/window/panel_file_tests.h"
#include "tests/app/window/replayed_input.h"
#include "tests/app/window/timeline_tests.h"
#include "tests/app/window/two_starts.h"
#include "tests/app/window/whole_window.h"
#include "tests/temp_folder.h"

namespace {

using namespace hopscope;
using namespace hopscope::gui_test::whole;
using gui_test::wait_for;

std::string last_command() {
    return session->received().empty() ? "" : session->received().back().name();
}

/// Where the session file of these tests lies.
test::TempFolder& keep() {
    static test::TempFolder folder;
    return folder;
}
std::string saved_file() {
    return keep() / (std::string("here") + app::kSessionEnding);
}

bool some_popup() {
    return ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
}

/// The sizes of one window, frame by frame as they were drawn.
struct SizesOf {
    const char* window = nullptr;
    std::vector<ImVec2> sizes;
    bool shown = false;

    void end_frame() {
        if (!window) return;
        const ImGuiWindow* drawn = ImGui::FindWindowByName(window);
        shown = drawn && drawn->Active && !drawn->Hidden;
        if (shown) sizes.push_back(drawn->Size);
    }
};
SizesOf sizes_of;

/// Wrong if the question that `ask` brings is drawn in another size before that which it keeps.
template <class Ask>
void appears_as_it_stays(ImGuiTestContext* ctx, const char* question, Ask ask) {
    sizes_of = {question, {}};
    ask();
    ctx->Yield(8);
    const std::vector<ImVec2> sizes = sizes_of.sizes;
    IM_CHECK_GT(sizes.size(), 2u);
    for (const ImVec2& size : sizes) {
        IM_CHECK_EQ(size.x, sizes.back().x);
        IM_CHECK_EQ(size.y, sizes.back().y);
    }
    // The first may only give the keyboard back.
    for (int press = 0; press < 3 && sizes_of.shown; ++press) {
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(2);
    }
    IM_CHECK(!sizes_of.shown);
    sizes_of = {};
}

void register_tests(ImGuiTestEngine* engine) {
    // Wrong if the controls did not reach the run, or the state shown did not follow it.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "window", "pause_step_resume");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Run##Train");
        ctx->ItemClick("Pause");
        IM_CHECK_STR_EQ(last_command().c_str(), "pause");
        let_train(ctx);
        IM_CHECK(state->status.state == core::RunState::paused);
        const auto step = state->status.step;
        ctx->ItemClick("Step");
        let_train(ctx);
        IM_CHECK_EQ(state->status.step, step + 1);
        ctx->ItemClick("Run");
        let_train(ctx, 5);
        IM_CHECK(state->status.state == core::RunState::running);
        IM_CHECK_EQ(static_cast<int64_t>(state->history.step.back()), state->status.step);
    };

    // Wrong if the keys acted while a text field has the keyboard, or not at all.
    t = IM_REGISTER_TEST(engine, "window", "keys");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const size_t before = session->received().size();
        ctx->KeyPress(ImGuiKey_Space);
        IM_CHECK_STR_EQ(last_command().c_str(), "pause");
        let_train(ctx);
        ctx->KeyPress(ImGuiKey_RightArrow);
        IM_CHECK_STR_EQ(last_command().c_str(), "step");
        ctx->KeyPress(ImGuiKey_Space);
        IM_CHECK_STR_EQ(last_command().c_str(), "resume");
        let_train(ctx);
        // Ten steps are made of a paused run alone; stopping asks, and Escape declines.
        ctx->KeyPress(ImGuiKey_T);
        IM_CHECK_STR_EQ(last_command().c_str(), "resume");
        ctx->KeyPress(ImGuiKey_Space);
        let_train(ctx);
        ctx->KeyPress(ImGuiKey_T);
        IM_CHECK_STR_EQ(last_command().c_str(), "step");
        IM_CHECK_EQ(session->received().back().integer("count", 1), 10);
        let_train(ctx);
        ctx->KeyPress(ImGuiKey_Space);
        let_train(ctx);
        const size_t running = session->received().size();
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Period);
        ctx->Yield(3);
        IM_CHECK(ctx->ItemExists("//Stop the run?##run panel/Stop and save"));
        IM_CHECK_EQ(session->received().size(), running);
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("//Stop the run?##run panel/Stop and save"));
        const size_t after = session->received().size();
        IM_CHECK_EQ(after, before + 6);
        IM_CHECK(!ImGui::GetIO().NavVisible);  // the arrow was the run's, not the item cursor's
        ctx->KeyPress(ImGuiKey_Tab);
        ctx->Yield(2);
        IM_CHECK(ImGui::GetIO().NavVisible);  // everything is in reach of the keyboard
        ctx->WindowFocus("Log##Train");
        ctx->SetRef("Log##Train");
        ctx->ItemInputValue("##filter", "a b c");
        ctx->ItemInputValue("##filter", "");
        IM_CHECK_EQ(session->received().size(), after);
    };

    // Wrong if a panel with the keyboard did not hear its keys, or the run took them.
    t = IM_REGISTER_TEST(engine, "window", "keys_of_a_panel");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        shell->workspace().set_layout(*state, app::Layout::inspect);
        session->request_trace({state->prompt, {}});
        ctx->Yield(3);
        const auto& tokens = state->selection.prompt_tokens;
        const size_t lines = state->log.size();
        ctx->WindowFocus("//Trajectory##Inspect");
        ctx->KeyPress(ImGuiKey_Home);
        ctx->KeyPress(ImGuiKey_RightArrow);
        IM_CHECK(tokens == std::set<int64_t>{1});
        IM_CHECK_EQ(state->log.size(), lines);
        ctx->WindowFocus("//Statistics##Inspect");
        ctx->KeyPress(ImGuiKey_RightArrow);
        IM_CHECK(tokens == std::set<int64_t>{1});
        IM_CHECK_EQ(state->log.size(), lines + 1);  // a run in training makes no single step
        ctx->KeyPress(ImGuiKey_Escape);
        IM_CHECK(tokens.empty());
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
    };

    // Wrong if a freeze set in the window did not end up in the run and on the curves' list.
    t = IM_REGISTER_TEST(engine, "window", "freeze");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Run##Train");
        ctx->ItemClick("router");
        let_train(ctx, 2);
        IM_CHECK_EQ(state->status.frozen.size(), 1u);
        IM_CHECK_STR_EQ(state->status.frozen[0].c_str(), "router");
        ctx->ItemClick("router");
        let_train(ctx, 2);
        IM_CHECK(state->status.frozen.empty());
    };

    // Wrong if a map chosen in the menu or by name were not the one that values are drawn with, or
    // its entry not marked.
    t = IM_REGISTER_TEST(engine, "window", "colours_of_values");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const bool dark = state->settings.dark;
        const auto used = [] { return state->value_colours(); };
        IM_CHECK(used() == viz::colours_of(viz::ColourMap::automatic, dark));
        ctx->SetRef("hopscope");
        ctx->ItemClick("**/View");
        ctx->ItemClick("//$FOCUSED/Colours of values");
        ctx->ItemClick("//###Menu_00/magma");
        ctx->Yield(2);
        IM_CHECK(used() == viz::colours_of(viz::ColourMap::magma, dark));
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->KeyChars("Colours of values: viridis");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(3);
        IM_CHECK(used() == viz::colours_of(viz::ColourMap::viridis, dark));
        state->settings.colours = viz::ColourMap::automatic;
    };

    // Wrong if PNG wrote no file, one of another size than the panel times the scale, or one that
    // is only the screen's enlarged: then every square of pixels would be of one colour.
    t = IM_REGISTER_TEST(engine, "window", "a_picture_is_written_at_its_scale");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        core::RunStatus& status = session->mutable_status();
        const std::string before = status.run_dir;
        status.run_dir = folder.path();
        ctx->Yield(2);
        ctx->SetRef("Curves##Train");
        std::string bytes[2];
        const ImVec2 panel = ctx->WindowInfo("//Curves##Train").Window->Size;
        for (const int scale : {1, 3}) {
            const std::string name = folder / "curves.png";
            std::filesystem::remove(name);
            ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
            ctx->KeyChars(("Scale of pictures: \xC3\x97" + std::to_string(scale)).c_str());
            ctx->KeyPress(ImGuiKey_Enter);
            ctx->Yield(2);
            IM_CHECK_EQ(state->settings.picture_scale, scale);
            app::act(*state, *app::find_action(shell->actions(), "panel.Curves.png"));
            IM_CHECK(wait_for(ctx, [&] { return std::filesystem::exists(name); }));
            const std::string png = test::bytes_of(name);
            bytes[scale / 3] = png;
            const auto number = [&](size_t at) {
                int value = 0;
                for (size_t i = at; i < at + 4; ++i)
                    value = value * 256 + static_cast<unsigned char>(png[i]);
                return value;
            };
            IM_CHECK_GT(png.size(), 24u);
            IM_CHECK_EQ(number(16), static_cast<int>(panel.x * static_cast<float>(scale) + 0.5f));
            IM_CHECK_EQ(number(20), static_cast<int>(panel.y * static_cast<float>(scale) + 0.5f));
        }
        // Nine times as many pixels that repeat take hardly more room; finer ones do.
        IM_CHECK_GT(bytes[1].size(), bytes[0].size() * 2);
        state->settings.picture_scale = 1;
        status.run_dir = before;
    };

    // Wrong if work in the background were not told in the status line, or without the time left.
    t = IM_REGISTER_TEST(engine, "window", "the_time_left_of_a_task");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const auto says = [ctx](const char* words) {
            return gui_test::text_of_a_frame(ctx).find(words) != std::string::npos;
        };
        std::atomic<double> share{0};
        state->task_runner().start("a long look", [&](const core::Progress& progress) {
            while (share < 1) {
                progress.report("looking", share);
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
            return core::Result<std::string>(std::string("seen"));
        });
        IM_CHECK(wait_for(ctx, [&] { return says("a long look 0 %"); }));
        IM_CHECK(!says("a long look 0 %, "));
        const auto before = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - before < std::chrono::milliseconds(1500))
            ctx->Yield();
        share = 0.1;
        IM_CHECK(wait_for(ctx, [&] { return says("a long look 10 %, about "); }));
        share = 1;
        IM_CHECK(wait_for(ctx, [&] { return !says("a long look"); }));
    };

    // Wrong if a question appears as an empty box of another size before it can be read.
    t = IM_REGISTER_TEST(engine, "window", "a_question_appears_as_it_stays");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Run##Train");
        appears_as_it_stays(ctx, "Stop the run?", [] { shell->door().close_run(); });
        appears_as_it_stays(ctx, "Stop the run?##run panel", [&] { ctx->ItemClick("Stop"); });
        appears_as_it_stays(ctx, "Fork the run###fork the run",
                            [&] { ctx->ItemClick("Fork\xE2\x80\xA6"); });
        appears_as_it_stays(ctx, "Race configurations",
                            [] { app::find_action(shell->actions(), "file.race")->run(); });
        appears_as_it_stays(ctx, "Open a run or a configuration",
                            [] { app::find_action(shell->actions(), "file.open")->run(); });
    };

    // Wrong if Esc that closes a list takes the selection with it, or the palette needs it twice.
    t = IM_REGISTER_TEST(engine, "window", "esc_closes_one_thing");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        state->selection.pick_expert(3, false);
        ctx->SetRef("Routing space##Train");
        ctx->ItemClick("##colour");
        IM_CHECK(some_popup());
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(2);
        IM_CHECK(!some_popup());
        IM_CHECK_EQ(state->selection.experts.size(), 1u);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->Yield(3);
        IM_CHECK(some_popup());
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(3);
        IM_CHECK(!some_popup());
        IM_CHECK_EQ(state->selection.experts.size(), 1u);
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(2);
        IM_CHECK(state->selection.empty());
    };

    // Wrong if a steered run looked like a plain one in some layout, or what acts could not be
    // taken back from there.
    t = IM_REGISTER_TEST(engine, "window", "what_acts_on_the_run_is_said_everywhere");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        core::RunStatus& status = session->mutable_status();
        status.interventions = {"suppress: expert 1, layer 0", "boost: expert 2, layer 1"};
        status.frozen = {"router", "centroids of layer 1"};
        for (const app::Layout layout : app::kLayouts) {
            shell->workspace().set_layout(*state, layout);
            ctx->Yield(3);
            ctx->SetRef("//hopscope");
            IM_CHECK(ctx->ItemExists("Take back\xE2\x80\xA6"));
        }
        ctx->ItemClick("Take back\xE2\x80\xA6");
        ctx->SetRef("//$FOCUSED");
        ctx->ItemClick("$$1/boost: expert 2, layer 1/Take back");
        IM_CHECK_STR_EQ(last_command().c_str(), "clear");
        IM_CHECK_EQ(session->received().back().integer("index", -1), 1);
        // Rows may have moved until this is answered.
        const size_t sent = session->received().size();
        ctx->ItemClick("$$0/suppress: expert 1, layer 0/Take back");
        IM_CHECK_EQ(session->received().size(), sent);
        let_train(ctx);
        ctx->ItemClick("frozen: router/Take back");
        IM_CHECK_STR_EQ(last_command().c_str(), "unfreeze");
        let_train(ctx);
        ctx->ItemClick("Take back all interventions");
        IM_CHECK_STR_EQ(last_command().c_str(), "clear");
        IM_CHECK(!session->received().back().has("index"));
        let_train(ctx);
        status.interventions.clear();
        status.frozen.clear();
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
        ctx->SetRef("//hopscope");
        IM_CHECK(!ctx->ItemExists("Take back\xE2\x80\xA6"));
    };

    // Wrong if theme or scale needed a restart.
    t = IM_REGISTER_TEST(engine, "window", "theme_and_scale_live");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const ImVec4 dark = ImGui::GetStyle().Colors[ImGuiCol_WindowBg];
        const float size = ImGui::GetFontSize();
        in_top_bar(ctx);
        ctx->ItemClick("View");
        ctx->ItemClick("//$FOCUSED/Dark or light theme");
        ctx->Yield(3);
        IM_CHECK(ImGui::GetStyle().Colors[ImGuiCol_WindowBg].x > dark.x + 0.5f);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Equal);
        ctx->Yield(3);
        IM_CHECK_GT(ImGui::GetStyle().FontScaleMain * app::kTextSize, size);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_0);
        state->settings.dark = true;
        ctx->Yield(3);
    };

    // Wrong if the palette did not find by letters, ran something greyed, or did not run what was
    // chosen.
    t = IM_REGISTER_TEST(engine, "window", "palette");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->Yield(3);
        ctx->KeyChars("checkp");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(2);
        IM_CHECK_STR_EQ(last_command().c_str(), "checkpoint");
        const size_t count = session->received().size();
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->Yield(3);
        ctx->KeyChars("steer tow");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(2);
        IM_CHECK_EQ(session->received().size(), count);
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->Yield(3);
        ctx->KeyChars("{\"command\": \"freeze\", \"what\": \"experts\"}");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(2);
        IM_CHECK_EQ(session->received().size(), count + 1);
        IM_CHECK_STR_EQ(session->received().back().text("what", "").c_str(), "experts");
        let_train(ctx);
    };

    // Wrong if PNG wrote no picture of the panel, or one cut or stretched.
    t = IM_REGISTER_TEST(engine, "window", "png_writes_the_panel");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        core::RunStatus& status = session->mutable_status();
        const std::string before = std::exchange(status.run_dir, keep().path());
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
        ctx->WindowFocus("//Curves##Train");
        ctx->Yield(3);
        ctx->SetRef("Curves##Train");
        ctx->ItemClick("PNG");
        std::string path;
        IM_CHECK(wait_for(ctx, [&] {
            for (const auto& entry : std::filesystem::directory_iterator(keep().path()))
                if (entry.path().extension() == ".png") path = entry.path().string();
            return !path.empty();
        }));
        const std::string picture = test::bytes_of(path);
        IM_CHECK_STR_EQ(picture.substr(1, 3).c_str(), "PNG");
        const auto number = [&](size_t at) {
            int value = 0;
            for (size_t i = at; i < at + 4; ++i)
                value = 256 * value + static_cast<unsigned char>(picture[i]);
            return value;
        };
        const ImRect plot = ctx->ItemInfo("##curves").RectFull;
        const ImVec2 panel = ctx->GetWindowByRef("")->Size;
        IM_CHECK_GE(static_cast<float>(number(16)), plot.GetWidth());
        IM_CHECK_LE(static_cast<float>(number(16)), panel.x);
        IM_CHECK_GE(static_cast<float>(number(20)), plot.GetHeight());
        IM_CHECK_LE(static_cast<float>(number(20)), panel.y);
        status.run_dir = before;
        ctx->Yield(3);
    };

    // Wrong if Ctrl+S does not write where the person stands. The next tests close the run and open
    // it by this file.
    t = IM_REGISTER_TEST(engine, "window", "zy_a_session_is_saved");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        shell->workspace().set_layout(*state, app::Layout::inspect);
        state->prompt = "two rivers and a bank";
        state->selection.set_layer(1);
        state->selection.pick_expert(3, false);
        state->named.keep("rivers", state->selection);
        state->halt_position = 0.5f;
        state->stack.clear();
        state->stack.add(
            {core::CommandKind::zero_experts,
             {{"layers", std::vector<int64_t>{0}}, {"hops", std::vector<int64_t>{0}}}});
        ctx->Yield(3);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_S);
        ctx->Yield(3);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_A);
        ctx->KeyChars(saved_file().c_str());
        ctx->KeyPress(ImGuiKey_Enter);
        IM_CHECK(wait_for(ctx, [] { return core::file_exists(saved_file()); }));
        IM_CHECK(!some_popup());
        state->stack.clear();
        state->selection.clear();
        state->named = {};
        state->halt_position = 0;
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
    };

    // Wrong if a run could be lost by closing, or the threads were not waited for. Last but one: it
    // ends the run.
    t = IM_REGISTER_TEST(engine, "window", "zz_closing_asks_and_waits");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        shell->door().close_run();
        ctx->Yield(3);
        ctx->SetRef("Stop the run?");
        ctx->ItemClick("Cancel");
        ctx->Yield(3);
        IM_CHECK(state->session != nullptr);
        shell->door().close_run();
        ctx->Yield(3);
        ctx->KeyPress(ImGuiKey_Enter);  // the question has the keyboard
        ctx->Yield(5);
        IM_CHECK(shell->door().finishing());
        IM_CHECK(state->session != nullptr);
        session->allow_close();
        IM_CHECK(wait_for(ctx, [] { return state->session == nullptr; }));
        ctx->Yield(3);
        const auto start = ctx->WindowInfo("//hopscope/body/Start");
        IM_CHECK(start.ID != 0);
    };

    // Wrong if a session file does not bring back what it was saved from.
    t = IM_REGISTER_TEST(engine, "window", "zzz_a_session_is_found_again");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        auto text = core::read_text(saved_file(), app::kLargestSession);
        IM_CHECK(text.ok());
        auto saved = app::parse_session(*text, saved_file());
        IM_CHECK(saved.ok());
        saved->run = keep().path();  // the made-up run has no folder
        IM_CHECK(core::write_file_atomic(saved_file(), app::text_of(*saved)).ok());
        shell->door().open_run(saved_file());
        IM_CHECK(wait_for(ctx, [] { return state->session && !state->selection.experts.empty(); }));
        IM_CHECK_EQ(state->selection.layer, 1);
        IM_CHECK(state->selection.experts == std::set<int64_t>{3});
        IM_CHECK_EQ(state->named.all().size(), 1u);
        IM_CHECK_STR_EQ(state->named.all().front().name.c_str(), "rivers");
        IM_CHECK_EQ(state->halt_position, 0.5f);
        IM_CHECK_STR_EQ(state->prompt.c_str(), "two rivers and a bank");
        IM_CHECK_EQ(state->stack.items().size(), 1u);
        IM_CHECK(shell->workspace().layout() == app::Layout::inspect);
        IM_CHECK(wait_for(ctx, [&] {
            const ImGuiWindow* panel = ctx->GetWindowByRef("//Trajectory##Inspect");
            return panel && panel->WasActive && panel->DockIsActive;
        }));
    };

    // Wrong if a view that waits for its panel to be seen were laid over another run.
    t = IM_REGISTER_TEST(engine, "window", "zzza_a_view_is_of_its_run");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const auto open = [ctx](const app::PanelView& sweep) {
            auto saved = app::parse_session(*core::read_text(saved_file(), app::kLargestSession),
                                            saved_file());
            IM_CHECK(saved.ok());
            saved->panels.clear();
            if (!sweep.empty()) saved->panels["sweep"] = sweep;
            IM_CHECK(core::write_file_atomic(saved_file(), app::text_of(*saved)).ok());
            const double opened = state->opened_at;  // an address may come again
            session->allow_close();
            shell->door().open_run(saved_file());
            IM_CHECK(wait_for(ctx, [] { return some_popup(); }));
            ctx->Yield(3);                  // until the question has the keyboard
            ctx->KeyPress(ImGuiKey_Enter);  // stop and save
            IM_CHECK(wait_for(ctx, [opened] {
                return state->opened_at > opened && state->session &&
                       !state->selection.experts.empty();
            }));
        };
        const std::string before = state->sweep.choice.x;
        IM_CHECK_STR_NE(before.c_str(), "seconds");
        open({{"x", "seconds"}});  // of a panel that this layout does not have
        IM_CHECK_STR_EQ(state->sweep.choice.x.c_str(), before.c_str());
        open({});
        shell->workspace().set_layout(*state, app::Layout::compare);
        ctx->Yield(5);
        IM_CHECK_STR_NE(state->sweep.choice.x.c_str(), "seconds");
    };
}

/// `large`: what is to be done at scale 2, instead of all the rest.
int run_tests(bool large) {
    gui_test::FakeOptions fake;
    fake.start_step = 200;
    fake.experts = 32;
    fake.tokens = 64;
    fake.slow_to_close = true;
    ImGuiTestEngine* engine = gui_test::make_engine(large ? "test_large.xml" : "test_window.xml");
    app::WindowOptions options = gui_test::plain_window();
    options.after_frame = [](app::Shell&, app::AppState&) { sizes_of.end_frame(); };
    return gui_test::run_in_window(engine, options, gui_test::fake_services(fake, &session),
                                   [&](app::Shell& s, app::AppState& a) {
                                       shell = &s;
                                       state = &a;
                                       state->settings.animations = false;
                                       if (large) return register_large_palette_tests(engine);
                                       register_layout_tests(engine);
                                       register_timeline_tests(engine);
                                       register_tests(engine);
                                       register_menu_tests(engine);
                                       register_dialog_tests(engine);
                                       register_panel_file_tests(engine);
                                       register_palette_tests(engine);
                                   });
}

}  // namespace

int main(int argc, char** argv) {
    const std::string part = argc > 1 ? argv[1] : "";
    if (part == "large") return run_tests(/*large=*/true);
    if (part == "long") return gui_test::run_long_sequences();
    if (part == "pacing") return gui_test::run_pacing();
    if (part == "replay") return gui_test::run_replayed_input();
    if (part == "frame_times") return gui_test::run_frame_times();
    if (part == "two_starts") return gui_test::run_two_starts();
    return part == "first_steps" ? gui_test::run_first_steps() : run_tests(/*large=*/false);
}
