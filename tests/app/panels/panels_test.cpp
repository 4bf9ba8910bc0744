// The run, curves and log panels, each alone, without a screen: null back ends, clicks by the Test
// Engine, what the session received as the proof. Milliseconds a test.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <implot.h>

#include "app/state/settings.h"
#include "tests/app/stage.h"

namespace {

using namespace hopscope;
using gui_test::FakeOptions;
using gui_test::small;
using gui_test::Stage;
using gui_test::stage;
using gui_test::use;

void register_run_panel(ImGuiTestEngine* engine) {
    constexpr auto kMake = app::make_run_panel;

    // Wrong if a button sent another command, or none.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "run", "buttons_send_their_commands");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("Pause");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "pause");
        stage->session->apply_commands();
        ctx->Yield(2);
        ctx->ItemClick("Step");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "step");
        ctx->ItemClick("Checkpoint");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "checkpoint");
        ctx->ItemClick("Evaluate");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "evaluate");
        ctx->ItemClick("Run");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "resume");
    };

    // Wrong if a click forked without saying what the copy gets, a wrong command were sent, or a
    // fork could not be ended.
    t = IM_REGISTER_TEST(engine, "run", "fork_asks_and_can_be_ended");
    use<kMake>(t, [] {
        FakeOptions options = small();
        options.can_fork = true;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        constexpr const char* kQuestion = "###fork the run";
        ctx->SetRef("Stage");
        ctx->ItemClick("Fork\xE2\x80\xA6");
        IM_CHECK(stage->received().empty());
        ctx->SetRef(kQuestion);
        ctx->ItemInputValue("##with", "{\"command\": \"pause\"}");
        ctx->Yield(2);
        IM_CHECK((ctx->ItemInfo("Fork").ItemFlags & ImGuiItemFlags_Disabled) != 0);
        ctx->ItemClick("##suggestions");
        ctx->ItemClick("//$FOCUSED/freeze routing");
        ctx->SetRef(kQuestion);
        ctx->ItemClick("Fork");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "fork");
        const std::string with =
            core::to_json({core::CommandKind::freeze, {{"what", std::string("routing")}}});
        IM_CHECK_STR_EQ(stage->last().text("with", "").c_str(), with.c_str());
        stage->session->advance(5);
        ctx->Yield(2);
        IM_CHECK_EQ(stage->state.rivals.size(), size_t{1});
        IM_CHECK_EQ(stage->state.rivals[0].step.size(), stage->state.history.step.size());
        ctx->SetRef("Stage");
        IM_CHECK(!ctx->ItemExists("Fork\xE2\x80\xA6"));
        ctx->ItemClick("End fork");
        IM_CHECK(stage->last().has("end"));
        stage->session->advance(1);
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("Fork\xE2\x80\xA6"));
    };

    // Wrong if a greyed button still acted: a running run must refuse a single step.
    t = IM_REGISTER_TEST(engine, "run", "greyed_buttons_do_nothing");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const auto flags = ctx->ItemInfo("Step").ItemFlags;
        IM_CHECK((flags & ImGuiItemFlags_Disabled) != 0);
        ctx->MouseMove("Step", ImGuiTestOpFlags_NoCheckHoveredId);
        ctx->MouseClick();
        IM_CHECK(stage->received().empty());
    };

    // Wrong if a click could end a run without a question, or the question could not be declined.
    t = IM_REGISTER_TEST(engine, "run", "stop_asks_first");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("Stop");
        IM_CHECK(stage->received().empty());
        ctx->SetRef("Stop the run?##run panel");
        ctx->ItemClick("Cancel");
        IM_CHECK(stage->received().empty());
        ctx->SetRef("Stage");
        ctx->ItemClick("Stop");
        ctx->SetRef("Stop the run?##run panel");
        ctx->ItemClick("Stop and save");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "stop");
    };

    // Wrong if a check mark named another part of the model, or did not come back from the run's
    // state.
    t = IM_REGISTER_TEST(engine, "run", "freezes_follow_the_run");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("routing (hop 0 reused)");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "freeze");
        IM_CHECK_STR_EQ(stage->last().text("what", "").c_str(), "routing");
        ctx->Yield();
        IM_CHECK(ctx->ItemIsChecked("routing (hop 0 reused)"));  // as it will be
        stage->session->advance(1);
        ctx->Yield(2);
        IM_CHECK(ctx->ItemIsChecked("routing (hop 0 reused)"));
        ctx->ItemClick("routing (hop 0 reused)");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "unfreeze");
        stage->session->advance(1);
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemIsChecked("routing (hop 0 reused)"));
        ctx->ItemClick("attention");
        IM_CHECK_STR_EQ(stage->last().text("what", "").c_str(), "attention");
    };

    // Wrong if what comes and goes above a check mark moved it from under the mouse.
    t = IM_REGISTER_TEST(engine, "run", "an_activity_moves_nothing");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const float before = ctx->ItemInfo("router").RectFull.Min.y;
        core::RunStatus& status = stage->session->mutable_status();
        const std::string longer = "evaluating batch 3 of 50, of the validation text of this run";
        for (const std::string& activity : {std::string("evaluating"), longer, std::string()})
            for (const float progress : {-1.0f, 0.4f}) {
                status.activity = activity;
                status.progress = progress;
                ctx->Yield(2);
                IM_CHECK_EQ(ctx->ItemInfo("router").RectFull.Min.y, before);
            }
    };

    // Wrong if a typed value were rounded to the slider's digits, or sent under another key.
    t = IM_REGISTER_TEST(engine, "run", "typed_setting_is_exact");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemInputValue("lr/##value", "0.00012345");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "set");
        IM_CHECK_STR_EQ(stage->last().text("key", "").c_str(), "lr");
        IM_CHECK_EQ(stage->last().number("value", 0), 0.00012345);
    };

    // Wrong if each pixel of a drag became a command: the queue would fill and the last value come
    // late.
    t = IM_REGISTER_TEST(engine, "run", "dragged_slider_sends_little_and_the_last_value");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->MouseMove("balance_alpha/##value");
        ctx->MouseDown();
        const ImVec2 from = ImGui::GetIO().MousePos;
        for (int i = 1; i <= 60; ++i)
            ctx->MouseMoveToPos(ImVec2(from.x + 2 * static_cast<float>(i), from.y));
        ctx->MouseUp();
        ctx->Yield(2);
        IM_CHECK_GT(static_cast<int>(stage->received().size()), 0);
        IM_CHECK_LT(static_cast<int>(stage->received().size()), 30);
        int pending = 0;
        for (const auto& answer : stage->session->answers())
            pending += answer.command.kind == core::CommandKind::set;
        IM_CHECK_EQ(pending, 1);
        IM_CHECK_GT(stage->last().number("value", 0), 0.1);
    };

    // Wrong if a run that another process writes could be commanded, or did not say that it is
    // followed.
    t = IM_REGISTER_TEST(engine, "run", "followed_run_cannot_be_changed");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        stage->session->mutable_status().followed = "Another process is writing this run.";
        ctx->Yield(2);
        for (const char* item : {"Run", "Pause", "Step", "Stop", "Checkpoint", "router"})
            IM_CHECK((ctx->ItemInfo(item).ItemFlags & ImGuiItemFlags_Disabled) != 0);
        IM_CHECK(!ctx->ItemExists("Open again"));
        stage->session->mutable_status().writer_left = true;
        stage->session->mutable_status().run_dir = "runs/left";
        ctx->Yield(2);
        ctx->ItemClick("Open again");
        IM_CHECK_STR_EQ(stage->state.open_next.c_str(), "runs/left");
    };

    // Wrong if another of the runs given could not be chosen.
    t = IM_REGISTER_TEST(engine, "run", "another_run_can_be_inspected");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        auto& watched = stage->state.watched;
        watched.resize(2);
        watched[0].run.dir = stage->session->mutable_status().run_dir = "runs/a";
        watched[0].run.name = "a";
        watched[1].run.dir = "runs/b";
        watched[1].run.name = "b";
        ctx->Yield(2);
        ctx->SetRef("Stage");
        ctx->ItemClick("##inspected");
        ctx->ItemClick("//$FOCUSED/###runs\\/b");
        IM_CHECK_STR_EQ(stage->state.open_next.c_str(), "runs/b");
    };

    // Wrong if a run that is done still offered to change it.
    t = IM_REGISTER_TEST(engine, "run", "finished_run_cannot_be_changed");
    use<kMake>(t, [] { return small(core::RunState::done); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        for (const char* item : {"Run", "Pause", "Step", "Stop", "router"})
            IM_CHECK((ctx->ItemInfo(item).ItemFlags & ImGuiItemFlags_Disabled) != 0);
    };
}

