#include "app/panels/coupling/live.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/coupling/plots.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/plain_plot.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kLiveHeight = 190;  ///< unscaled pixels
constexpr RoutingStat kLiveStats[] = {RoutingStat::coupling, RoutingStat::score_spearman,
                                      RoutingStat::gradient_cosine};

}  // namespace

void LiveCoupling::make(const AppState& state) {
    const History& history = state.history;
    if (made_for_ == history.version && made_stat_ == stat_) return;
    made_for_ = history.version;
    made_stat_ = stat_;
    lines_.assign(history.layers.size(), {});
    for (size_t l = 0; l < lines_.size(); ++l) {
        const std::vector<double>& values = history.layers[l].of(stat_);
        for (size_t i = 0; i < values.size(); ++i) {
            if (!std::isfinite(values[i])) continue;
            lines_[l].step.push_back(history.step[i]);
            lines_[l].value.push_back(values[i]);
        }
    }
}

void LiveCoupling::draw(AppState& state) {
    heading(state, "While it trains");
    const float s = state.pixel_scale;
    for (const RoutingStat stat : kLiveStats) {
        const RoutingStatRow& row = row_of(stat);
        if (stat != kLiveStats[0]) ImGui::SameLine(0, 4 * s);
        const std::string why = state.lacks(row.needs);
        if (button(state, row.name, why.empty() ? nullptr : why.c_str(), row.help, 0,
                   stat == stat_))
            stat_ = stat;
    }
    const RoutingStatRow& row = row_of(stat_);
    if (const std::string why = state.lacks(row.needs); !why.empty()) {
        note(state, why);
        return;
    }
    const bool any = std::any_of(lines_.begin(), lines_.end(),
                                 [](const Line& line) { return !line.step.empty(); });
    if (!any) {
        note(state,
             "It is recorded with each snapshot of the routing: the first has not come yet.");
        return;
    }
    double low = 0, high = 0, first = 1e300, last = -1e300;
    for (const Line& line : lines_)
        for (size_t i = 0; i < line.step.size(); ++i) {
            low = std::min(low, line.value[i]), high = std::max(high, line.value[i]);
            first = std::min(first, line.step[i]), last = std::max(last, line.step[i]);
        }
    // The plot is too low for the name with its unit, which the button above explains.
    if (!begin_plain_plot("##live", ImVec2(-1, kLiveHeight * s), "step", row.name)) return;
    const double room = std::max(1.0, 0.03 * (last - first));
    ImPlot::SetupAxisLimits(ImAxis_X1, first - room, last + room, ImPlotCond_Always);
    fix_range(low, high);
    legend_on_top();
    plot_level(state, "chance, 0", 0);
    for (size_t l = 0; l < lines_.size(); ++l) {
        const bool selected = static_cast<int64_t>(l) == state.selection.layer;
        ImPlotSpec look;
        look.LineColor = look.MarkerLineColor = look.MarkerFillColor = line_color(state, l);
        look.LineWeight = (selected ? 2.4f : 1.2f) * s;
        look.Marker = line_marker(l);
        look.MarkerSize = (selected ? 3.5f : 2.5f) * s;
        ImPlot::PlotLine(("layer " + std::to_string(l)).c_str(), lines_[l].step.data(),
                         lines_[l].value.data(), static_cast<int>(lines_[l].step.size()), look);
    }
    if (ImPlot::IsPlotHovered()) {
        state.pointing_at = ImPlot::GetPlotMousePos().x;
        if (ImGui::BeginTooltip()) {
            for (size_t l = 0; l < lines_.size(); ++l) {
                const Line& line = lines_[l];
                if (line.step.empty()) continue;
                auto at = static_cast<size_t>(
                    std::lower_bound(line.step.begin(), line.step.end(), *state.pointing_at) -
                    line.step.begin());
                at = std::min(at, line.step.size() - 1);
                ImGui::Text("layer %zu: %s at step %s", l, significant(line.value[at], 3).c_str(),
                            rounded(line.step[at], 0).c_str());
            }
            ImGui::EndTooltip();
        }
    }
    ImPlot::EndPlot();
}

}  // namespace hopscope::app
