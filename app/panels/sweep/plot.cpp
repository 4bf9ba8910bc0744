#include "app/panels/sweep/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <imgui.h>
#include <imgui_internal.h>
#include <implot.h>
#include <utility>
#include <vector>

#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/plain_plot.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kPointReach = 10;     ///< pixels from a point at which it answers, unscaled
constexpr float kMeanRadius = 5.5f;   ///< radius of a variant's glyph, unscaled
constexpr float kRunRadius = 3.0f;    ///< of a run's
constexpr double kAxisMargin = 0.08;  ///< of an axis, on both sides

using Span = SweepPlot::Span;

/// Of all values.
Span span_of(const SweepPicture& picture, bool x) {
    Span out{HUGE_VAL, -HUGE_VAL};
    const auto hold = [&](double value) {
        if (!std::isfinite(value)) return;
        out.low = std::min(out.low, value);
        out.high = std::max(out.high, value);
    };
    for (const SweepGroup& group : picture.groups)
        for (const SweepPoint& point : group.points) hold(x ? point.x : point.y);
    return out;
}

Span widened(Span span, bool log) {
    if (log) {
        span = {std::log(span.low), std::log(span.high)};
        const double pad = std::max(kAxisMargin * (span.high - span.low), 0.02);
        return {std::exp(span.low - pad), std::exp(span.high + pad)};
    }
    const double wide = span.high - span.low;
    const double pad = wide > 0 ? kAxisMargin * wide : std::max(std::fabs(span.low) * 0.05, 0.5);
    return {span.low - pad, span.high + pad};
}

int write_value(double value, char* text, int size, void*) {
    const bool millions = std::fabs(value) >= 1e6;
    const std::string words = millions ? plain(value / 1e6) + " M" : plain(value);
    return std::snprintf(text, static_cast<size_t>(size), "%s", words.c_str());
}

ImVec2 pixels(double x, double y) {
    return ImPlot::PlotToPixels(x, y);
}

}  // namespace

void SweepPlot::set_up_axes(const SweepPicture& picture, ImVec2 size, bool fit) {
    const bool words = !picture.words.empty();
    if (fit) {
        x_ = words ? Span{-0.5, static_cast<double>(picture.words.size()) - 0.5}
                   : widened(span_of(picture, true), picture.log_x);
        y_ = widened(span_of(picture, false), picture.log_y);
    }
    const auto set = [&](ImAxis axis, const Span& shown, bool log, float each, float length) {
        ImPlot::SetupAxisLimits(axis, shown.low, shown.high,
                                fit ? ImPlotCond_Always : ImPlotCond_Once);
        ImPlot::SetupAxisFormat(axis, write_value);
        if (!log) return;
        ImPlot::SetupAxisScale(axis, ImPlotScale_Log10);
        const auto room = static_cast<size_t>(std::max(2.0f, length / each));
        const auto ticks = fewer(log_ticks(shown.low, shown.high), room);
        if (!ticks.empty())
            ImPlot::SetupAxisTicks(axis, ticks.data(), static_cast<int>(ticks.size()));
    };
    set(ImAxis_X1, x_, picture.log_x, 80, size.x);
    set(ImAxis_Y1, y_, picture.log_y, 26, size.y);
    if (!words) return;
    std::vector<const char*> names;
    std::vector<double> places;
    for (const std::string& word : picture.words) {
        places.push_back(static_cast<double>(names.size()));
        names.push_back(word.c_str());
    }
    ImPlot::SetupAxisTicks(ImAxis_X1, places.data(), static_cast<int>(names.size()), names.data());
}

