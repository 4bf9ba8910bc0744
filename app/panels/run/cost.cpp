#include "app/panels/run/cost.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <imgui.h>

#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kTimedUpdates = "of the newest updates that were timed";

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
void draw_part(const AppState& state, size_t index, const TimeSplit& split) {
    const TimePart& part = split.parts[index];
    const float s = state.pixel_scale, line = ImGui::GetTextLineHeight();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, at.y + line * 0.3f),
                                              ImVec2(at.x + 8 * s, at.y + line * 0.3f + 8 * s),
                                              packed(line_color(state, index)));
    ImGui::Indent(14 * s);
    value_row(state,
              {.label = part.name,
               .value = part.ms,
               .shown = significant(part.ms, 3) + " ms  " + share_of(part.ms, split.update_ms),
               .definition = part.help,
               .n = split.updates,
               .over = kTimedUpdates,
               .no_command = kLiveNumber});
    ImGui::Unindent(14 * s);
}

void draw_memory(AppState& state) {
    if (state.memory_bytes > 0)
        value_row(state, {.label = "memory",
                          .value = static_cast<double>(state.memory_bytes),
                          .shown = bytes(state.memory_bytes),
                          .definition = "Resident memory of the whole program: training, copies "
                                        "for looking, window. The value is in bytes",
                          .no_command = kLiveNumber});
    if (const int64_t held = state.status.device_bytes; held > 0)
        value_row(state, {.label = "memory of the GPU",
                          .value = static_cast<double>(held),
                          .shown = bytes(held),
                          .definition = "What training and looking hold of the memory of the GPU, "
                                        "used or kept for the next update. The value is in bytes",
                          .no_command = kLiveNumber});
}

}  // namespace

void draw_cost(AppState& state, const TimeSplit& split) {
    if (split.updates == 0) return;
    heading(state, "Cost of an update");
    value_row(state, {.label = "whole",
                      .value = split.update_ms,
                      .shown = significant(split.update_ms, 3) + " ms",
                      .definition = "Mean time of an update, evaluation and publishing left out",
                      .n = split.updates,
                      .over = kTimedUpdates,
                      .no_command = kLiveNumber});
    draw_bar(state, split);
    for (size_t i = 0; i < split.parts.size(); ++i)
        if (std::isfinite(split.parts[i].ms)) draw_part(state, i, split);
    heading(state, "Cost of the window");
    if (std::isfinite(split.publish_ms))
        value_row(state, {.label = "publishing",
                          .value = split.publish_ms,
                          .shown = significant(split.publish_ms, 3) + " ms  " +
                                   share_of(split.publish_ms, split.update_ms + split.publish_ms),
                          .definition = "Time in which the trainer hands pictures and numbers to "
                                        "the window instead of training, for each update and as "
                                        "a share",
                          .n = split.updates,
                          .over = kTimedUpdates,
                          .no_command = kLiveNumber});
    if (state.still) return;  // a picture is drawn once
    const double share = 100 * state.own_cost.share(state.now);
    value_row(state, {.label = "drawing",
                      .value = share,
                      .shown = rounded(share, 1) + " % of a core",
                      .definition = "Processor time of the window's own thread over the last "
                                    "seconds, and with OpenGL in software of the threads that "
                                    "draw for it",
                      .no_command = kLiveNumber});
    value_row(state, {.label = "a frame",
                      .value = state.own_cost.frame_ms(),
                      .shown = significant(state.own_cost.frame_ms(), 3) + " ms",
                      .definition = "Mean processor time of the newest frames",
                      .no_command = kLiveNumber});
    const double rate = state.own_cost.frames_a_second(state.now);
    value_row(state, {.label = "frames",
                      .value = rate,
                      .shown = rounded(rate, rate < 9.95 ? 1 : 0) + " a second",
                      .definition = "Frames of the last seconds. It draws when something changes "
                                    "or is pointed at, seldom while it rests, never while hidden",
                      .no_command = kLiveNumber});
    if (const int64_t points = state.own_cost.points(); points > 0)
        value_row(state, {.label = "points",
                          .value = static_cast<double>(points),
                          .shown = with_thousands(points),
                          .definition = "Points of the routing space in the newest frame: "
                                        "centroids, and tokens at their hops. They are drawn anew "
                                        "only where something changed",
                          .no_command = kLiveNumber});
    draw_memory(state);
}

}  // namespace hopscope::app
