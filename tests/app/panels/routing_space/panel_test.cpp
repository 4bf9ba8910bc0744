// The routing space with the trajectory beside it, on the fake session without a screen: one
// selection for both, empty states, numbers that are none.
#include "app/panels/routing_space/panel.h"

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "tests/app/panels/routing_space/space_stage.h"
#include "tests/app/panels/trajectory/beside_space.h"

namespace hopscope::gui_test {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

void click_at(ImGuiTestContext* ctx, ImVec2 at) {
    ctx->MouseMoveToPos(at);
    ctx->MouseClick();
    ctx->Yield(2);
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
}

void register_camera(ImGuiTestEngine* engine) {
    // Wrong if a double click, which fits, threw away what was selected, or a layer that was just
    // chosen stood where the picture of the last one was.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "geometry", "fitting_keeps_the_selection");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        auto& selection = stage->state.selection;
        selection.pick_expert(5, false);
        ctx->Yield(2);
        const ImRect picture = ctx->ItemInfo("picture").RectFull;
        const ImVec2 corner(picture.Max.x - 4, picture.Max.y - 4);
        ctx->MouseMoveToPos(corner);
        ctx->MouseDoubleClick();
        ctx->Yield(3);
        IM_CHECK_EQ(selection.experts, std::set<int64_t>{5});
        ctx->SleepNoSkip(0.5f, 0.1f);  // no third click of the same series
        click_at(ctx, corner);
        IM_CHECK(selection.experts.empty());

        ctx->ComboClick("##layer/2");
        ctx->Yield(4);
        const viz::Camera2d shown = space().camera();
        stage->state.settings.animations = false;
        ctx->ItemClick("Fit");
        ctx->Yield(3);
        stage->state.settings.animations = true;
        IM_CHECK(shown == space().camera());
    };
}

void register_look(ImGuiTestEngine* engine) {
    // Wrong if colour, size or opacity did not follow the quantity that was chosen for it, or the
    // values of one that takes long never came.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "geometry", "quantities_are_assigned");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        IM_CHECK(space().view().values.color == nullptr);
        ctx->ComboClick("##colour/margin");
        in_more(ctx, [ctx] {
            ctx->ComboClick("##opacity/distance");
            ctx->ComboClick("##size/even");
        });
        IM_CHECK(wait_for(ctx, [] { return space().view().values.color != nullptr; }));
        const auto view = []() -> const app::SpaceView& { return space().view(); };
        IM_CHECK(view().values.size == nullptr);
        const auto& margins = *view().values.color;
        IM_CHECK(margins.n > 0);
        IM_CHECK(view().values.alpha->n > 0);
        for (size_t i = 0; i < view().points.size(); ++i) {
            const float margin = margins.of(view().items[i]);
            if (view().items[i].expert || !std::isfinite(margin)) continue;
            const viz::Rgb c =
                app::value_color(margins.share(margin), {stage->state.settings.dark});
            IM_CHECK_EQ(view().points[i].color & 0xFFFFFFu, viz::packed(c) & 0xFFFFFFu);
        }
    };

    // Wrong if two selected experts were not the axes that are offered, or another plane kept the
    // old one's camera, or a choice that cannot be had left an old picture.
    t = IM_REGISTER_TEST(engine, "geometry", "two_centroids_as_axes");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        auto& selection = stage->state.selection;
        selection.pick_expert(3, false);
        selection.pick_expert(9, true);
        ctx->ComboClick("##axes/two centroids");
        ctx->Yield(3);
        const auto view = []() -> const app::SpaceView& { return space().view(); };
        IM_CHECK_EQ(view().axes.first, 3);
        IM_CHECK_EQ(view().axes.second, 9);
        const viz::Vec3 at = view().centroid(3);
        IM_CHECK(std::fabs(at.x - 1) < 1e-4f && std::fabs(at.y) < 1e-4f);
        for (int64_t e = 0; e < 16; ++e) {
            const ImVec2 p = space().screen_of_expert(e);
            IM_CHECK(p.x >= 20 && p.x <= 580 && p.y >= 20 && p.y <= 780);
        }
        ctx->ItemInputValue("##second", 3);
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemExists("picture"));
        ctx->ComboClick("##axes/principal");
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("picture"));
    };
}

void register_states(ImGuiTestEngine* engine) {
    // Wrong if a panel without data were blank, or its offer did nothing.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "geometry", "empty_states_offer_what_fills_them");
    use<app::make_routing_space_panel, app::make_trajectory_panel>(t, [] {
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
                for (const auto color :
                     {"place", "load", "class", "hop", "expert", "margin", "distance", "weight"}) {
                    ctx->SetRef("Stage");
                    ctx->ComboClick(("##colour/" + std::string(color)).c_str());
                    ctx->Yield(1);
                }
                ctx->ItemClick("Fit");
                in_more(ctx, [ctx] { ctx->ItemClick("Refit"); });
                ctx->ItemClick("3-D");
                ctx->MouseMove("picture");
                ctx->Yield(2);
                ctx->ItemClick("2-D");
            }
        }
        // Sound again: everything is back where it can be seen.
        stage->session->put(sound);
        stage->session->put(good);
        ctx->Yield(2);
        ctx->SetRef("Stage");
        ctx->ComboClick("##colour/place");
        in_more(ctx, [ctx] { ctx->ItemClick("Refit"); });
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

const PanelTests selection(register_shared_selection), camera(register_camera), look(register_look),
    states(register_states), damage(register_damage);

}  // namespace
}  // namespace hopscope::gui_test