void register_curves_panel(ImGuiTestEngine* engine) {
    constexpr auto kMake = app::make_curves_panel;

    // Wrong if a tab or an axis crashed on data, on none, or on missing values.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "curves", "every_tab_and_axis_draws");
    use<kMake>(t, [] {
        FakeOptions options = small();
        options.nan_at = 60;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        for (const char* tab : {"perplexity", "rate", "gradient", "balance", "routing", "loss"}) {
            ctx->ItemClick(tab);
            IM_CHECK(ctx->ItemExists("##curves"));
            ctx->ItemClick("log y");
            ctx->ItemClick("log x");
            ctx->Yield(3);
            ctx->ItemClick("log x");
            ctx->ItemClick("log y");
        }
        ctx->ComboClick("##x/tokens");
        ctx->ComboClick("##x/time");
        stage->session->advance(30);
        ctx->Yield(3);
        IM_CHECK(ctx->ItemExists("##curves"));
    };

    // Wrong if a fork's difference could not be looked at, or its tab outlived its run.
    t = IM_REGISTER_TEST(engine, "curves", "fork_has_a_line_and_a_difference");
    use<kMake>(t, [] {
        FakeOptions options = small();
        options.can_fork = true;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(!ctx->ItemExists("fork"));
        stage->state.submit({core::CommandKind::fork, {}});
        stage->session->advance(90);
        ctx->Yield(3);
        ctx->ItemClick("fork");
        for (const char* axis : {"##x/tokens", "##x/time", "##x/step"}) {
            ctx->ComboClick(axis);
            ctx->Yield(2);
            IM_CHECK(ctx->ItemExists("##curves"));
        }
        ctx->ItemClick("log y");
        ctx->Yield(2);
        stage->state.attach(std::make_unique<gui_test::FakeSession>(small()));
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("fork"));
        IM_CHECK(ctx->ItemExists("##curves"));
    };

    // Wrong if the view ran away from the user while the run goes on, or did not come back.
    t = IM_REGISTER_TEST(engine, "curves", "zooming_stops_following_until_fit");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(3);
        const auto disabled = [&] {
            return (ctx->ItemInfo("Fit").ItemFlags & ImGuiItemFlags_Disabled) != 0;
        };
        IM_CHECK(disabled());
        ctx->MouseMove("##curves");
        ctx->MouseWheelY(2);
        ctx->Yield(2);
        IM_CHECK(!disabled());
        ctx->ItemClick("Fit");
        ctx->Yield(2);
        IM_CHECK(disabled());
    };

    // Wrong if a statistic had no line though it was recorded, or one that this run lacks left no
    // way to the others.
    t = IM_REGISTER_TEST(engine, "curves", "every_statistic_can_be_chosen");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("routing");
        const auto& layer = stage->state.history.layers.at(0);
        for (const app::RoutingStatRow& row : app::routing_stats()) {
            std::string path = "##statistic/";
            for (const char* c = row.name; *c; ++c) path += *c == '/' ? "\\/" : std::string(1, *c);
            ctx->ComboClick(path.c_str());
            ctx->Yield(2);
            const auto& values = layer.of(row.stat);
            const bool measured = std::any_of(values.begin(), values.end(),
                                              [](double v) { return std::isfinite(v); });
            IM_CHECK_EQ(ctx->ItemExists("##curves"), measured);
            // No picture of nothing, no smoothing of what is joined.
            const bool picture = (ctx->ItemInfo("PNG").ItemFlags & ImGuiItemFlags_Disabled) == 0;
            IM_CHECK_EQ(picture, measured);
            IM_CHECK_EQ(ctx->ItemExists("##smoothing"), !row.with_snapshots);
        }
        ctx->ComboClick("##statistic/entropy");
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##curves"));
    };

    // Wrong if the other runs given were missing, nameless, or of the colour of the inspected one;
    // or if a run at an early step crashed the plot.
    t = IM_REGISTER_TEST(engine, "curves", "other_runs_stand_beside");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        auto& watched = stage->state.watched;
        watched.resize(3);
        for (size_t i = 0; i < watched.size(); ++i) {
            watched[i].run.dir = "runs/" + std::to_string(i);
            watched[i].run.name = i == 0 ? "inspected" : "twin";
            for (int64_t step = 1; step <= (i == 1 ? 40 : 0); ++step) {
                core::ScalarRecord record;
                record.step = step;
                record.loss = 3.0f;
                watched[i].history.append(record);
            }
        }
        stage->session->mutable_status().run_dir = "runs/0";
        ctx->Yield(3);
        ctx->SetRef("Stage");
        for (const char* tab : {"perplexity", "rate", "gradient", "balance", "routing", "loss"}) {
            ctx->ItemClick(tab);
            ctx->Yield(2);
        }
        ctx->ItemClick("log y");
        ctx->ItemClick("log x");
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##curves"));
    };

    // Wrong if a lane could not be hidden and shown again, the list took a lane's line for
    // another's, or nine lanes left the plot without room.
    t = IM_REGISTER_TEST(engine, "curves", "lanes_of_a_race_are_shown_and_hidden");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        auto& lanes = stage->session->mutable_status().lanes;
        for (int i = 0; i < 9; ++i) {
            lanes.push_back("lane_with_a_long_name_" + std::to_string(i));
            if (i == 0) continue;
            app::History rival;
            for (int64_t step = 1; step <= 60; ++step) {
                core::ScalarRecord record;
                record.step = step;
                record.loss = 3.0f + static_cast<float>(i);
                if (step % 10 == 0) record.valid_loss = 5.0f + static_cast<float>((i * step) % 7);
                rival.append(record);
            }
            stage->state.rivals.push_back(std::move(rival));
        }
        ctx->Yield(3);
        ctx->SetRef("Stage");
        const ImGuiID list = ctx->WindowInfo("lines").ID;
        const auto entry = [&](int i) {
            return ctx->GetID(("$$" + std::to_string(i) + "/##" + lanes[size_t(i)]).c_str(), list);
        };
        IM_CHECK_GT(ctx->ItemInfo("##curves").RectFull.GetHeight(), 200.0f);
        IM_CHECK_GT(ctx->ItemInfo("##curves").RectFull.GetWidth(), 200.0f);
        ctx->ItemClick(entry(8));
        ctx->ItemClick(entry(0));
        ctx->Yield(2);
        for (int i = 0; i < 9; ++i) IM_CHECK(ctx->ItemExists(entry(i)));  // hidden ones stay listed
        for (int i = 1; i < 8; ++i) ctx->ItemClick(entry(i));
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##curves"));  // all hidden: still a plot, and a way back
        ctx->ItemClick(entry(3));
        ctx->MouseMove("##curves");
        ctx->Yield(2);
        ctx->ItemClick("PNG");
        ctx->Yield();
        IM_CHECK(stage->state.picture_order.has_value());
    };

    // Wrong if a run without updates showed an empty plot in place of what will appear.
    t = IM_REGISTER_TEST(engine, "curves", "says_what_will_appear");
    use<kMake>(t, [] {
        FakeOptions options = small(core::RunState::preparing);
        options.start_step = 0;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(!ctx->ItemExists("##curves"));
        stage->session->set_state(core::RunState::running);
        stage->session->advance(3);
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##curves"));
    };
}

