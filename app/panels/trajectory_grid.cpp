// The experts of one token (layer rows, hop columns) and the matrix of all tokens.
#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <string>

#include "app/panels/routing_space_marks.h"
#include "app/panels/trajectory_panel.h"
#include "app/panels/trajectory_text.h"
#include "app/window/fonts.h"
#include "app/window/format.h"
#include "app/window/widgets.h"
#include "viz/colour.h"

namespace hopscope::app {
namespace {

/// ".54" and "1.00": the width stays the same in the monospaced face.
std::string weight_text(float weight) {
    if (std::isnan(weight)) return " \xE2\x80\x93";
    std::string text = rounded(static_cast<double>(weight), 2);
    if (text.size() > 1 && text[0] == '0') text.erase(0, 1);
    return text;
}

}  // namespace

ImU32 TrajectoryPanel::cell_color(const AppState& state, const HopCell& cell, int64_t layer,
                                  CellValue value) const {
    const Theme& theme = state.theme();
    if (!cell.known) return 0;
    if (!cell.executed) return packed(mixed(theme.raised, theme.dim, 0.18f));
    if (value == CellValue::expert)
        return viz::packed(state.places.expert_color(layer, cell.expert, theme.dark));
    const size_t i = static_cast<size_t>(value);
    const float x = cell.value(value), range = shape_.high[i] - shape_.low[i];
    if (!std::isfinite(x)) return packed(mixed(theme.raised, theme.dim, 0.18f));
    const float t = range > 0 ? (x - shape_.low[i]) / range : 0.5f;
    return viz::packed(viz::ramp_color(theme.dark ? viz::Ramp::spectrum : viz::Ramp::grey, t));
}

void TrajectoryPanel::draw_grid(AppState& state) {
    const float s = state.pixel_scale;
    if (button(state, "Selected token", nullptr, "Experts and weights of one token", 0, !matrix_))
        matrix_ = false;
    ImGui::SameLine();
    if (button(state, "All tokens", nullptr, "All tokens \xC3\x97 layers \xC3\x97 hops", 0,
               matrix_))
        matrix_ = true;
    ImGui::SameLine(0, 16 * s);
    ImGui::SetNextItemWidth(110 * s);
    if (matrix_) {
        if (ImGui::BeginCombo("##value", name_of(value_))) {
            for (const CellValue v : kCellValues)
                if (ImGui::Selectable(name_of(v), v == value_)) value_ = v;
            ImGui::EndCombo();
        }
        tooltip(definition_of(value_));
        draw_matrix(state);
        return;
    }
    const std::string shown = "top " + std::to_string(experts_shown_);
    if (ImGui::BeginCombo("##shown", shown.c_str())) {
        for (const int n : {1, 4, 8, 16})
            if (ImGui::Selectable(("top " + std::to_string(n)).c_str(), n == experts_shown_))
                experts_shown_ = n;
        ImGui::EndCombo();
    }
    tooltip("Experts listed a layer and hop, by falling weight");
    draw_token_grid(state, shown_token(state));
}

void TrajectoryPanel::draw_token_grid(AppState& state, int64_t token) {
    if (shape_.hops == 0) return note(state, "No layer of this run routes.");
    const float s = state.pixel_scale;
    const auto& trace = *state.trace;
    const bool overlap = shape_.hops > 1;
    const int columns = static_cast<int>(shape_.hops) + 1 + (overlap ? 1 : 0);
    const float padding = 2 * ImGui::GetStyle().CellPadding.x;
    const float room = ImGui::GetContentRegionAvail().x - 66 * s - (overlap ? 54 * s : 0) -
                       padding * static_cast<float>(columns);
    const float hop_width = std::clamp(room / static_cast<float>(shape_.hops), 82 * s, 104 * s);
    if (!ImGui::BeginTable("experts", columns,
                           ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_ScrollY |
                               ImGuiTableFlags_ScrollX | ImGuiTableFlags_NoSavedSettings))
        return;
    const std::string piece =
        displayable(piece_text(trace.tokens[static_cast<size_t>(token)].piece), state.fonts.mono);
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TableSetupScrollFreeze(1, 1);
    ImGui::TableSetupColumn(shortened(piece, 12).c_str(), ImGuiTableColumnFlags_WidthFixed, 74 * s);
    for (int64_t h = 0; h < shape_.hops; ++h)
        ImGui::TableSetupColumn(("hop " + std::to_string(h)).c_str(),
                                ImGuiTableColumnFlags_WidthFixed, hop_width);
    if (overlap) ImGui::TableSetupColumn("Jaccard", ImGuiTableColumnFlags_WidthFixed, 54 * s);
    ImGui::TableNextRow();
    for (int c = 0; c < columns; ++c) {
        ImGui::TableNextColumn();
        ImGui::TextColored(c == 0 ? state.theme().text : state.theme().dim, "%s",
                           ImGui::TableGetColumnName(c));
        if (overlap && c == columns - 1)
            tooltip(
                "Overlap of the expert sets of consecutive hops, |S \xE2\x88\xA9 S'| / |S "
                "\xE2\x88\xAA S'|, mean over the "
                "hop pairs of this token");
    }
    for (int64_t layer = 0; layer < shape_.layers; ++layer) {
        const int64_t hops =
            static_cast<int64_t>(trace.layers[static_cast<size_t>(layer)].hops.size());
        if (hops == 0) continue;
        std::vector<std::vector<ChosenExpert>> choices;
        size_t rows = 1;
        for (int64_t h = 0; h < hops; ++h) {
            choices.push_back(choice_of(trace, token, layer, h));
            rows = std::max(rows, choices.back().size());
        }
        rows = std::min(rows, static_cast<size_t>(experts_shown_));
        for (size_t row = 0; row < rows; ++row) {
            ImGui::TableNextRow();
            if (layer % 2 == 0)
                ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0,
                                       packed(faded(state.theme().raised, 0.45f)));
            ImGui::TableNextColumn();
            if (row == 0) ImGui::TextColored(state.theme().dim, "layer %lld", (long long)layer);
            for (int64_t h = 0; h < shape_.hops; ++h) {
                ImGui::TableNextColumn();
                if (h >= hops) continue;
                const auto& choice = choices[static_cast<size_t>(h)];
                if (row >= choice.size()) {
                    if (row == 0) ImGui::TextColored(state.theme().dim, "halted");
                    continue;
                }
                const ChosenExpert& e = choice[row];
                ImGui::PushID(static_cast<int>((layer * 64 + h) * 64 + static_cast<int64_t>(row)));
                swatch(viz::packed(state.places.expert_color(layer, e.expert, state.theme().dark)),
                       s);
                char text[48];
                std::snprintf(text, sizeof text, "%-5s %s##e",
                              ("E" + std::to_string(e.expert)).c_str(),
                              weight_text(e.weight).c_str());
                const bool chosen =
                    state.selection.layer == layer && state.selection.experts.count(e.expert) != 0;
                if (ImGui::Selectable(text, chosen)) {
                    state.selection.set_layer(layer);
                    state.selection.pick_expert(e.expert, ImGui::GetIO().KeyShift);
                    state.keep_drawing();
                }
                if (ImGui::IsItemClicked(ImGuiMouseButton_Right)) ImGui::OpenPopup("menu");
                expert_menu(state, "menu", layer, e.expert);
                if (ImGui::IsItemHovered() && ImGui::BeginTooltip()) {
                    cell_tooltip(state, token, layer, h);
                    ImGui::EndTooltip();
                }
                ImGui::PopID();
            }
            if (overlap) {
                ImGui::TableNextColumn();
                if (row == 0)
                    ImGui::TextUnformatted(
                        rounded(static_cast<double>(jaccard_of(trace, token, layer)), 2).c_str());
            }
        }
    }
    ImGui::PopFont();
    ImGui::EndTable();
}

