// What the curves panel draws of the values: their mean over the faint values of each step, on
// axes that are logarithmic where they say so.
#include <cmath>
#include <implot.h>
#include <implot_internal.h>

#include "app/panels/curves/view.h"
#include "app/widgets/format.h"
#include "tests/app/seen.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

/// Where the geometric mean of an axis' ends stands on it, as a share: a half where it is
/// logarithmic.
double geometric_middle(ImGuiTestContext* ctx, ImAxis which) {
    ctx->Yield(4);
    const ImPlotPlot& plot = *ImPlot::GetCurrentContext()->Plots.GetByKey(ctx->GetID("##curves"));
    const ImPlotAxis& axis = plot.Axes[which];
    const double low = axis.Range.Min, high = axis.Range.Max;
    const auto at = [&](double value) { return static_cast<double>(axis.PlotToPixels(value)); };
    return (at(std::sqrt(low * high)) - at(low)) / (at(high) - at(low));
}

void register_means(ImGuiTestEngine* engine) {
    // Wrong if the weight of the past could not be chosen, or the mean drawn were of another.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "curves", "the_weight_of_the_past_can_be_chosen");
    use<app::make_curves_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ComboClick("##mean/EMA");
        std::string before;
        for (const float past : {0.9f, 0.5f}) {
            ctx->ItemInputValue("##smoothing", past);
            ctx->Yield(3);
            app::CurveChoice choice;
            choice.mean = app::Mean::exponential;
            choice.past = past;
            const std::string words = app::mean_in_words(choice);
            IM_CHECK(stage->panel->detail(stage->state).ends_with(words));
            const std::string newest =
                app::significant(app::smoothed(stage->state.history.loss, choice).back(), 4);
            IM_CHECK_STR_NE(newest.c_str(), before.c_str());
            IM_CHECK(sees(ctx, "//Stage", newest));
            before = newest;
        }
    };

    // Wrong if the values of each step lay as strong as their mean over it, or faint where they are
    // the line itself.
    t = IM_REGISTER_TEST(engine, "curves", "the_values_lie_faint_behind_their_mean");
    use<app::make_curves_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const ImU32 faint = app::packed(app::faded(stage->state.theme().accent, 0.22f));
        ctx->ComboClick("##mean/EMA");
        ctx->Yield(3);
        const ImRect plot = ctx->ItemInfo("##curves").RectFull;
        IM_CHECK_GT(place_of(ctx, "//Stage", faint).GetWidth(), 0.5f * plot.GetWidth());
        ctx->ComboClick("##mean/each step");
        ctx->Yield(3);
        IM_CHECK(!colors_seen(ctx, "//Stage").contains(faint));
    };

    // Wrong if an axis that is called logarithmic were not, or stayed so.
    t = IM_REGISTER_TEST(engine, "curves", "equal_factors_are_equal_lengths");
    use<app::make_curves_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const auto is_log = [ctx](ImAxis axis) {
            return std::fabs(geometric_middle(ctx, axis) - 0.5) < 0.005;
        };
        IM_CHECK(!is_log(ImAxis_X1) && !is_log(ImAxis_Y1));
        ctx->ItemClick("log x");
        IM_CHECK(is_log(ImAxis_X1) && !is_log(ImAxis_Y1));
        ctx->ComboClick("##y/log y");
        IM_CHECK(is_log(ImAxis_X1) && is_log(ImAxis_Y1));
        ctx->ItemClick("log x");
        ctx->ComboClick("##y/linear y");
        IM_CHECK(!is_log(ImAxis_X1) && !is_log(ImAxis_Y1));
    };
}

const PanelTests means(register_means);

}  // namespace
}  // namespace hopscope::gui_test
