// The intervene panel on the fake session: what was asked of the inspector and the run as the
// proof.
#include <implot.h>
#include <implot_internal.h>

#include "tests/app/seen.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

constexpr auto kMake = app::make_intervene_panel;

/// The newest question, once one has come.
bool asked(ImGuiTestContext* ctx, const std::function<bool(const core::InterventionRequest&)>& is) {
    return wait_for(ctx, [&] {
        return !stage->session->asked().empty() && is(stage->session->asked().back());
    });
}

/// Clicks an item inside a child window, wherever it is.
void click(ImGuiTestContext* ctx, const char* label) {
    ctx->ItemClick((std::string("**/") + label).c_str());
}

void add_row(ImGuiTestContext* ctx, const char* command) {
    ctx->ItemClick("##add");
    ctx->ItemClick((std::string("//$FOCUSED/###") + command).c_str());
}

void type(ImGuiTestContext* ctx, const char* item, const char* text) {
    ctx->ItemInputValue((std::string("**/") + item).c_str(), text);
}

void register_intervene_panel(ImGuiTestEngine* engine) {
    // Wrong if an added row did not act on the prompt, acted on the run, or if switching it off did
    // not take it away.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "intervene", "a_row_acts_on_the_prompt_alone");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        stage->state.selection.set_layer(1);
        stage->state.selection.experts = {5};
        add_row(ctx, "suppress");
        IM_CHECK(asked(ctx, [](const core::InterventionRequest& r) {
            return r.script.size() == 1 && r.script[0].kind == core::CommandKind::suppress;
        }));
        const auto request = stage->session->asked().back();
        IM_CHECK_EQ(request.script[0].integer("layer", -1), 1);
        IM_CHECK_EQ(request.script[0].integer("expert", -1), 5);
        IM_CHECK_EQ(request.controls, 20);
        IM_CHECK_STR_EQ(request.prompt.c_str(), stage->state.prompt.c_str());
        IM_CHECK(stage->received().empty());
        IM_CHECK_EQ(stage->state.prompt_script().size(), static_cast<size_t>(1));
        ctx->Yield(3);
        click(ctx, "##on");
        ctx->Yield(2);
        IM_CHECK(stage->state.prompt_script().empty());
        click(ctx, "Undo");
        ctx->Yield(2);
        IM_CHECK_EQ(stage->state.prompt_script().size(), static_cast<size_t>(1));
        click(ctx, "Clear all");
        ctx->Yield(2);
        IM_CHECK(stage->state.prompt_script().empty());
        IM_CHECK_EQ(stage->state.stack.items().size(), static_cast<size_t>(1));
    };

    // Wrong if a row that came below the panel's end left no sign of itself.
    t = IM_REGISTER_TEST(engine, "intervene", "a_new_row_is_seen");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        for (int i = 0; i < 12; ++i) {
            stage->state.stack.add(core::CommandKind::suppress, stage->state.selection,
                                   stage->state.model_shape());
            ctx->Yield(4);
            const auto id = std::to_string(stage->state.stack.items().back().id);
            const auto row = ctx->ItemInfo(("**/$$" + id + "/##on").c_str());
            IM_CHECK(row.ID != 0);
            IM_CHECK_GE(row.RectClipped.GetHeight(), row.RectFull.GetHeight());
        }
        stage->state.stack.clear();
    };

    // Wrong if a typed argument was rounded, went to another argument, or a mistake was sent.
    t = IM_REGISTER_TEST(engine, "intervene", "arguments_are_checked_before_they_are_sent");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        add_row(ctx, "steer");
        IM_CHECK(asked(ctx, [](const auto& r) { return !r.script.empty(); }));
        ctx->Yield(2);
        type(ctx, "lambda/##value", "2.125");
        IM_CHECK(asked(ctx, [](const core::InterventionRequest& r) {
            return r.script[0].number("lambda", 0) == 2.125;
        }));
        IM_CHECK(!stage->session->asked().back().doses.empty());
        type(ctx, "expert/##text", "3 9");
        IM_CHECK(asked(ctx, [](const core::InterventionRequest& r) {
            return r.script[0].integers("expert") == std::vector<int64_t>{3, 9};
        }));
        const size_t before = stage->session->asked().size();
        type(ctx, "expert/##text", "99");  // the fake run has 16
        ctx->SleepNoSkip(0.4f, 0.02f);
        IM_CHECK(stage->state.prompt_script().empty());
        IM_CHECK_EQ(stage->session->asked().size(), before);
    };

    // Wrong if hops or tokens typed in a row did not limit it to them, were sent though the model
    // has none of that number, or stayed when they are taken away.
    t = IM_REGISTER_TEST(engine, "intervene", "a_row_acts_on_the_hops_and_tokens_typed");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        add_row(ctx, "suppress");
        ctx->Yield(2);
        click(ctx, "scope");
        ctx->Yield(2);
        type(ctx, "hops/##text", "0 2");
        type(ctx, "tokens/##text", "1 3");
        IM_CHECK(asked(ctx, [](const core::InterventionRequest& r) {
            return !r.script.empty() &&
                   r.script[0].integers("hops") == std::vector<int64_t>{0, 2} &&
                   r.script[0].integers("tokens") == std::vector<int64_t>{1, 3};
        }));
        type(ctx, "hops/##text", "5");  // the fake run has 3
        ctx->Yield(2);
        IM_CHECK(stage->state.prompt_script().empty());
        type(ctx, "hops/##text", "");
        IM_CHECK(asked(ctx, [](const core::InterventionRequest& r) {
            return !r.script.empty() && !r.script[0].has("hops") && r.script[0].has("tokens");
        }));
    };

    // Wrong if the place typed for a centroid were another one in the question, or one with too few
    // numbers were asked about.
    t = IM_REGISTER_TEST(engine, "intervene", "a_centroid_goes_where_it_is_typed");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        stage->state.selection.experts = {5};
        add_row(ctx, "move_centroid");
        ctx->Yield(2);
        std::vector<double> to(16, 0.0);
        to[0] = 0.25, to[15] = -0.75;
        type(ctx, "to/##text", "0.25 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -0.75");
        IM_CHECK(asked(ctx, [&](const core::InterventionRequest& r) {
            return !r.script.empty() && r.script[0].kind == core::CommandKind::move_centroid &&
                   r.script[0].args.at("to") == core::Value(to) &&
                   r.script[0].integers("expert") == std::vector<int64_t>{5};
        }));
        type(ctx, "to/##text", "0.25 0 -0.75");
        ctx->Yield(3);
        IM_CHECK(stage->state.prompt_script().empty());
        IM_CHECK(sees(ctx, "//Stage", "has 3 numbers"));
    };

    // Wrong if a limit of hops could not be typed in place of the threshold, or both were sent.
    t = IM_REGISTER_TEST(engine, "intervene", "halting_by_a_limit_of_hops");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        add_row(ctx, "halt");
        IM_CHECK(asked(
            ctx, [](const auto& r) { return !r.script.empty() && r.script[0].has("epsilon"); }));
        ctx->Yield(2);
        click(ctx, "epsilon/##given");
        ctx->Yield(2);
        IM_CHECK(stage->state.prompt_script().empty());  // nothing says when
        type(ctx, "max_hops/##text", "2");
        IM_CHECK(asked(ctx, [](const core::InterventionRequest& r) {
            return !r.script.empty() && !r.script[0].has("epsilon") &&
                   r.script[0].integers("max_hops") == std::vector<int64_t>{2};
        }));
        click(ctx, "epsilon/##given");
        ctx->Yield(2);
        IM_CHECK(stage->state.prompt_script().empty());
        IM_CHECK(sees(ctx, "//Stage", "not both") || sees(ctx, "//Stage", "either"));
    };

    // Wrong if what was taken back in the stack could not be made again, or Redo were not grey
    // where there is nothing to make.
    t = IM_REGISTER_TEST(engine, "intervene", "redo_makes_it_again");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        add_row(ctx, "steer");
        ctx->Yield(2);
        type(ctx, "expert/##text", "3 9");
        ctx->Yield(2);
        const auto script = stage->state.stack.script_text();
        const auto grey = [ctx](const char* item) {
            return (ctx->ItemInfo((std::string("**/") + item).c_str()).ItemFlags &
                    ImGuiItemFlags_Disabled) != 0;
        };
        IM_CHECK(grey("Redo"));
        click(ctx, "Undo");
        ctx->Yield(2);
        IM_CHECK(stage->state.stack.script_text() != script);
        click(ctx, "Undo");
        ctx->Yield(2);
        IM_CHECK(stage->state.stack.items().empty());
        click(ctx, "Redo");
        ctx->Yield(2);
        IM_CHECK_EQ(stage->state.stack.items().size(), 1u);
        click(ctx, "Redo");
        ctx->Yield(2);
        IM_CHECK_STR_EQ(stage->state.stack.script_text().c_str(), script.c_str());
        IM_CHECK(grey("Redo"));
        IM_CHECK(asked(ctx, [](const core::InterventionRequest& r) {
            return !r.script.empty() &&
                   r.script[0].integers("expert") == std::vector<int64_t>{3, 9};
        }));
    };

    // Wrong if the dose factor did not reach the inspector.
    t = IM_REGISTER_TEST(engine, "intervene", "strength_scales_the_script");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        stage->state.stack.add(
            *core::parse_command(R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 2})"));
        stage->state.strength = 0.25;
        IM_CHECK(asked(ctx, [](const core::InterventionRequest& r) {
            return !r.script.empty() && r.script[0].number("lambda", 0) == 0.5;
        }));
    };

    // Wrong if the first or the last dose were cut off by the edge of its plot.
    t = IM_REGISTER_TEST(engine, "intervene", "every_dose_is_seen_whole");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        stage->state.stack.add(
            *core::parse_command(R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 2})"));
        IM_CHECK(asked(ctx, [](const auto& r) { return !r.doses.empty(); }));
        ctx->Yield(3);
        ctx->ScrollToBottom("");
        ctx->Yield(3);
        const auto& doses = stage->session->asked().back().doses;
        auto& plots = ImPlot::GetCurrentContext()->Plots;
        const ImPlotPlot* plot = nullptr;
        for (int i = 0; i < plots.GetBufSize(); ++i)
            if (ImPlotPlot* one = plots.GetByIndex(i);
                one->Axes[ImAxis_X1].HasLabel() &&
                std::string(one->GetAxisLabel(one->Axes[ImAxis_X1])).starts_with("factor on"))
                plot = one;
        IM_CHECK(plot != nullptr);
        const ImPlotAxis& axis = plot->Axes[ImAxis_X1];
        const double pixel = axis.Range.Size() / plot->PlotRect.GetWidth();
        IM_CHECK_GE((doses.front() - axis.Range.Min) / pixel, 4);
        IM_CHECK_GE((axis.Range.Max - doses.back()) / pixel, 4);
    };

    // Wrong if a row could not be sent to the run, or its answer did not come back to it.
    t = IM_REGISTER_TEST(engine, "intervene", "a_row_goes_to_the_run_and_its_answer_is_shown");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        stage->state.stack.add(*core::parse_command(R"({"command": "freeze", "what": "routing"})"));
        ctx->Yield(3);
        click(ctx, "Apply to the run");
        IM_CHECK_EQ(stage->received().size(), static_cast<size_t>(1));
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "freeze");
        stage->session->advance(1);
        ctx->Yield(3);
        click(ctx, "Fork with it");
        IM_CHECK_STR_EQ(stage->last().name().c_str(), "fork");
        const std::string with =
            core::to_json({core::CommandKind::freeze, {{"what", std::string("routing")}}});
        IM_CHECK_STR_EQ(stage->last().text("with", "").c_str(), with.c_str());
        // What cannot act in training is greyed by the registry's own reason.
        stage->state.stack.clear();
        stage->state.stack.add(*core::parse_command(R"({"command": "halt", "epsilon": 0.1})"));
        ctx->Yield(3);
        for (const char* item : {"**/Apply to the run", "**/Fork with it"})
            IM_CHECK((ctx->ItemInfo(item).ItemFlags & ImGuiItemFlags_Disabled) != 0);
    };

    // Wrong if a category or a target did not reach the inspector.
    t = IM_REGISTER_TEST(engine, "intervene", "questions_carry_target_words_and_seed");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        stage->state.stack.add(*core::parse_command(R"({"command": "zero_experts"})"));
        ctx->Yield(3);
        type(ctx, "##target", "bank");
        ctx->KeyPress(ImGuiKey_Enter);
        type(ctx, "##own words", "before, after");
        IM_CHECK(asked(ctx, [](const core::InterventionRequest& r) {
            return r.target == "bank" && r.categories.size() == 1 &&
                   r.categories[0].words == std::vector<std::string>{"before", "after"};
        }));
        IM_CHECK(stage->session->asked().back().doses.empty());
    };

    // Wrong if an answer, an error or an unfinished answer crashed the panel, or an old answer was
    // shown for a new question.
    t = IM_REGISTER_TEST(engine, "intervene", "every_state_of_the_answer_draws");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(ctx->ItemExists("**/Zero the experts of one hop"));
        click(ctx, "Zero the experts of one hop");
        IM_CHECK(asked(ctx, [](const auto& r) { return r.script.size() == 1; }));
        ctx->Yield(3);
        IM_CHECK(ctx->ItemExists("**/Export"));
        core::InterventionEffect broken;
        broken.request = stage->session->asked().back();
        broken.error = "suppressing 16 of 16 experts leaves none";
        stage->session->put(broken);
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("**/Export"));
        broken.error = "the prompt has 9 tokens, the model takes 2";
        broken.too_long = {9, 2, 9};
        stage->session->put(broken);
        ctx->Yield(3);
        click(ctx, "Cut to its first 2 tokens");
        ctx->Yield(3);
        const std::string beginning = broken.request.prompt.substr(0, 9);
        IM_CHECK_STR_EQ(stage->session->asked().back().prompt.c_str(), beginning.c_str());
        broken.request = stage->session->asked().back();
        core::InterventionEffect part;
        part.request = broken.request;
        part.target = {"a", 1, 0, 0.5, 0.4, {}};
        part.kl = 0.1;
        part.control_reason = "no other pair";
        stage->session->put(part);
        ctx->Yield(3);
        IM_CHECK((ctx->ItemInfo("**/Export").ItemFlags & ImGuiItemFlags_Disabled) != 0);
        stage->session->set_state(core::RunState::running);
        stage->session->advance(3);
        ctx->Yield(3);
        click(ctx, "Measure again");
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("**/Measure again"));
    };
}

const PanelTests tests(register_intervene_panel);

}  // namespace
}  // namespace hopscope::gui_test
