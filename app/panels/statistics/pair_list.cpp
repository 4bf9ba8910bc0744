#include "app/panels/statistics/pair_list.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/experts/words_line.h"
#include "app/widgets/expert_words.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kListBeside = 640;  ///< unscaled width from which the list stands beside its matrix
constexpr float kWithWords = 300;   ///< unscaled width from which it has words
constexpr size_t kWordsEach = 3;

std::string load_text(const core::LayerGeometry& g, int32_t expert) {
    const auto i = static_cast<size_t>(expert);
    if (i >= g.load.size()) return kNothing;
    return rounded(static_cast<double>(g.load[i]) * static_cast<double>(g.experts), 2);
}

void right_number(const AppState& state, const std::string& text, const ImVec4& color) {
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const float room = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(text.c_str()).x;
    if (room > 0) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room);
    ImGui::TextColored(color, "%s", text.c_str());
    ImGui::PopFont();
}

void expert_name(const AppState& state, const SnapshotLayer& place, int32_t expert,
                 const ImVec4& color) {
    const auto i = static_cast<size_t>(expert);
    const auto& load = place.geometry().load;
    expert_swatch(state, static_cast<int64_t>(place.layer), expert,
                  i < load.size() && load[i] == 0 && has_load(place.geometry()));
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TextColored(color, "E%d", expert);
    ImGui::PopFont();
}

std::vector<std::string> words_of(const AppState& state, int64_t layer, int32_t expert) {
    const ExpertBook* book = state.experts.book();
    const BookEntry* entry = book && book->layer == layer ? book->find(expert) : nullptr;
    return entry ? word_list(*book, book->words_of(*entry), kWordsEach)
                 : std::vector<std::string>{};
}

void full_help(const AppState& state, const SnapshotLayer& place, const PairRow& row) {
    if (!ImGui::BeginTooltip()) return;
    for (const int32_t expert : {row.a, row.b}) {
        expert_line(state, place, expert);
        const std::string words = expert_words(state, static_cast<int64_t>(place.layer), expert, 8);
        if (!words.empty()) ImGui::TextColored(state.theme().dim, "%s", words.c_str());
    }
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * 26.0f);
    ImGui::TextUnformatted(row.help.c_str());
    ImGui::TextColored(state.theme().dim, "click selects both, shift adds them");
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
}

void draw_pair(AppState& state, const SnapshotLayer& place, const PairRow& row, bool words) {
    auto& experts = state.selection.experts;
    const bool selected = experts.contains(row.a) && experts.contains(row.b);
    const ImVec4 color = row.stands_out ? state.theme().text : state.theme().dim;
    const auto layer = static_cast<int64_t>(place.layer);
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushStyleColor(ImGuiCol_Header, faded(state.theme().accent, 0.2f));
    ImGui::PushStyleColor(ImGuiCol_HeaderHovered, faded(state.theme().text, 0.06f));
    const std::string id = "##pair_" + std::to_string(row.a) + "_" + std::to_string(row.b);
    if (ImGui::Selectable(id.c_str(), selected, ImGuiSelectableFlags_SpanAllColumns))
        state.selection.pick_all({{row.a, row.b}, {}}, ImGui::GetIO().KeyShift);
    ImGui::PopStyleColor(2);
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_ForTooltip)) full_help(state, place, row);
    ImGui::SameLine(0, 0);
    expert_name(state, place, row.a, color);
    ImGui::SameLine(0, 6 * state.pixel_scale);
    expert_name(state, place, row.b, color);
    for (const std::string& number : row.numbers) {
        ImGui::TableNextColumn();
        right_number(state, number, color);
    }
    ImGui::TableNextColumn();
    const core::LayerGeometry& g = place.geometry();
    right_number(state, load_text(g, row.a) + "  " + load_text(g, row.b), color);
    if (!words || !ImGui::TableNextColumn()) return;
    std::vector<std::string> both = words_of(state, layer, row.a);
    const std::vector<std::string> second = words_of(state, layer, row.b);
    if (!both.empty() && !second.empty()) both.emplace_back("|");
    both.insert(both.end(), second.begin(), second.end());
    draw_words(state, ImGui::GetCursorScreenPos(), ImGui::GetContentRegionAvail().x, both,
               packed(color));
}

void draw_chance(const AppState& state, const PairList& list, bool words) {
    const ImVec4 color = state.theme().dim;
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::TextColored(color, "chance");
    tooltip(list.chance_help);
    for (const std::string& number : list.chance) {
        ImGui::TableNextColumn();
        right_number(state, number, color);
        tooltip(list.chance_help);
    }
    ImGui::TableNextColumn();
    if (!words || !ImGui::TableNextColumn()) return;
    text_cut(state, list.chance_text, color);
}

}  // namespace

MatrixAndList split_for_list(const AppState& state, const Area& area) {
    const float s = state.pixel_scale, gap = 14 * s;
    if (area.size.x >= kListBeside * s)
        return {left_part(area, 0.5f, gap), right_part(area, 0.5f, gap)};
    MatrixAndList out{area, area};
    out.matrix.size.y = std::floor(area.size.y * 0.56f);
    out.list.at.y = out.matrix.bottom() + gap;
    out.list.size.y = area.bottom() - out.list.at.y;
    return out;
}

void draw_pair_list(AppState& state, const SnapshotLayer& place, const Area& area,
                    const PairList& list) {
    const float s = state.pixel_scale;
    if (area.size.y < 40 * s || area.size.x < 80 * s) return;
    const bool words = area.size.x >= kWithWords * s;
    const int columns = static_cast<int>(list.columns.size()) + (words ? 3 : 2);
    ImGui::SetCursorScreenPos(area.at);
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_ScrollY | ImGuiTableFlags_SizingFixedFit |
                                       ImGuiTableFlags_NoSavedSettings | ImGuiTableFlags_PadOuterX;
    if (!ImGui::BeginTable("pairs", columns, kFlags, area.size)) return;
    ImGui::TableSetupScrollFreeze(0, 2);
    ImGui::TableSetupColumn("pair", ImGuiTableColumnFlags_WidthFixed, 128 * s);
    for (const auto& [name, help] : list.columns) ImGui::TableSetupColumn(name);
    ImGui::TableSetupColumn("loads");
    if (words) ImGui::TableSetupColumn("words", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
    for (int c = 0; c < columns; ++c) {
        if (!ImGui::TableSetColumnIndex(c)) continue;
        ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
        ImGui::TableHeader(ImGui::TableGetColumnName(c));
        ImGui::PopStyleColor();
        const auto number = static_cast<size_t>(std::max(c - 1, 0));
        if (c > 0 && number < list.columns.size())
            tooltip(list.columns[number].second);
        else if (c > 0 && number == list.columns.size())
            tooltip("Load of each of the two, \xC3\x97 uniform [def:recent_load]");
        else if (c > 0)
            tooltip(
                "What the experts write, where the dictionary was read out (panel Experts), "
                "else what they are chosen for in the sample");
    }
    draw_chance(state, list, words);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(list.rows));
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
            draw_pair(state, place, list.row(static_cast<size_t>(i)), words);
    ImGui::EndTable();
}

}  // namespace hopscope::app
