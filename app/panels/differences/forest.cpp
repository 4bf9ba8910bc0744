#include "app/panels/differences/forest.h"

#include <algorithm>
#include <cmath>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kBandAlpha = 0.20f;
constexpr float kHandle = 5;  ///< half a handle's width, unscaled pixels

ImVec4 color_of(const Theme& theme, core::Verdict verdict) {
    if (verdict == core::Verdict::equivalent || verdict == core::Verdict::both) return theme.violet;
    return verdict == core::Verdict::different ? theme.text : theme.dim;
}

std::string tick_text(double value) {
    if (std::fabs(value) < 1e-12) return "0";
    return (value < 0 ? "\xE2\x88\x92" : "+") + plain(std::fabs(value));
}

}  // namespace

void Forest::prepare(const std::vector<DifferenceRow>& rows, double margin) {
    if (!held_) axis_ = forest_axis(rows, margin);
}

float Forest::x_of(double value) const {
    const double share = (value - axis_.low) / (axis_.high - axis_.low);
    return left_ + static_cast<float>(std::clamp(share, 0.0, 1.0)) * width_;
}

void Forest::draw_row(const AppState& state, const DifferenceRow& row, double margin) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, line = ImGui::GetTextLineHeight();
    const float pad = ImGui::GetStyle().CellPadding.y;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    left_ = at.x;
    width_ = std::max(1.0f, ImGui::GetContentRegionAvail().x);
    const float top = at.y - pad, bottom = at.y + line + pad, y = std::floor(at.y + line * 0.5f);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(ImVec2(x_of(-margin), top), ImVec2(x_of(margin), bottom),
                        packed(faded(theme.violet, kBandAlpha)));
    for (const double edge : {-margin, margin})
        list->AddLine(ImVec2(x_of(edge), top), ImVec2(x_of(edge), bottom),
                      packed(faded(theme.violet, 0.8f)));
    list->AddLine(ImVec2(x_of(0), top), ImVec2(x_of(0), bottom), packed(theme.dim));
    if (std::isfinite(row.low95)) {
        const ImU32 color = packed(color_of(theme, row.verdict));
        const float cap = 3 * s;
        list->AddLine(ImVec2(x_of(row.low95), y), ImVec2(x_of(row.high95), y), color, 1.2f * s);
        for (const double end : {row.low95, row.high95})
            list->AddLine(ImVec2(x_of(end), y - cap), ImVec2(x_of(end), y + cap), color, 1.2f * s);
        list->AddLine(ImVec2(x_of(row.low90), y), ImVec2(x_of(row.high90), y), color, 3.5f * s);
        const ImVec2 middle(x_of(row.mean), y);
        list->AddCircleFilled(middle, 4.5f * s, color);
        // Hollow, so that an open question is not told by colour alone.
        if (row.verdict == core::Verdict::undecided)
            list->AddCircleFilled(middle, 3 * s, packed(theme.panel));
    }
    ImGui::Dummy(ImVec2(width_, line));
}

float Forest::axis_height(const AppState& state) {
    return 12 * state.pixel_scale + ImGui::GetTextLineHeight();
}

bool Forest::draw_axis(const AppState& state, double& margin) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddLine(ImVec2(left_, at.y), ImVec2(left_ + width_, at.y), packed(theme.border));
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    float free_from = -1e9f;
    for (const double tick : axis_.ticks) {
        const std::string text = tick_text(tick);
        const float x = x_of(tick), half = ImGui::CalcTextSize(text.c_str()).x * 0.5f;
        list->AddLine(ImVec2(x, at.y), ImVec2(x, at.y + 3 * s), packed(theme.dim));
        if (x - half < free_from) continue;
        list->AddText(ImVec2(x - half, at.y + 12 * s), packed(theme.dim), text.c_str());
        free_from = x + half + 6 * s;
    }
    ImGui::PopFont();
    held_ = false;
    for (const int side : {-1, 1}) {
        const float x = x_of(side * margin);
        ImGui::SetCursorScreenPos(ImVec2(x - kHandle * s, at.y - 2 * s));
        ImGui::PushID(side);
        ImGui::InvisibleButton("##handle", ImVec2(2 * kHandle * s, 14 * s));
        const bool held = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
        if (hovered || held) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
        if (held && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 1)) {
            const double share = (ImGui::GetIO().MousePos.x - left_) / width_;
            margin = std::max(0.0, side * (axis_.low + share * (axis_.high - axis_.low)));
        }
        tooltip("Drag sets the margin on both sides");
        ImGui::PopID();
        held_ |= held;
        list->AddRectFilled(ImVec2(x - 4 * s, at.y), ImVec2(x + 4 * s, at.y + 9 * s),
                            packed(held || hovered ? theme.accent : theme.violet), 2 * s);
    }
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy(ImVec2(std::max(1.0f, left_ + width_ - at.x), axis_height(state)));
    return held_;
}

}  // namespace hopscope::app
