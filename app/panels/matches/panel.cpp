// The panel of matched experts: the question, pairs from the most alike to the least beside chance,
// and how the centroids moved.
#include "app/panels/panel.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/matches/question.h"
#include "app/panels/matches/view.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/layer_choice.h"
#include "app/widgets/line_style.h"
#include "app/widgets/marks.h"
#include "app/widgets/number.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/widgets.h"
#include "core/api/layer_names.h"

namespace hopscope::app {
namespace {

/// Of the longest row of numbers, and of a circle in which dots can be told apart; unscaled pixels.
constexpr float kNumbersWidth = 232, kLeastPicture = 72;

constexpr size_t kQuantiles = 9;
constexpr const char* kMatchedHere = "The panel matches experts by itself; no command does.";

class MatchesPanel final : public Panel {
  public:
    const char* title() const override { return "Matched experts"; }
    std::string detail(const AppState&) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    /// The first line of the numbers says it.
    Origin origin(const AppState&) const override { return {}; }
    std::string csv(AppState&) override {
        return question_.answer() ? csv_of(shown()) : std::string();
    }

  private:
    void draw_question(AppState& state);
    void draw_side(AppState& state, const char* name, MatchSide& side, float width);
    void draw_layer(AppState& state);
    void draw_buttons(AppState& state);
    void draw_table(AppState& state, float height);
    void draw_chance(const AppState& state);
    void draw_match(AppState& state, size_t index);
    void draw_expert(const AppState& state, int32_t expert, const std::vector<std::string>& pieces,
                     const std::vector<std::string>& shared, ImU32 color) const;
    void draw_lower(AppState& state, ImVec2 size);
    void draw_picture(AppState& state, float side);
    void draw_numbers(AppState& state) const;
    const core::ExpertMatches& shown() const { return *question_.answer(); }

