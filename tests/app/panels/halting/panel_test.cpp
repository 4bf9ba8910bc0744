// The panel Halting on made-up numbers: measuring and cancelling, the threshold that it shares with
// the prompt, the classes, and the strip by depth.
#include "app/panels/trajectory/view.h"
#include "tests/app/number_menu.h"
#include "tests/app/panels/trajectory/beside_space.h"

namespace hopscope::gui_test {
namespace {

void halting_panel(ImGuiTest* t) {
    use<app::make_halting_panel, app::make_trajectory_panel>(t, [] { return small(); });
}

void open(ImGuiTestContext* ctx) {
    stage->session->mutable_status().run_dir = "runs/wide-42";
    stage->session->advance(1);
    ctx->Yield(3);
    ctx->SetRef("Stage");
}

bool measured(ImGuiTestContext* ctx) {
    return wait_for(ctx, [] { return !stage->panel->csv(stage->state).empty(); });
}

/// A plot of the curve, which lies in a window of its own.
ImGuiID plot(ImGuiTestContext* ctx, const char* name) {
    const auto curve = ctx->WindowInfo("//Stage/curve", ImGuiTestOpFlags_NoError);
    return curve.Window && curve.Window->WasActive ? ctx->GetID(name, curve.ID) : 0;
}

bool has_plot(ImGuiTestContext* ctx, const char* name) {
    const ImGuiID id = plot(ctx, name);
    return id != 0 && ctx->ItemExists(id);
}

int lines_of(const std::string& text) {
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

/// Wrong if the button measured other thresholds than the typed ones and that of the slider, or
/// showed what was not measured.
void register_measure(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "halting", "the_curve_is_measured");
    halting_panel(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        open(ctx);
        IM_CHECK(!has_plot(ctx, "##quality"));
        ctx->ItemInputValue("##thresholds", "0.1, 0.02");
        stage->state.halt_position = app::position_of(0.05);
        ctx->Yield(2);
        ctx->ItemClick("Measure");
        IM_CHECK(measured(ctx));
        const std::string csv = stage->panel->csv(stage->state);
        IM_CHECK_NE(csv.find("\n0.02,"), std::string::npos);
        IM_CHECK_LT(csv.find("\n0.02,"), csv.find("\n0.05,"));
        IM_CHECK_LT(csv.find("\n0.05,"), csv.find("\n0.1,"));
        IM_CHECK_EQ(lines_of(csv), 1 + 1 + 1 + 3 + 2 + 9);
        ctx->Yield(2);
        IM_CHECK(has_plot(ctx, "##quality"));
        IM_CHECK(has_plot(ctx, "##cost"));
        IM_CHECK_STR_EQ(stage->panel->detail(stage->state).c_str(), "measured at step 100");
        stage->actions.front().run();  // the same from the palette
        IM_CHECK(measured(ctx));
    };

    // Wrong if what is no threshold were measured as one, or a failure were silent.
    t = IM_REGISTER_TEST(engine, "halting", "what_cannot_be_measured_is_said");
    halting_panel(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        open(ctx);
        ctx->ItemInputValue("##thresholds", "0.1, no");
        ctx->Yield(2);
        IM_CHECK(ctx->ItemInfo("Measure").ItemFlags & ImGuiItemFlags_Disabled);
        ctx->ItemInputValue("##thresholds", "0.66");
        ctx->Yield(2);
        ctx->ItemClick("Measure");
        ctx->Yield(2);
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("Measure"); }));
        ctx->Yield(2);
        IM_CHECK(stage->panel->csv(stage->state).empty());
        IM_CHECK(!has_plot(ctx, "##quality"));
    };

    // Wrong if a measurement could not be ended, or took the one before with it.
    t = IM_REGISTER_TEST(engine, "halting", "a_measurement_is_cancelled");
    halting_panel(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        open(ctx);
        ctx->ItemInputValue("##thresholds", "0.3");
        ctx->ItemClick("Measure");
        IM_CHECK(measured(ctx));
        const std::string before = stage->panel->csv(stage->state);
        ctx->ItemInputValue("##thresholds", "0.77");
        ctx->Yield(2);
        ctx->ItemClick("Measure");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("Cancel"); }));
        ctx->ItemClick("Cancel");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("Measure"); }));
        IM_CHECK_STR_EQ(stage->panel->csv(stage->state).c_str(), before.c_str());
    };
}

