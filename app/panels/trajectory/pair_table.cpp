#include "app/panels/trajectory/pair_table.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <string>

#include "app/panels/trajectory/second_prompt.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/widgets.h"
#include "viz/colour.h"

namespace hopscope::app {
namespace {

constexpr float kPairSwatch = 9, kPairGap = 2, kPairGroupGap = 7;
constexpr size_t kMostSwatches = 16;  ///< of each group

struct PairColumn {
    const char *name, *why;
    float width;
    bool left = false;  ///< no numbers
};
constexpr PairColumn kPairColumns[] = {
    {"layer", nullptr, 40},
    {"hop", nullptr, 30},
    {"shared", "Experts that both tokens choose, of all that one of them chooses", 54},
    {"J", "Jaccard overlap of the two choices, |A \xE2\x88\xA9 B| / |A \xE2\x88\xAA B|; n = 1 pair",
     40},
    {"experts", "Colours of the experts: of the first token alone | of both | of the second alone",
     120, true},
    {"mean J", "Mean overlap over all tokens that stand below each other", 50},
    {"95 %",
     "Interval of this mean, normal, tokens taken as independent; within one prompt they are not",
     84},
    {"n", "Pairs of tokens that both ran this hop", 38},
    {"others",
     "Chance: the mean overlap of tokens of the two prompts that do not stand below each other, "
     "up to 20 other pairings of the same tokens",
     50},
    {"n ", "Such pairs", 46},
};

std::string pair_piece(const AppState& state, const core::TraceResult& trace, int64_t token) {
    return displayable(piece_text(trace.tokens[static_cast<size_t>(token)].piece),
                       state.fonts.text);
}

void number_at_right(const AppState& state, const std::string& text, bool dim = false) {
    const float room = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(text.c_str()).x;
    if (room > 0) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room);
    ImGui::TextColored(dim ? state.theme().dim : state.theme().text, "%s", text.c_str());
}

std::string overlap_text(float value) {
    return std::isnan(value) ? kNothing : rounded(static_cast<double>(value), 2);
}

std::string expert_names(const std::vector<int64_t>& experts) {
    std::string out;
    for (const int64_t e : experts) out += (out.empty() ? "E" : ", E") + std::to_string(e);
    return out.empty() ? kNothing : out;
}

/// Tokens of both prompts; b −1: none stands below.
struct TokenPair {
    const core::TraceResult &first, &second;
    int64_t a = 0, b = 0;
};

/// Three groups of swatches: those that both choose stand between lines.
void draw_shared(const AppState& state, const TokenPair& pair, const HopColumn& at) {
    const float s = state.pixel_scale;
    const SharedExperts experts = shared_experts(pair.first, pair.a, pair.second, pair.b, at);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const float height = ImGui::GetTextLineHeight(), top = start.y + (height - kPairSwatch * s) / 2;
    float x = start.x;
    const auto group = [&](const std::vector<int64_t>& of) {
        for (size_t i = 0; i < std::min(of.size(), kMostSwatches); ++i) {
            list->AddRectFilled(
                ImVec2(x, top), ImVec2(x + kPairSwatch * s, top + kPairSwatch * s),
                viz::packed(state.places.expert_color(at.layer, of[i], state.theme().dark)), 2 * s);
            x += (kPairSwatch + kPairGap) * s;
        }
    };
    const auto line = [&] {
        x += (kPairGroupGap - kPairGap) / 2 * s;
        list->AddLine(ImVec2(x, start.y + 1), ImVec2(x, start.y + height - 1),
                      packed(state.theme().dim), s);
        x += kPairGroupGap / 2 * s;
    };
    group(experts.first);
    line();
    group(experts.both);
    line();
    group(experts.second);
    ImGui::Dummy(ImVec2(x - start.x, height));
}

void draw_pair_row(AppState& state, const TokenPair& pair, const HopColumn& at,
                   const PairedHop& hop) {
    ImGui::TableNextRow();
    if (at.layer % 2 == 0)
        ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0,
                               packed(faded(state.theme().raised, 0.45f)));
    ImGui::TableNextColumn();
    const std::string id = "##" + std::to_string(at.layer) + "." + std::to_string(at.hop);
    const bool chosen = at.layer == state.selection.layer && at.hop == state.selection.hop;
    if (ImGui::Selectable(id.c_str(), chosen, ImGuiSelectableFlags_SpanAllColumns)) {
        state.selection.set_layer(at.layer);
        state.selection.set_hop(at.hop);
        state.keep_drawing();
    }
    const SharedExperts experts = shared_experts(pair.first, pair.a, pair.second, pair.b, at);
    const size_t both = experts.both.size();
    const size_t all = both + experts.first.size() + experts.second.size();
    const float one = overlap(pair.first, pair.a, pair.second, pair.b, at.layer, at.hop);
    if (!std::isnan(one) && ImGui::IsItemHovered())
        tooltip("both: " + expert_names(experts.both) +
                "\nthe first alone: " + expert_names(experts.first) +
                "\nthe second alone: " + expert_names(experts.second));
    ImGui::SameLine(0, 0);
    number_at_right(state, std::to_string(at.layer), true);
    const auto cell = [&](const std::string& text, bool dim = false) {
        ImGui::TableNextColumn();
        number_at_right(state, text, dim);
    };
    cell(std::to_string(at.hop), true);
    cell(std::isnan(one) ? kNothing : std::to_string(both) + " of " + std::to_string(all));
    cell(overlap_text(one));
    ImGui::TableNextColumn();
    if (!std::isnan(one)) draw_shared(state, pair, at);
    cell(overlap_text(hop.mean));
    cell(std::isnan(hop.low) ? kNothing
                             : overlap_text(hop.low) + "\xE2\x80\x93" + overlap_text(hop.high),
         true);
    cell(with_thousands(hop.n), true);
    cell(overlap_text(hop.other), true);
    cell(with_thousands(hop.other_n), true);
}

}  // namespace

