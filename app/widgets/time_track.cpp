#include "app/widgets/time_track.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>

#include "app/widgets/format.h"

namespace hopscope::app {
namespace {

// Rows from above, in unscaled pixels.
constexpr float kNames = 2, kBands = 19, kBandsEnd = 34, kLine = 41, kNumbers = 45;
constexpr float kLineWeight = 5, kKnob = 6, kEdge = 14;
constexpr float kNear = 5;  ///< of a mark that answers the pointer

float text_room(const std::string& text) {
    return ImGui::CalcTextSize(text.c_str()).x;
}

/// Text from `at`, with an ellipsis where it does not end before `right`.
void cut_text(ImVec2 at, float right, const std::string& text, const ImVec4& color) {
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    ImGui::PushStyleColor(ImGuiCol_Text, color);
    ImGui::RenderTextEllipsis(ImGui::GetWindowDrawList(), at, ImVec2(right, at.y + size.y), right,
                              text.c_str(), nullptr, &size);
    ImGui::PopStyleColor();
}

}  // namespace

std::vector<TrackTick> round_ticks(double end, float length, float width) {
    std::vector<TrackTick> out;
    if (!(end > 0) || length < width) return out;
    const double least = end * static_cast<double>(width) / static_cast<double>(length);
    double step = std::pow(10, std::floor(std::log10(least)));
    for (const double factor : {1., 2., 5., 10.})
        if (step * factor >= least) {
            step *= factor;
            break;
        }
    step = std::max(step, 1.0);
    for (double at = 0; at <= end; at += step)
        out.push_back({at, with_thousands(std::llround(at))});
    return out;
}

float TimeTrack::x_of(double at) const {
    return left_ + (right_ - left_) * static_cast<float>(std::clamp(at / end_, 0., 1.));
}

double TimeTrack::at(float x) const {
    return end_ * std::clamp(static_cast<double>((x - left_) / (right_ - left_)), 0., 1.);
}

std::vector<const TrackMark*> TimeTrack::marks_near(const TrackContent& content, float x) const {
    std::vector<const TrackMark*> out;
    for (const TrackMark& mark : content.marks)
        if (std::fabs(x_of(mark.at) - x) < kNear * scale_) out.push_back(&mark);
    return out;
}

void TimeTrack::tooltip(const std::string& text) const {
    const float x = ImGui::GetIO().MousePos.x;
    ImGui::SetNextWindowPos(ImVec2(x, top_ - 4 * scale_), ImGuiCond_Always,
                            ImVec2((x - left_) / (right_ - left_), 1));
    if (!ImGui::BeginTooltip()) return;
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * 28.0f);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
}

std::optional<double> TimeTrack::draw(const AppState& state, const TrackContent& content, ImVec2 at,
                                      ImVec2 size) {
    scale_ = state.pixel_scale;
    left_ = at.x + kEdge * scale_;
    right_ = std::max(left_ + 1, at.x + size.x - kEdge * scale_);
    top_ = at.y;
    end_ = std::max(content.end, 1e-9);
    ImGui::SetCursorScreenPos(at);
    ImGui::InvisibleButton("track", size);
    const float pointer = ImGui::GetIO().MousePos.x;
    const bool held = ImGui::IsItemActive();
    pointed_.reset();
    if (ImGui::IsItemHovered() && !held) pointed_ = this->at(pointer);
    ImGui::PushFont(state.fonts.text, kSmallSize);
    draw_bands(state, content);
    draw_ahead(state, content);
    draw_line(state, content);
    draw_marks(state, content);
    draw_ticks(state, content);
    draw_cursor(state, content);
    ImGui::PopFont();
    return held ? std::optional(this->at(pointer)) : std::nullopt;
}

/// Neighbours are told apart by a gap and by every second being fainter.
void TimeTrack::draw_bands(const AppState& state, const TrackContent& content) const {
    const Theme& theme = state.theme();
    for (size_t i = 0; i < content.bands.size(); ++i) {
        const TrackBand& band = content.bands[i];
        const float from = std::round(x_of(band.from)), to = std::round(x_of(band.to)) - scale_;
        if (to <= from) continue;
        ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(from, y(kBands)), ImVec2(to, y(kBandsEnd)),
                                                  packed(i % 2 == 0 ? theme.border : theme.raised),
                                                  2 * scale_);
        const float indent = 6 * scale_;
        if (to - from > 2 * indent + 10 * scale_)
            cut_text(ImVec2(from + indent, y(kBands) - 0.5f * scale_), to - indent * 0.5f,
                     band.name, theme.chrome_dim);
    }
}

void TimeTrack::draw_ahead(const AppState& state, const TrackContent& content) const {
    const float from = std::round(x_of(content.reached)) + 3 * scale_, to = right_;
    const ImVec2 low(from, y(kBands)), high(to, y(kBandsEnd));
    if (content.ahead.empty() || to - from < 8 * scale_) return;
    const Theme& theme = state.theme();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect(low, high, true);
    const float height = high.y - low.y;
    for (float x = from - height; x < to; x += 7 * scale_)
        list->AddLine(ImVec2(x, high.y), ImVec2(x + height, low.y), packed(theme.border), scale_);
    list->PopClipRect();
    const float wide = text_room(content.ahead) + 16 * scale_;
    if (to - from < wide + 40 * scale_) return;
    const float begin = std::floor((from + to - wide) * 0.5f);
    list->AddRectFilled(ImVec2(begin, low.y), ImVec2(begin + wide, high.y), packed(theme.panel));
    list->AddText(ImVec2(begin + 8 * scale_, low.y - 0.5f * scale_), packed(theme.dim),
                  content.ahead.c_str());
}

