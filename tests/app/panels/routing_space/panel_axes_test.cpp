// The plane that the routing space shows, on the fake session without a screen: its axes, the basis
// they rest on, the circle, tails, the legend and the ways of tokens, as they stand on the screen.
#include <algorithm>
#include <cmath>

#include "app/widgets/line_style.h"
#include "tests/app/panels/routing_space/space_stage.h"
#include "tests/app/panels/trajectory/beside_space.h"
#include "tests/app/seen.h"

namespace hopscope::gui_test {
namespace {

/// One number of the centroid of an expert in layer 0.
float coordinate(int64_t expert, int64_t dim) {
    const auto& g = stage->state.geometry->layers[0];
    return g.centroids[static_cast<size_t>(expert * g.d_space + dim)];
}

void register_axes(ImGuiTestEngine* engine) {
    // Wrong if raw or random axes could not be chosen, showed others than those typed, or kept the
    // variance and the caption of the plane before.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "raw_and_random_axes");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        const auto view = []() -> const app::SpaceView& { return space().view(); };
        const auto shares = [&] { return view().variance; };
        const auto principal = shares();
        IM_CHECK(sees(ctx, "//Stage", "basis"));
        ctx->ComboClick("##axes/raw dimensions");
        ctx->Yield(3);
        IM_CHECK(view().axes.kind == viz::AxesKind::raw);
        ctx->ItemInputValue("##first", 5);
        ctx->ItemInputValue("##second", 2);
        ctx->Yield(3);
        for (int64_t e = 0; e < 16; ++e) {
            const viz::Vec3 at = view().centroid(e);
            IM_CHECK_SILENT(std::fabs(at.x - coordinate(e, 5)) < 1e-5f);
            IM_CHECK_SILENT(std::fabs(at.y - coordinate(e, 2)) < 1e-5f);
        }
        IM_CHECK(sees(ctx, "//Stage", "dimensions of the routing space as they are"));
        IM_CHECK(sees(ctx, "//Stage", "dimension 5"));
        IM_CHECK(sees(ctx, "//Stage", "dimension 2"));
        IM_CHECK(!sees(ctx, "//Stage", "basis"));
        const auto raw = shares();
        IM_CHECK(raw[0] + raw[1] < principal[0] + principal[1]);

        ctx->ComboClick("##axes/random");
        ctx->Yield(3);
        IM_CHECK(view().axes.kind == viz::AxesKind::random);
        IM_CHECK(!ctx->ItemExists("##first"));
        const viz::Vec3 first = view().centroid(3);
        const auto random = shares();
        IM_CHECK(random != raw);
        ctx->ItemInputValue("##seed", 7);
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//Stage", "random directions, seed 7"));
        IM_CHECK(std::hypot(view().centroid(3).x - first.x, view().centroid(3).y - first.y) >
                 1e-3f);
        ctx->ItemInputValue("##seed", 1);
        ctx->Yield(3);
        IM_CHECK_EQ(view().centroid(3).x, first.x);
        ctx->ComboClick("##axes/principal");
        ctx->Yield(3);
        IM_CHECK(shares() == principal);
    };

    // Wrong if the circle of radius 1 were cut off at the edge of the picture, in any layer.
    t = IM_REGISTER_TEST(engine, "space", "the_circle_is_seen_whole");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        stage->state.settings.animations = false;
        int whole = 0;
        for (const char* layer : {"0", "1", "2", "3"}) {
            ctx->ComboClick((std::string("##layer/") + layer).c_str());
            ctx->Yield(4);
            IM_CHECK(sees(ctx, "//Stage", "circle: unit sphere"));
            const ImRect picture = ctx->ItemInfo("picture").RectFull;
            const viz::Camera2d& camera = space().camera();
            const app::SpaceView& view = space().view();
            const viz::Vec3 origin = view.origin;
            // Unless the points would become small beside it.
            const float reach = std::max({view.high.x - origin.x, origin.x - view.low.x,
                                          view.high.y - origin.y, origin.y - view.low.y});
            if (reach <= 0.6f) continue;
            ++whole;
            for (int i = 0; i < 64; ++i) {
                const float angle = 6.2831853f * static_cast<float>(i) / 64;
                const viz::Vec2 at =
                    camera.to_screen({origin.x + std::cos(angle), origin.y + std::sin(angle)});
                IM_CHECK_SILENT(at.x >= 0 && at.x <= picture.GetWidth());
                IM_CHECK_SILENT(at.y >= 0 && at.y <= picture.GetHeight());
            }
        }
        IM_CHECK_GT(whole, 0);
        stage->state.settings.animations = true;
    };
}

