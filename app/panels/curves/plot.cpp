#include "app/panels/curves/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <imgui_internal.h>
#include <implot.h>
#include <utility>

#include "app/panels/curves/marks.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/plain_plot.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

/// Share of the x axis behind the newest update: little, or what its values are wide.
constexpr double kLeastRoom = 0.02, kMostRoom = 0.4;
constexpr float kLineWeight = 1.8f;
constexpr float kValueGap = 6;  ///< between a line's end and its value, unscaled

int format_tick(double value, char* text, int size, void*) {
    const bool millions = std::fabs(value) >= 1e6;
    const std::string words = millions ? plain(value / 1e6) + " M" : plain(value);
    return std::snprintf(text, static_cast<size_t>(size), "%s", words.c_str());
}

/// Of a line that stands in the list beside the plot.
bool listed(Role role) {
    return role == Role::layer || role == Role::lane || role == Role::lane_points;
}

ImVec4 color_of(const AppState& state, const CurvesContent& content, const Series& series) {
    const ImVec4 color = curve_color(state, series.role, series.layer, !content.choice.smooths());
    return listed(series.role) ? faded(color, content.legend->strength(series.layer)) : color;
}

int format_time(double value, char* text, int size, void*) {
    return std::snprintf(text, static_cast<size_t>(size), "%s", round_time(value).c_str());
}

double to_symlog(double value, void* linear) {
    return std::asinh(value / *static_cast<const double*>(linear));
}

double from_symlog(double value, void* linear) {
    return std::sinh(value) * *static_cast<const double*>(linear);
}

/// How many numbers of `each` pixels an axis has room for.
size_t room_for(float length, float each) {
    return static_cast<size_t>(std::max(2.0f, length / each));
}

void write_ticks(ImAxis axis, const std::vector<double>& ticks) {
    if (ticks.empty()) return;
    ImPlot::SetupAxisTicks(axis, ticks.data(), static_cast<int>(ticks.size()));
}

}  // namespace

void CurvesPlot::prepare(const CurvesContent& content) {
    if (follow_) {
        view_x_ = x_range(content.series);
        const double margin =
            std::clamp(static_cast<double>(values_width_) / columns_, kLeastRoom, kMostRoom);
        if (log_x) {
            view_x_.low = std::max(view_x_.low, 1.0);
            view_x_.high = std::max(view_x_.high, view_x_.low * 10);
            view_x_.high *= std::pow(view_x_.high / view_x_.low, margin / (1 - margin));
        } else {
            view_x_.high += (view_x_.high - view_x_.low) * margin / (1 - margin);
        }
        view_y_ = y_range(content.series, view_x_, y_scale == YScale::log);
        // Differences are looked at beside the margin and the range over seeds.
        if (content.choice.quantity == Quantity::versus)
            for (const Band& band : content.bands) {
                const double wider = band.equivalence ? 1.4 : 1;
                view_y_.low = std::min(view_y_.low, wider * *std::ranges::min_element(band.low));
                view_y_.high = std::max(view_y_.high, wider * *std::ranges::max_element(band.high));
            }
        if (y_scale == YScale::symlog) linear_within = linear_part(content.series, view_x_);
    }
    lines_.clear();
    const auto scale = log_x ? viz::AxisScale::log10 : viz::AxisScale::linear;
    for (size_t i = 0; i < content.series.size(); ++i)
        lines_.push_back({i, viz::thin_min_max(content.series[i].xs, content.series[i].ys,
                                               view_x_.low, view_x_.high, columns_, scale)});
}

