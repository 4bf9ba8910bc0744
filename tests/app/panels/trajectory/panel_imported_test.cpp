// The panels on an imported model, without a screen: which recorded text is followed, and how rows
// become directions.
#include "app/state/actions.h"
#include "app/state/number.h"
#include "tests/app/imported_stage.h"

namespace hopscope::gui_test {
namespace {

constexpr auto both = use<app::make_routing_space_panel, app::make_trajectory_panel>;

void register_texts(ImGuiTestEngine* engine) {
    // Wrong if the prompt were still there to be typed, or another trace were shown than the chosen
    // one.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "imported", "a_recorded_trace_is_chosen");
    both(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const ImportedStage imported(ctx);
        ctx->Yield(2);
        ctx->SetRef("Second");
        IM_CHECK(!ctx->ItemExists("##prompt"));
        IM_CHECK_EQ(stage->state.trace->tokens.size(), 2u);
        ctx->ComboClick("##recorded/b");
        IM_CHECK(wait_for(ctx, [] { return stage->state.imported->view.trace == "b"; }));
        ctx->Yield(2);
        IM_CHECK_EQ(stage->state.trace->tokens.size(), 3u);
        IM_CHECK_EQ(stage->state.geometry->token_ids.size(), 3u);
    };
    // Wrong if a model without a recording left the panel empty without a word of how to make one.
    t = IM_REGISTER_TEST(engine, "imported", "without_a_trace_it_says_how_to_get_one");
    both(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const ImportedStage imported(ctx, /*traces=*/false);
        ctx->Yield(2);
        IM_CHECK(stage->state.trace == nullptr);
        IM_CHECK_STR_EQ(stage->state.lacks(core::Need::routing).c_str(),
                        "No trace was imported with the model, so no choices are known.");
        ctx->SetRef("Second");
        IM_CHECK(!ctx->ItemExists("##recorded"));
    };
}

void register_rows(ImGuiTestEngine* engine) {
    // Wrong if the list of rows did nothing, or named another choice than is shown.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "imported", "rows_become_directions_as_chosen");
    both(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const ImportedStage imported(ctx);
        ctx->Yield(2);
        ctx->SetRef("Stage");
        stage->state.selection.set_layer(1);
        const std::vector<float> folded = stage->state.geometry->layers[1].centroids;
        ctx->ComboClick("##rows/as stored");
        IM_CHECK(wait_for(ctx, [] { return !stage->state.imported->view.fold_gain; }));
        ctx->Yield(2);
        IM_CHECK(stage->state.geometry->layers[1].centroids != folded);
        ctx->ComboClick("##layer/0");
        IM_CHECK_EQ(stage->state.selection.layer, 0);
    };
}

void register_several(ImGuiTestEngine* engine) {
    // Wrong if the second of two requests undid the first, which had not been answered yet.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "imported", "two_requests_at_once_both_count");
    both(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const ImportedStage imported(ctx);
        app::AppState& state = stage->state;
        core::ImportedView view = state.next_view();
        view.trace = "b";
        state.ask_for_view(view);
        view = state.next_view();
        view.centre = true;
        state.ask_for_view(view);
        IM_CHECK(wait_for(ctx, [&] { return !state.asked_view; }));
        IM_CHECK(state.imported->view.trace == "b");
        IM_CHECK(state.imported->view.centre);
        IM_CHECK(state.next_view() == state.imported->view);
    };
    // Wrong if a number named a place among the routers, or a command that an import refuses.
    t = IM_REGISTER_TEST(engine, "imported", "what_needs_the_model_is_refused_with_the_reason");
    both(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const ImportedStage imported(ctx);
        app::AppState& state = stage->state;
        const std::string why = app::no_model(state);
        IM_CHECK(!why.empty());
        for (const app::ActionItem& item : app::expert_actions(state, 0, 1))
            IM_CHECK_STR_EQ(item.refusal().c_str(), why.c_str());
        IM_CHECK(app::panel_command(state, "statistics", 0).find("--step") == std::string::npos);
    };
}

const PanelTests tests([](ImGuiTestEngine* engine) {
    register_texts(engine);
    register_rows(engine);
    register_several(engine);
});

}  // namespace
}  // namespace hopscope::gui_test