void register_log_panel(ImGuiTestEngine* engine) {
    // Wrong if the filter hid nothing or copied what it hides.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "log", "filter_and_copy");
    use<app::make_log_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->state.log.clear();
        stage->state.say("alpha line");
        stage->state.say("beta line");
        ctx->SetRef("Stage");
        ctx->ItemInputValue("##filter", "BETA");
        ctx->ItemClick("Copy");
        const std::string copied = ImGui::GetClipboardText();
        IM_CHECK(copied.find("beta line") != std::string::npos);
        IM_CHECK(copied.find("alpha") == std::string::npos);
        ctx->ItemInputValue("##filter", "");
        ctx->ItemClick("Commands");
        stage->state.submit({core::CommandKind::freeze, {{"what", std::string("router")}}});
        stage->session->advance(1);
        ctx->Yield(2);
        ctx->ItemClick("Copy");
        IM_CHECK_STR_EQ(ImGui::GetClipboardText(),
                        "{\"command\":\"freeze\",\"from_step\":121,\"what\":\"router\"}\n");
    };
}

/// What a back end does with textures: says that all is done.
void accept_textures() {
    for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
        if (texture->Status == ImTextureStatus_WantDestroy) {
            texture->SetTexID(ImTextureID_Invalid);
            texture->SetStatus(ImTextureStatus_Destroyed);
        } else if (texture->Status != ImTextureStatus_OK &&
                   texture->Status != ImTextureStatus_Destroyed) {
            texture->SetTexID(static_cast<ImTextureID>(1));
            texture->SetStatus(ImTextureStatus_OK);
        }
    }
}