void CurvesPlot::draw(AppState& state, const CurvesContent& content, ImVec2 size) {
    ImPlot::GetInputMap().ZoomMod = ImGuiMod_None;  // the page does not scroll
    // An axis that is set in each frame hears no wheel: its first turn would be lost.
    if (inside_ && ImGui::GetIO().MouseWheel != 0) follow_ = false;
    if (!ImPlot::BeginPlot("##curves", size,
                           ImPlotFlags_NoTitle | ImPlotFlags_NoMouseText | ImPlotFlags_NoMenus |
                               ImPlotFlags_NoBoxSelect | ImPlotFlags_NoLegend))
        return;
    const char* y_label = content.choice.quantity == Quantity::routing
                              ? row_of(content.choice.stat).axis
                              : text_of(content.choice.quantity).axis;
    const std::string x_label = axis_of(content.choice.x);
    const std::string scaled =
        y_scale == YScale::symlog
            ? std::string(y_label) + " (linear within \xC2\xB1" + plain(linear_within) + ")"
            : y_label;
    // A plot too low for the words beside its axis does without: the tab says what is shown.
    const bool low = ImGui::CalcTextSize(scaled.c_str()).x > size.y - 3 * ImGui::GetFontSize();
    ImPlot::SetupAxes(x_label.c_str(), scaled.c_str(), ImPlotAxisFlags_NoHighlight,
                      ImPlotAxisFlags_NoHighlight | (low ? ImPlotAxisFlags_NoLabel : 0));
    set_up_x(content, size.x);
    set_up_y(size.y);
    const ImPlotCond cond = follow_ ? ImPlotCond_Always : ImPlotCond_Once;
    ImPlot::SetupAxisLimits(ImAxis_X1, view_x_.low, view_x_.high, cond);
    ImPlot::SetupAxisLimits(ImAxis_Y1, view_y_.low, view_y_.high, cond);
    ImPlot::SetupFinish();
    columns_ = std::max(1, static_cast<int>(ImPlot::GetPlotSize().x));

    ImPlot::PushPlotClipRect();
    const bool named = draw_phases(state, content);
    draw_frame(state, content);
    draw_marks(state, content.marks, named ? 1 : 0);
    ImPlot::PopPlotClipRect();
    draw_bands(state, content);
    draw_lines(state, content);
    ImPlot::PushPlotClipRect();
    draw_gaps(state, content);
    draw_crossings(state, content.crossings, content.choice);
    draw_last_values(state, content);
    draw_time(state, content);
    ImPlot::PopPlotClipRect();
    if (ImPlot::IsPlotHovered())
        draw_read_out(state, content);
    else if (state.pointed_step)
        draw_pointed(state, content);
    watch_view(state);
    ImPlot::EndPlot();
}

void CurvesPlot::set_up_x(const CurvesContent& content, float length) {
    const size_t most = room_for(length, 6 * ImGui::GetFontSize());
    ImPlot::SetupAxisFormat(ImAxis_X1, is_time(content.choice.x) ? format_time : format_tick);
    if (log_x) {
        ImPlot::SetupAxisScale(ImAxis_X1, ImPlotScale_Log10);
        write_ticks(ImAxis_X1, fewer(log_ticks(view_x_.low, view_x_.high), most));
    } else if (is_time(content.choice.x)) {
        write_ticks(ImAxis_X1, time_ticks(view_x_.low, view_x_.high, most));
    }
}

void CurvesPlot::set_up_y(float length) {
    const size_t most = room_for(length, 2.4f * ImGui::GetFontSize());
    ImPlot::SetupAxisFormat(ImAxis_Y1, format_tick);
    if (y_scale == YScale::log) {
        ImPlot::SetupAxisScale(ImAxis_Y1, ImPlotScale_Log10);
        write_ticks(ImAxis_Y1, fewer(log_ticks(view_y_.low, view_y_.high), most));
    } else if (y_scale == YScale::symlog) {
        ImPlot::SetupAxisScale(ImAxis_Y1, to_symlog, from_symlog, &linear_within);
        write_ticks(ImAxis_Y1, fewer(symlog_ticks(view_y_.low, view_y_.high, linear_within), most));
    }
}

