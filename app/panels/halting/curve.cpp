#include "app/panels/halting/curve.h"

#include <algorithm>
#include <cmath>
#include <implot.h>
#include <limits>

#include "app/panels/intervene/dose.h"
#include "app/panels/trajectory/view.h"
#include "app/widgets/format.h"
#include "app/widgets/plain_plot.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kControl = "random, mean \xC2\xB1 sd";

ImPlotSpec line_of(const ImVec4& color, float scale, ImPlotMarker marker) {
    ImPlotSpec spec;
    spec.LineColor = color;
    spec.LineWeight = 1.8f * scale;
    spec.Marker = marker;
    spec.MarkerSize = 3 * scale;
    spec.MarkerFillColor = spec.MarkerLineColor = color;
    return spec;
}

void range_of(const std::vector<double>& values, double& low, double& high) {
    for (const double value : values) {
        if (!std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
    }
}

}  // namespace

void HaltingCurve::draw_options() {
    if (ImGui::BeginCombo("##over", words_of(axis_).name)) {
        for (const HaltingAxis axis : kHaltingAxes)
            if (ImGui::Selectable(words_of(axis).name, axis == axis_)) axis_ = axis;
        ImGui::EndCombo();
    }
    tooltip(std::string("What the curve is drawn over. ") + words_of(axis_).help);
}

void HaltingCurve::follow(const Table& table) {
    if (of_ == table && made_for_ == axis_) return;
    of_ = table;
    made_for_ = axis_;
    lines_ = halting_lines(*table, axis_);
    low_ = std::numeric_limits<double>::max();
    high_ = std::numeric_limits<double>::lowest();
    range_of(lines_.x, low_, high_);
    if (axis_ == HaltingAxis::threshold) {
        low_ /= 1.3;
        high_ *= 1.3;
    } else {
        const double room = std::max(1.0, 0.06 * (high_ - low_));
        low_ -= room;
        high_ += room;
    }
}

void HaltingCurve::draw(AppState& state, const Table& table, int row, float height) {
    follow(table);
    const float both = height - ImGui::GetStyle().ItemSpacing.y;
    draw_quality(state, table, row, both * 0.55f);
    draw_cost(state, row, both * 0.45f);
}

bool HaltingCurve::begin(const char* id, const char* y, float height, bool names_x) const {
    const char* x = names_x ? words_of(axis_).label : nullptr;
    if (!begin_plain_plot(id, ImVec2(-1, height), x, y)) return false;
    ImPlot::SetupAxisLimits(ImAxis_X1, low_, high_, ImPlotCond_Always);
    ImPlot::SetupLegend(ImPlotLocation_North, ImPlotLegendFlags_NoMenus |
                                                  ImPlotLegendFlags_Outside |
                                                  ImPlotLegendFlags_Horizontal);
    if (axis_ != HaltingAxis::threshold) return true;
    ImPlot::SetupAxisScale(ImAxis_X1, ImPlotScale_Log10);
    const auto ticks = fewer(log_ticks(low_, high_), 8);
    if (!ticks.empty())
        ImPlot::SetupAxisTicks(ImAxis_X1, ticks.data(), static_cast<int>(ticks.size()));
    return true;
}

void HaltingCurve::draw_quality(AppState& state, const Table& table, int row, float height) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    if (!begin("##quality", "perplexity", height, false)) return;
    double low = lines_.base, high = lines_.base;
    range_of(lines_.perplexity, low, high);
    range_of(lines_.low, low, high);
    range_of(lines_.high, low, high);
    range_of(lines_.control_low, low, high);
    range_of(lines_.control_high, low, high);
    const double room = std::max(0.06 * (high - low), 1e-3 * high);
    ImPlot::SetupAxisLimits(ImAxis_Y1, low - room, high + room, ImPlotCond_Always);
    const int n = static_cast<int>(lines_.x.size());
    const ImVec4 grey = control_color(theme);
    const double ends[] = {low_, high_}, base[] = {lines_.base, lines_.base};
    ImPlotSpec plain_line;
    plain_line.LineColor = theme.text;
    plain_line.LineWeight = 1.2f * s;
    ImPlot::PlotLine("no halting", ends, base, 2, plain_line);
    if (n > 0 && std::isfinite(lines_.control.front())) {
        ImPlotSpec band;
        band.FillColor = grey;
        band.FillAlpha = 0.4f;
        ImPlot::PlotShaded(kControl, lines_.x.data(), lines_.control_low.data(),
                           lines_.control_high.data(), n, band);
        ImPlot::PlotLine(kControl, lines_.x.data(), lines_.control.data(), n,
                         line_of(grey, s, ImPlotMarker_Square));
    }
    ImPlotSpec interval;
    interval.FillColor = theme.amber;
    interval.FillAlpha = 0.25f;
    ImPlot::PlotShaded("halted", lines_.x.data(), lines_.low.data(), lines_.high.data(), n,
                       interval);
    ImPlot::PlotLine("halted", lines_.x.data(), lines_.perplexity.data(), n,
                     line_of(theme.amber, s, ImPlotMarker_Circle));
    mark(state, row);
    point(state, table);
    ImPlot::EndPlot();
}

