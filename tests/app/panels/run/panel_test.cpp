// The run panel alone, without a screen: what the session received as the proof.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>

#include "app/panels/run/view.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "tests/app/seen.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

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

    // Wrong if the answer to a question about one run stopped the next, which was opened meanwhile.
    t = IM_REGISTER_TEST(engine, "run", "the_question_goes_with_its_run");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const auto open_another = [] {
            auto made = std::make_unique<FakeSession>(small());
            stage->session = made.get();
            stage->state.attach(std::move(made));
        };
        constexpr const char* kAnswer = "//Stop the run?##run panel/Stop and save";
        ctx->SetRef("Stage");
        ctx->ItemClick("Stop");
        IM_CHECK(ctx->ItemExists(kAnswer));
        open_another();
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists(kAnswer));
        // Asked in the very frame in which the other comes.
        stage->state.stop_asked = true;
        open_another();
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists(kAnswer));
        // Of the other it can be asked.
        ctx->SetRef("Stage");
        ctx->ItemClick("Stop");
        IM_CHECK(stage->received().empty());
        ctx->ItemClick(kAnswer);
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

    // Wrong if the time left, the parts of an update, or what the window costs were not written
    // there, or the bar had other shares than the numbers below it.
    t = IM_REGISTER_TEST(engine, "run", "times_and_memory_are_read");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        stage->state.memory_bytes = int64_t{3} << 30;
        ctx->Yield(3);
        const app::AppState& state = stage->state;
        const double each = app::tokens_per_step(stage->session->config());
        const double left = app::time_left(state.status.step, state.status.steps,
                                           state.history.recent_tokens_per_s(20), each);
        IM_CHECK(left > 60);
        IM_CHECK(sees(ctx, "//Stage", "time left"));
        IM_CHECK(sees(ctx, "//Stage", app::duration(left)));
        ctx->ScrollToBottom("");
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//Stage", app::bytes(state.memory_bytes)));
        IM_CHECK(sees(ctx, "//Stage", "of a core"));
        const app::TimeSplit split = app::time_split(state.history, 20, each);
        double until = split.parts[0].ms;
        const auto end_of = [&](size_t part) {
            const ImU32 color = app::packed(app::line_color(state, part));
            return place_of(ctx, "//Stage", color).Max.x;
        };
        const ImU32 second = app::packed(app::line_color(state, 1));
        const float begin = place_of(ctx, "//Stage", second).Min.x;  // of the square in its row
        const float whole = ctx->GetWindowByRef("//Stage")->WorkRect.Max.x - begin;
        for (size_t i = 1; i + 1 < split.parts.size(); ++i) {
            const app::TimePart& part = split.parts[i];
            IM_CHECK(sees(ctx, "//Stage", part.name));
            IM_CHECK(sees(ctx, "//Stage", app::significant(part.ms, 3) + " ms"));
            until += part.ms;
            const auto share = static_cast<float>(until / split.update_ms);
            IM_CHECK_LT(std::fabs(end_of(i) - begin - share * whole), 0.03f * whole);
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

    // Wrong if the palette did not know a setting by its name, or choosing it there did not lead
    // into its field.
    t = IM_REGISTER_TEST(engine, "run", "a_setting_is_found_by_its_name");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        app::Controls& controls = stage->state.drawn->controls;
        controls.listen(true);
        ctx->Yield(2);
        for (const core::LiveSetting& setting : app::sliders()) {
            const auto named = std::ranges::find_if(controls.all(), [&](const app::Control& one) {
                return one.title == setting.label + "\xE2\x80\xA6";
            });
            IM_CHECK(named != controls.all().end());
            if (setting.value.name == "lr") controls.press(*named);
        }
        controls.listen(false);
        ctx->Yield(4);
        IM_CHECK_EQ(ImGui::GetActiveID(), ctx->GetID("lr/##field"));
        ctx->KeyCharsReplaceEnter("0.00012345");
        IM_CHECK_EQ(stage->last().number("value", 0), 0.00012345);
    };

    // Wrong if a setting could not be set, an impossible value were sent, or it had no way back.
    t = IM_REGISTER_TEST(engine, "run", "every_setting_can_be_typed_and_undone");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("###more settings");
        for (const core::LiveSetting& setting : core::live_settings()) {
            const std::string& name = setting.value.name;
            const double wanted = name == "top_k" ? 3 : 0.25;
            const double before = app::setting_value(stage->session->config(), {}, name).value;
            const size_t sent = stage->received().size();
            IM_CHECK(!ctx->ItemExists((name + "/undo").c_str()));
            ctx->ItemInputValue((name + "/##field").c_str(), std::to_string(wanted).c_str());
            ctx->Yield(2);
            IM_CHECK_EQ(stage->received().size(), sent + 1);
            IM_CHECK_STR_EQ(stage->last().text("key", "").c_str(), name.c_str());
            IM_CHECK_EQ(stage->last().number("value", -1), wanted);
            stage->session->advance(1);
            ctx->Yield(2);
            ctx->ItemClick((name + "/undo").c_str());
            IM_CHECK_EQ(stage->last().number("value", -1), before);
            stage->session->advance(1);
            ctx->Yield(2);
        }
        const size_t sent = stage->received().size();
        ctx->ItemInputValue("dropout/##field", "1.5");
        ctx->Yield(2);
        IM_CHECK_EQ(stage->received().size(), sent);  // said in place of sent
        ctx->ItemInputValue("dropout/##field", "0.2");
        ctx->Yield(2);
        IM_CHECK_EQ(stage->received().size(), sent + 1);
    };

    // Wrong if several steps could not be asked for, were another number, or while it runs.
    t = IM_REGISTER_TEST(engine, "run", "right_click_makes_several_steps");
    use<kMake>(t, [] { return small(core::RunState::paused); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const int64_t before = stage->state.status.step;
        ctx->ItemClick("Step", ImGuiMouseButton_Right);
        ctx->Yield(2);
        ctx->SetRef("//$FOCUSED");
        ctx->ItemClick("100");
        IM_CHECK_EQ(stage->last().integer("count", 0), 100);
        stage->session->advance(1000);
        ctx->Yield(2);
        IM_CHECK_EQ(stage->state.status.step, before + 100);
        ctx->SetRef("Stage");
        ctx->ItemClick("Step", ImGuiMouseButton_Right);
        ctx->Yield(2);
        ctx->SetRef("//$FOCUSED");
        ctx->ItemInputValue("##count", "37");
        ctx->ItemClick("Make these steps");
        IM_CHECK_EQ(stage->last().integer("count", 0), 37);
    };

    // Wrong if a rule could not be told to pause, did not, or its reason could not be seen and put
    // away.
    t = IM_REGISTER_TEST(engine, "run", "a_rule_pauses_and_says_why");
    use<kMake>(t, [] {
        FakeOptions options = small();
        options.spike_at = 140;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const auto first = app::first_rule_settings();
        for (const app::RuleRow& row : app::run_rules())
            stage->state.rules.setting(row.rule) = first[static_cast<size_t>(row.rule)];
        ctx->Yield(2);                                    // the past of the run has been read
        ctx->ItemClick("gradient spike/gradient spike");  // one of two is enough
        IM_CHECK(!ctx->ItemExists("gradient spike/##threshold"));
        ctx->ItemInputValue("loss spike/##threshold", "12");
        ctx->ItemClick("loss spike/###pauses");
        IM_CHECK(!ctx->ItemExists("###dismiss"));
        ctx->ScrollToTop("//Stage");  // the rules stand below, what they found above
        ctx->Yield(2);
        IM_CHECK(sees(ctx, "//Stage", "no rule is broken"));
        IM_CHECK(stage->received().empty());
        const float below = ctx->ItemInfo("###more settings").RectFull.Min.y;
        stage->session->advance(30);
        ctx->Yield(2);
        // What it says moves nothing from under the pointer.
        IM_CHECK_EQ(ctx->ItemInfo("###more settings").RectFull.Min.y, below);
        IM_CHECK(sees(ctx, "//Stage", "paused: loss spike, 140"));
        IM_CHECK_EQ(stage->received().size(), size_t{1});
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "pause");
        IM_CHECK_EQ(stage->state.rules.findings().size(), size_t{1});
        IM_CHECK_EQ(stage->state.rules.findings().back().step, 140);
        const app::PanelView kept = stage->panel->saved_view();
        IM_CHECK_STR_EQ(kept.at("loss spike").c_str(), "on pauses 12");
        IM_CHECK(kept.at("gradient spike").starts_with("off "));
        stage->panel->restore_view({{"loss spike", "on warns 7"}, {"dead experts", "off maybe"}});
        ctx->Yield(2);
        IM_CHECK_STR_EQ(stage->panel->saved_view().at("loss spike").c_str(), "on warns 7");
        IM_CHECK(stage->panel->saved_view().at("dead experts").starts_with("on "));
        ctx->ItemClick("###dismiss");
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemExists("###dismiss"));
        ctx->ItemClick("gradient spike/gradient spike");
    };

    // Wrong if a run that paused by itself did not say why, or went on saying it when it goes on.
    t = IM_REGISTER_TEST(engine, "run", "the_cause_of_a_pause_is_said");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        constexpr const char* kReason = "update 121: the loss is no number";
        ctx->SetRef("Stage");
        ctx->ScrollToTop("//Stage");
        ctx->Yield(2);
        IM_CHECK(!sees(ctx, "//Stage", kReason));
        stage->session->mutable_status().reason = kReason;
        stage->session->set_state(core::RunState::paused);
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//Stage", kReason));
        ctx->ItemClick("Run");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "resume");
        stage->session->apply_commands();
        ctx->Yield(3);
        IM_CHECK(!sees(ctx, "//Stage", kReason));
        stage->session->set_state(core::RunState::failed);
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//Stage", kReason));
    };

    // Wrong if a router that the loss stops to reach were not told of when it happens.
    t = IM_REGISTER_TEST(engine, "run", "a_router_without_task_gradient_is_told");
    use<kMake>(t, [] {
        FakeOptions options = small();
        options.renormalise = true;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(2);
        const float before = ctx->ItemInfo("lr/##field").RectFull.Min.y;
        ctx->ItemClick("###more settings");
        ctx->ItemInputValue("top_k/##field", "1");
        stage->session->advance(1);
        ctx->Yield(2);
        // Some lines of text now stand above.
        const float line = ImGui::GetTextLineHeight();
        IM_CHECK_GT(ctx->ItemInfo("lr/##field").RectFull.Min.y, before + 2 * line);
        ctx->ItemClick("top_k/undo");
        stage->session->advance(1);
        ctx->Yield(2);
        IM_CHECK_LT(ctx->ItemInfo("lr/##field").RectFull.Min.y, before + line);
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

    // Wrong if the parts of an update, the time left, memory, or what the window draws were not
    // there to be read, or memory of a GPU where the run has none.
    t = IM_REGISTER_TEST(engine, "run", "costs_are_told");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        app::AppState& state = stage->state;
        const auto row = [ctx](const std::string& label) {
            std::istringstream lines(text_of_a_frame(ctx));
            for (std::string line; std::getline(lines, line);) {
                line.erase(0, line.find_first_not_of(' '));
                if (line.starts_with(label + " ")) return line.substr(label.size());
            }
            return std::string();
        };
        const auto number = [&](const char* label) {
            const std::string text = row(label);
            const size_t digit = text.find_first_of("0123456789");
            return digit == std::string::npos ? -1 : std::strtod(text.c_str() + digit, nullptr);
        };
        state.memory_bytes = 412'000'000;
        ctx->Yield(2);
        IM_CHECK_NE(row("time left").find_first_of("0123456789"), std::string::npos);
        const double whole = number("whole");
        IM_CHECK_GT(whole, 0);
        double parts = 0;
        for (const char* part : {"data", "forward", "backward", "optimizer"}) {
            const double ms = number(part);
            IM_CHECK_GT(ms, 0);
            parts += ms;
        }
        IM_CHECK_GT(parts, 0.8 * whole);
        IM_CHECK_LT(parts, 1.05 * whole);
        IM_CHECK_NE(row("memory").find("412 MB"), std::string::npos);
        IM_CHECK(row("memory of the GPU").empty());
        IM_CHECK(row("points").empty());
        stage->session->mutable_status().device_bytes = 2'500'000'000;
        for (int i = 0; i < 50; ++i) {
            state.own_cost.note_points(1234);
            state.own_cost.add_frame(state.now + 0.05 * i, 0.001);
        }
        state.now += 2.5;
        IM_CHECK_NE(row("memory of the GPU").find("2.5 GB"), std::string::npos);
        IM_CHECK_NE(row("points").find("1,234"), std::string::npos);
        IM_CHECK_GT(number("frames"), 15);
        IM_CHECK_LT(number("frames"), 25);
        state.memory_bytes = 0;
        state.own_cost = {};
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

const PanelTests tests(register_run_panel);

}  // namespace
}  // namespace hopscope::gui_test
