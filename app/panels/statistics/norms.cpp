#include "app/panels/statistics/norms.h"

#include <algorithm>
#include <cmath>
#include <implot.h>

#include "app/panels/statistics/experts.h"
#include "app/panels/statistics/plots.h"
#include "app/panels/statistics/view.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/number.h"

namespace hopscope::app {

void draw_norms(AppState& state, Area area) {
    const LayerNorms norms = state.trace ? norms_of(*state.trace) : LayerNorms{};
    if (norms.attention.empty())
        return nothing(state, area,
                       "The norms are those of a prompt: trace one in the Trajectory panel (layout "
                       "Inspect), and what attention and the experts of each layer add to the "
                       "residual stream appears here.");
    caption(state, area,
            "length of what each layer adds, mean of the " + std::to_string(norms.tokens) +
                " tokens of the traced prompt, step " + with_thousands(norms.step),
            "Euclidean norms of the outputs of attention and of the experts (all hops) that are "
            "added to the residual stream. Whiskers: 95 % of the mean over these tokens "
            "[def:mean_interval].");
    const size_t n = norms.attention.size();
    double high = 1e-9;
    std::vector<double> left, right;
    for (size_t l = 0; l < n; ++l) {
        left.push_back(static_cast<double>(l) - 0.19);
        right.push_back(static_cast<double>(l) + 0.19);
        for (const double v : {norms.attention[l], norms.experts[l], norms.attention_ci95[l].high,
                               norms.experts_ci95[l].high})
            if (std::isfinite(v)) high = std::max(high, v);
    }
    if (!begin_area_plot("##norms", area, "layer", "norm")) return;
    layer_axis(state, n);
    ImPlot::SetupAxisLimits(ImAxis_Y1, 0, high * 1.08, ImPlotCond_Always);
    legend_above();
    const auto bars = [&](const char* name, const std::vector<double>& xs,
                          const std::vector<double>& ys, const std::vector<viz::Interval>& ci95,
                          size_t color) {
        ImPlotSpec spec;
        spec.FillColor = spec.LineColor = line_color(state, color);
        ImPlot::PlotBars(name, xs.data(), ys.data(), static_cast<int>(n), 0.34, spec);
        whiskers(state, name, xs, ys, ci95);
    };
    bars("attention", left, norms.attention, norms.attention_ci95, 0);
    bars("experts", right, norms.experts, norms.experts_ci95, 1);
    if (ImPlot::IsPlotHovered()) {
        const auto l = static_cast<int64_t>(std::llround(ImPlot::GetPlotMousePos().x));
        if (l >= 0 && l < static_cast<int64_t>(n) && ImGui::BeginTooltip()) {
            const auto i = static_cast<size_t>(l);
            ImGui::Text("%s: attention %s, experts %s", state.layer_name(l).c_str(),
                        significant(norms.attention[i], 4).c_str(),
                        significant(norms.experts[i], 4).c_str());
            ImGui::TextColored(state.theme().dim, "95 %%: attention %s, experts %s, n = %s tokens",
                               interval_text(norms.attention_ci95[i], 4).c_str(),
                               interval_text(norms.experts_ci95[i], 4).c_str(),
                               with_thousands(norms.tokens).c_str());
            ImGui::EndTooltip();
            const bool experts = ImPlot::GetPlotMousePos().x > static_cast<double>(l);
            offer_on_click(state, [&] {
                return Number{
                    .label = (experts ? "norm of experts, " : "norm of attention, ") +
                             state.layer_name(l),
                    .value = experts ? norms.experts[i] : norms.attention[i],
                    .definition =
                        "Euclidean norm of what it adds to the residual stream, mean over "
                        "the tokens of the prompt [def:norms]",
                    .n = norms.tokens,
                    .over = "tokens",
                    .step = norms.step,
                    .command = analysis_command(state, "norms")};
            });
        }
    }
    ImPlot::EndPlot();
}

}  // namespace hopscope::app
