// What appears where the pointer rests, the same in every panel: why a control is grey, what a
// number is, the details of a token, the values of curves, their gaps and their marks. Each is
// looked for in the text of a frame, and must not stand there before.
#include <algorithm>
#include <cmath>
#include <implot.h>
#include <implot_internal.h>

#include "app/panels/curves/view.h"
#include "app/widgets/format.h"
#include "tests/app/panels/trajectory/beside_space.h"

namespace hopscope::gui_test {
namespace {

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A panel from its top, wherever the test before has scrolled to.
void begin(ImGuiTestContext* ctx, const char* panel) {
    ctx->SetRef(panel);
    ctx->Yield(3);
    ctx->ScrollToTop((std::string("//") + panel).c_str());
    ctx->Yield();
}

/// Where the pointer is on nothing.
std::string text_beside(ImGuiTestContext* ctx) {
    return text_at(ctx, ImVec2(4, 4));
}

/// Of an item, once it is in sight.
ImVec2 centre_of(ImGuiTestContext* ctx, const char* item) {
    ctx->ScrollToItemY(item);
    return ctx->ItemInfo(item).RectFull.GetCenter();
}

void register_controls(ImGuiTestEngine* engine) {
    // Wrong if a control did not say why it is grey, or still said so when it is not.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "pointer", "a_grey_control_says_why");
    use<app::make_run_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx, "Stage");
        const std::string why = core::refusal(core::RunState::running, core::Action::step);
        IM_CHECK(!why.empty());
        IM_CHECK(!holds(text_beside(ctx), why));
        IM_CHECK(holds(text_at(ctx, centre_of(ctx, "Step")), why));
        IM_CHECK(!holds(text_at(ctx, centre_of(ctx, "Pause")), why));
        stage->session->set_state(core::RunState::paused);
        ctx->Yield(3);
        IM_CHECK(!holds(text_at(ctx, centre_of(ctx, "Step")), why));
        const std::string no_pause = core::refusal(core::RunState::paused, core::Action::pause);
        IM_CHECK(holds(text_at(ctx, centre_of(ctx, "Pause")), no_pause));
    };

    // Wrong if a grey box or field, which is no button, explained itself as if it could be used.
    t = IM_REGISTER_TEST(engine, "pointer", "a_grey_setting_says_why");
    use<app::make_run_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx, "Stage");
        const std::string why = "Another process is writing this run.";
        constexpr const char* kItems[] = {"lr/##field", "lr/##value", "router"};
        for (const char* item : kItems) IM_CHECK(!holds(text_at(ctx, centre_of(ctx, item)), why));
        stage->session->mutable_status().followed = why;
        ctx->Yield(3);
        IM_CHECK(!holds(text_beside(ctx), why));
        for (const char* item : kItems) IM_CHECK(holds(text_at(ctx, centre_of(ctx, item)), why));
    };
}

void register_numbers(ImGuiTestEngine* engine) {
    // Wrong if a number did not say what it is, or of which step.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "pointer", "a_number_says_what_it_is");
    use<app::make_run_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx, "Stage");
        const std::string definition = "exp of the mean loss a token, over the validation batches";
        IM_CHECK(!holds(text_beside(ctx), definition));
        const std::string told = text_at(ctx, centre_of(ctx, "validation perplexity"));
        IM_CHECK(holds(told, definition));
        IM_CHECK(holds(told, "step 100"));  // that of the last evaluation, not of the run
    };

    // Wrong if a number that is estimated had no interval or no n at its side.
    t = IM_REGISTER_TEST(engine, "pointer", "a_number_says_how_sure_it_is");
    use<app::make_matches_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/wide-42";
        stage->session->advance(60);
        begin(ctx, "Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("**/$$0/##match"); }));
        ctx->Yield(2);
        IM_CHECK(!holds(text_beside(ctx), "95 % interval"));
        const std::string told = text_at(ctx, centre_of(ctx, "**/cosine, mean"));
        IM_CHECK(holds(told, "95 % interval"));
        IM_CHECK(holds(told, "n = "));
    };
}

