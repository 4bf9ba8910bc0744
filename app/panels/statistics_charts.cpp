// The views of the statistics panel that are plots: sorted loads, confidence and norms by layer.
#include <algorithm>
#include <cmath>
#include <implot.h>

#include "app/panels/curves_legend.h"
#include "app/panels/plain_plot.h"
#include "app/panels/statistics_panel.h"
#include "app/window/format.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

bool begin_plot(const char* id, const Area& area, const char* x, const char* y,
                ImPlotFlags more = 0) {
    ImGui::SetCursorScreenPos(area.at);
    return begin_plain_plot(id, area.size, x, y, more);
}

void flat_line(const char* name, double low, double high, double y, const ImVec4& color,
               float weight) {
    const double xs[] = {low, high}, ys[] = {y, y};
    ImPlotSpec spec;
    spec.LineColor = color;
    spec.LineWeight = weight;
    ImPlot::PlotLine(name, xs, ys, 2, spec);
}

}  // namespace

void StatisticsPanel::draw_use(AppState& state, Area area) {
    const size_t chosen = layer_of(state);
    if (chosen >= use_.size() || use_[chosen].experts.empty())
        return nothing(state, area, "Loads appear once a batch has been trained in this window.");
    const Utilisation& u = use_[chosen];
    const float s = state.pixel_scale;
    caption(state, area, "sorted load of every expert, all layers",
            "Share of all choices of the recent batches \xC3\x97 number of experts, falling. The "
            "flatter, the better balanced. Experts without a choice have no place on a "
            "logarithmic axis.");
    footer(state, area,
           "layer " + std::to_string(chosen) + ": std / mean " + rounded(u.cv, 2) +
               "   max / mean " + rounded(u.max_over_mean, 2) + "   unused " +
               with_thousands(u.unused) + " of " +
               with_thousands(static_cast<int64_t>(u.experts.size())) + " experts");
    double experts = 1, low = 0.5, high = 2;
    for (const Utilisation& layer : use_) {
        experts = std::max(experts, static_cast<double>(layer.experts.size()));
        for (const double v : layer.loads)
            if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
    }
    const ImPlotFlags legend = use_.size() > 12 ? ImPlotFlags_NoLegend : ImPlotFlags_None;
    if (!begin_plot("##use", area, "rank of the expert", "load, \xC3\x97 uniform", legend)) return;
    ImPlot::SetupAxisScale(ImAxis_Y1, ImPlotScale_Log10);
    ImPlot::SetupAxisLimits(ImAxis_X1, 1, std::max(2.0, experts), ImPlotCond_Always);
    ImPlot::SetupAxisLimits(ImAxis_Y1, std::max(low / 1.3, 1e-4), high * 1.3, ImPlotCond_Always);
    ImPlot::SetupLegend(ImPlotLocation_East, ImPlotLegendFlags_Outside | ImPlotLegendFlags_NoMenus);
    flat_line("uniform", 1, std::max(2.0, experts), 1, state.theme().dim, 1.2f * s);
    for (size_t l = 0; l < use_.size(); ++l) {
        const Utilisation& layer = use_[l];
        ImPlotSpec spec;
        spec.LineColor = faded(line_color(state, l), l == chosen ? 1.0f : 0.6f);
        spec.LineWeight = (l == chosen ? 2.6f : 1.2f) * s;
        ImPlot::PlotLine(
            ("layer " + std::to_string(l)).c_str(), layer.ranks.data(), layer.loads.data(),
            static_cast<int>(layer.experts.size()) - static_cast<int>(layer.unused), spec);
    }
    if (ImPlot::IsPlotHovered()) {
        const auto last = static_cast<int64_t>(u.experts.size()) - 1;
        const auto rank = std::clamp<int64_t>(
            static_cast<int64_t>(std::llround(ImPlot::GetPlotMousePos().x)) - 1, 0, last);
        const auto i = static_cast<size_t>(rank);
        if (std::isfinite(u.loads[i]))
            ImPlot::GetPlotDrawList()->AddCircle(
                ImPlot::PlotToPixels(static_cast<double>(rank + 1), u.loads[i]), 5 * s,
                packed(state.theme().accent), 0, 2 * s);
        if (ImGui::IsMouseClicked(ImGuiMouseButton_Left))
            state.selection.pick_expert(u.experts[i], ImGui::GetIO().KeyShift);
        if (ImGui::BeginTooltip()) {
            expert_line(state, u.experts[i]);
            ImGui::TextColored(state.theme().dim, "rank %s of %s in layer %zu; click selects",
                               with_thousands(rank + 1).c_str(), with_thousands(last + 1).c_str(),
                               chosen);
            ImGui::EndTooltip();
        }
    }
    ImPlot::EndPlot();
}

