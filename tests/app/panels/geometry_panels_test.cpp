// The two geometry panels, routing space and trajectory, on the fake session without a screen: one
// selection for both, empty states, long prompts, numbers that are none.
#include <cmath>
#include <limits>

#include "app/panels/routing_space/panel.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

constexpr auto kSpace = app::make_routing_space_panel;
constexpr auto kTrajectory = app::make_trajectory_panel;
constexpr float kInf = std::numeric_limits<float>::infinity();

app::RoutingSpacePanel& space() {
    return static_cast<app::RoutingSpacePanel&>(*stage->panel);
}

void click_at(ImGuiTestContext* ctx, ImVec2 at) {
    ctx->MouseMoveToPos(at);
    ctx->MouseClick();
    ctx->Yield(2);
}

/// Traces a prompt through the panel's own field and button.
void trace(ImGuiTestContext* ctx, const std::string& prompt) {
    stage->state.prompt = prompt;
    ctx->ItemClick("Trace");
    ctx->Yield(3);
}

/// A token's chip, which lies in a window of its own.
ImGuiID chip(ImGuiTestContext* ctx, int token) {
    const ImGuiID strip = ctx->WindowInfo("//Second/strip").ID;
    return ctx->GetID(("$$" + std::to_string(token) + "/token").c_str(), strip);
}

bool has_chip(ImGuiTestContext* ctx, int token) {
    const auto strip = ctx->WindowInfo("//Second/strip", ImGuiTestOpFlags_NoError);
    return strip.Window && strip.Window->WasActive && ctx->ItemExists(chip(ctx, token));
}

std::string words(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += (i ? " word" : "word") + std::to_string(i);
    return text;
}

void both_panels(ImGuiTest* t) {
    use<kSpace, kTrajectory>(t, [] { return small(); });
}

void register_shared_selection(ImGuiTestEngine* engine) {
    // Wrong if a token picked in one panel were not that of the other, or its way through the space
    // were not drawn.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "geometry", "one_selection_for_both_panels");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Second");
        trace(ctx, "one two three four");
        auto& selection = stage->state.selection;
        IM_CHECK(selection.prompt_tokens.empty());
        ctx->ItemClick(chip(ctx, 2));
        IM_CHECK_EQ(selection.prompt_tokens.size(), 1u);
        IM_CHECK_EQ(*selection.prompt_tokens.begin(), 2);
        ctx->KeyDown(ImGuiMod_Shift);
        ctx->ItemClick(chip(ctx, 1));
        ctx->KeyUp(ImGuiMod_Shift);
        IM_CHECK_EQ(selection.prompt_tokens.size(), 2u);

        // An expert clicked in the space belongs to the layer that both show.
        const ImVec2 at = space().screen_of_expert(3);
        click_at(ctx, at);
        IM_CHECK(!selection.experts.empty() || !selection.probe_tokens.empty());

        // Another layer keeps the prompt's tokens and drops the experts, which are of one layer.
        selection.pick_expert(5, false);
        ctx->SetRef("Stage");
        ctx->ComboClick("##layer/1");
        ctx->Yield(2);
        IM_CHECK_EQ(selection.layer, 1);
        IM_CHECK(selection.experts.empty());
        IM_CHECK_EQ(selection.prompt_tokens.size(), 2u);
        IM_CHECK_EQ(space().view().coords.size(), 3u * 16u);

        // A shorter prompt must not leave a token selected that it does not have.
        selection.pick_prompt_token(3, false);
        ctx->SetRef("Second");
        trace(ctx, "one two");
        IM_CHECK(selection.prompt_tokens.empty());
    };

    // Wrong if the arrows moved another token than the strip shows, left the prompt, took away what
    // Shift adds, or were heard by a panel without the keyboard.
    t = IM_REGISTER_TEST(engine, "geometry", "arrows_walk_along_the_prompt");
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
}