/// What is to come, what is reached, what the cursor has left behind it; and where one can stop.
void TimeTrack::draw_line(const AppState& state, const TrackContent& content) const {
    const Theme& theme = state.theme();
    const float top = y(kLine) - kLineWeight * 0.5f * scale_, bottom = top + kLineWeight * scale_;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const auto line = [&](double to, const ImVec4& color) {
        list->AddRectFilled(ImVec2(left_, top), ImVec2(x_of(to), bottom), packed(color),
                            2 * scale_);
    };
    line(content.end, theme.border);
    line(content.reached, mixed(theme.panel, theme.accent, 0.35f));
    line(content.cursor.value_or(content.reached), theme.accent);
    float last = -1e9f;
    for (const double stop : content.stops) {
        const float x = std::round(x_of(stop));
        if (x - last < 3 * scale_) continue;  // many of them are a line
        last = x;
        list->AddLine(ImVec2(x, bottom), ImVec2(x, bottom + 3 * scale_), packed(theme.dim), scale_);
    }
}

/// A name takes the room up to the next mark; those of marks on one spot are joined. Where there is
/// too little room the tooltip has them.
void TimeTrack::draw_marks(const AppState& state, const TrackContent& content) const {
    const auto& marks = content.marks;
    const float beside = 8 * scale_;
    float before = left_;
    for (size_t i = 0, next = 0; i < marks.size(); i = next) {
        const float x = std::round(x_of(marks[i].at));
        std::string name;
        for (next = i; next < marks.size() && x_of(marks[next].at) - x < kNear * scale_; ++next) {
            draw_glyph(state, marks[next]);
            name += (next > i ? ", " : "") + marks[next].name;
        }
        const float wide = text_room(name), from = x + beside;
        const float to = next == marks.size() ? right_ : x_of(marks[next].at) - beside;
        const ImVec4& color = state.theme().amber_text;
        if (from + wide > to && next == marks.size() && x - beside - wide > before) {
            cut_text(ImVec2(x - beside - wide, y(kNames)), x, name, color);
        } else if (to - from > std::min(wide, 34 * scale_)) {
            cut_text(ImVec2(from, y(kNames)), to, name, color);
            before = std::min(to, from + wide);
        }
        before = std::max(before, from);
    }
}

/// A change hangs from above, a fork is a road that parts.
void TimeTrack::draw_glyph(const AppState& state, const TrackMark& mark) const {
    const ImU32 color = packed(state.theme().amber);
    const float s = scale_, x = std::round(x_of(mark.at)), head = y(kBands) - 2 * s;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddLine(ImVec2(x, head - 4 * s), ImVec2(x, y(kBandsEnd)), color, 1.5f * s);
    if (mark.glyph == TrackGlyph::change)
        return list->AddTriangleFilled(ImVec2(x - 4 * s, head - 9 * s),
                                       ImVec2(x + 4 * s, head - 9 * s), ImVec2(x, head - 2 * s),
                                       color);
    for (const float side : {-4.0f, 4.0f})
        list->AddLine(ImVec2(x, head - 4 * s), ImVec2(x + side * s, head - 10 * s), color,
                      1.5f * s);
}

void TimeTrack::draw_ticks(const AppState& state, const TrackContent& content) const {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float hidden = content.cursor ? text_room(content.cursor_text) * 0.5f + 14 * scale_ : -1;
    for (const TrackTick& tick : content.ticks) {
        const float x = x_of(tick.at), half = text_room(tick.text) * 0.5f;
        const float middle = std::clamp(x, left_ - kEdge * scale_ + half, right_ - half);
        if (content.cursor && std::fabs(x_of(*content.cursor) - middle) < hidden + half) continue;
        list->AddText(ImVec2(std::round(middle - half), y(kNumbers)), packed(state.theme().dim),
                      tick.text.c_str());
    }
}

void TimeTrack::draw_cursor(const AppState& state, const TrackContent& content) const {
    const Theme& theme = state.theme();
    const float s = scale_, x = x_of(content.cursor.value_or(content.reached));
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (content.pointed && !pointed_) {
        const float there = std::round(x_of(*content.pointed));
        list->AddLine(ImVec2(there, y(kBands) - 2 * s), ImVec2(there, y(kLine)), packed(theme.dim),
                      s);
    }
    if (content.cursor)
        list->AddLine(ImVec2(std::round(x), y(kBands) - 2 * s), ImVec2(std::round(x), y(kLine)),
                      packed(theme.text), 1.5f * s);
    list->AddCircleFilled(ImVec2(x, y(kLine)), kKnob * s, packed(theme.panel));
    list->AddCircleFilled(ImVec2(x, y(kLine)), (kKnob - 1.5f) * s,
                          packed(content.cursor ? theme.text : theme.green));
    if (!content.cursor) return;
    // White means time: an inverse tag, as on every panel that shows the past.
    const ImVec2 text = ImGui::CalcTextSize(content.cursor_text.c_str());
    const float from = std::round(std::clamp(x - text.x * 0.5f, left_, right_ - text.x));
    list->AddRectFilled(ImVec2(from - 6 * s, y(kNumbers) + s),
                        ImVec2(from + text.x + 6 * s, y(kNumbers) + text.y), packed(theme.text),
                        3 * s);
    list->AddText(ImVec2(from, y(kNumbers)), packed(theme.panel), content.cursor_text.c_str());
}

}  // namespace hopscope::app