/// Where the experts are on the screen.
std::vector<ImVec2> places() {
    std::vector<ImVec2> out;
    for (int64_t e = 0; e < 16; ++e) out.push_back(space().screen_of_expert(e));
    return out;
}

/// Agreement of two coordinates over the experts, −1 … 1.
double correlation(const std::vector<ImVec2>& a, const std::vector<ImVec2>& b,
                   float ImVec2::*which) {
    double mean_a = 0, mean_b = 0, ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < a.size(); ++i) mean_a += a[i].*which, mean_b += b[i].*which;
    mean_a /= static_cast<double>(a.size());
    mean_b /= static_cast<double>(b.size());
    for (size_t i = 0; i < a.size(); ++i) {
        const double x = a[i].*which - mean_a, y = b[i].*which - mean_b;
        ab += x * y, aa += x * x, bb += y * y;
    }
    return ab / std::sqrt(aa * bb);
}

void register_basis(ImGuiTestEngine* engine) {
    // Wrong if the basis moved on with the run by itself, Refit did not fit it to the step that is
    // shown, the caption named another step, or the picture were turned over by it.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "the_basis_is_refitted_when_asked");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        const auto refit = [ctx] {
            ctx->ItemClick("More");
            ctx->ItemClick("//$FOCUSED/Refit");
            ctx->PopupCloseAll();
            ctx->Yield(3);
        };
        const auto place = []() -> const viz::LayerPlace& { return stage->state.places.layer(0); };
        IM_CHECK(place().provisional);
        IM_CHECK(sees(ctx, "//Stage", "provisional basis, step 120"));
        refit();
        IM_CHECK(sees(ctx, "//Stage", "basis from step 120"));
        const uint64_t fitted = place().version;
        stage->session->advance(60);
        ctx->Yield(3);
        IM_CHECK_EQ(stage->state.geometry->step, 180);
        IM_CHECK(sees(ctx, "//Stage", "basis from step 120"));
        IM_CHECK_EQ(place().version, fitted);
        const auto before = places();
        refit();
        IM_CHECK(sees(ctx, "//Stage", "basis from step 180"));
        IM_CHECK_EQ(place().basis.step, 180);
        IM_CHECK(place().version > fitted);
        IM_CHECK_GT(correlation(before, places(), &ImVec2::x), 0.5);
        IM_CHECK_GT(correlation(before, places(), &ImVec2::y), 0.5);
    };

    // Wrong if the slider changed nothing, or the caption named another length than is drawn.
    t = IM_REGISTER_TEST(engine, "space", "tails_are_as_long_as_the_slider_says");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        for (int i = 0; i < 4; ++i) {
            stage->session->advance(50);
            stage->state.now += 1;
            ctx->Yield(2);
        }
        IM_CHECK(wait_for(ctx, [] {
            stage->state.now += 1;
            return stage->state.archive.until(stage->state.geometry).size() >= 5;
        }));
        const auto view = []() -> const app::SpaceView& { return space().view(); };
        const ImRect slider = ctx->ItemInfo("##tail").RectFull;
        const auto click_at = [&](float x) {
            ctx->MouseMoveToPos(ImVec2(x, slider.GetCenter().y));
            ctx->MouseClick();
            ctx->Yield(3);
            return view().lines.size();
        };
        // Small writing, so that there is room for all of the caption.
        const auto caption_says = [ctx](const char* words) {
            stage->state.pixel_scale = 0.5f;
            ctx->Yield(4);
            const bool says = sees(ctx, "//Stage", words);
            stage->state.pixel_scale = 1;
            ctx->Yield(4);
            return says;
        };
        const auto says_longest = [ctx] {
            const auto lines = lines_seen(ctx, "//Stage");
            return std::ranges::count(lines, std::to_string(app::kLongestTail)) > 0;
        };
        const size_t none = click_at(slider.Min.x + 1);
        IM_CHECK(!says_longest());
        IM_CHECK_EQ(view().tail_from, -1);
        IM_CHECK(caption_says("size = load"));
        IM_CHECK(!caption_says("tail ="));
        float x = slider.Min.x + 1;
        while (view().tail_from < 0 && x < slider.Max.x) click_at(++x);
        const size_t shortest = view().lines.size();
        const int64_t newer = view().tail_from;
        IM_CHECK_GT(shortest, none);
        IM_CHECK(newer > 120);
        const size_t longest = click_at(slider.Max.x - 2);
        IM_CHECK_GT(longest, shortest);
        IM_CHECK(says_longest());
        IM_CHECK_EQ(view().tail_from, 120);  // the oldest that is kept
        IM_CHECK(caption_says("tail = last 200 steps"));
        // A centroid that is hidden takes its tail along.
        stage->state.selection.pick_expert(3, false);
        ctx->MouseMove("picture");
        ctx->KeyPress(ImGuiKey_H);
        ctx->Yield(3);
        const size_t parts = (longest - none) / 16;
        IM_CHECK_EQ(view().lines.size(), longest - parts);
        ctx->KeyPress(ImGuiMod_Shift | ImGuiKey_H);
        ctx->Yield(3);
        IM_CHECK_EQ(view().lines.size(), longest);
        IM_CHECK_EQ(click_at(slider.Min.x + 1), none);
    };
}

