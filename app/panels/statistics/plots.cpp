#include "app/panels/statistics/plots.h"

#include "app/widgets/plain_plot.h"

namespace hopscope::app {

bool begin_area_plot(const char* id, const Area& area, const char* x, const char* y,
                     ImPlotFlags more) {
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

}  // namespace hopscope::app
