// The trajectory panel on the fake session without a screen: keys, refused and long prompts, and
// the stack of interventions that its prompt runs under.
#include "tests/app/panels/trajectory/beside_space.h"

namespace hopscope::gui_test {
namespace {

std::string words(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += (i ? " word" : "word") + std::to_string(i);
    return text;
}

void register_prompts(ImGuiTestEngine* engine) {
    // Wrong if the arrows moved another token than the strip shows, left the prompt, took away what
    // Shift adds, or were heard by a panel without the keyboard.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "geometry", "arrows_walk_along_the_prompt");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Second");
        trace(ctx, "one two three");
        ctx->ItemClick(chip(ctx, 1));
        auto& chosen = stage->state.selection.prompt_tokens;
        ctx->KeyPress(ImGuiKey_RightArrow);
        IM_CHECK_EQ(*chosen.begin(), 2);
        ctx->KeyPress(ImGuiKey_RightArrow);
        IM_CHECK_EQ(*chosen.begin(), 2);
        ctx->KeyPress(ImGuiKey_Home);
        IM_CHECK_EQ(*chosen.begin(), 0);
        IM_CHECK_EQ(chosen.size(), 1u);
        ctx->KeyPress(ImGuiMod_Shift | ImGuiKey_RightArrow, 2);
        IM_CHECK_EQ(chosen.size(), 3u);
        ctx->KeyPress(ImGuiMod_Shift | ImGuiKey_RightArrow);
        IM_CHECK_EQ(chosen.size(), 3u);
        ctx->WindowFocus("//Stage");
        ctx->KeyPress(ImGuiKey_RightArrow);
        IM_CHECK_EQ(chosen.size(), 3u);
    };

    // Wrong if the hops of the prompt could not be gone along by key, if the arrows left the tokens
    // while the timeline is that of steps, or went on playing behind the person's back.
    t = IM_REGISTER_TEST(engine, "geometry", "arrows_go_along_the_hops");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Second");
        trace(ctx, "one two three");
        ctx->ItemClick(chip(ctx, 1));
        app::Selection& selection = stage->state.selection;
        selection.set_layer(0);
        ctx->KeyPress(ImGuiKey_DownArrow);
        IM_CHECK_EQ(selection.hop, 0);
        ctx->KeyPress(ImGuiKey_DownArrow, 3);  // 3 hops a layer
        IM_CHECK_EQ(selection.layer, 1);
        IM_CHECK_EQ(selection.hop, 0);
        ctx->KeyPress(ImGuiKey_UpArrow);
        IM_CHECK_EQ(selection.layer, 0);
        IM_CHECK_EQ(selection.hop, 2);
        stage->state.playback.clock = app::Clock::hops;
        stage->state.playback.playing = true;
        stage->state.playback.moved_at = 1e9;
        ctx->KeyPress(ImGuiKey_LeftArrow);
        IM_CHECK_EQ(selection.hop, 1);
        IM_CHECK(!stage->state.playback.playing);
        ctx->KeyPress(ImGuiKey_RightArrow);
        IM_CHECK_EQ(selection.hop, 2);
        IM_CHECK_EQ(*selection.prompt_tokens.begin(), 1);
        stage->state.playback = {};
        ctx->KeyPress(ImGuiKey_RightArrow);
        IM_CHECK_EQ(*selection.prompt_tokens.begin(), 2);
        IM_CHECK_EQ(selection.hop, 2);
    };

    // Wrong if an answer that is an error left the old picture as if it were of the new prompt.
    t = IM_REGISTER_TEST(engine, "geometry", "a_refused_prompt_shows_the_reason");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Second");
        trace(ctx, "one two");
        IM_CHECK(has_chip(ctx, 0));
        core::TraceResult refused;
        refused.error = "a token that no tokenizer knows";
        stage->session->put(refused);
        ctx->Yield(3);
        IM_CHECK(!has_chip(ctx, 0));
        IM_CHECK(!ctx->ItemExists("Cut to its first 64 tokens"));
        trace(ctx, "one two");
        IM_CHECK(has_chip(ctx, 0));
    };

    // Wrong if a prompt that is too long were not offered to be cut, or another than the part that
    // can be read were asked about then.
    t = IM_REGISTER_TEST(engine, "geometry", "a_prompt_that_is_too_long_can_be_cut");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Second");
        trace(ctx, "one two three");
        core::TraceResult refused;
        refused.prompt = "one two three";
        refused.error = "the prompt has 3 tokens, the model takes 2";
        refused.too_long = {3, 2, 7, 9};
        stage->session->put(refused);
        ctx->Yield(3);
        ctx->ItemClick("Cut to its last 2 tokens");
        ctx->Yield(3);
        IM_CHECK_STR_EQ(stage->session->traced().prompt.c_str(), "two three");
        stage->session->put(refused);
        ctx->Yield(3);
        ctx->ItemClick("Cut to its first 2 tokens");
        ctx->Yield(3);
        IM_CHECK_STR_EQ(stage->session->traced().prompt.c_str(), "one two");
        IM_CHECK_STR_EQ(stage->state.prompt.c_str(), "one two");
        IM_CHECK(has_chip(ctx, 1));
        IM_CHECK(!has_chip(ctx, 2));
    };

    // Wrong if every chip of a long prompt were laid out each frame, or its end were out of reach.
    t = IM_REGISTER_TEST(engine, "geometry", "a_long_prompt_lays_out_what_is_seen");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Second");
        trace(ctx, words(5000));
        IM_CHECK_EQ(stage->state.trace->tokens.size(), 5000u);
        IM_CHECK(has_chip(ctx, 0));
        IM_CHECK(!has_chip(ctx, 4999));
        ctx->ItemClick(chip(ctx, 0));
        ctx->KeyPress(ImGuiKey_End);
        ctx->Yield(3);
        IM_CHECK_EQ(*stage->state.selection.prompt_tokens.begin(), 4999);
        IM_CHECK(has_chip(ctx, 4999));
        IM_CHECK(!has_chip(ctx, 0));
        trace(ctx, std::string(20000, 'x'));  // one piece that fits nowhere
        IM_CHECK(has_chip(ctx, 0));
    };
}

/// Wrong if the trace of the prompt was not made under the stack, or showed no banner.
void register_stack(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "intervene", "the_trajectory_runs_under_the_stack");
    use<app::make_trajectory_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("Trace");
        ctx->Yield(2);
        IM_CHECK(stage->session->traced().interventions.empty());
        stage->state.stack.add(*core::parse_command(R"({"command": "zero_experts"})"));
        IM_CHECK(wait_for(ctx, [] { return stage->session->traced().interventions.size() == 1; }));
        ctx->ItemClick("Clear all");
        IM_CHECK(wait_for(ctx, [] { return stage->session->traced().interventions.empty(); }));
    };
}

const PanelTests prompts(register_prompts), stack(register_stack);

}  // namespace
}  // namespace hopscope::gui_test
