#include "app/panels/statistics/use.h"

#include <algorithm>
#include <cmath>
#include <implot.h>

#include "app/panels/statistics/csv.h"
#include "app/panels/statistics/plots.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/number.h"
#include "app/widgets/plain_plot.h"
#include "app/widgets/run_words.h"

namespace hopscope::app {

void UseChart::make(const AppState& state, const core::GeometrySnapshot& snapshot) {
    layers_.clear();
    for (size_t l = 0; l < snapshot.layers.size(); ++l)
        layers_.push_back(utilisation_of(snapshot.layers[l], choices_of(state, {snapshot, l})));
}

std::string UseChart::csv(const SnapshotLayer& place) const {
    if (place.layer >= layers_.size()) return {};
    return csv_of(layers_[place.layer], place.name(), place.snapshot.step);
}

void UseChart::draw(AppState& state, const SnapshotLayer& place, Area area) const {
    const size_t chosen = place.layer;
    if (chosen >= layers_.size() || layers_[chosen].experts.empty())
        return nothing(state, area, no_load(state));
    const Utilisation& u = layers_[chosen];
    const float s = state.pixel_scale;
    caption(state, area, "sorted load of every expert, all layers",
            "Share of all choices of " + choices_counted(state) +
                " \xC3\x97 number of experts, falling. The flatter, the better balanced. Experts "
                "without a choice have no place on a "
                "logarithmic axis [def:recent_load].");
    footer(state, area,
           place.name() + ": std / mean " + rounded(u.cv, 2) + " (chance " +
               rounded(u.chance_cv, 3) + ")   max / mean " + rounded(u.max_over_mean, 2) +
               "   unused " + with_thousands(u.unused) + " of " +
               with_thousands(static_cast<int64_t>(u.experts.size())) + " experts   n " +
               significant(u.choices, 3) + " choices",
           "chance: std / mean of as many choices dealt evenly, \xE2\x88\x9A((M \xE2\x88\x92 1) "
           "/ n). n: what a fading mean over the last ten updates or so is worth "
           "[def:recent_load].");
    explain_when_clicked(state, [&] {
        return Number{
            .label = "std / mean of the load, " + place.name(),
            .value = u.cv,
            .shown = rounded(u.cv, 2),
            .definition = "Coefficient of variation of the experts' shares of the choices of " +
                          choices_counted(state) + " [def:load]",
            .n = std::llround(u.choices),
            .over = "choices",
            .step = place.snapshot.step,
            .command = analysis_command(state, "load")};
    });
    double experts = 1, low = 0.5, high = 2;
    for (const Utilisation& layer : layers_) {
        experts = std::max(experts, static_cast<double>(layer.experts.size()));
        for (const double v : layer.loads)
            if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
    }
    const ImPlotFlags legend = layers_.size() > 12 ? ImPlotFlags_NoLegend : ImPlotFlags_None;
    if (!begin_area_plot("##use", area, "rank of the expert", "load, \xC3\x97 uniform", legend))
        return;
    ImPlot::SetupAxisScale(ImAxis_Y1, ImPlotScale_Log10);
    low = std::max(low / 1.3, 1e-4);
    high *= 1.3;
    ImPlot::SetupAxisLimits(ImAxis_X1, 1, std::max(2.0, experts), ImPlotCond_Always);
    ImPlot::SetupAxisLimits(ImAxis_Y1, low, high, ImPlotCond_Always);
    const std::vector<double> ticks = log_ticks(low, high);
    ImPlot::SetupAxisTicks(ImAxis_Y1, ticks.data(), static_cast<int>(ticks.size()));
    ImPlot::SetupLegend(ImPlotLocation_East, ImPlotLegendFlags_Outside | ImPlotLegendFlags_NoMenus);
    flat_line("uniform", 1, std::max(2.0, experts), 1, state.theme().dim, 1.2f * s);
    for (size_t l = 0; l < layers_.size(); ++l) {
        const Utilisation& layer = layers_[l];
        ImPlotSpec spec;
        spec.LineColor = faded(line_color(state, l), l == chosen ? 1.0f : 0.6f);
        spec.LineWeight = (l == chosen ? 2.6f : 1.2f) * s;
        ImPlot::PlotLine(state.layer_name(static_cast<int64_t>(l)).c_str(), layer.ranks.data(),
                         layer.loads.data(),
                         static_cast<int>(layer.experts.size()) - static_cast<int>(layer.unused),
                         spec);
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
        offer_on_click(state, [&] {
            return Number{.label = "load of E" + std::to_string(u.experts[i]) + ", " + place.name(),
                          .value = std::isfinite(u.loads[i]) ? u.loads[i] : 0.0,
                          .shown = rounded(std::isfinite(u.loads[i]) ? u.loads[i] : 0.0, 2) +
                                   " \xC3\x97 uniform",
                          .definition = "Share of all choices of " + choices_counted(state) +
                                        ", times the number of experts [def:load]",
                          .step = place.snapshot.step,
                          .command = panel_command(state, "statistics", place.snapshot.step)};
        });
        if (ImGui::BeginTooltip()) {
            expert_line(state, place, u.experts[i]);
            ImGui::TextColored(state.theme().dim, "rank %s of %s in %s; click selects",
                               with_thousands(rank + 1).c_str(), with_thousands(last + 1).c_str(),
                               place.name().c_str());
            ImGui::EndTooltip();
        }
    }
    ImPlot::EndPlot();
}

}  // namespace hopscope::app
