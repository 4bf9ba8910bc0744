// What the legend of the routing space says of the quantities that are shown: their ends, how many
// there are of each class, and what size and opacity mean.
#include <algorithm>
#include <numeric>

#include "app/widgets/format.h"
#include "tests/app/panels/routing_space/space_stage.h"
#include "tests/app/seen.h"

namespace hopscope::gui_test {
namespace {

/// All that is written in the panel, in the order of drawing, without blanks.
std::string writing(ImGuiTestContext* ctx) {
    const auto lines = lines_seen(ctx, "//Stage");
    return std::accumulate(lines.begin(), lines.end(), std::string());
}

bool holds(const std::string& text, std::string part) {
    std::erase(part, ' ');
    return text.find(part) != std::string::npos;
}

void register_legend(ImGuiTestEngine* engine) {
    // Wrong if a quantity could not be given to the size, the points did not follow it, or the
    // legend did not say what size and opacity are.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "size_and_opacity_are_told");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        in_more(ctx, [ctx] {
            ctx->ComboClick("##size/margin");
            ctx->ComboClick("##opacity/distance");
        });
        const auto view = []() -> const app::SpaceView& { return space().view(); };
        IM_CHECK(wait_for(ctx, [&] {
            return view().values.size && view().values.size->n > 0 && view().values.alpha;
        }));
        ctx->Yield(3);
        const auto margins = view().values.size, distances = view().values.alpha;
        float smallest = 0, largest = 0, low = 2, high = -2;
        for (size_t i = 0; i < view().points.size(); ++i) {
            const float margin = view().items[i].expert ? core::kNaN : margins->of(view().items[i]);
            if (margin < low) low = margin, smallest = view().points[i].size;
            if (margin > high) high = margin, largest = view().points[i].size;
        }
        IM_CHECK_LT(low, high);
        IM_CHECK_GT(largest, 1.2f * smallest);
        const auto tells = [ctx](std::string what, const viz::QuantityValues& of) {
            std::erase(what, ' ');
            for (const std::string& line : lines_seen(ctx, "//Stage"))
                if (line.starts_with(what + app::rounded(of.low, 2)))
                    return holds(line, app::rounded(of.high, 2)) &&
                           holds(line, ", n = " + app::with_thousands(of.n));
            return false;
        };
        stage->state.pixel_scale = 0.5f;  // small writing, so that there is room for it
        ctx->Yield(4);
        IM_CHECK(tells("size: margin ", *margins));
        IM_CHECK(tells("opacity: distance ", *distances));
        stage->state.pixel_scale = 1;
    };

    // Wrong if the ends of the colours were not those of the values.
    t = IM_REGISTER_TEST(engine, "space", "the_legend_says_both_ends");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        for (const char* name : {"entropy", "margin"}) {
            ctx->ComboClick((std::string("##colour/") + name).c_str());
            const auto view = []() -> const app::SpaceView& { return space().view(); };
            IM_CHECK(wait_for(ctx, [&] { return view().values.color != nullptr; }));
            ctx->Yield(3);
            const viz::QuantityValues& values = *view().values.color;
            IM_CHECK_LT(values.low, values.high);
            IM_CHECK(holds(writing(ctx),
                           app::rounded(values.low, 2) + app::rounded(values.high, 2) + " "));
            IM_CHECK(sees(ctx, "//Stage", "n = " + app::with_thousands(values.n)));
        }
    };

    // Wrong if a class had the count of another.
    t = IM_REGISTER_TEST(engine, "space", "the_legend_counts_each_class");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        ctx->ComboClick("##colour/class");
        const auto view = []() -> const app::SpaceView& { return space().view(); };
        IM_CHECK(wait_for(ctx, [&] { return view().values.color != nullptr; }));
        ctx->Yield(3);
        const viz::QuantityValues& values = *view().values.color;
        const std::string text = writing(ctx);
        IM_CHECK_GE(values.categories.size(), 2u);
        const auto [least, most] = std::ranges::minmax(values.counts);
        IM_CHECK_LT(least, most);
        for (size_t i = 0; i < values.categories.size(); ++i)
            IM_CHECK(holds(text, values.categories[i] + app::with_thousands(values.counts[i])));
    };
}

const PanelTests legends(register_legend);

}  // namespace
}  // namespace hopscope::gui_test