void StatisticsPanel::draw_confidence(AppState& state, Area area) {
    const core::LayerGeometry& g = *geometry_of(state);
    const double experts = static_cast<double>(std::max<int64_t>(g.experts, 1));
    if (!entropy_.any() && !max_prob_.any())
        return nothing(state, area,
                       "This router gives no probabilities, or no update has been "
                       "made yet.");
    caption(state, area,
            "confidence of the router by layer, mean of the last " +
                std::to_string(entropy_.updates) + " updates",
            "Entropy and highest probability of the softmax over all experts, mean over tokens "
            "and hops (science.md E46). The whiskers span the single updates.");
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

void StatisticsPanel::draw_means(AppState& state, const char* id, Area area,
                                 const LayerMeans& means, const char* axis, double uniform,
                                 const std::string& uniform_text) {
    const size_t n = means.mean.size();
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
    if (!begin_plot(id, area, "layer", axis)) return;
    const float s = state.pixel_scale;
    const double right = static_cast<double>(n) - 0.5;
    ImPlot::SetupAxisLimits(ImAxis_X1, -0.5, std::max(0.5, right), ImPlotCond_Always);
    ImPlot::SetupAxisLimits(ImAxis_Y1, 0, std::max(high, 1e-9) * 1.15, ImPlotCond_Always);
    std::vector<double> ticks;
    for (size_t l = 0; l<n; l += n> 24 ? 4 : 1) ticks.push_back(static_cast<double>(l));
    if (!ticks.empty())
        ImPlot::SetupAxisTicks(ImAxis_X1, ticks.data(), static_cast<int>(ticks.size()));
    ImPlot::SetupLegend(ImPlotLocation_NorthEast,
                        ImPlotLegendFlags_NoMenus | ImPlotLegendFlags_NoButtons);
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
            ImGui::Text("layer %lld: %s", static_cast<long long>(l),
                        significant(means.mean[i], 4).c_str());
            ImGui::TextColored(state.theme().dim, "%s \xE2\x80\x93 %s over %lld updates",
                               significant(means.low[i], 4).c_str(),
                               significant(means.high[i], 4).c_str(),
                               static_cast<long long>(means.updates));
            ImGui::EndTooltip();
            if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) state.selection.set_layer(l);
        }
    }
    ImPlot::EndPlot();
}

void StatisticsPanel::draw_norms(AppState& state, Area area) {
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
            "added to the residual stream.");
    const size_t n = norms.attention.size();
    double high = 1e-9;
    std::vector<double> left, right;
    for (size_t l = 0; l < n; ++l) {
        left.push_back(static_cast<double>(l) - 0.19);
        right.push_back(static_cast<double>(l) + 0.19);
        for (const double v : {norms.attention[l], norms.experts[l]})
            if (std::isfinite(v)) high = std::max(high, v);
    }
    if (!begin_plot("##norms", area, "layer", "norm")) return;
    ImPlot::SetupAxisLimits(ImAxis_X1, -0.5, static_cast<double>(n) - 0.5, ImPlotCond_Always);
    ImPlot::SetupAxisLimits(ImAxis_Y1, 0, high * 1.2, ImPlotCond_Always);
    ImPlot::SetupLegend(ImPlotLocation_NorthEast,
                        ImPlotLegendFlags_NoMenus | ImPlotLegendFlags_Horizontal);
    const auto bars = [&](const char* name, const std::vector<double>& xs,
                          const std::vector<double>& ys, size_t color) {
        ImPlotSpec spec;
        spec.FillColor = spec.LineColor = line_color(state, color);
        ImPlot::PlotBars(name, xs.data(), ys.data(), static_cast<int>(n), 0.34, spec);
    };
    bars("attention", left, norms.attention, 0);
    bars("experts", right, norms.experts, 1);
    if (ImPlot::IsPlotHovered()) {
        const auto l = static_cast<int64_t>(std::llround(ImPlot::GetPlotMousePos().x));
        if (l >= 0 && l < static_cast<int64_t>(n) && ImGui::BeginTooltip()) {
            const auto i = static_cast<size_t>(l);
            ImGui::Text("layer %lld: attention %s, experts %s", static_cast<long long>(l),
                        significant(norms.attention[i], 4).c_str(),
                        significant(norms.experts[i], 4).c_str());
            ImGui::EndTooltip();
        }
    }
    ImPlot::EndPlot();
}

}  // namespace hopscope::app