void TrajectoryPanel::draw_scale(const AppState& state) {
    if (value_ == CellValue::expert) return;
    const float s = state.pixel_scale;
    const size_t i = static_cast<size_t>(value_);
    if (shape_.low[i] > shape_.high[i]) {
        ImGui::SameLine(0, 16 * s);
        return ImGui::TextColored(state.theme().dim, "not defined for this router");
    }
    const auto end_text = [&](float v) {
        ImGui::SameLine(0, 8 * s);
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        ImGui::TextColored(state.theme().dim, "%s", significant(static_cast<double>(v), 2).c_str());
        ImGui::PopFont();
    };
    end_text(shape_.low[i]);
    ImGui::SameLine(0, 8 * s);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = 90 * s, height = 8 * s, top = at.y + 7 * s;
    for (int k = 0; k < 45; ++k) {
        const viz::Rgb c =
            viz::ramp_color(state.theme().dark ? viz::Ramp::spectrum : viz::Ramp::grey,
                            (static_cast<float>(k) + 0.5f) / 45);
        ImGui::GetWindowDrawList()->AddRectFilled(
            ImVec2(at.x + width * static_cast<float>(k) / 45, top),
            ImVec2(at.x + width * static_cast<float>(k + 1) / 45, top + height), viz::packed(c));
    }
    ImGui::Dummy(ImVec2(width, ImGui::GetFrameHeight()));
    end_text(shape_.high[i]);
    if (value_ == CellValue::entropy) {
        ImGui::SameLine(0, 4 * s);
        ImGui::TextColored(state.theme().dim, "nats");
    }
}