std::string& clipboard() {
    static std::string text;
    return text;
}

}  // namespace

int main() {
    ImGui::CreateContext();
    ImPlot::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.DisplaySize = ImVec2(1280, 800);
    io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
    ImGui::GetPlatformIO().Platform_GetClipboardTextFn = [](ImGuiContext*) {
        return clipboard().c_str();
    };
    ImGui::GetPlatformIO().Platform_SetClipboardTextFn = [](ImGuiContext*, const char* text) {
        clipboard() = text;
    };
    ImGuiTestEngine* engine = gui_test::make_engine("test_panels.xml");
    register_run_panel(engine);
    register_curves_panel(engine);
    register_log_panel(engine);
    gui_test::register_geometry_panels(engine);
    gui_test::register_intervene_panel(engine);
    gui_test::register_stack_on_trajectory(engine);
    gui_test::register_analyses_panel(engine);
    gui_test::register_statistics_panel(engine);
    {
        Stage local;
        stage = &local;
        ImFont* font = io.Fonts->AddFontDefault();
        local.state.fonts = {font, font, font};
        app::apply_theme(local.state.theme(), 1);
        ImGuiTestEngine_Start(engine, ImGui::GetCurrentContext());
        ImGuiTestEngine_QueueTests(engine, ImGuiTestGroup_Tests);
        while (!ImGuiTestEngine_IsTestQueueEmpty(engine)) {
            io.DeltaTime = 1.0f / 60;
            local.state.now += io.DeltaTime;
            ImGui::NewFrame();
            ImGui::Render();
            accept_textures();
            ImGuiTestEngine_PostSwap(engine);
        }
        ImVector<ImGuiTest*> tests;
        ImGuiTestEngine_GetTestList(engine, &tests);
        const int code = gui_test::exit_code(engine, tests.Size);
        ImGuiTestEngine_Stop(engine);
        local.panel.reset();
        local.second.reset();
        local.state.attach(nullptr);
        for (ImTextureData* texture : ImGui::GetPlatformIO().Textures)
            texture->SetTexID(ImTextureID_Invalid), texture->SetStatus(ImTextureStatus_Destroyed);
        ImPlot::DestroyContext();
        ImGui::DestroyContext();
        ImGuiTestEngine_DestroyContext(engine);
        return code;
    }
}
