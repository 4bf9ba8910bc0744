#include "app/widgets/number_table.h"

#include <imgui_internal.h>

#include "app/widgets/number.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

void at_right_edge(const std::string& text, const ImVec4& color) {
    const float room = ImGui::GetContentRegionAvail().x;
    const float width = ImGui::CalcTextSize(text.c_str()).x;
    if (room > width) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room - width);
    ImGui::TextColored(color, "%s", text.c_str());
}

}  // namespace

bool begin_number_table(const AppState& state, const char* id, const char* words,
                        std::span<const NumberColumn> numbers) {
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_SizingFixedFit |
                                       ImGuiTableFlags_NoPadOuterX | ImGuiTableFlags_RowBg |
                                       ImGuiTableFlags_NoSavedSettings;
    if (!ImGui::BeginTable(id, static_cast<int>(numbers.size()) + 1, kFlags)) return false;
    ImGui::TableSetupColumn(words, ImGuiTableColumnFlags_WidthStretch);
    for (const NumberColumn& column : numbers) ImGui::TableSetupColumn(column.name);
    // Not marked as heads: of those ImGui measures only its own, and a column would be as narrow as
    // its numbers.
    ImGui::TableNextRow();
    ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0, ImGui::GetColorU32(ImGuiCol_TableHeaderBg));
    for (size_t c = 0; c <= numbers.size(); ++c) {
        ImGui::TableNextColumn();
        const char* name = c == 0 ? words : numbers[c - 1].name;
        if (c == 0) {
            ImGui::TextColored(state.theme().dim, "%s", name);
            continue;
        }
        at_right_edge(name, state.theme().dim);
        tooltip(numbers[c - 1].help);
    }
    return true;
}

void number_row(const AppState& state, const std::string& words, const std::string& why,
                bool faint) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    text_cut(state, words, faint ? state.theme().dim : state.theme().text);
    tooltip(why);
}

void number_cell(const AppState& state, const std::string& text, const std::string& why,
                 bool faint) {
    ImGui::TableNextColumn();
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    at_right_edge(text, faint ? state.theme().dim : state.theme().text);
    ImGui::PopFont();
    tooltip(why);
}

void number_cells(const AppState& state, const std::string& row,
                  std::span<const NumberColumn> columns, std::span<const Number> numbers,
                  bool faint) {
    for (size_t c = 0; c < columns.size() && c < numbers.size(); ++c) {
        number_cell(state, numbers[c].shown, {}, faint);
        ImRect cell(ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
        if (!numbers[c].range.empty()) {
            ImGui::PushFont(state.fonts.mono, kSmallSize);
            at_right_edge(numbers[c].range, state.theme().dim);
            ImGui::PopFont();
            cell.Add(ImRect(ImGui::GetItemRectMin(), ImGui::GetItemRectMax()));
        }
        const std::string label = row + ", " + columns[c].name;
        // Two columns may have one name.
        const std::string name = label + "##" + std::to_string(c);
        const ImGuiID id = ImGui::GetID(name.c_str());
        ImGui::ItemAdd(cell, id, nullptr, ImGuiItemFlags_NoNav | ImGuiItemFlags_NoTabStop);
        [[maybe_unused]] ImGuiContext& g = *ImGui::GetCurrentContext();
        IMGUI_TEST_ENGINE_ITEM_INFO(id, name.c_str(), 0);  // found by its name
        explain_when_asked(state, [&] {
            Number number = numbers[c];
            number.label = label;
            if (number.definition.empty()) number.definition = columns[c].help;
            return number;
        });
    }
}

}  // namespace hopscope::app