/// Steps along what is reached at least so cheaply.
void SweepPlot::draw_front(const AppState& state, const SweepPicture& picture) const {
    std::vector<const SweepGroup*> front;
    for (const SweepGroup& group : picture.groups)
        if (group.front) front.push_back(&group);
    std::stable_sort(front.begin(), front.end(),
                     [](const SweepGroup* a, const SweepGroup* b) { return a->x < b->x; });
    ImDrawList* list = ImPlot::GetPlotDrawList();
    const ImU32 color = packed(faded(state.theme().text, 0.55f));
    const float weight = 1.4f * state.pixel_scale;
    const bool rising = picture.better_x == core::Better::higher;
    for (size_t i = 0; i + 1 < front.size(); ++i) {
        const ImVec2 a = pixels(front[i]->x, front[i]->y),
                     b = pixels(front[i + 1]->x, front[i + 1]->y);
        const ImVec2 corner = rising ? ImVec2(a.x, b.y) : ImVec2(b.x, a.y);
        list->AddLine(a, corner, color, weight);
        list->AddLine(corner, b, color, weight);
    }
}

void SweepPlot::draw_trend(const AppState& state, const SweepPicture& picture) const {
    constexpr int kPieces = 48;  // it bends where one axis alone is logarithmic
    const Span x = span_of(picture, true);
    ImDrawList* list = ImPlot::GetPlotDrawList();
    const ImU32 color = packed(faded(state.theme().accent, 0.8f));
    for (int i = 0; i < kPieces; i += 2) {
        const auto at = [&](int piece) {
            const double share = static_cast<double>(piece) / kPieces;
            const double place = picture.log_x ? x.low * std::pow(x.high / x.low, share)
                                               : x.low + share * (x.high - x.low);
            return pixels(place, trend_at(picture, place));
        };
        list->AddLine(at(i), at(i + 1), color, 1.4f * state.pixel_scale);
    }
}

void SweepPlot::draw_group(const AppState& state, const SweepGroup& group) const {
    const float s = state.pixel_scale;
    ImDrawList* list = ImPlot::GetPlotDrawList();
    const ImVec4 color = line_color(state, group.place);
    const ImVec2 mean = pixels(group.x, group.y);
    if (group.points.size() > 1) {
        const ImU32 bar = packed(faded(color, 0.6f));
        const ImVec2 low = pixels(group.x, group.y_low), high = pixels(group.x, group.y_high);
        list->AddLine(low, high, bar, 1.6f * s);
        for (const ImVec2& end : {low, high})
            list->AddLine(ImVec2(end.x - 3 * s, end.y), ImVec2(end.x + 3 * s, end.y), bar,
                          1.6f * s);
        if (group.x_high > group.x_low)
            list->AddLine(pixels(group.x_low, group.y), pixels(group.x_high, group.y), bar,
                          1.6f * s);
        for (const SweepPoint& point : group.points)
            draw_line_marker(list, pixels(point.x, point.y), kRunRadius * s, group.place,
                             packed(faded(color, point.left_out.empty() ? 0.55f : 0.25f)));
    }
    const ImVec4 panel = state.theme().panel;
    draw_line_marker(list, mean, (kMeanRadius + 1.5f) * s, group.place, packed(panel));
    draw_line_marker(list, mean, kMeanRadius * s, group.place, packed(color));
    for (const SweepPoint& point : group.points)
        if (!state.compared.chosen.empty() && point.dir == state.compared.chosen)
            list->AddCircle(pixels(point.x, point.y), 9 * s, packed(state.theme().accent), 0,
                            2 * s);
}

std::string SweepPlot::point_under_mouse(const AppState& state, const SweepPicture& picture) const {
    const ImVec2 mouse = ImGui::GetMousePos();
    const float s = state.pixel_scale;
    float nearest = kPointReach * s * kPointReach * s;
    const SweepGroup* group = nullptr;
    const SweepPoint* point = nullptr;
    const auto look = [&](const SweepGroup& of, const SweepPoint* one, double x, double y) {
        const ImVec2 at = pixels(x, y);
        const float d = (at.x - mouse.x) * (at.x - mouse.x) + (at.y - mouse.y) * (at.y - mouse.y);
        // A mean lies before its runs.
        if (d > nearest || (d == nearest && one)) return;
        nearest = d;
        group = &of;
        point = one;
    };
    for (const SweepGroup& of : picture.groups) {
        look(of, of.points.size() == 1 ? &of.points.front() : nullptr, of.x, of.y);
        for (const SweepPoint& one : of.points) look(of, &one, one.x, one.y);
    }
    if (!group) return {};
    ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    if (ImGui::BeginTooltip()) {
        ImGui::PushFont(state.fonts.text, kTextSize);
        ImGui::TextUnformatted(explained(picture, *group, point).c_str());
        ImGui::TextColored(state.theme().dim, "click chooses it in Compared runs");
        ImGui::PopFont();
        ImGui::EndTooltip();
    }
    if (!ImGui::IsMouseReleased(ImGuiMouseButton_Left) ||
        ImGui::GetIO().MouseDragMaxDistanceSqr[ImGuiMouseButton_Left] >
            ImGui::GetIO().MouseDragThreshold * ImGui::GetIO().MouseDragThreshold)
        return {};
    return point ? point->dir : group->points.front().dir;
}