void draw_pair_table(AppState& state, const TraceView& view, const Alignment& pairs,
                     const std::vector<PairedHop>& hops) {
    if (view.columns.empty()) return note(state, state.lacks(core::Need::routing));
    const float s = state.pixel_scale;
    const int64_t token = paired_token(state, pairs);
    const TokenPair pair = {*state.trace, *state.trace->second, token, pairs.below(token)};
    std::string text =
        "token " + std::to_string(pair.a) + " " + pair_piece(state, pair.first, pair.a);
    text += pair.b < 0 ? " stands above no token of the second prompt"
                       : " above token " + std::to_string(pair.b) + " " +
                             pair_piece(state, pair.second, pair.b);
    text_cut(state, text, state.theme().text);
    if (!ImGui::BeginTable("pair", static_cast<int>(std::size(kPairColumns)),
                           ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_ScrollY |
                               ImGuiTableFlags_ScrollX | ImGuiTableFlags_NoSavedSettings))
        return;
    ImGui::TableSetupScrollFreeze(2, 1);
    for (const PairColumn& column : kPairColumns)
        ImGui::TableSetupColumn(column.name, ImGuiTableColumnFlags_WidthFixed, column.width * s);
    ImGui::TableNextRow();
    for (const PairColumn& column : kPairColumns) {
        ImGui::TableNextColumn();
        if (column.left)
            ImGui::TextColored(state.theme().dim, "%s", column.name);
        else
            number_at_right(state, column.name, true);
        if (column.why) tooltip(column.why);
    }
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    for (size_t i = 0; i < view.columns.size() && i < hops.size(); ++i)
        draw_pair_row(state, pair, view.columns[i], hops[i]);
    ImGui::PopFont();
    ImGui::EndTable();
}

}  // namespace hopscope::app
