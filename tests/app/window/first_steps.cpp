#include "tests/app/window/first_steps.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <imgui_internal.h>

#include "app/window/shell.h"
#include "core/api/files.h"
#include "tests/app/engine_support.h"
#include "tests/app/fake_session.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

namespace fs = std::filesystem;

app::Shell* shell = nullptr;
app::AppState* state = nullptr;
FakeSession* session = nullptr;
test::TempFolder* home = nullptr;  ///< of settings and runs

std::string settings_file(const char* name) {
    return *home / (std::string("hopscope/") + name);
}

std::string kept(const char* name) {
    return test::bytes_of(settings_file(name));
}

ImGuiWindow* start(ImGuiTestContext* ctx, const char* column) {
    return ctx->WindowInfo((std::string("//hopscope/body/Start/") + column).c_str()).Window;
}

void in_start(ImGuiTestContext* ctx, const char* column) {
    if (ImGuiWindow* window = start(ctx, column)) ctx->SetRef(window->ID);
}

bool in_front(const char* name) {
    const ImGuiWindow* window = ImGui::FindWindowByName(name);
    return window && window->DockNode && window->DockNode->VisibleWindow == window;
}

/// What of the start screen's buttons the card of the tour covers at a scale, or cannot be seen.
std::string covered(ImGuiTestContext* ctx, float scale) {
    state->settings.scale = scale;
    ctx->Yield(6);
    const ImRect card = ctx->GetWindowByRef("//Tour")->Rect();
    std::string out;
    for (const char* id : {"file.example", "file.first_look", "file.shapes"}) {
        const auto spot = state->spots.find(id);
        if (!spot || card.Overlaps(ImRect(spot->low, spot->high)) ||
            spot->high.y > start(ctx, "choices")->ParentWindow->InnerRect.Max.y)
            out += std::string(id) + " ";
    }
    return out;
}

void back_to_the_start(ImGuiTestContext* ctx) {
    shell->door().close_run();
    IM_CHECK(wait_for(ctx, [] { return !state->session; }));
    ctx->Yield(3);
}

