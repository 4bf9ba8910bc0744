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

/// Whether these lines are there, one after another, whatever stands between them: a table is drawn
/// column by column.
bool stand_in_order(const std::vector<std::string>& lines, const std::vector<std::string>& wanted) {
    size_t next = 0;
    for (const std::string& line : lines)
        if (next < wanted.size() && line == wanted[next]) ++next;
    return next == wanted.size();
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
        IM_CHECK_GE(c.closest.size(), 4u);
        std::vector<std::string> names, cosines = {app::rounded(c.chance.median, 3)}, loads;
        for (size_t i = 0; i < 4; ++i) {
            const viz::RowPair& pair = c.closest[i];
            names.push_back("E" + std::to_string(pair.a) + "E" + std::to_string(pair.b));
            cosines.push_back(app::rounded(static_cast<double>(pair.cosine), 3));
            loads.push_back(load_of(pair.a) + load_of(pair.b));
        }
        IM_CHECK_STR_NE(cosines[1].c_str(), cosines[4].c_str());
        const auto lines = lines_seen(ctx, "//Stage");
        const std::string text = std::accumulate(lines.begin(), lines.end(), std::string());
        size_t at = text.find("chance");
        for (const std::string& name : names) {
            IM_CHECK(at != std::string::npos);
            at = text.find(name, at);
        }
        IM_CHECK(at != std::string::npos);
        IM_CHECK(stand_in_order(lines, cosines));
        IM_CHECK(stand_in_order(lines, loads));
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