    MatchQuestion question_;
    std::shared_ptr<const core::ExpertMatches> pictured_;  ///< what `picture_` was made from
    bool pictured_dark_ = true;
    MovedPicture picture_;
    std::vector<size_t> rows_;
    bool all_ = false;
    int chosen_ = -1;  ///< in the list of matches
};

std::string number(double value, int decimals) {
    return std::isfinite(value) ? rounded(value, decimals) : kNothing;
}

std::string MatchesPanel::detail(const AppState&) const {
    if (!question_.answer()) return {};
    const size_t all = shown().matches.size();
    const std::string by = shown().by_tokens ? "by tokens" : "by cosine";
    if (all_ || all <= kQuantiles) return std::to_string(all) + " pairs, " + by;
    return std::to_string(kQuantiles) + " quantiles of " + std::to_string(all) + " pairs, " + by;
}

void MatchesPanel::prepare(AppState& state) {
    state.comparison.want(state);
    question_.update(state);
    if (!question_.answer()) return;
    if (pictured_ != question_.answer() || pictured_dark_ != state.settings.dark) {
        if (pictured_ != question_.answer()) chosen_ = -1;
        pictured_ = question_.answer();
        pictured_dark_ = state.settings.dark;
        picture_ = moved_picture(shown(), pictured_dark_);
    }
    rows_ = quantiles_of(shown(), all_ ? shown().matches.size() : kQuantiles);
}

void MatchesPanel::draw(AppState& state) {
    if (empty_without_run(state)) return;
    draw_question(state);
    std::string why = question_.refusal(state);
    if (why.empty()) why = question_.problem();
    if (!why.empty() || !question_.answer()) {
        const std::string text =
            (why.empty() ? std::string() : why + " ") +
            "Experts of two runs, or of two checkpoints of one, stand here side by side: cosine, "
            "angle and common tokens beside chance.";
        empty_state(state, why.empty() ? "Matching" : "Nothing to match", text.c_str());
        return;
    }
    const float s = state.pixel_scale;
    const ImVec2 area = ImGui::GetContentRegionAvail();
    const bool pictured = !picture_.centroids.empty();
    const float numbers = 7 * ImGui::GetTextLineHeightWithSpacing();
    const float lower = std::max(numbers, pictured ? std::min(area.y * 0.42f, area.x * 0.44f) : 0);
    draw_table(state, std::max(80 * s, area.y - lower - 8 * s));
    draw_lower(state, ImVec2(area.x, lower));
}

void MatchesPanel::draw_question(AppState& state) {
    const float s = state.pixel_scale;
    const float wide = ImGui::GetContentRegionAvail().x;
    const bool beside = wide > 440 * s;
    draw_side(state, "A", question_.a, beside ? wide * 0.5f - 4 * s : wide);
    if (beside) ImGui::SameLine(0, 8 * s);
    draw_side(state, "B", question_.b, beside ? wide * 0.5f - 4 * s : wide);
    draw_layer(state);
    draw_buttons(state);
}

void MatchesPanel::draw_side(AppState& state, const char* name, MatchSide& side, float width) {
    const float s = state.pixel_scale;
    ImGui::PushID(name);
    ImGui::BeginGroup();
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "%s", name);
    ImGui::SameLine(0, 6 * s);
    const float left = width - ImGui::CalcTextSize(name).x - 10 * s, steps = 86 * s;
    const ComparedEntry* entry = state.compared.of(side.run);
    ImGui::SetNextItemWidth(left - steps);
    by_name(state, "##run", std::string("run of ") + name + "\xE2\x80\xA6");
    if (ImGui::BeginCombo("##run", entry ? entry->name.c_str() : kNothing)) {
        for (const ComparedEntry& one : state.compared.entries())
            if (!one.dir.empty() && ImGui::Selectable(one.name.c_str(), one.dir == side.run) &&
                one.dir != side.run)
                side = {one.dir, -1};
        ImGui::EndCombo();
    }
    tooltip(side.run);
    ImGui::SameLine(0, 4 * s);
    ImGui::SetNextItemWidth(steps);
    const std::string present = side.step < 0 ? "newest" : with_thousands(side.step);
    by_name(state, "##step", std::string("step of ") + name + "\xE2\x80\xA6");
    const bool open = ImGui::BeginCombo("##step", present.c_str());
    if (open) {
        if (ImGui::IsWindowAppearing()) question_.look(state, side.run);
        if (ImGui::Selectable("newest", side.step < 0)) side.step = -1;
        const auto& kept = question_.steps_of(side.run);
        for (auto step = kept.rbegin(); step != kept.rend(); ++step)
            if (ImGui::Selectable(with_thousands(*step).c_str(), *step == side.step))
                side.step = *step;
        ImGui::EndCombo();
    } else {
        tooltip("Step of the snapshot, one of those that the run keeps");
    }
    ImGui::EndGroup();
    ImGui::PopID();
}

void MatchesPanel::draw_layer(AppState& state) {
    layer_choice(state, question_.answer() ? shown().layers : 1, question_.layer);
}

void MatchesPanel::draw_buttons(AppState& state) {
    const float s = state.pixel_scale;
    const char* none = question_.answer() ? nullptr : "Nothing is matched yet.";
    flow(76 * s, 12 * s);
    if (button(state, all_ ? "All" : "Quantiles", none,
               "Shows every pair, or nine from the most alike to the least", 76 * s))
        all_ = !all_;
    flow(button_width("Copy"), 4 * s);
    if (button(state, "Copy", none, "Copies all pairs, comma-separated"))
        ImGui::SetClipboardText(csv_of(shown()).c_str());
    flow(button_width("CSV"), 4 * s);
    if (button(state, "CSV", none, "Writes all pairs into the folder of the open run"))
        export_text(state,
                    "matched_experts_" +
                        core::layer_in_file_name(shown().layer_name, question_.layer) + ".csv",
                    csv_of(shown()));
    if (question_.working()) {
        constexpr const char* kWorking = "matching\xE2\x80\xA6";
        flow(ImGui::CalcTextSize(kWorking).x, 8 * s);
        ImGui::TextColored(state.theme().dim, "%s", kWorking);
    }
}

void MatchesPanel::draw_table(AppState& state, float height) {
    constexpr ImGuiTableFlags kFlags =
        ImGuiTableFlags_ScrollY | ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_NoPadOuterX;
    if (!ImGui::BeginTable("matches", 5, kFlags, ImVec2(0, height))) return;
    ImGui::TableSetupScrollFreeze(0, 2);
    ImGui::TableSetupColumn("A  expert, tokens it takes", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableSetupColumn("B  its partner", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableSetupColumn("cosine");
    ImGui::TableSetupColumn("moved");
    ImGui::TableSetupColumn("Jaccard");
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    ImGui::TableHeadersRow();
    draw_chance(state);
    ImGui::PopStyleColor();
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows_.size()));
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
            draw_match(state, rows_[static_cast<size_t>(i)]);
    ImGui::EndTable();
}

void right_aligned(const AppState& state, const std::string& text) {
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const float room = ImGui::GetContentRegionAvail().x;
    const float width = ImGui::CalcTextSize(text.c_str()).x;
    if (room > width) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room - width);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopFont();
}