void HaltingCurve::draw_cost(AppState& state, int row, float height) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    if (!begin("##cost", "% of no halting", height, true)) return;
    double low = 0, high = 100;
    for (const auto* line : {&lines_.hops, &lines_.moe_time, &lines_.time})
        range_of(*line, low, high);
    ImPlot::SetupAxisLimits(ImAxis_Y1, low, high * 1.06, ImPlotCond_Always);
    const int n = static_cast<int>(lines_.x.size());
    ImPlot::PlotLine("hops", lines_.x.data(), lines_.hops.data(), n,
                     line_of(theme.amber, s, ImPlotMarker_Circle));
    ImPlot::PlotLine("time in MoE layers", lines_.x.data(), lines_.moe_time.data(), n,
                     line_of(theme.accent, s, ImPlotMarker_Diamond));
    ImPlot::PlotLine("whole time", lines_.x.data(), lines_.time.data(), n,
                     line_of(theme.dim, s, ImPlotMarker_Square));
    mark(state, row);
    ImPlot::EndPlot();
}

/// The threshold of the slider, which can be dragged; over another axis the row that it stands for.
void HaltingCurve::mark(AppState& state, int row) const {
    const ImVec4 color = state.theme().text;
    double epsilon = epsilon_at(state.halt_position);
    if (axis_ == HaltingAxis::threshold) {
        if (epsilon <= 0) return;
        const bool dragged = ImPlot::DragLineX(0, &epsilon, faded(color, 0.8f), state.pixel_scale,
                                               ImPlotDragToolFlags_NoFit);
        if (!dragged) return;
        state.halt_position = position_of(epsilon);
        return state.keep_drawing();
    }
    if (row < 0) return;
    ImPlotSpec spec;
    spec.LineColor = faded(color, 0.8f);
    spec.LineWeight = state.pixel_scale;
    ImPlot::PlotInfLines("##marked", &lines_.x[static_cast<size_t>(row)], 1, spec);
}

/// Numbers of the measured threshold under the pointer; a click sets it.
void HaltingCurve::point(AppState& state, const Table& table) const {
    if (!ImPlot::IsPlotHovered() || lines_.x.empty()) return;
    const float mouse = ImGui::GetMousePos().x;
    size_t near = 0;
    float least = 0;
    for (size_t i = 0; i < lines_.x.size(); ++i) {
        const float away =
            std::fabs(ImPlot::PlotToPixels(lines_.x[i], lines_.perplexity[i]).x - mouse);
        if (i > 0 && away >= least) continue;
        near = i;
        least = away;
    }
    const core::HaltingRow& row = table->rows[near];
    std::string text = "\xCE\xB5 = " + significant(row.epsilon, 2) + ": perplexity " +
                       significant(lines_.perplexity[near], 4) + " [" +
                       significant(lines_.low[near], 4) + ", " + significant(lines_.high[near], 4) +
                       "], without halting " + significant(lines_.base, 4);
    if (row.chance.draws > 0)
        text += "\nrandom: " + significant(lines_.control[near], 4) +
                ", n = " + std::to_string(row.chance.draws) + " draws";
    text += "\n" + rounded(row.mean_hops, 2) + " hops, " + rounded(lines_.hops[near], 1) +
            " % of them; " + rounded(lines_.moe_time[near], 1) + " % of the time in MoE layers" +
            "\nA click sets this threshold.";
    ImGui::SetTooltip("%s", text.c_str());
    if (ImGui::IsMouseReleased(ImGuiMouseButton_Left) &&
        ImGui::GetIO().MouseDragMaxDistanceSqr[0] < 9) {
        state.halt_position = position_of(row.epsilon);
        state.keep_drawing();
    }
}

}  // namespace hopscope::app