/// The phases of the loss as tinted bands, every second one, named where the loss itself is drawn.
/// → whether names stand in the first row.
bool CurvesPlot::draw_phases(const AppState& state, const CurvesContent& content) {
    if (content.of_many) return false;  // they are those of one run
    const Quantity quantity = content.choice.quantity;
    const bool named = quantity == Quantity::loss || quantity == Quantity::perplexity;
    const float s = state.pixel_scale;
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    const auto px = [&](double step) {
        const auto x = x_at(state.history, content.choice.x, std::round(step));
        if (!x) return at.x + size.x;
        return std::clamp(std::round(ImPlot::PlotToPixels(*x, view_y_.low).x), at.x, at.x + size.x);
    };
    ImDrawList* list = ImPlot::GetPlotDrawList();
    ImGui::PushFont(state.fonts.text, kSmallSize);
    const auto& phases = state.phases.all();
    for (size_t i = 0; i < phases.size(); ++i) {
        const float from = px(phases[i].from), to = px(phases[i].to);
        if (i % 2 == 1)
            list->AddRectFilled(ImVec2(from, at.y), ImVec2(to, at.y + size.y),
                                packed(faded(state.theme().raised, 0.6f)));
        const std::string name = std::to_string(i + 1) + "  " + core::word(phases[i].course);
        const float end = from + 6 * s + ImGui::CalcTextSize(name.c_str()).x;
        if (named && end < to)
            list->AddText(ImVec2(from + 6 * s, at.y + 4 * s), packed(state.theme().dim),
                          name.c_str());
    }
    ImGui::PopFont();
    return named && !phases.empty();
}

/// The two axes as faint lines; no box.
void CurvesPlot::draw_frame(const AppState& state, const CurvesContent& content) {
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    const ImVec2 corner(at.x, at.y + size.y - 1);
    ImDrawList* list = ImPlot::GetPlotDrawList();
    list->AddLine(at, corner, packed(state.theme().border));
    list->AddLine(corner, ImVec2(at.x + size.x, corner.y), packed(state.theme().border));
    const Quantity quantity = content.choice.quantity;
    const bool of_two = quantity == Quantity::fork || quantity == Quantity::versus;
    if (!of_two || y_scale == YScale::log) return;
    const float zero = ImPlot::PlotToPixels(0.0, 0.0).y;  // as good as its run
    list->AddLine(ImVec2(at.x, zero), ImVec2(at.x + size.x, zero), packed(state.theme().dim));
}

/// Range over seeds in the line's colour, equivalence in its own.
void CurvesPlot::draw_bands(const AppState& state, const CurvesContent& content) {
    int number = 0;
    for (const Band& band : content.bands) {
        const std::string id = "##band" + std::to_string(number++);
        const ImVec4 color =
            band.equivalence ? state.theme().violet : line_color(state, band.place);
        const float strength = band.equivalence ? 1 : content.legend->strength(band.place);
        const int count = static_cast<int>(band.xs.size());
        ImPlotSpec spec;
        spec.FillColor = faded(color, 0.20f * strength);
        spec.LineColor = spec.FillColor;
        ImPlot::PlotShaded(id.c_str(), band.xs.data(), band.low.data(), band.high.data(), count,
                           spec);
        if (!band.equivalence) continue;
        ImPlotSpec edge;
        edge.LineColor = faded(color, 0.7f);
        edge.LineWeight = 1.0f * state.pixel_scale;
        for (const auto* side : {&band.low, &band.high})
            ImPlot::PlotLine(id.c_str(), band.xs.data(), side->data(), count, edge);
    }
}