void register_tokens(ImGuiTestEngine* engine) {
    // Wrong if the details were those of another token, or another place in the model.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "pointer", "a_token_tells_its_details");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx, "Second");
        trace(ctx, "one two three");
        const core::TraceResult& traced = *stage->state.trace;
        IM_CHECK(!holds(text_beside(ctx), "position 0 of 3"));
        const auto chip_text = [&](int token) {
            const ImRect rect = ctx->ItemInfo(chip(ctx, token)).RectFull;
            return text_at(ctx, ImVec2(rect.GetCenter().x, rect.Min.y + 6));
        };
        const std::string first = chip_text(0);
        IM_CHECK(holds(first,
                       "position 0 of 3, bytes 0\xE2\x80\x93"
                       "3"));
        IM_CHECK(holds(first, "nothing before it to predict it from"));
        const std::string second = chip_text(1);
        const auto nll = static_cast<double>(traced.tokens[1].nll);
        IM_CHECK(holds(second, "id " + std::to_string(traced.tokens[1].id) +
                                   ", position 1 of 3, bytes 4\xE2\x80\x93"
                                   "7"));
        IM_CHECK(holds(second, "loss " + app::significant(nll, 3) +
                                   " nats, p = " + app::significant(std::exp(-nll), 2)));
        ctx->ItemClick("**/All tokens");
        ctx->Yield(3);
        const ImRect row = ctx->ItemInfo("**/$$1/row").RectFull;
        const std::string cell = text_at(ctx, ImVec2(row.Max.x - 4, row.GetCenter().y));
        const auto& last = traced.layers.back();
        IM_CHECK(holds(cell, "position 1 of 3"));
        IM_CHECK(holds(cell, "layer " + std::to_string(traced.layers.size() - 1) + ", hop " +
                                 std::to_string(last.hops.size() - 1)));
        const core::TraceHop& hop = last.hops.back();
        const auto at = static_cast<size_t>(hop.top_k);  // token 1
        IM_CHECK(holds(cell, "experts, weight (top-" + std::to_string(hop.top_k) + ")"));
        IM_CHECK(holds(cell, "E" + std::to_string(hop.experts[at])));
        IM_CHECK(holds(cell, app::rounded(static_cast<double>(hop.weights[at]), 3)));
    };
}

/// A place in the plot over `step`.
ImVec2 over_step(ImGuiTestContext* ctx, double step) {
    const ImPlotPlot& plot = *ImPlot::GetCurrentContext()->Plots.GetByKey(ctx->GetID("##curves"));
    return {plot.Axes[ImAxis_X1].PlotToPixels(step), plot.PlotRect.GetCenter().y};
}

void register_curves(ImGuiTestEngine* engine) {
    // Wrong if the values beside the pointer were those of another step, or a value that is not
    // there looked like one that is.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "pointer", "curves_tell_values_and_gaps");
    use<app::make_curves_panel>(t, [] {
        FakeOptions options = small();
        options.nan_at = 60;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx, "Stage");
        const app::History& history = stage->state.history;
        const auto value = [&](double step) {
            const auto at = std::find(history.step.begin(), history.step.end(), step);
            return app::significant(history.loss[static_cast<size_t>(at - history.step.begin())],
                                    4);
        };
        const std::string beside = text_beside(ctx);
        const std::string at_90 = text_at(ctx, over_step(ctx, 90));
        for (const std::string& part :
             {value(90), app::significant(history.valid_loss.back(), 4) + " at 100"}) {
            IM_CHECK(holds(at_90, part));
            IM_CHECK(!holds(beside, part));
        }
        IM_CHECK(!holds(at_90, value(91)));
        IM_CHECK(!holds(at_90, "no value"));
        IM_CHECK(!holds(beside, "no value"));
        IM_CHECK(holds(text_at(ctx, over_step(ctx, 60)), "no value at step 60"));
    };

    // Wrong if what was done to the run could not be read at its mark.
    t = IM_REGISTER_TEST(engine, "pointer", "a_mark_of_the_curves_says_what_was_done");
    use<app::make_curves_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx, "Stage");
        stage->state.submit({core::CommandKind::freeze, {{"what", std::string("router")}}});
        stage->session->advance(60);
        ctx->Yield(4);
        const auto marks =
            app::marks_of(stage->state.answers, stage->state.history, app::XAxis::step);
        IM_CHECK_EQ(marks.size(), size_t{1});
        IM_CHECK_EQ(marks[0].x, 121.0);
        IM_CHECK(holds(marks[0].text, "router"));
        IM_CHECK(!holds(text_beside(ctx), marks[0].text));
        IM_CHECK(!holds(text_at(ctx, over_step(ctx, 60)), marks[0].text));
        IM_CHECK(holds(text_at(ctx, over_step(ctx, 121)), marks[0].text));
    };
}

const PanelTests kTests([](ImGuiTestEngine* engine) {
    register_controls(engine);
    register_numbers(engine);
    register_tokens(engine);
    register_curves(engine);
});

}  // namespace
}  // namespace hopscope::gui_test
