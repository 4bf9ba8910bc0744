#include "app/panels/run/cost.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <imgui.h>

#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

std::string share_of(double part, double whole) {
    return whole > 0 && std::isfinite(part) ? rounded(100 * part / whole, 1) + " %" : kNothing;
}

/// The parts beside each other over the whole width, each as wide as its share.
void draw_bar(const AppState& state, const TimeSplit& split) {
    const float s = state.pixel_scale, height = 8 * s, width = ImGui::GetContentRegionAvail().x;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::Dummy(ImVec2(width, height));
    ImDrawList* list = ImGui::GetWindowDrawList();
    float from = at.x;
    for (size_t i = 0; i < split.parts.size(); ++i) {
        if (!(split.parts[i].ms > 0)) continue;
        const float to = std::min(
            at.x + width, from + width * static_cast<float>(split.parts[i].ms / split.update_ms));
        list->AddRectFilled(ImVec2(from, at.y), ImVec2(std::max(from, to - 1 * s), at.y + height),
                            packed(line_color(state, i)));
        from = to;
    }
}

/// A row of the table below the bar, with a square of its colour there.
void draw_part(const AppState& state, size_t index, const TimePart& part, double whole) {
    const float s = state.pixel_scale, line = ImGui::GetTextLineHeight();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, at.y + line * 0.3f),
                                              ImVec2(at.x + 8 * s, at.y + line * 0.3f + 8 * s),
                                              packed(line_color(state, index)));
    ImGui::Indent(14 * s);
    value_row(state, part.name, significant(part.ms, 3) + " ms  " + share_of(part.ms, whole),
              part.help);
    ImGui::Unindent(14 * s);
}

}  // namespace

void draw_cost(AppState& state, const TimeSplit& split) {
    if (split.updates == 0) return;
    const std::string over =
        "Mean over the last " + with_thousands(split.updates) + " updates that were timed";
    heading(state, "Cost of an update");
    value_row(state, "whole", significant(split.update_ms, 3) + " ms",
              over + ", evaluation and publishing left out");
    draw_bar(state, split);
    for (size_t i = 0; i < split.parts.size(); ++i)
        if (std::isfinite(split.parts[i].ms)) draw_part(state, i, split.parts[i], split.update_ms);
    heading(state, "Cost of the window");
    if (std::isfinite(split.publish_ms))
        value_row(state, "publishing",
                  significant(split.publish_ms, 3) + " ms  " +
                      share_of(split.publish_ms, split.update_ms + split.publish_ms),
                  "Time in which the trainer hands pictures and numbers to the window instead of "
                  "training, for each update and as a share. " +
                      over);
    value_row(state, "drawing", rounded(100 * state.own_cost.share(state.now), 1) + " % of a core",
              "Processor time of the window's own thread over the last seconds; with OpenGL in "
              "software its helper threads come on top");
    value_row(state, "a frame", significant(state.own_cost.frame_ms(), 3) + " ms",
              "Mean processor time of the newest frames");
    if (state.memory_bytes > 0)
        value_row(state, "memory", bytes(state.memory_bytes),
                  "Resident memory of the whole program: training, copies for looking, window");
}

}  // namespace hopscope::app