void register_tour(ImGuiTestEngine* engine) {
    // Wrong if the tour is not there at the first start, blocks what it points at, does not follow
    // what is done, or comes back though it was seen.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "first", "a_the_tour_follows");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        IM_CHECK(shell->tour().shown());
        IM_CHECK(ctx->WindowInfo("//Tour").ID != 0);
        IM_CHECK(state->spots.find("file.example").has_value());
        for (const float scale : {2.0f, 1.5f, 1.0f})
            IM_CHECK_STR_EQ(covered(ctx, scale).c_str(), "");
        in_start(ctx, "choices");
        ctx->ItemClick("Open the example");
        IM_CHECK(wait_for(ctx, [] { return state->session && state->geometry; }));
        ctx->Yield(3);
        IM_CHECK(state->spots.find("timeline").has_value());
        // It is dragged aside by its text, stays there while the step lasts, and no longer.
        const ImRect stood = ctx->GetWindowByRef("//Tour")->Rect();
        ctx->MouseMoveToPos(ImVec2(stood.GetCenter().x, stood.Max.y - 8));
        ctx->MouseDragWithDelta(ImVec2(-180, -120));
        ctx->Yield(6);
        const ImVec2 dragged = ctx->GetWindowByRef("//Tour")->Pos;
        IM_CHECK_EQ(dragged.x, stood.Min.x - 180);
        IM_CHECK_EQ(dragged.y, stood.Min.y - 120);
        // The button has gone that had the keyboard, and no tab has come to the front for that.
        IM_CHECK(in_front("Routing space##Train"));
        IM_CHECK(in_front("Statistics##Train"));
        ctx->SetRef(ctx->WindowInfo("//hopscope/top bar").ID);
        ctx->ItemClick("Inspect");
        ctx->Yield(3);
        IM_CHECK(shell->tour().step() == app::Tour::Step::inspect);
        IM_CHECK_NE(ctx->GetWindowByRef("//Tour")->Pos.x, dragged.x);
        // Behind another tab the prompt is brought to the front, once.
        ctx->WindowFocus("//Model##Inspect");
        IM_CHECK(wait_for(ctx, [] { return in_front("Trajectory##Inspect"); }));
        ctx->WindowFocus("//Model##Inspect");
        ctx->Yield(20);
        IM_CHECK(in_front("Model##Inspect"));
        ctx->WindowFocus("//Trajectory##Inspect");
        ctx->Yield(3);
        IM_CHECK(state->spots.find("trajectory.prompt").has_value());
        ctx->SetRef("Trajectory##Inspect");
        ctx->ItemClick("Trace");
        IM_CHECK(wait_for(ctx, [] { return state->trace != nullptr; }));
        ctx->Yield(3);
        // The real chip, through whatever the tour draws over it.
        const auto strip = state->spots.find("trajectory.strip");
        IM_CHECK(strip.has_value());
        ctx->MouseMoveToPos(ImVec2(strip->low.x + 30, strip->low.y + 12));
        ctx->MouseClick();
        ctx->Yield(3);
        IM_CHECK(shell->tour().step() == app::Tour::Step::intervene);
        ctx->SetRef(ctx->WindowInfo("//hopscope/top bar").ID);
        ctx->ItemClick("Intervene");
        ctx->Yield(3);
        IM_CHECK(state->spots.find("intervene.add").has_value());
        ctx->ItemClick("//Intervene##Intervene/**/Zero the experts of one hop");
        IM_CHECK(wait_for(ctx, [] { return state->effect && state->effect->whole; }));
        ctx->Yield(3);
        IM_CHECK(shell->tour().step() == app::Tour::Step::over);
        IM_CHECK(kept("settings.json").find("toured") == std::string::npos);
        ctx->SetRef("Tour");
        ctx->ItemClick("Done");
        ctx->Yield(3);
        IM_CHECK(!shell->tour().shown());
        IM_CHECK(wait_for(ctx, [] {
            return kept("settings.json").find("\"toured\": true") != std::string::npos;
        }));
    };

    // Wrong if it cannot be called again, or dismissing leaves its card.
    t = IM_REGISTER_TEST(engine, "first", "b_the_tour_is_dismissed");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        app::find_action(shell->actions(), "help.tour")->run();
        ctx->Yield(3);
        IM_CHECK(shell->tour().shown());
        ctx->SetRef("Tour");
        ctx->ItemClick("Next step");
        ctx->Yield(2);
        IM_CHECK(shell->tour().step() == app::Tour::Step::inspect);
        ctx->SetRef("Tour");
        ctx->ItemClick("Dismiss");
        ctx->Yield(3);
        IM_CHECK(!ctx->GetWindowByRef("//Tour")->Active);
    };
}

void register_example(ImGuiTestEngine* engine) {
    // Wrong if the example could be trained, its text is not said to be synthetic in every layout,
    // or the button does not ask for a copy.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "first", "c_the_example_asks_for_a_copy");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        shell->workspace().set_layout(*state, app::Layout::train);
        session->mutable_status().followed = "It is only looked at. Train a copy.";
        session->mutable_status().read_only = session->mutable_status().synthetic = true;
        session->mutable_status().run_dir = *home / "assets/example";
        ctx->Yield(4);
        IM_CHECK_STR_EQ(app::find_action(shell->actions(), "checkpoint")->refusal().c_str(),
                        "It is only looked at. Train a copy.");
        ctx->SetRef("Run##Train");
        ctx->ItemClick("Train a copy");
        IM_CHECK(wait_for(ctx, [] { return state->status.run_dir != *home / "assets/example"; }));
        IM_CHECK(fs::exists(*home / "runs/copy/config.toml"));
        IM_CHECK(wait_for(ctx, [] { return state->session != nullptr; }));
        session->mutable_status().run_dir = *home / "runs/copy";
        ctx->Yield(4);
    };

    // Wrong if '?' does not explain the panel under the pointer, or not each that is chosen.
    t = IM_REGISTER_TEST(engine, "first", "d_help_is_of_the_panel_pointed_at");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->MouseMoveToPos(ctx->GetWindowByRef("//Run##Train")->Rect().GetCenter());
        ctx->Yield(2);
        ctx->KeyPress(ImGuiMod_Shift | ImGuiKey_Slash);
        ctx->Yield(3);
        IM_CHECK(ctx->GetWindowByRef("//Help###Shortcuts")->Active);
        ctx->SetRef("//Help###Shortcuts");
        ctx->ComboClick("##panel/Routing space");
        ctx->Yield(3);
        ctx->WindowClose("//Help###Shortcuts");
        ctx->Yield(2);
        IM_CHECK(!ctx->GetWindowByRef("//Help###Shortcuts")->Active);
    };
}