/// What the best of as many candidates has by chance.
void MatchesPanel::draw_chance(const AppState& state) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const std::string words = "chance, " + std::to_string(shown().request.draws) + " draws";
    text_cut(state, words, state.theme().dim);
    tooltip(
        shown().by_tokens ? "The best of as many experts once tokens are dealt out anew"
        : shown().one_run
            ? "The best of as many centroids turned at random; Jaccard with tokens dealt anew"
            : "The best of as many centroids after the same rotation fitted to tokens dealt out "
              "anew; Jaccard with the same tokens");
    ImGui::TableNextColumn();
    for (const auto& [value, digits] :
         {std::pair(shown().cosine.chance, 2), std::pair(shown().moved.chance, 0),
          std::pair(shown().jaccard.chance, 2)}) {
        ImGui::TableNextColumn();
        right_aligned(state, number(value, digits));
    }
}

void MatchesPanel::draw_expert(const AppState& state, int32_t expert,
                               const std::vector<std::string>& pieces,
                               const std::vector<std::string>& shared, ImU32 color) const {
    const float s = state.pixel_scale;
    if (expert < 0) {
        ImGui::TextColored(state.theme().dim, "none");
        return;
    }
    swatch(color, s);
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TextColored(state.theme().dim, "E%d", expert);
    ImGui::PopFont();
    for (const std::string& piece : pieces) {
        const std::string text = piece_text(piece);
        // Words are cut at word ends: what has no room is in the tooltip.
        if (ImGui::GetItemRectMax().x + 6 * s + ImGui::CalcTextSize(text.c_str()).x >
            ImGui::GetWindowPos().x + ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x)
            break;
        ImGui::SameLine(0, 6 * s);
        const bool both = std::find(shared.begin(), shared.end(), piece) != shared.end();
        ImGui::TextColored(both ? state.theme().text : state.theme().dim, "%s", text.c_str());
    }
}

std::string explained(const core::ExpertMatches& all, const core::ExpertMatch& match) {
    const auto side = [](int32_t expert, const std::vector<std::string>& pieces) {
        std::string out = "E" + std::to_string(expert) + ":";
        for (const std::string& piece : pieces) out += " " + piece_text(piece);
        return out;
    };
    std::string out = "A " + side(match.a, match.pieces_a);
    if (match.b >= 0) out += "\nB " + side(match.b, match.pieces_b);
    out += "\ncosine of the centroids " + number(match.cosine, 3) + ", moved by " +
           number(match.moved, 1) + "\xC2\xB0" + (all.one_run ? " itself" : "") +
           "\nJaccard of the tokens that take them " + number(match.jaccard, 3) + ", of " +
           with_thousands(all.tokens) + " tokens\n" +
           (match.above_chance ? "More alike than 95 % of the best by chance."
                               : "Not more alike than the best by chance.");
    return out;
}