/// Each variant by its mean, those on the front first, where no other name stands.
void SweepPlot::draw_names(const AppState& state, const SweepPicture& picture) const {
    const float s = state.pixel_scale, gap = 9 * s;
    const ImVec2 low = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    ImDrawList* list = ImPlot::GetPlotDrawList();
    std::vector<ImRect> taken;
    for (const SweepGroup& group : picture.groups) {
        const ImVec2 at = pixels(group.x, group.y);
        taken.emplace_back(at.x - gap, at.y - gap, at.x + gap, at.y + gap);
    }
    ImGui::PushFont(state.fonts.text, kSmallSize);
    for (const bool front : {true, false})
        for (const SweepGroup& group : picture.groups) {
            if (group.front != front) continue;
            const ImVec2 at = pixels(group.x, group.y),
                         wide = ImGui::CalcTextSize(group.name.c_str());
            for (const ImVec2 from : {ImVec2(at.x + gap, at.y - wide.y / 2),
                                      ImVec2(at.x - gap - wide.x, at.y - wide.y / 2),
                                      ImVec2(at.x - wide.x / 2, at.y - gap - wide.y),
                                      ImVec2(at.x - wide.x / 2, at.y + gap)}) {
                const ImRect box(from.x, from.y, from.x + wide.x, from.y + wide.y);
                const bool inside = box.Min.x >= low.x && box.Max.x <= low.x + size.x &&
                                    box.Min.y >= low.y && box.Max.y <= low.y + size.y;
                if (!inside || std::any_of(taken.begin(), taken.end(), [&](const ImRect& other) {
                        return other.Overlaps(box);
                    }))
                    continue;
                list->AddRectFilled(box.Min, box.Max, packed(faded(state.theme().panel, 0.8f)));
                list->AddText(from, packed(state.theme().dim), group.name.c_str());
                taken.push_back(box);
                break;
            }
        }
    ImGui::PopFont();
}

std::string SweepPlot::draw(AppState& state, const SweepPicture& picture, ImVec2 size, bool fit) {
    std::string clicked;
    // Names of axes are cut rather than written over what stands beside the plot.
    const float below = 2.5f * ImGui::GetTextLineHeightWithSpacing();
    const std::string x = fitted(picture.x.title(), size.x * 0.8f),
                      y = fitted(picture.y.title(), std::max(40.0f, size.y - below));
    if (!begin_plain_plot("##sweep", size, x.c_str(), y.c_str(), ImPlotFlags_NoLegend)) return {};
    set_up_axes(picture, size, fit || std::exchange(refit_, false));
    ImPlot::SetupFinish();
    const ImPlotRect shown = ImPlot::GetPlotLimits();
    x_ = {shown.X.Min, shown.X.Max};
    y_ = {shown.Y.Min, shown.Y.Max};
    ImPlot::PushPlotClipRect();
    if (state.sweep.choice.front && picture.no_front.empty()) draw_front(state, picture);
    if (state.sweep.choice.trend && picture.no_trend.empty()) draw_trend(state, picture);
    for (const SweepGroup& group : picture.groups) draw_group(state, group);
    draw_names(state, picture);
    ImPlot::PopPlotClipRect();
    if (ImPlot::IsPlotHovered()) {
        clicked = point_under_mouse(state, picture);
        refit_ = ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left);
        if (refit_) state.keep_drawing();
    }
    ImPlot::EndPlot();
    return clicked;
}

}  // namespace hopscope::app
