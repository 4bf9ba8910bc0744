#include "app/panels/coupling/experts.h"

#include <algorithm>
#include <cmath>
#include <implot.h>

#include "app/panels/coupling/plots.h"
#include "app/widgets/format.h"
#include "app/widgets/plain_plot.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kExpertsHeight = 230, kReach = 9;  ///< unscaled pixels

struct Dot {
    const CoupledExpert* expert;
    ImVec2 at;
};

void explain(const CoupledExpert& e) {
    if (!ImGui::BeginTooltip()) return;
    ImGui::Text("E%lld, layer %lld", static_cast<long long>(e.expert),
                static_cast<long long>(e.layer));
    ImGui::Text("cosine of router row and reading row %s", significant(e.cosine, 3).c_str());
    ImGui::Text("Spearman of score and activation %s, n = %s pairs",
                significant(e.spearman, 3).c_str(), rounded(e.pairs, 0).c_str());
    ImGui::Text("cosine of their gradients %s", significant(e.gradient, 3).c_str());
    ImGui::EndTooltip();
}

/// In pixels, by the colour of the expert's place; what is selected gets a ring.
std::vector<Dot> draw_dots(const AppState& state, const std::vector<const CoupledExpert*>& list) {
    const float s = state.pixel_scale;
    std::vector<Dot> dots;
    ImDrawList* draw = ImPlot::GetPlotDrawList();
    ImPlot::PushPlotClipRect();
    for (const CoupledExpert* e : list) {
        const ImVec2 at = ImPlot::PlotToPixels(e->cosine, e->spearman);
        dots.push_back({e, at});
        draw->AddCircleFilled(
            at, 3.2f * s,
            viz::packed(state.places.expert_color(e->layer, e->expert, state.theme().dark)));
        if (e->layer == state.selection.layer && state.selection.experts.contains(e->expert))
            draw->AddCircle(at, 6 * s, packed(state.theme().text), 0, 1.5f * s);
    }
    ImPlot::PopPlotClipRect();
    return dots;
}

}  // namespace

void draw_coupled_experts(AppState& state, const CouplingSides& sides) {
    heading(state, "Which experts are coupled?");
    std::vector<const CoupledExpert*> list;
    double left = -0.05, right = 0.05, low = -0.05, high = 0.05;
    for (const CoupledExpert& e : sides.own.experts) {
        if (sides.layer >= 0 && e.layer != sides.layer) continue;
        if (!std::isfinite(e.cosine) || !std::isfinite(e.spearman)) continue;
        list.push_back(&e);
        left = std::min(left, e.cosine), right = std::max(right, e.cosine);
        low = std::min(low, e.spearman), high = std::max(high, e.spearman);
    }
    if (list.empty()) {
        note(state, "No expert of this layer has both numbers.");
        return;
    }
    const float s = state.pixel_scale;
    if (!begin_plain_plot("##experts", ImVec2(-1, kExpertsHeight * s),
                          "cosine of router row and reading row", "Spearman, score and activation",
                          ImPlotFlags_NoLegend))
        return;
    const double room = 0.06 * (right - left);
    ImPlot::SetupAxisLimits(ImAxis_X1, left - room, right + room, ImPlotCond_Always);
    fix_range(low, high);
    ImPlotSpec zero;
    zero.LineColor = faded(state.theme().dim, 0.7f);
    const double at_zero = 0;
    ImPlot::PlotInfLines("##vertical", &at_zero, 1, zero);
    plot_level(state, "##horizontal", 0);
    const std::vector<Dot> dots = draw_dots(state, list);
    if (ImPlot::IsPlotHovered()) {
        const ImVec2 mouse = ImGui::GetIO().MousePos;
        const CoupledExpert* nearest = nullptr;
        float reach = kReach * s;
        for (const Dot& dot : dots) {
            const float away = std::hypot(dot.at.x - mouse.x, dot.at.y - mouse.y);
            if (away < reach) reach = away, nearest = dot.expert;
        }
        if (nearest) {
            explain(*nearest);
            if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
                if (nearest->layer != state.selection.layer)
                    state.selection.set_layer(nearest->layer);
                state.selection.pick_expert(nearest->expert, ImGui::GetIO().KeyShift);
            }
        }
    }
    ImPlot::EndPlot();
    note(state, with_thousands(static_cast<int64_t>(list.size())) +
                    " experts; without any relation they would lie around the crossing of the "
                    "lines. A click selects an expert in all panels.");
}

}  // namespace hopscope::app