/// What a column of the table says of a pair; of the names, the Jaccard index.
Number number_of(const core::ExpertMatches& all, const core::ExpertMatch& match, int column) {
    const std::string pair = "E" + std::to_string(match.a) + " of A and E" +
                             std::to_string(match.b) + " of B, " + all.layer_name;
    Number out = {.label = "Jaccard, " + pair,
                  .value = match.jaccard,
                  .shown = number(match.jaccard, 3),
                  .definition = "Of the sets of tokens that take them [def:jaccard]",
                  .n = all.tokens,
                  .over = "tokens",
                  .step = all.request.step_a,
                  .no_command = kMatchedHere};
    if (column == 2 || column == 3) {
        const bool cosine = column == 2;
        out.label = (cosine ? "cosine, " : "moved, ") + pair;
        out.value = cosine ? match.cosine : match.moved;
        out.shown = cosine ? number(match.cosine, 3) : number(match.moved, 1) + "\xC2\xB0";
        out.definition = cosine        ? "Of the two centroids"
                         : all.one_run ? "Angle between the expert's own centroid at A and at B"
                                       : "Angle between the two centroids, degrees";
        out.n = -1;
        out.over.clear();
    }
    return out;
}

void MatchesPanel::draw_match(AppState& state, size_t index) {
    const core::ExpertMatch& match = shown().matches[index];
    ImGui::PushID(static_cast<int>(index));
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorPos();
    const bool chosen = chosen_ == static_cast<int>(index);
    if (ImGui::Selectable("##match", chosen, ImGuiSelectableFlags_SpanAllColumns))
        chosen_ = chosen ? -1 : static_cast<int>(index);
    tooltip(explained(shown(), match));
    explain_when_clicked(state,
                         [&] { return number_of(shown(), match, ImGui::TableGetHoveredColumn()); });
    ImGui::SetCursorPos(at);
    const ImU32 color = viz::packed(picture_.color_a[static_cast<size_t>(match.a)]);
    if (!match.above_chance) ImGui::PushStyleVar(ImGuiStyleVar_Alpha, 0.75f);
    draw_expert(state, match.a, match.pieces_a, match.pieces_b, color);
    ImGui::TableNextColumn();
    draw_expert(state, match.b, match.pieces_b, match.pieces_a, color);
    ImGui::TableNextColumn();
    right_aligned(state, number(match.cosine, 2));
    ImGui::TableNextColumn();
    right_aligned(state, number(match.moved, 0) + (std::isfinite(match.moved) ? "\xC2\xB0" : ""));
    ImGui::TableNextColumn();
    right_aligned(state, number(match.jaccard, 2));
    if (!match.above_chance) ImGui::PopStyleVar();
    ImGui::PopID();
}

void MatchesPanel::draw_lower(AppState& state, ImVec2 size) {
    const float s = state.pixel_scale;
    // Numbers are read whole before there is a picture beside them.
    const float side = std::min({size.y, size.x * 0.44f, size.x - (kNumbersWidth + 12) * s});
    if (!picture_.centroids.empty() && side >= kLeastPicture * s) {
        draw_picture(state, side);
        ImGui::SameLine(0, 12 * s);
    }
    ImGui::BeginGroup();
    draw_numbers(state);
    ImGui::EndGroup();
}

