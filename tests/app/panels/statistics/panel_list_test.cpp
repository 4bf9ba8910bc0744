// The list of closest pairs beside its matrix: its numbers, chance above them, and the selection
// as both show it.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/panels/statistics/panel.h"
#include "app/widgets/format.h"
#include "tests/app/seen.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

app::StatisticsPanel& panel() {
    return static_cast<app::StatisticsPanel&>(*stage->panel);
}

std::string load_of(int32_t expert) {
    const core::LayerGeometry& g = stage->state.geometry->layers[0];
    return app::rounded(
        static_cast<double>(g.load[static_cast<size_t>(expert)]) * static_cast<double>(g.experts),
        2);
}

void register_list(ImGuiTestEngine* engine) {
    // Wrong if a pair had the cosine or the loads of another, or chance did not stand above them.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "statistics", "each_pair_has_its_own_numbers");
    use<app::make_statistics_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("collinearity");
        IM_CHECK(wait_for(ctx, [] { return !panel().collinearity().empty(); }));
        ctx->Yield(3);
        const app::Collinearity& c = panel().collinearity();
        const auto lines = lines_seen(ctx, "//Stage");
        const std::string text = std::accumulate(lines.begin(), lines.end(), std::string());
        const auto holds = [&](const std::string& part) {
            return text.find(part) != std::string::npos;
        };
        const auto cosine = [](double value) { return app::rounded(value, 3); };
        IM_CHECK(holds("chance" + cosine(c.chance.median)));
        IM_CHECK_GE(c.closest.size(), 4u);
        for (size_t i = 0; i < 4; ++i) {
            const viz::RowPair& pair = c.closest[i];
            IM_CHECK(holds("E" + std::to_string(pair.a) + "E" + std::to_string(pair.b) +
                           cosine(static_cast<double>(pair.cosine)) + load_of(pair.a) +
                           load_of(pair.b)));
        }
        IM_CHECK_STR_NE(cosine(static_cast<double>(c.closest[0].cosine)).c_str(),
                        cosine(static_cast<double>(c.closest[3].cosine)).c_str());
    };

    // Wrong if the matrix did not show where the experts of the pair are that was clicked.
    t = IM_REGISTER_TEST(engine, "statistics", "a_selected_pair_is_marked_at_the_matrix");
    use<app::make_statistics_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("collinearity");
        IM_CHECK(wait_for(ctx, [] { return !panel().collinearity().empty(); }));
        ctx->Yield(3);
        const ImU32 ink = app::packed(stage->state.theme().accent);
        const ImRect matrix = ctx->ItemInfo("cosines").RectFull;
        IM_CHECK_LT(place_of(ctx, "//Stage", ink).Max.y, matrix.Min.y);
        const viz::RowPair pair = panel().collinearity().closest[1];
        ctx->ItemClick(
            ("**/##pair_" + std::to_string(pair.a) + "_" + std::to_string(pair.b)).c_str());
        ctx->Yield(3);
        const auto& shown = panel().collinearity().shown;
        const auto row_of = [&](int32_t expert) {
            return static_cast<float>(std::ranges::find(shown, expert) - shown.begin());
        };
        const float lower = std::max(row_of(pair.a), row_of(pair.b)) + 0.5f;
        const float y = matrix.Min.y + matrix.GetHeight() * lower / 16;
        IM_CHECK_LT(std::fabs(place_of(ctx, "//Stage", ink).Max.y - y), 6.0f);
    };
}

const PanelTests lists(register_list);

}  // namespace
}  // namespace hopscope::gui_test