void CurvesPlot::draw_lines(const AppState& state, const CurvesContent& content) {
    const float s = state.pixel_scale;
    for (const auto& line : lines_) {
        const Series& series = content.series[line.series];
        const viz::Thinned& t = line.thinned;
        const int count = static_cast<int>(t.xs.size());
        ImPlotSpec spec;
        spec.LineColor = color_of(state, content, series);
        const bool strong = listed(series.role) && content.legend->pointed_at(series.layer);
        spec.LineWeight = (series.role == Role::raw ? 1.0f : kLineWeight) * (strong ? 1.6f : 1) * s;
        spec.FillColor = spec.LineColor;
        const bool measured = series.role == Role::points || series.role == Role::lane_points;
        if (t.show_points || (measured && series.xs.size() < 200)) {
            spec.Marker = listed(series.role) ? line_marker(series.layer) : ImPlotMarker_Circle;
            spec.MarkerSize = (measured ? listed(series.role) ? 3.4f : 2.6f : 2.0f) * s;
            spec.MarkerFillColor = spec.MarkerLineColor = spec.LineColor;
        }
        ImPlot::PlotLine(series.name.c_str(), t.xs.data(), t.ys.data(), count, spec);
    }
}

/// Holes between values, named as long as they are few; the read-out names those under the pointer.
void CurvesPlot::draw_gaps(const AppState& state, const CurvesContent& content) {
    constexpr size_t kFew = 3;
    const float s = state.pixel_scale;
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    const float base = at.y + size.y - 2 * s;
    ImDrawList* list = ImPlot::GetPlotDrawList();
    std::vector<Gap> named;
    for (const auto& line : lines_) {
        const Series& series = content.series[line.series];
        if (series.role == Role::points || series.role == Role::lane_points) continue;
        // Missing from the begin of a series is normal; a hole between values is worth a mark.
        for (double x : line.thinned.gap_xs) {
            const float px = ImPlot::PlotToPixels(x, view_y_.low).x;
            list->AddTriangleFilled(ImVec2(px - 4 * s, base), ImVec2(px + 4 * s, base),
                                    ImVec2(px, base - 7 * s), packed(state.theme().red));
        }
        if (line.thinned.gap_xs.empty() || named.size() > kFew) continue;
        for (const Gap& gap : gaps_in(series, view_x_))
            if (std::find(named.begin(), named.end(), gap) == named.end()) named.push_back(gap);
    }
    if (named.size() > kFew) return;
    ImGui::PushFont(state.fonts.text, kSmallSize);
    const float height = ImGui::GetTextLineHeight();
    float row = base - 9 * s;
    for (const Gap& gap : named) {
        row -= height;
        const std::string text = in_words(gap, content.choice.x);
        const float px = ImPlot::PlotToPixels(gap.from, view_y_.low).x;
        const float right = at.x + size.x - ImGui::CalcTextSize(text.c_str()).x - 4 * s;
        list->AddText(ImVec2(std::max(at.x + 4 * s, std::min(px - 4 * s, right)), row),
                      packed(state.theme().red_text), text.c_str());
    }
    ImGui::PopFont();
}

/// The cursor of time: what comes behind it is dimmed. A click puts it there.
void CurvesPlot::draw_time(AppState& state, const CurvesContent& content) {
    const XAxis axis = content.choice.x;
    const ImVec2 mouse = ImGui::GetMouseDragDelta(ImGuiMouseButton_Left);
    const bool clicked = ImPlot::IsPlotHovered() && ImGui::IsMouseReleased(ImGuiMouseButton_Left) &&
                         mouse.x == 0 && mouse.y == 0 &&
                         ImGui::GetIO().MouseClickedLastCount[ImGuiMouseButton_Left] == 1;
    if (clicked && !state.archive.files().empty()) {
        state.playback.playing = false;
        before_click_ = state.time.step();
        state.time.go_to(state.archive.files(),
                         step_at(state.history, axis, ImPlot::GetPlotMousePos().x));
        state.keep_drawing();
    }
    if (state.time.live()) return;
    const auto x = x_at(state.history, axis, static_cast<double>(*state.time.step()));
    if (!x) return;
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    const float px = std::round(ImPlot::PlotToPixels(*x, view_y_.low).x);
    ImDrawList* list = ImPlot::GetPlotDrawList();
    if (px < at.x + size.x)
        list->AddRectFilled(ImVec2(std::max(px, at.x), at.y), ImVec2(at.x + size.x, at.y + size.y),
                            packed(faded(state.theme().panel, 0.55f)));
    list->AddLine(ImVec2(px, at.y), ImVec2(px, at.y + size.y), packed(state.theme().text),
                  1.5f * state.pixel_scale);
}

