// The larger sample of tokens in the routing space, and the quantities of its tokens, on the fake
// session without a screen.
#include <cmath>
#include <functional>
#include <string>

#include "app/panels/routing_space/paint.h"
#include "tests/app/panels/routing_space/space_stage.h"
#include "tests/app/seen.h"

namespace hopscope::gui_test {
namespace {

size_t tokens_drawn() {
    size_t out = 0;
    for (const auto& item : space().view().items) out += !item.expert;
    return out;
}

/// Colours of the tokens are those of the quantity, and so is its range.
bool colours_follow(const std::function<float(const app::SpaceItem&)>& value_of) {
    const auto& view = space().view();
    if (!view.values.color || view.values.color->n == 0) return false;
    for (size_t i = 0; i < view.points.size(); ++i) {
        if (view.items[i].expert) continue;
        const float value = value_of(view.items[i]);
        const viz::Rgb c =
            app::value_color(view.values.color->share(value), stage->state.settings.dark);
        if ((view.points[i].color & 0xFFFFFFu) != (viz::packed(c) & 0xFFFFFFu)) return false;
    }
    return true;
}

void register_quantities(ImGuiTestEngine* engine) {
    // Wrong if a token had the entropy of another hop or the loss of another token, or a snapshot
    // that holds none could be coloured by it.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "colours_by_entropy_and_loss");
    use<app::make_routing_space_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        const core::GeometrySnapshot& s = *stage->state.geometry;
        ctx->ComboClick("##colour/entropy");
        ctx->Yield(2);
        IM_CHECK(colours_follow([&](const app::SpaceItem& item) {
            return s.layers[0].entropy[static_cast<size_t>(item.hop * 16 + item.index)];
        }));
        ctx->ComboClick("##colour/loss");
        ctx->Yield(2);
        IM_CHECK(colours_follow([&](const app::SpaceItem& item) {
            return s.next_loss[static_cast<size_t>(item.index)];
        }));
        ctx->ComboClick("##colour/place");

        core::GeometrySnapshot older = s;
        older.next_loss.clear();
        for (auto& layer : older.layers) layer.entropy.clear();
        stage->session->put(older);
        ctx->Yield(3);
        ctx->ItemClick("##colour");
        ctx->SetRef("//$FOCUSED");
        for (const char* name : {"entropy", "loss"})
            IM_CHECK(ctx->ItemInfo(name).ItemFlags & ImGuiItemFlags_Disabled);
        IM_CHECK(!(ctx->ItemInfo("margin").ItemFlags & ImGuiItemFlags_Disabled));
        ctx->PopupCloseAll();
    };
}

void register_sample(ImGuiTestEngine* engine) {
    // Wrong if the typed number were not the sample's, the picture kept the probe sample, or there
    // were no way back to it.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "a_larger_sample_is_taken_and_put_away");
    use<app::make_routing_space_panel, app::make_experts_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        IM_CHECK_EQ(tokens_drawn(), size_t{16 * 3});
        in_more(ctx, [ctx] {
            ctx->ItemInputValue("##sample", 90'000);
            IM_CHECK_EQ(stage->state.sample.wanted, core::kMostSampleTokens);
            ctx->ItemInputValue("##sample", 400);
            ctx->ItemClick("Sample");
            IM_CHECK(wait_for(ctx, [] { return stage->state.sample.shown(); }));
        });
        IM_CHECK_EQ(tokens_drawn(), size_t{400 * 3});
        IM_CHECK(space().detail(stage->state).ends_with("400 tokens"));
        const std::string head = stage->panel->numbers(stage->state);
        IM_CHECK_NE(head.substr(0, head.find('\n')).find(", a sample of 400 tokens"),
                    std::string::npos);
        // The other panels speak of it, too.
        IM_CHECK(wait_for(ctx, [] {
            const app::ExpertBook* book = stage->state.experts.book();
            return book && book->sample == 400;
        }));
        in_more(ctx, [ctx] { ctx->ItemClick("Back to the probe sample"); });
        IM_CHECK_EQ(tokens_drawn(), size_t{16 * 3});
        in_more(ctx, [ctx] { ctx->ItemClick("Show it again"); });
        IM_CHECK_EQ(tokens_drawn(), size_t{400 * 3});
    };

    // Wrong if a long one could not be ended, or its end took the picture with it.
    t = IM_REGISTER_TEST(engine, "space", "a_larger_sample_is_cancelled");
    use<app::make_routing_space_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        in_more(ctx, [ctx] {
            ctx->ItemInputValue("##sample", 777);
            ctx->ItemClick("Sample");
            ctx->Yield(2);
            IM_CHECK(stage->state.sample.working());
            ctx->ItemClick("Cancel");
            IM_CHECK(wait_for(ctx, [] { return !stage->state.sample.working(); }));
        });
        IM_CHECK(!stage->state.sample.shown());
        IM_CHECK_EQ(tokens_drawn(), size_t{16 * 3});
    };
}

