#include "app/panels/intervene/dose.h"

#include <algorithm>
#include <cmath>
#include <implot.h>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

ImVec4 control_color(const Theme& theme) {
    return mixed(theme.panel, theme.dim, 0.75f);
}

void DosePlot::draw(const AppState& state, const core::InterventionEffect& effect) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    heading(state, "Dose curve");
    if (!core::has_dose(effect.request.script))
        return note(state, "Steer or boost something: the effect over its strength appears here.");
    for (const DoseValue what : {DoseValue::kl, DoseValue::p_target}) {
        const bool kl = what == DoseValue::kl;
        if (!kl) ImGui::SameLine(0, 4 * s);
        if (button(state, kl ? "KL" : "P(target)", nullptr,
                   kl ? "KL(base \xE2\x80\x96 changed), nats" : "Probability of the target token",
                   0, value_ == what))
            value_ = what;
    }
    const DoseCurve curve = dose_curve(effect, value_);
    const int n = static_cast<int>(curve.factor.size());
    if (n == 0)
        return note(state, effect.whole ? "No point could be measured." : "Measuring\xE2\x80\xA6");
    const float height = std::clamp(ImGui::GetContentRegionAvail().y - 4 * s, 150 * s, 260 * s);
    // Room for the markers of the outermost points; half of it is at each end.
    ImPlot::PushStyleVar(ImPlotStyleVar_FitPadding, ImVec2(0.12f, 0.14f));
    ImPlot::GetInputMap().ZoomMod = ImGuiMod_Ctrl;  // the wheel scrolls the page
    const bool begun = ImPlot::BeginPlot("##dose", ImVec2(-1, height),
                                         ImPlotFlags_NoTitle | ImPlotFlags_NoMouseText |
                                             ImPlotFlags_NoMenus | ImPlotFlags_NoBoxSelect);
    if (!begun) return ImPlot::PopStyleVar();
    ImPlot::SetupAxes(("factor on " + core::doses_in_words()).c_str(),
                      value_ == DoseValue::kl ? "KL, nats" : "P(target)",
                      ImPlotAxisFlags_NoHighlight | ImPlotAxisFlags_AutoFit,
                      ImPlotAxisFlags_NoHighlight | ImPlotAxisFlags_AutoFit);
    ImPlot::SetupLegend(ImPlotLocation_North, ImPlotLegendFlags_NoMenus |
                                                  ImPlotLegendFlags_Outside |
                                                  ImPlotLegendFlags_Horizontal);
    ImPlotSpec band;
    band.FillColor = control_color(theme);
    band.FillAlpha = 0.4f;
    ImPlotSpec grey;
    grey.LineColor = control_color(theme);
    grey.LineWeight = 1.8f * s;
    ImPlotSpec amber;
    amber.LineColor = theme.amber;
    amber.LineWeight = 1.8f * s;
    amber.Marker = ImPlotMarker_Circle;
    amber.MarkerSize = 3 * s;
    amber.MarkerFillColor = amber.MarkerLineColor = theme.amber;
    if (!std::isnan(curve.control.front())) {
        ImPlot::PlotShaded("control, mean \xC2\xB1 sd", curve.factor.data(),
                           curve.control_low.data(), curve.control_high.data(), n, band);
        ImPlot::PlotLine("control, mean \xC2\xB1 sd", curve.factor.data(), curve.control.data(), n,
                         grey);
    }
    ImPlot::PlotLine("intervention", curve.factor.data(), curve.value.data(), n, amber);
    if (ImPlot::IsPlotHovered()) {
        const double x = ImPlot::GetPlotMousePos().x;
        size_t near = 0;
        for (size_t i = 1; i < curve.factor.size(); ++i)
            if (std::fabs(curve.factor[i] - x) < std::fabs(curve.factor[near] - x)) near = i;
        ImGui::SetTooltip(
            "factor %s: %s\ncontrol %s, n = %lld draws", plain(curve.factor[near]).c_str(),
            significant(curve.value[near], 3).c_str(), significant(curve.control[near], 3).c_str(),
            static_cast<long long>(effect.request.dose_controls));
    }
    ImPlot::EndPlot();
    ImPlot::PopStyleVar();
}

}  // namespace hopscope::app