void CurvesPlot::put_back(AppState& state) {
    if (before_click_)
        state.time.go_to(state.archive.files(), *before_click_);
    else
        state.time.go_live();
}

/// The newest values, each beside the end of its line; the list beside the plot has its own.
void CurvesPlot::draw_last_values(AppState& state, const CurvesContent& content) {
    struct Label {
        float x, y;
        std::string text;
        ImVec4 color;
    };
    const float s = state.pixel_scale, before = std::exchange(values_width_, 0.0f);
    if (content.listed) return;
    std::vector<Label> labels;
    float end = 0;
    const ImVec2 corner = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    for (const auto& line : lines_) {
        const Series& series = content.series[line.series];
        if (series.role == Role::raw && content.choice.smooths()) continue;
        double x = 0, y = 0;
        if (!last_value(series, x, y)) continue;
        const ImVec2 at = ImPlot::PlotToPixels(x, y);
        const std::string text = significant(y, 3);
        values_width_ =
            std::max(values_width_, text_width(state.fonts.mono, kMonoSize, text) + 10 * s);
        end = std::max(end, at.x);
        if (ImRect(corner, ImVec2(corner.x + size.x, corner.y + size.y)).Contains(at))
            labels.push_back({at.x, at.y, text, color_of(state, content, series)});
    }
    if (std::fabs(values_width_ - before) > 1) state.keep_drawing();  // the axis makes room
    std::sort(labels.begin(), labels.end(),
              [](const Label& a, const Label& b) { return a.y < b.y; });
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const float height = ImGui::GetTextLineHeight();
    std::vector<float> wanted;
    for (const auto& label : labels) wanted.push_back(label.y - height * 0.5f);
    const std::vector<float> tops = stacked(wanted, height, {corner.y, corner.y + size.y});
    // Where the view was moved they still lie within it.
    const float left =
        std::min(end + kValueGap * s, corner.x + size.x - values_width_ + kValueGap * s);
    for (size_t i = 0; i < labels.size(); ++i)
        ImPlot::GetPlotDrawList()->AddText(ImVec2(left, tops[i]), packed(labels[i].color),
                                           labels[i].text.c_str());
    ImGui::PopFont();
}

/// The step under the pointer where that is on the timeline.
void CurvesPlot::draw_pointed(const AppState& state, const CurvesContent& content) {
    const auto x = x_at(state.history, content.choice.x, *state.pointed_step);
    if (!x) return;
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    const float px = ImPlot::PlotToPixels(*x, view_y_.low).x;
    if (px < at.x || px > at.x + size.x) return;
    ImPlot::GetPlotDrawList()->AddLine(ImVec2(px, at.y), ImVec2(px, at.y + size.y),
                                       packed(faded(state.theme().dim, 0.7f)),
                                       1.0f * state.pixel_scale);
}