void TrajectoryPanel::draw_matrix(AppState& state) {
    const float s = state.pixel_scale;
    draw_scale(state);
    if (shape_.columns.empty()) return note(state, "No layer of this run routes.");
    ImGui::BeginChild("matrix", ImVec2(0, 0), ImGuiChildFlags_None,
                      ImGuiWindowFlags_HorizontalScrollbar);
    const float label = 92 * s, row = 18 * s;
    const float room = ImGui::GetContentRegionAvail().x - label;
    const float count = static_cast<float>(shape_.columns.size());
    const float width = std::clamp(room / count, 10 * s, 34 * s);
    const float layer_gap = 4 * s;
    const auto left_of = [&](size_t i) {
        return label + static_cast<float>(i) * width +
               static_cast<float>(shape_.columns[i].layer) * layer_gap;
    };
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 head = ImGui::GetCursorScreenPos();
    for (size_t i = 0; i < shape_.columns.size(); ++i)
        if (shape_.columns[i].hop == 0)
            list->AddText(state.fonts.text, kSmallSize * s, ImVec2(head.x + left_of(i), head.y),
                          packed(state.theme().dim),
                          ("layer " + std::to_string(shape_.columns[i].layer)).c_str());
    ImGui::Dummy(ImVec2(left_of(shape_.columns.size() - 1) + width, row));

    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(shape_.tokens), row);
    while (clipper.Step())
        for (int t = clipper.DisplayStart; t < clipper.DisplayEnd; ++t) {
            const ImVec2 at = ImGui::GetCursorScreenPos();
            ImGui::PushID(t);
            const float total = left_of(shape_.columns.size() - 1) + width;
            const bool pressed = ImGui::InvisibleButton("row", ImVec2(total, row));
            const bool hovered = ImGui::IsItemHovered();
            const bool selected = state.selection.prompt_tokens.count(t) != 0;
            if (selected || hovered)
                list->AddRectFilled(
                    at, ImVec2(at.x + total, at.y + row),
                    packed(selected ? mixed(state.theme().panel, state.theme().accent, 0.22f)
                                    : state.theme().raised));
            const std::string piece = displayable(
                piece_text(state.trace->tokens[static_cast<size_t>(t)].piece), state.fonts.text);
            const ImVec4 clip = ImVec4(at.x, at.y, at.x + label - 6 * s, at.y + row);
            list->AddText(state.fonts.text, kTextSize * s, ImVec2(at.x + 4 * s, at.y),
                          packed(state.theme().text), piece.c_str(), nullptr, 0, &clip);
            const ImVec2 mouse = ImGui::GetIO().MousePos;
            for (size_t i = 0; i < shape_.columns.size(); ++i) {
                const HopColumn& column = shape_.columns[i];
                const ImVec2 p = ImVec2(at.x + left_of(i), at.y + 1);
                const HopCell cell = cell_of(*state.trace, t, column.layer, column.hop);
                list->AddRectFilled(p, ImVec2(p.x + width - 1, p.y + row - 2),
                                    cell_color(state, cell, column.layer, value_), 2 * s);
                const bool here = hovered && mouse.x >= p.x && mouse.x < p.x + width;
                if (!here) continue;
                list->AddRect(p, ImVec2(p.x + width - 1, p.y + row - 2), packed(state.theme().text),
                              2 * s);
                if (pressed) state.selection.set_layer(column.layer);
                if (ImGui::BeginTooltip()) {
                    token_tooltip(state, t);
                    cell_tooltip(state, t, column.layer, column.hop);
                    ImGui::EndTooltip();
                }
            }
            if (pressed) select_token(state, t, ImGui::GetIO().KeyShift);
            ImGui::PopID();
        }
    clipper.End();
    ImGui::PopStyleVar();
    ImGui::EndChild();
}

void TrajectoryPanel::cell_tooltip(const AppState& state, int64_t token, int64_t layer,
                                   int64_t hop) const {
    const HopCell cell = cell_of(*state.trace, token, layer, hop);
    const ImVec4 dim = state.theme().dim;
    const float s = state.pixel_scale;
    ImGui::PushFont(state.fonts.text, kTextSize);
    ImGui::Text("layer %lld, hop %lld", static_cast<long long>(layer), static_cast<long long>(hop));
    if (!cell.executed) {
        ImGui::TextColored(dim, "not executed: the token had halted before");
        ImGui::PopFont();
        return;
    }
    const auto number = [&](const char* label, float v, const char* unit) {
        if (std::isnan(v)) return;
        ImGui::TextColored(dim, "%s", label);
        ImGui::SameLine(110 * s);
        ImGui::Text("%s%s", significant(static_cast<double>(v), 3).c_str(), unit);
    };
    number("entropy", cell.entropy, " nats");
    number("highest p", cell.max_prob, "");
    number("update norm", cell.update_norm, "");
    number("halt ratio", cell.halt_ratio, "");
    const auto choice = choice_of(*state.trace, token, layer, hop);
    ImGui::TextColored(dim, "experts, weight (top-%zu)", choice.size());
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    for (size_t j = 0; j < std::min<size_t>(choice.size(), 16); ++j) {
        swatch(viz::packed(state.places.expert_color(layer, choice[j].expert, state.theme().dark)),
               s);
        ImGui::Text("%-6s %s", ("E" + std::to_string(choice[j].expert)).c_str(),
                    rounded(static_cast<double>(choice[j].weight), 3).c_str());
    }
    ImGui::PopFont();
    ImGui::PopFont();
}

}  // namespace hopscope::app