void register_legend(ImGuiTestEngine* engine) {
    // Wrong if a click on a class of the legend left its tokens there, took others along, or could
    // not bring them back.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "a_class_of_the_legend_is_hidden_by_a_click");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        ctx->ComboClick("##colour/class");
        IM_CHECK(wait_for(ctx, [] { return space().view().values.color != nullptr; }));
        ctx->Yield(3);
        const auto view = []() -> const app::SpaceView& { return space().view(); };
        const std::string hidden = view().values.color->categories.at(1);
        IM_CHECK(sees(ctx, "//Stage", hidden));
        const size_t all = view().points.size();
        const auto of_class = [&] {
            const auto& classes = stage->state.geometry->classes;
            return std::ranges::count_if(view().items, [&](const app::SpaceItem& item) {
                return !item.expert && classes[static_cast<size_t>(item.index)] == hidden;
            });
        };
        const auto theirs = static_cast<size_t>(of_class());
        IM_CHECK(theirs > 0 && theirs < all);
        ctx->ItemClick("$$1/class");
        ctx->Yield(3);
        IM_CHECK_EQ(of_class(), 0);
        IM_CHECK_EQ(view().points.size(), all - theirs);
        IM_CHECK(sees(ctx, "//Stage", hidden));  // the way back
        ctx->ItemClick("$$1/class");
        ctx->Yield(3);
        IM_CHECK_EQ(view().points.size(), all);
    };
}

/// The colour of the i-th way, as clear as `share`.
ImU32 way_color(size_t i, float share) {
    return app::packed(app::faded(app::line_color(stage->state, i), share));
}

void register_ways(ImGuiTestEngine* engine) {
    // Wrong if the way of a token were not drawn with its name, two ways had one colour, or many of
    // them covered the picture.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "the_ways_of_tokens_are_drawn");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Second");
        trace(ctx, "one two three four");
        IM_CHECK(!sees(ctx, "//Stage", ", prompt"));
        ctx->ItemClick(chip(ctx, 2));
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//Stage", "three, prompt"));
        IM_CHECK(colors_seen(ctx, "//Stage").contains(way_color(0, 1)));
        IM_CHECK(!colors_seen(ctx, "//Stage").contains(way_color(1, 1)));
        ctx->KeyDown(ImGuiMod_Shift);
        ctx->ItemClick(chip(ctx, 1));
        ctx->KeyUp(ImGuiMod_Shift);
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//Stage", "two, prompt"));
        IM_CHECK(way_color(0, 1) != way_color(1, 1));
        IM_CHECK(colors_seen(ctx, "//Stage").contains(way_color(1, 1)));

        // All of the sample: thin and clear lines without names.
        stage->state.selection.clear();
        for (int64_t token = 0; token < 16; ++token)
            stage->state.selection.pick_probe_token(token, true);
        ctx->Yield(3);
        IM_CHECK(!sees(ctx, "//Stage", ", sample"));
        const auto colors = colors_seen(ctx, "//Stage");
        for (size_t i = 1; i < 12; ++i) {  // the first has the colour of buttons
            IM_CHECK_SILENT(!colors.contains(way_color(i, 1)));
            IM_CHECK_SILENT(colors.contains(way_color(i, 0.5f)));
        }
    };
}

const PanelTests axes(register_axes), basis(register_basis), legend(register_legend),
    ways(register_ways);

}  // namespace
}  // namespace hopscope::gui_test