void CurvesPlot::draw_read_out(AppState& state, const CurvesContent& content) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const double wanted = ImPlot::GetPlotMousePos().x;
    double x = wanted, ignored = 0;
    if (content.series.empty() || !value_at(content.series.front(), wanted, x, ignored)) return;
    state.pointing_at = static_cast<double>(step_at(state.history, content.choice.x, x));
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    const float px = ImPlot::PlotToPixels(x, view_y_.low).x;
    ImPlot::GetPlotDrawList()->AddLine(ImVec2(px, at.y), ImVec2(px, at.y + size.y),
                                       packed(faded(theme.dim, 0.7f)), 1.0f * s);
    if (!ImGui::BeginTooltip()) return;
    value_row(state, name_of(content.choice.x), place_in_words(content.choice.x, x));
    if (ImGui::BeginTable("values", 3, ImGuiTableFlags_SizingFixedFit)) {
        for (const auto& series : content.series) {
            double there = 0, value = 0;
            if (!value_at(series, x, there, value)) continue;
            ImGui::TableNextRow();
            ImGui::TableNextColumn();
            const ImVec2 dot = ImGui::GetCursorScreenPos();
            const float line = ImGui::GetTextLineHeight();
            ImGui::Dummy(ImVec2(8 * s, line));
            ImGui::GetWindowDrawList()->AddRectFilled(
                ImVec2(dot.x, dot.y + line * 0.25f), ImVec2(dot.x + 8 * s, dot.y + line * 0.75f),
                packed(color_of(state, content, series)), 2 * s);
            ImGui::TableNextColumn();
            ImGui::TextColored(theme.dim, "%s", series.name.c_str());
            ImGui::TableNextColumn();
            ImGui::PushFont(state.fonts.mono, kMonoSize);
            const std::string text =
                significant(value, 4) +
                (there == x ? std::string() : " at " + place_in_words(content.choice.x, there));
            ImGui::TextUnformatted(text.c_str());
            ImGui::PopFont();
        }
        ImGui::EndTable();
    }
    draw_marks_read_out(state, content, wanted);
    ImGui::EndTooltip();
}

/// What is marked under the pointer, in whole words: on the picture there is room for few.
void CurvesPlot::draw_marks_read_out(const AppState& state, const CurvesContent& content,
                                     double x) {
    constexpr size_t kMost = 8;
    const float near = 5 * state.pixel_scale;
    const float px = ImPlot::PlotToPixels(x, view_y_.low).x;
    const Range under = {ImPlot::PixelsToPlot(px - near, 0).x,
                         ImPlot::PixelsToPlot(px + near, 0).x};
    std::vector<std::string> gaps;
    for (const Series& series : content.series) {
        if (series.role == Role::points || series.role == Role::lane_points) continue;
        for (const Gap& gap : gaps_in(series, under)) {
            const std::string text = in_words(gap, content.choice.x);
            if (std::find(gaps.begin(), gaps.end(), text) == gaps.end()) gaps.push_back(text);
        }
    }
    for (size_t i = 0; i < std::min(gaps.size(), kMost); ++i)
        ImGui::TextColored(state.theme().red_text, "%s", gaps[i].c_str());
    if (gaps.size() > kMost)
        ImGui::TextColored(state.theme().dim, "and %zu more", gaps.size() - kMost);
    for (const Mark& mark : content.marks)
        if (mark.x >= under.low && mark.x <= under.high)
            ImGui::TextColored(state.theme().amber_text, "%s", mark.text.c_str());
}

void CurvesPlot::watch_view(AppState& state) {
    inside_ = ImPlot::IsPlotHovered() || ImPlot::IsAxisHovered(ImAxis_X1) ||
              ImPlot::IsAxisHovered(ImAxis_Y1);
    if (inside_ && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
        follow_ = true;
        // Its first click put the cursor of time there.
        if (ImPlot::IsPlotHovered()) put_back(state);
        state.keep_drawing();
        return;
    }
    const bool moved = inside_ && (ImGui::GetIO().MouseWheel != 0 ||
                                   ImGui::IsMouseDragging(ImGuiMouseButton_Left));
    if (moved) follow_ = false;
    if (!follow_) {
        const ImPlotRect limits = ImPlot::GetPlotLimits();
        view_x_ = {limits.X.Min, limits.X.Max};
        view_y_ = {limits.Y.Min, limits.Y.Max};
    }
}

}  // namespace hopscope::app