/// Where the centroids of a are in b: tail from a, dot at b, × without a match above chance.
void MatchesPanel::draw_picture(AppState& state, float side) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, radius = side * 0.5f - 4 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos(), middle(at.x + side * 0.5f, at.y + side * 0.5f);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddCircle(middle, radius, packed(theme.border), 64);
    ImGui::InvisibleButton("##moved", ImVec2(side, side));
    const bool hovered = ImGui::IsItemHovered(), pressed = ImGui::IsItemClicked();
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const auto place = [&](float x, float y) {
        return ImVec2(middle.x + x * radius, middle.y - y * radius);
    };
    float nearest = 10 * s;
    int under = -1;
    for (const MovedCentroid& one : picture_.centroids) {
        const ImVec2 to = place(one.to_x, one.to_y);
        const float away = std::hypot(to.x - mouse.x, to.y - mouse.y);
        if (hovered && away < nearest) {
            nearest = away;
            under = static_cast<int>(one.match);
        }
        const bool chosen = chosen_ == static_cast<int>(one.match);
        const bool faint = chosen_ >= 0 && !chosen;
        const ImU32 color = viz::packed(one.color, faint ? 0.35f : 1.0f);
        list->AddLine(place(one.from_x, one.from_y), to,
                      viz::packed(one.color, faint ? 0.2f : 0.6f), 1.2f * s);
        if (shown().matches[one.match].above_chance) {
            list->AddCircleFilled(to, 2.6f * s, color);
        } else {
            const float r = 2.6f * s;
            list->AddLine(ImVec2(to.x - r, to.y - r), ImVec2(to.x + r, to.y + r), color, 1.2f * s);
            list->AddLine(ImVec2(to.x - r, to.y + r), ImVec2(to.x + r, to.y - r), color, 1.2f * s);
        }
        if (chosen) list->AddCircle(to, 6 * s, packed(theme.text), 0, 1.6f * s);
    }
    if (pressed) chosen_ = under;
    if (under >= 0) {
        tooltip(explained(shown(), shown().matches[static_cast<size_t>(under)]));
    } else if (hovered) {
        tooltip(
            "Centroids of A (tail) and where they are in B (dot), in the two principal axes of "
            "A, " +
            percent(picture_.share_x, 0) + " and " + percent(picture_.share_y, 0) +
            " of its variance; colour is place in A, \xC3\x97 no match above chance");
    }
}

void MatchesPanel::draw_numbers(AppState& state) const {
    const core::ExpertMatches& all = shown();
    const auto row = [&](const char* label, const core::MatchedNumber& number,
                         const std::string& shown) {
        value_row(state, {.label = label,
                          .value = number.value,
                          .shown = shown,
                          .definition = "Interval: 95 %, bootstrap over experts",
                          .low = number.low,
                          .high = number.high,
                          .n = number.n,
                          .over = "experts of A",
                          .step = all.request.step_a,
                          .no_command = kMatchedHere});
    };
    const auto by_chance = [&](const core::MatchedNumber& number, int digits) {
        value_row(state, {.label = "by chance",
                          .value = number.chance,
                          .shown = chance_text(number, digits),
                          .definition = "Mean and standard deviation over the draws",
                          .n = all.request.draws,
                          .over = "draws",
                          .step = all.request.step_a,
                          .no_command = kMatchedHere});
    };
    if (!all.by_tokens) {
        row("cosine, mean", all.cosine, with_interval(all.cosine, 2));
        by_chance(all.cosine, 2);
    }
    row("Jaccard, mean", all.jaccard, with_interval(all.jaccard, 2));
    by_chance(all.jaccard, 3);
    if (!all.by_tokens)
        row(all.one_run ? "moved itself, median" : "moved, median", all.moved,
            with_interval(all.moved, 0) + "\xC2\xB0");
    const auto none = static_cast<int64_t>(all.matches.size()) - all.above_chance;
    value_row(state, {.label = "no match above chance",
                      .value = static_cast<double>(none),
                      .shown = std::to_string(none) + " of " + std::to_string(all.matches.size()),
                      .definition = "Partners that are not more alike than 95 % of the best by "
                                    "chance",
                      .n = std::ssize(all.matches),
                      .over = "experts of A",
                      .step = all.request.step_a,
                      .no_command = kMatchedHere});
    note(state, all.by_tokens   ? all.no_cosine
                : all.one_space ? "One space: nothing is turned."
                                : "B is turned onto A by the positions of the same tokens.");
}

}  // namespace

std::unique_ptr<Panel> make_matches_panel() {
    return std::make_unique<MatchesPanel>();
}

}  // namespace hopscope::app