void register_states(ImGuiTestEngine* engine) {
    // Wrong if a panel without data were blank, or its offer did nothing.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "geometry", "empty_states_offer_what_fills_them");
    use<kSpace, kTrajectory>(t, [] {
        FakeOptions options = small(core::RunState::preparing);
        options.start_step = 0;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(!ctx->ItemExists("picture"));
        stage->session->set_state(core::RunState::running);
        stage->session->advance(50);
        ctx->Yield(3);
        IM_CHECK(ctx->ItemExists("picture"));
        ctx->SetRef("Second");
        IM_CHECK(!has_chip(ctx, 0));
        stage->state.prompt.clear();
        ctx->Yield(2);
        IM_CHECK((ctx->ItemInfo("Trace").ItemFlags & ImGuiItemFlags_Disabled) != 0);
        ctx->ItemClick("Trace an example");
        ctx->Yield(3);
        IM_CHECK(has_chip(ctx, 0));
        IM_CHECK(!stage->state.prompt.empty());
    };

    // Wrong if an answer that is an error left the old picture as if it were of the new prompt.
    t = IM_REGISTER_TEST(engine, "geometry", "a_refused_prompt_shows_the_reason");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Second");
        trace(ctx, "one two");
        IM_CHECK(has_chip(ctx, 0));
        core::TraceResult refused;
        refused.error = "the prompt has 70 tokens, model.max_seq_len is 64";
        stage->session->put(refused);
        ctx->Yield(3);
        IM_CHECK(!has_chip(ctx, 0));
        trace(ctx, "one two");
        IM_CHECK(has_chip(ctx, 0));
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

void register_damage(ImGuiTestEngine* engine) {
    // Wrong if a diverged model (NaN, infinities) crashed the picture, hung its layout, or sent the
    // camera where no sound point can be seen.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "geometry", "numbers_that_are_none_do_no_harm");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        const core::GeometrySnapshot sound = *stage->session->geometry();
        ctx->SetRef("Second");
        trace(ctx, "one two three four");
        const core::TraceResult good = *stage->state.trace;
        ctx->ItemClick(chip(ctx, 2));
        for (const float bad : {core::kNaN, kInf, -kInf, 1e38f}) {
            for (const bool all : {false, true}) {
                core::GeometrySnapshot g = sound;
                for (auto& layer : g.layers)
                    for (auto* values : {&layer.centroids, &layer.positions, &layer.load,
                                         &layer.weights, &layer.jaccard})
                        for (size_t i = 0; i < values->size(); i += all ? 1 : 7) (*values)[i] = bad;
                g.step += 1;
                stage->session->put(g);
                core::TraceResult trace = good;
                for (auto& token : trace.tokens) {
                    token.nll = bad;
                    for (auto& next : token.next) next.p = bad;
                }
                for (auto& layer : trace.layers) {
                    layer.attention_norm.assign(layer.attention_norm.size(), bad);
                    for (auto& hop : layer.hops)
                        for (auto* values : {&hop.weights, &hop.entropy, &hop.max_prob,
                                             &hop.update_norm, &hop.halt_ratio, &hop.position})
                            for (size_t i = 0; i < values->size(); i += all ? 1 : 3)
                                (*values)[i] = bad;
                }
                stage->session->put(trace);
                core::HaltingEffect effect;
                effect.kl = effect.mean_hops = effect.saving = effect.valid_loss_base = bad;
                stage->session->put(effect);
                ctx->Yield(2);
                for (const auto color : {"place", "load", "class", "hop"}) {
                    ctx->SetRef("Stage");
                    ctx->ComboClick(("##colour/" + std::string(color)).c_str());
                    ctx->Yield(1);
                }
                ctx->ItemClick("Fit");
                ctx->ItemClick("Refit");
                ctx->MouseMove("picture");
                ctx->Yield(2);
            }
        }
        // Sound again: everything is back where it can be seen.
        stage->session->put(sound);
        stage->session->put(good);
        ctx->Yield(2);
        ctx->SetRef("Stage");
        ctx->ComboClick("##colour/place");
        ctx->ItemClick("Refit");
        ctx->ItemClick("Fit");
        stage->state.now += 1;
        ctx->Yield(3);
        for (int64_t e = 0; e < 16; ++e) {
            const ImVec2 at = space().screen_of_expert(e);
            IM_CHECK(at.x >= 20 && at.x <= 580 && at.y >= 20 && at.y <= 780);
        }
    };

    // Wrong if indices of another model's size were taken for this one's.
    t = IM_REGISTER_TEST(engine, "geometry", "sizes_that_contradict_each_other");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(2);
        ctx->SetRef("Second");
        trace(ctx, "one two three");
        auto& selection = stage->state.selection;
        selection.pick_expert(15, false);
        selection.pick_probe_token(15, false);
        selection.layer = 3;
        core::GeometrySnapshot g = *stage->session->geometry();
        g.layers.resize(1);
        g.layers[0].experts = 4;
        g.layers[0].centroids.resize(4 * 16);
        g.layers[0].load.resize(4);
        g.token_ids.resize(2);
        g.pieces.resize(2);
        g.classes.clear();
        g.layers[0].positions.resize(static_cast<size_t>(g.layers[0].hops) * 2 * 16);
        stage->session->put(g);  // choices still speak of experts 4 … 15
        ctx->Yield(3);
        g.layers.clear();
        stage->session->put(g);
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("//Stage/picture"));
        core::TraceResult trace = *stage->state.trace;
        trace.layers[0].hops[0].experts.assign(trace.layers[0].hops[0].experts.size(), 1 << 30);
        trace.layers[1].hops.clear();
        trace.layers[2].hops[1].weights.clear();
        trace.layers[2].hops[1].executed.clear();
        stage->session->put(trace);
        ctx->Yield(3);
        ctx->ItemClick(chip(ctx, 1));
        IM_CHECK_EQ(*selection.prompt_tokens.begin(), 1);
    };
}

}  // namespace

void register_geometry_panels(ImGuiTestEngine* engine) {
    register_shared_selection(engine);
    register_states(engine);
    register_damage(engine);
}

}  // namespace hopscope::gui_test
