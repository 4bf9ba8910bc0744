#include "app/panels/statistics/matrix.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

float small_line() {
    return ImGui::GetTextLineHeight() + 3;
}

ImVec4 ink_on(const viz::Rgb& fill) {
    const ImVec4 back(fill.r, fill.g, fill.b, 1), black(0.05f, 0.06f, 0.07f, 1), white(1, 1, 1, 1);
    return contrast(back, black) >= contrast(back, white) ? black : white;
}

Cell cell_at(const Area& area, int64_t rows, int64_t columns) {
    Cell cell;
    if (!ImGui::IsItemHovered() || rows < 1 || columns < 1) return cell;
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const auto index = [](float share, int64_t count) {
        return std::clamp<int64_t>(static_cast<int64_t>(share * static_cast<float>(count)), 0,
                                   count - 1);
    };
    cell.row = index((mouse.y - area.at.y) / area.size.y, rows);
    cell.column = index((mouse.x - area.at.x) / area.size.x, columns);
    cell.clicked = ImGui::IsItemClicked();
    return cell;
}

/// An item over the area that takes the pointer; the cell under it.
Cell pointer_item(const char* id, const Area& area, int64_t rows, int64_t columns) {
    ImGui::SetCursorScreenPos(area.at);
    ImGui::InvisibleButton(id, area.size);
    return cell_at(area, rows, columns);
}

void line_of_text(const AppState& state, ImVec2 at, float width, const std::string& text,
                  const std::string& why) {
    ImGui::PushFont(state.fonts.text, kSmallSize);
    ImGui::SetCursorScreenPos(at);
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    ImGui::Dummy(ImVec2(std::min(size.x, width), size.y));
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    ImGui::RenderTextEllipsis(ImGui::GetWindowDrawList(), at, ImVec2(at.x + width, at.y + size.y),
                              at.x + width, text.c_str(), nullptr, &size);
    ImGui::PopStyleColor();
    ImGui::PopFont();
    const std::string all = size.x > width ? text + (why.empty() ? "" : "\n" + why) : why;
    tooltip(all);
}

float line_height(const AppState& state) {
    ImGui::PushFont(state.fonts.text, kSmallSize);
    const float height = ImGui::GetTextLineHeight() + 4 * state.pixel_scale;
    ImGui::PopFont();
    return height;
}

}  // namespace

void caption(const AppState& state, Area& area, const std::string& text, const std::string& why) {
    const float height = line_height(state);
    line_of_text(state, area.at, area.size.x, text, why);
    area.at.y += height;
    area.size.y -= height;
}

void footer(const AppState& state, Area& area, const std::string& text, const std::string& why) {
    const float height = line_height(state);
    area.size.y -= height;
    line_of_text(state, ImVec2(area.at.x, area.bottom() + 3 * state.pixel_scale), area.size.x, text,
                 why);
}

void scale_legend(const AppState& state, Area& area, const std::string& left,
                  const std::string& right, const std::string& middle) {
    const float s = state.pixel_scale, height = line_height(state), gap = 5 * s;
    area.size.y -= height;
    ImGui::PushFont(state.fonts.text, kSmallSize);
    const float left_width = ImGui::CalcTextSize(left.c_str()).x;
    const float right_width = ImGui::CalcTextSize(right.c_str()).x;
    const std::string mid = middle.empty() ? "" : "  (" + middle + ")";
    const float words = left_width + right_width + 2 * gap + ImGui::CalcTextSize(mid.c_str()).x;
    // The words stay whole where the area is narrow.
    const float bar = std::clamp(area.size.x - words, 16 * s, 84 * s), all = words + bar;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float y = area.bottom() + 3 * s, line = ImGui::GetTextLineHeight();
    float x = std::max(area.at.x, area.right() - all);
    const ImU32 dim = packed(state.theme().dim);
    list->AddText(ImVec2(x, y), dim, left.c_str());
    x += left_width + gap;
    constexpr int kSteps = 28;
    for (int i = 0; i < kSteps; ++i) {
        const float from = x + bar * static_cast<float>(i) / kSteps;
        list->AddRectFilled(
            ImVec2(from, y + line * 0.25f),
            ImVec2(x + bar * static_cast<float>(i + 1) / kSteps, y + line * 0.8f),
            viz::packed(state.value_colours().at((static_cast<float>(i) + 0.5f) / kSteps)));
    }
    list->AddText(ImVec2(x + bar + gap, y), dim, (right + mid).c_str());
    ImGui::PopFont();
}

void nothing(const AppState& state, const Area& area, const std::string& text) {
    const float wrap = std::max(40.0f, area.size.x - 16 * state.pixel_scale);
    const ImVec2 size = ImGui::CalcTextSize(text.c_str(), nullptr, false, wrap);
    const ImVec2 at(area.at.x + (area.size.x - size.x) * 0.5f,
                    area.at.y + std::max(0.0f, (area.size.y - size.y) * 0.5f));
    ImGui::GetWindowDrawList()->AddRect(area.at, ImVec2(area.right(), area.bottom()),
                                        packed(state.theme().border));
    ImGui::GetWindowDrawList()->AddText(nullptr, 0, at, packed(state.theme().dim), text.c_str(),
                                        nullptr, wrap);
}

