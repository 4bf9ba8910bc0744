#include "app/panels/statistics/saturation.h"

#include <algorithm>
#include <cmath>
#include <implot.h>

#include "app/panels/statistics/plots.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/number.h"
#include "app/widgets/plain_plot.h"

namespace hopscope::app {
namespace {

constexpr size_t kLegend = 12;  ///< more layers have no legend

void draw_curve(AppState& state, size_t layer, const SaturationCurve& curve,
                const std::vector<double>& xs, bool chosen) {
    const auto n = static_cast<int>(std::min(xs.size(), curve.mean.size()));
    const std::string name = state.layer_name(static_cast<int64_t>(layer));
    ImPlotSpec spec;
    spec.LineColor = faded(line_color(state, layer), chosen ? 1.0f : 0.6f);
    spec.LineWeight = (chosen ? 2.6f : 1.2f) * state.pixel_scale;
    if (chosen) {
        ImPlotSpec band;
        band.FillColor = faded(line_color(state, layer), 0.22f);
        ImPlot::PlotShaded(name.c_str(), xs.data(), curve.low.data(), curve.high.data(), n, band);
    }
    ImPlot::PlotLine(name.c_str(), xs.data(), curve.mean.data(), n, spec);
}

void saturation_help(const AppState& state, const Saturation& s, size_t layer, size_t at) {
    const SaturationCurve& curve = s.layers[layer];
    if (at >= curve.mean.size() || !ImGui::BeginTooltip()) return;
    ImGui::Text("%s, step %s: %s", state.layer_name(static_cast<int64_t>(layer)).c_str(),
                with_thousands(static_cast<int64_t>(s.steps[at])).c_str(),
                rounded(curve.mean[at], 3).c_str());
    const std::string interval = interval_text({curve.low[at], curve.high[at]}, 3);
    ImGui::TextColored(state.theme().dim, "95 %%: %s, n = %s tokens", interval.c_str(),
                       with_thousands(s.tokens).c_str());
    ImGui::TextColored(state.theme().dim, "same first-ranked expert %s; chance %s",
                       rounded(curve.first[at], 3).c_str(), rounded(curve.chance, 3).c_str());
    ImGui::EndTooltip();
}

}  // namespace

void SaturationPage::update(AppState& state, bool seen) {
    const MadeFrom from = {state.geometry, state.archive.version(), -1, 0, -1};
    if (!made_.wants(state, from, seen)) return;
    made_.ask(state, from,
              [past = state.archive.until(state.geometry), moe = state.session->config().moe] {
                  return saturation_of(past, moe);
              });
}

void SaturationPage::draw(AppState& state, const SnapshotLayer& place, Area area) const {
    if (const std::string why = state.lacks(core::Need::changing_choices); !why.empty())
        return nothing(state, area, why);
    const Saturation& s = numbers();
    if (s.empty() || place.layer >= s.layers.size())
        return nothing(state, area, state.sample.routed_once());
    caption(state, area,
            "saturation: share of each step's choices that are those of step " +
                with_thousands(s.last_step),
            std::string("|chosen then \xE2\x88\xA9 chosen at the step shown| / k, mean over the "
                        "hops and the tokens of ") +
                state.sample.in_words() +
                "; band: 95 % over tokens, of the chosen layer [def:saturation]. Of the snapshots "
                "that the run keeps.");
    const SaturationCurve& curve = s.layers[place.layer];
    if (curve.mean.empty())
        return nothing(state, area, "This layer holds no choices of the tokens of the sample.");
    footer(state, area,
           "n " + with_thousands(s.tokens) + " tokens, " + std::to_string(s.steps.size()) +
               " snapshots   chance of " + place.name() + ": " + rounded(curve.chance, 3),
           "chance: k / size of the pool, what even draws have in common with any set of k.");
    const ImPlotFlags legend = s.layers.size() > kLegend ? ImPlotFlags_NoLegend : ImPlotFlags_None;
    if (!begin_area_plot("##saturation", area, "step", "share of k in common", legend)) return;
    std::vector<double> xs = s.steps;
    for (double& x : xs) x = std::max(x, 1.0);  // step 0 at the left edge of a logarithmic axis
    const double last = std::max(xs.back(), xs.front() * 1.01);
    ImPlot::SetupAxisScale(ImAxis_X1, ImPlotScale_Log10);
    ImPlot::SetupAxisLimits(ImAxis_X1, xs.front(), last, ImPlotCond_Always);
    ImPlot::SetupAxisLimits(ImAxis_Y1, 0, 1.02, ImPlotCond_Always);
    const std::vector<double> ticks = log_ticks(xs.front(), last);
    ImPlot::SetupAxisTicks(ImAxis_X1, ticks.data(), static_cast<int>(ticks.size()));
    ImPlot::SetupLegend(ImPlotLocation_East, ImPlotLegendFlags_Outside | ImPlotLegendFlags_NoMenus);
    flat_line("chance", xs.front(), last, curve.chance, state.theme().amber,
              1.5f * state.pixel_scale);
    for (size_t l = 0; l < s.layers.size(); ++l)
        if (l != place.layer) draw_curve(state, l, s.layers[l], xs, false);
    draw_curve(state, place.layer, curve, xs, true);
    if (ImPlot::IsPlotHovered()) {
        const double x = std::log(std::max(ImPlot::GetPlotMousePos().x, 1e-9));
        const auto nearest = std::min_element(xs.begin(), xs.end(), [&](double a, double b) {
            return std::abs(std::log(a) - x) < std::abs(std::log(b) - x);
        });
        const auto at = static_cast<size_t>(nearest - xs.begin());
        if (at < curve.mean.size())
            offer_on_click(state, [&] {
                return Number{.label = "saturation, " + place.name(),
                              .value = curve.mean[at],
                              .shown = rounded(curve.mean[at], 3),
                              .definition =
                                  "Share of the choices of this step that are those of "
                                  "the last one, mean over hops and tokens "
                                  "[def:saturation]",
                              .low = curve.low[at],
                              .high = curve.high[at],
                              .n = s.tokens,
                              .over = "tokens",
                              .step = static_cast<int64_t>(s.steps[at]),
                              .command = analysis_command(state, "saturation")};
            });
        saturation_help(state, s, place.layer, at);
    }
    ImPlot::EndPlot();
}

}  // namespace hopscope::app