/// Wrong if the slider of one panel left the other, or the prompt, as it was.
void register_threshold(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "halting", "one_threshold_for_both_panels");
    halting_panel(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        open(ctx);
        ctx->SetRef("Second");
        trace(ctx, "one two three");
        IM_CHECK(stage->session->traced().interventions.empty());
        ctx->SetRef("Stage");
        ctx->ItemInputValue("##epsilon", 0.5f);
        IM_CHECK(wait_for(ctx, [] { return stage->session->traced().interventions.size() == 1; }));
        IM_CHECK(stage->session->traced().interventions[0].kind == core::CommandKind::halt);
        ctx->ItemInputValue("##thresholds", "0.02, 0.1");
        ctx->ItemClick("Measure");
        IM_CHECK(measured(ctx));
        // A click on the curve sets a threshold that was measured.
        ctx->Yield(3);
        const ImRect drawn = ctx->ItemInfo(plot(ctx, "##quality")).RectFull;
        ctx->MouseMoveToPos(ImVec2(drawn.Max.x - 40, drawn.GetCenter().y));
        ctx->MouseClick();
        ctx->Yield(2);
        IM_CHECK_LT(std::fabs(app::epsilon_at(stage->state.halt_position) - 0.1), 1e-4);
        stage->actions[1].run();
        IM_CHECK(wait_for(ctx, [] { return stage->session->traced().interventions.empty(); }));
    };
}

/// Wrong if a click on a column did not order the classes by it.
void register_classes(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "halting", "classes_are_sorted_by_a_click");
    halting_panel(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        open(ctx);
        ctx->ItemClick("Measure");
        IM_CHECK(measured(ctx));
        ctx->Yield(3);
        const auto y = [&](const char* name) {
            return ctx->ItemInfo((std::string("**/") + name).c_str()).RectFull.Min.y;
        };
        const char *function = "class:function/function (text)", *temporal = "temporal/temporal";
        IM_CHECK_LT(y(function), y(temporal));
        ctx->ItemClick("**/hops [95 %]");
        ctx->Yield(2);
        IM_CHECK_GT(y(function), y(temporal));
        ctx->ItemClick("**/n");
        ctx->Yield(2);
        IM_CHECK_LT(y(function), y(temporal));
        const int64_t step = stage->state.status.step;
        stage->session->advance(50);
        ctx->Yield(3);
        IM_CHECK_GT(stage->state.status.step, step);
        const nlohmann::json hops =
            json_at(ctx, place(ctx, (std::string("**/") + function).c_str()));
        IM_CHECK_STR_EQ(name_in(hops).c_str(), "hops of function (text)");
        IM_CHECK(hops.value("command", "").starts_with("hopscope halting "));
        IM_CHECK_LE(hops.value("step", int64_t{0}), step);
    };
}

/// Wrong if the strip could not be coloured by depth, or forgot it in a session file.
void register_strip(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "halting", "the_strip_by_depth");
    halting_panel(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        open(ctx);
        ctx->SetRef("Second");
        trace(ctx, "one two three");
        IM_CHECK(!ctx->ItemExists("##depth"));
        ctx->ItemClick("Depth");
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##depth"));
        ctx->ComboClick("##depth/layer 1");
        const app::PanelView kept = stage->second->saved_view();
        IM_CHECK_STR_EQ(kept.at("colour").c_str(), "depth");
        IM_CHECK_STR_EQ(kept.at("depth of layer").c_str(), "1");
        ctx->ItemClick("Place");
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemExists("##depth"));
        stage->second->restore_view(kept);
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##depth"));
        ctx->ItemClick(chip(ctx, 1));
        IM_CHECK_EQ(*stage->state.selection.prompt_tokens.begin(), 1);
    };
}

/// Wrong if the strip of another run's prompt were drawn with the tokens of the run before: traces
/// of both are the first of their run.
void register_other_run(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "halting", "another_run_has_a_strip_of_its_own");
    halting_panel(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const auto chips = [ctx] {
            const auto strip = ctx->WindowInfo("//Stage/strip", ImGuiTestOpFlags_NoError);
            int count = 0;
            while (strip.Window && strip.Window->WasActive &&
                   ctx->ItemExists(
                       ctx->GetID(("$$" + std::to_string(count) + "/token").c_str(), strip.ID)))
                ++count;
            return count;
        };
        const auto first_trace = [ctx](const char* prompt) {
            open(ctx);
            ctx->SetRef("Second");
            trace(ctx, prompt);
            ctx->Yield(3);
        };
        const std::string prompt = stage->state.prompt;
        first_trace("one two three four five");
        const int many = chips();
        IM_CHECK_GT(many, 2);
        auto other = std::make_unique<FakeSession>(small());
        stage->session = other.get();
        stage->state.attach(std::move(other));
        ctx->Yield(3);
        first_trace("one");
        IM_CHECK_GT(chips(), 0);
        IM_CHECK_LT(chips(), many);
        stage->state.prompt = prompt;
    };
}

const PanelTests measure(register_measure), threshold(register_threshold),
    classes(register_classes), strip(register_strip), other_run(register_other_run);

}  // namespace
}  // namespace hopscope::gui_test