void register_many(ImGuiTestEngine* engine) {
    // Wrong if the window waited for the points of a large sample, or the picture that stays until
    // they are there were written or taken for that of the layer chosen.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "many_points_are_made_aside");
    use<app::make_routing_space_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        constexpr size_t kPoints = size_t{8000} * 3;
        ctx->Yield(3);
        ctx->SetRef("Stage");
        stage->state.sample.wanted = 8000;
        stage->state.sample.start(stage->state);
        IM_CHECK(wait_for(ctx, [] { return space().making(); }));
        IM_CHECK_EQ(tokens_drawn(), size_t{16 * 3});
        IM_CHECK(wait_for(ctx, [] { return tokens_drawn() == kPoints; }));
        IM_CHECK(wait_for(ctx, [] { return !space().making(); }));

        stage->state.selection.set_layer(1);
        ctx->Yield();
        IM_CHECK(space().making());
        IM_CHECK_EQ(space().view().layer, 0);
        IM_CHECK(sees(ctx, "//Stage", "the points are being laid out"));
        // Of what is on the screen; whoever wants a file waits while making() says so.
        IM_CHECK(stage->panel->csv(stage->state).starts_with("# layer 0, "));
        IM_CHECK(wait_for(ctx, [] { return !space().making(); }));
        IM_CHECK_EQ(space().view().layer, 1);
        IM_CHECK(stage->panel->csv(stage->state).starts_with("# layer 1, "));
        IM_CHECK_EQ(tokens_drawn(), kPoints);
        IM_CHECK(!sees(ctx, "//Stage", "the points are being laid out"));

        // A camera of a session is of the picture that it was kept with, not of the one before.
        app::PanelView kept = space().saved_view();
        kept["axes"] = "random";
        kept["camera"] = "0.25 -0.125 0.5";
        space().restore_view(kept);
        ctx->Yield();
        IM_CHECK(space().making());
        IM_CHECK(wait_for(ctx, [] { return !space().making(); }));
        ctx->Yield(3);
        IM_CHECK_STR_EQ(space().saved_view().at("axes").c_str(), "random");
        IM_CHECK_LT(std::abs(space().camera().center.x - 0.25f), 0.01f);
        IM_CHECK_LT(std::abs(space().camera().center.y + 0.125f), 0.01f);
        kept["axes"] = "principal";
        kept["camera"] = "all";
        space().restore_view(kept);
        IM_CHECK(wait_for(ctx, [] { return !space().making(); }));

        // Quantities of so many are made aside, too, and never those of another sample.
        ctx->ComboClick("##colour/entropy");
        IM_CHECK(wait_for(ctx, [] { return !space().making() && space().view().values.color; }));
        IM_CHECK(colours_follow([](const app::SpaceItem& item) {
            return stage->state.geometry->layers[1]
                .entropy[static_cast<size_t>(item.hop * 8000 + item.index)];
        }));
        stage->state.sample.put_away(stage->state);
        ctx->Yield(2);
        IM_CHECK_EQ(tokens_drawn(), size_t{16 * 3});
        IM_CHECK(colours_follow([](const app::SpaceItem& item) {
            return stage->state.geometry->layers[1]
                .entropy[static_cast<size_t>(item.hop * 16 + item.index)];
        }));
        ctx->ComboClick("##colour/place");
    };
}

const PanelTests quantities(register_quantities), sample(register_sample), many(register_many);

}  // namespace
}  // namespace hopscope::gui_test
