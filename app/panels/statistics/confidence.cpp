#include "app/panels/statistics/confidence.h"

#include <algorithm>
#include <cmath>
#include <implot.h>

#include "app/panels/statistics/plots.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"

namespace hopscope::app {
namespace {

void draw_means(AppState& state, const char* id, Area area, const LayerMeans& means,
                const char* axis, double uniform, const std::string& uniform_text) {
    const size_t n = means.mean.size();
    const char* over = means.tokens > 0 ? "tokens" : "updates";
    const int64_t n_of = means.tokens > 0 ? means.tokens : means.updates;
    double high = uniform;
    std::vector<double> xs, ys, below, above;
    for (size_t l = 0; l < n; ++l) {
        if (!std::isfinite(means.mean[l])) continue;
        xs.push_back(static_cast<double>(l));
        ys.push_back(means.mean[l]);
        below.push_back(means.mean[l] - means.low[l]);
        above.push_back(means.high[l] - means.mean[l]);
        high = std::max(high, means.high[l]);
    }
    if (!begin_area_plot(id, area, "layer", axis)) return;
    const float s = state.pixel_scale;
    const double right = static_cast<double>(n) - 0.5;
    layer_axis(state, n);
    ImPlot::SetupAxisLimits(ImAxis_Y1, 0, std::max(high, 1e-9) * 1.08, ImPlotCond_Always);
    legend_above();
    const auto count = static_cast<int>(xs.size());
    ImPlotSpec bars;
    bars.FillColor = bars.LineColor = state.theme().accent;
    bars.Flags = ImPlotItemFlags_NoLegend;
    ImPlot::PlotBars("mean", xs.data(), ys.data(), count, 0.55, bars);
    ImPlotSpec whiskers;
    whiskers.LineColor = state.theme().text;
    whiskers.LineWeight = 1.2f * s;
    whiskers.Flags = ImPlotItemFlags_NoLegend;
    ImPlot::PlotErrorBars("range", xs.data(), ys.data(), below.data(), above.data(), count,
                          whiskers);
    flat_line(uniform_text.c_str(), -0.5, std::max(0.5, right), uniform, state.theme().amber,
              1.5f * s);
    if (ImPlot::IsPlotHovered()) {
        const auto l = static_cast<int64_t>(std::llround(ImPlot::GetPlotMousePos().x));
        if (l >= 0 && l < static_cast<int64_t>(n) && ImGui::BeginTooltip()) {
            const auto i = static_cast<size_t>(l);
            ImGui::Text("%s: %s", state.layer_name(l).c_str(),
                        significant(means.mean[i], 4).c_str());
            ImGui::TextColored(state.theme().dim, "95 %% of the mean: %s, n = %s %s",
                               interval_text(means.ci95[i], 4).c_str(),
                               with_thousands(n_of).c_str(), over);
            ImGui::TextColored(state.theme().dim, "single %s: %s to %s", over,
                               significant(means.low[i], 4).c_str(),
                               significant(means.high[i], 4).c_str());
            ImGui::EndTooltip();
            offer_on_click(state, [&] {
                return Number{.label = std::string(axis) + ", " + state.layer_name(l),
                              .value = means.mean[i],
                              .definition = means.tokens > 0
                                                ? "Of the softmax over all experts, mean over "
                                                  "tokens [def:entropy]"
                                                : "Of the softmax over all experts, mean over "
                                                  "tokens, hops and updates [def:entropy]",
                              .n = n_of,
                              .over = over,
                              .command = panel_command(state, "statistics", -1)};
            });
            if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) state.selection.set_layer(l);
        }
    }
    ImPlot::EndPlot();
}

}  // namespace

void ConfidenceChart::make(const History& history) {
    entropy_ = entropy_by_layer(history);
    max_prob_ = max_prob_by_layer(history);
}

void ConfidenceChart::make(const core::GeometrySnapshot& recorded) {
    entropy_ = entropy_by_layer(recorded);
    max_prob_ = {};
}

void ConfidenceChart::draw(AppState& state, const SnapshotLayer& place, Area area) const {
    const core::LayerGeometry& g = place.geometry();
    const double experts = static_cast<double>(std::max<int64_t>(g.experts, 1));
    if (!entropy_.any() && !max_prob_.any())
        return nothing(state, area,
                       state.is_imported() ? "No entropies are in this trace."
                                           : "This router gives no probabilities, or no update has "
                                             "been made yet.");
    if (entropy_.tokens > 0) {
        caption(state, area,
                "entropy of the router by layer, mean over " + with_thousands(entropy_.tokens) +
                    " tokens of the trace",
                "Entropy of the softmax over all experts [def:entropy]. The whiskers span the "
                "single tokens; hovering a bar tells the 95 % interval of the mean "
                "[def:mean_interval]. The uniform line is that of the chosen layer.");
        draw_means(state, "##entropy", area, entropy_, "entropy, nats", std::log(experts),
                   "uniform, ln M = " + rounded(std::log(experts), 2));
        return;
    }
    caption(state, area,
            "confidence of the router by layer, mean of the last " +
                std::to_string(entropy_.updates) + " updates",
            "Entropy and highest probability of the softmax over all experts, mean over tokens and "
            "hops [def:entropy]. The whiskers span the single updates; hovering a bar tells the "
            "95 % interval of the mean [def:mean_interval].");
    const float gap = 14 * state.pixel_scale;
    Area upper = area, lower = area;
    upper.size.y = std::floor((area.size.y - gap) * 0.5f);
    lower.at.y = upper.bottom() + gap;
    lower.size.y = area.bottom() - lower.at.y;
    draw_means(state, "##entropy", upper, entropy_, "entropy, nats", std::log(experts),
               "uniform, ln M = " + rounded(std::log(experts), 2));
    draw_means(state, "##max", lower, max_prob_, "highest probability", 1 / experts,
               "uniform, 1 / M");
}

}  // namespace hopscope::app