void register_recent(ImGuiTestEngine* engine) {
    // Wrong if a run that was opened is not offered again, is not opened by a click, or one that
    // has gone is opened, or does not leave the list.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "first", "e_recent_runs_open_again");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        back_to_the_start(ctx);
        const std::string dir = *home / "runs/copy";
        IM_CHECK(wait_for(ctx, [&] {
            const auto& runs = shell->recent().runs();
            return !runs.empty() && runs[0].dir == dir;
        }));
        IM_CHECK(wait_for(
            ctx, [&] { return kept("recent.json").find("runs/copy") != std::string::npos; }));
        ctx->Yield(2);
        ctx->SetRef(ctx->WindowInfo("//hopscope/body/Start/more/recent").ID);
        ctx->ItemClick("**/##open");
        IM_CHECK(wait_for(ctx, [] { return state->session != nullptr; }));
        session->mutable_status().run_dir = dir;
        ctx->Yield(4);
        back_to_the_start(ctx);
        fs::remove_all(dir);
        IM_CHECK(wait_for(ctx, [] { return !shell->recent().runs()[0].missing.empty(); }));
    };

    // Wrong if the reason stood far from the field that it is about.
    t = IM_REGISTER_TEST(engine, "first", "f_the_reason_stands_where_it_was_asked");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        const float left = start(ctx, "choices")->ContentSize.y;
        const float right = start(ctx, "more")->ContentSize.y;
        in_start(ctx, "more");
        ctx->ItemInput("Open a run folder/##path");
        ctx->KeyCharsReplaceEnter("/nowhere/at all");
        IM_CHECK(wait_for(ctx, [] { return !shell->door().problem().empty(); }));
        ctx->Yield(3);
        IM_CHECK_EQ(start(ctx, "choices")->ContentSize.y, left);
        IM_CHECK_GT(start(ctx, "more")->ContentSize.y, right);
    };
}

}  // namespace

int run_first_steps() {
    test::TempFolder own;
    home = &own;
    setenv("XDG_CONFIG_HOME", own.path().c_str(), 1);
    own.write("assets/example/config.toml", "");
    fs::create_directories(own / "bin");
    app::WindowOptions options;
    options.width = 1280;
    options.height = 800;
    options.exe_dir = HOPSCOPE_TEST_EXE_DIR;
    FakeOptions fake;
    fake.start_step = 200;
    fake.experts = 32;
    fake.tokens = 64;
    fake.state = core::RunState::done;
    app::Services services = fake_services(fake, &session);
    services.copy_run = [](const std::string&) -> core::Result<std::string> {
        home->write("runs/copy/config.toml", "");
        return *home / "runs/copy";
    };
    services.look_at_run = [](const std::string& dir) -> core::Result<core::RunLook> {
        if (!fs::exists(dir)) return core::usage_error(dir + ": no such folder");
        core::RunLook look;
        look.variant = "first_look";
        look.state = core::RunState::done;
        look.step = look.steps = 1200;
        return look;
    };
    ImGuiTestEngine* engine = make_engine("test_first_steps.xml");
    return run_in_window(engine, options, std::move(services),
                         [&](app::Shell& s, app::AppState& a) {
                             shell = &s;
                             state = &a;
                             state->settings.animations = false;
                             register_tour(engine);
                             register_example(engine);
                             register_recent(engine);
                         });
}

}  // namespace hopscope::gui_test