namespace {

void centered_text(float x, float y, ImU32 color, const std::string& text) {
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    ImGui::GetWindowDrawList()->AddText(
        ImVec2(std::floor(x - size.x * 0.5f), std::floor(y - size.y * 0.5f)), color, text.c_str());
}

/// In the face of the names; width of the longest of the rows'.
float width_of_names(const Matrix& m) {
    float width = ImGui::CalcTextSize(m.row_axis).x;
    for (int64_t i = 0; i < m.rows; ++i)
        width = std::max(width, ImGui::CalcTextSize(m.row_name(i).c_str()).x);
    return width;
}

/// Of the columns above the cells, of the rows at their left; those that would touch are left out.
void draw_names(const AppState& state, ImVec2 corner, const Area& cells, const Matrix& m) {
    const float s = state.pixel_scale;
    const float w = cells.size.x / static_cast<float>(m.columns);
    const float h = cells.size.y / static_cast<float>(m.rows);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImU32 dim = packed(state.theme().dim);
    list->AddText(corner, dim, m.row_axis[0] ? m.row_axis : m.column_axis);
    float free_from = -1e9f;
    for (int64_t j = 0; j < m.columns; ++j) {
        const std::string name = m.column_name(j);
        const float half = ImGui::CalcTextSize(name.c_str()).x * 0.5f;
        const float x = cells.at.x + (static_cast<float>(j) + 0.5f) * w;
        if (x - half < free_from) continue;
        free_from = x + half + 6 * s;
        centered_text(x, corner.y + (cells.at.y - corner.y) * 0.45f, dim, name);
    }
    if (h < ImGui::GetTextLineHeight() - 2 * s) return;
    for (int64_t i = 0; i < m.rows; ++i) {
        const std::string name = m.row_name(i);
        const ImVec2 size = ImGui::CalcTextSize(name.c_str());
        const float top = cells.at.y + static_cast<float>(i) * h;
        list->AddText(ImVec2(cells.at.x - 6 * s - size.x, std::floor(top + (h - size.y) / 2)), dim,
                      name.c_str());
    }
}

/// A value's colour, and its number where that fits.
void draw_value(const AppState& state, ImVec2 low, ImVec2 high, float value,
                const ColorScale& scale, bool number) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (!std::isfinite(value)) return list->AddRectFilled(low, high, packed(state.theme().raised));
    const float t = (value - scale.low) / std::max(scale.high - scale.low, 1e-9f);
    const viz::Rgb fill = state.value_colours().at(t);
    list->AddRectFilled(low, high, viz::packed(fill));
    if (number)
        centered_text((low.x + high.x) * 0.5f, (low.y + high.y) * 0.5f, packed(ink_on(fill)),
                      rounded(static_cast<double>(value), 2));
}

}  // namespace

Cell draw_matrix(AppState& state, const char* id, const Area& area, const Matrix& m) {
    if (m.rows < 1 || m.columns < 1 || m.values.size() < static_cast<size_t>(m.rows * m.columns))
        return {};
    const float s = state.pixel_scale;
    ImGui::PushFont(state.fonts.text, kSmallSize);
    const float names = width_of_names(m) + 6 * s, head = small_line();
    const Area cells = {ImVec2(area.at.x + names, area.at.y + head),
                        ImVec2(area.size.x - names, area.size.y - head)};
    const bool fits = cells.size.x >= 8 && cells.size.y >= 8;
    if (fits) draw_names(state, area.at, cells, m);
    ImGui::PopFont();
    if (!fits) return {};

    const float w = cells.size.x / static_cast<float>(m.columns);
    const float h = cells.size.y / static_cast<float>(m.rows);
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const ImVec2 room = ImGui::CalcTextSize("-0.00");
    const bool numbers = w > room.x + 2 * s && h > room.y;
    for (int64_t i = 0; i < m.rows; ++i)
        for (int64_t j = 0; j < m.columns; ++j) {
            const float left = cells.at.x + static_cast<float>(j) * w;
            const float top = cells.at.y + static_cast<float>(i) * h;
            draw_value(state, ImVec2(std::floor(left), std::floor(top)),
                       ImVec2(std::floor(left + w) - s, std::floor(top + h) - s),
                       m.values[static_cast<size_t>(i * m.columns + j)], m.scale, numbers);
        }
    ImGui::PopFont();
    const Cell cell = pointer_item(id, cells, m.rows, m.columns);
    if (cell.any()) {
        const ImVec2 low(cells.at.x + static_cast<float>(cell.column) * w,
                         cells.at.y + static_cast<float>(cell.row) * h);
        ImGui::GetWindowDrawList()->AddRect(low, ImVec2(low.x + w - s, low.y + h - s),
                                            packed(state.theme().accent), 0, 0, 1.5f * s);
    }
    return cell;
}

Cell draw_heat(AppState& state, const char* id, const Area& area, HeatTexture& texture,
               int64_t rows, int64_t columns) {
    if (area.size.x < 8 || area.size.y < 8) return {};
    ImDrawList* list = ImGui::GetWindowDrawList();
    texture.draw(*list, area.at, ImVec2(area.right(), area.bottom()));
    const Cell cell = pointer_item(id, area, rows, columns);
    if (cell.any()) state.keep_drawing(1);
    return cell;
}

Area left_part(const Area& area, float share, float gap) {
    return {area.at, ImVec2(std::floor(area.size.x * share - gap * 0.5f), area.size.y)};
}
Area right_part(const Area& area, float share, float gap) {
    const float from = std::floor(area.size.x * share + gap * 0.5f);
    return {ImVec2(area.at.x + from, area.at.y), ImVec2(area.size.x - from, area.size.y)};
}

}  // namespace hopscope::app
