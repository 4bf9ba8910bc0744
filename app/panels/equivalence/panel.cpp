// The panel of equivalence: a square of all variants, differences above the diagonal and the p of
// TOST below it. A cell chooses its pair in all panels.
#include "app/panels/panel.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/equivalence/view.h"
#include "app/widgets/comparison_state.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

class EquivalencePanel final : public Panel {
  public:
    const char* title() const override { return "Equivalence"; }
    std::string detail(const AppState& state) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    Origin origin(const AppState& state) const override { return origin_of_compared(state); }
    std::string csv(AppState&) override {
        return shown_ && matrix_.size() > 0 ? csv_of(matrix_, *shown_, margin_) : std::string();
    }

  private:
    void draw_heads(const AppState& state, ImVec2 at, ImVec2 cell) const;
    void draw_line(AppState& state, size_t row, ImVec2 at, float names, ImVec2 cell);
    void draw_cell(AppState& state, size_t row, size_t column, ImVec2 at, ImVec2 size);
    void draw_name(const AppState& state, size_t variant, ImVec2 at, float width,
                   bool in_head = false) const;
    void draw_foot(AppState& state);

    std::shared_ptr<const core::Comparison> shown_;
    double margin_ = -1;
    EquivalenceMatrix matrix_;
};

/// Lines at 45 degrees over a rectangle.
void hatch(ImDrawList* list, ImVec2 low, ImVec2 high, ImU32 color, float step) {
    list->PushClipRect(low, high, true);
    for (float x = low.x - (high.y - low.y); x < high.x; x += step)
        list->AddLine(ImVec2(x, high.y), ImVec2(x + high.y - low.y, low.y), color);
    list->PopClipRect();
}

std::string EquivalencePanel::detail(const AppState& state) const {
    if (!shown_ || shown_->differences.empty()) return {};
    return "row \xE2\x88\x92 column, margin \xC2\xB1 " + plain(state.comparison.margin);
}

void EquivalencePanel::prepare(AppState& state) {
    state.comparison.want(state);
    if (shown_ == state.comparison.result() && margin_ == state.comparison.margin) return;
    shown_ = state.comparison.result();
    margin_ = state.comparison.margin;
    matrix_ = shown_ ? equivalence_matrix(*shown_, margin_) : EquivalenceMatrix{};
}

void EquivalencePanel::draw(AppState& state) {
    if (empty_without_differences(state,
                                  "Which variants are equivalent within the margin: differences "
                                  "and the p of TOST of every two."))
        return;
    const float s = state.pixel_scale;
    const float foot = ImGui::GetFrameHeightWithSpacing() + ImGui::GetTextLineHeightWithSpacing();
    const float height = std::max(60 * s, ImGui::GetContentRegionAvail().y - foot);
    ImGui::BeginChild("matrix", ImVec2(0, height), ImGuiChildFlags_None,
                      ImGuiWindowFlags_HorizontalScrollbar);
    const auto n = static_cast<float>(matrix_.size());
    const ImVec2 room = ImGui::GetContentRegionAvail(), at = ImGui::GetCursorScreenPos();
    float names = 60 * s;
    for (const size_t variant : matrix_.variants)
        names = std::max(names, ImGui::CalcTextSize(shown_->variants[variant].name.c_str()).x);
    names = std::min(names + 24 * s, room.x * 0.32f);
    const float gap = 2 * s;
    const ImVec2 cell(std::clamp((room.x - names) / n - gap, 44 * s, 120 * s),
                      std::clamp((room.y - 22 * s) / n - gap, 19 * s, 34 * s));
    draw_heads(state, ImVec2(at.x + names, at.y), ImVec2(cell.x + gap, cell.y));
    for (size_t row = 0; row < matrix_.size(); ++row)
        draw_line(state, row,
                  ImVec2(at.x, at.y + 22 * s + static_cast<float>(row) * (cell.y + gap)), names,
                  cell);
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy(ImVec2(names + n * (cell.x + gap), 22 * s + n * (cell.y + gap)));
    ImGui::EndChild();
    draw_foot(state);
}

void EquivalencePanel::draw_name(const AppState& state, size_t variant, ImVec2 at, float width,
                                 bool in_head) const {
    const core::ComparedVariant& of = shown_->variants[variant];
    const ComparedEntry* entry = state.compared.of(shown_->runs[of.runs.front()].dir);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float s = state.pixel_scale, line = ImGui::GetTextLineHeight();
    const float left = entry ? 16 * s : 0, room = width - left - 4 * s;
    if (entry)
        draw_line_marker(list, ImVec2(at.x + 6 * s, at.y + line * 0.5f), 4.5f * s, entry->place,
                         packed(line_color(state, entry->place)));
    // In a head the glyph alone, where the name has no room.
    const std::string shown = fitted_among(of.name, names_of_variants(*shown_), room);
    if (!in_head || !entry || shown == of.name || room > 56 * s)
        list->AddText(ImVec2(at.x + left, at.y), packed(state.theme().text), shown.c_str());
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy(ImVec2(width, line));
    if (shown != of.name) tooltip(of.name);
}

void EquivalencePanel::draw_heads(const AppState& state, ImVec2 at, ImVec2 cell) const {
    for (size_t i = 0; i < matrix_.size(); ++i)
        draw_name(state, matrix_.variants[i], ImVec2(at.x + static_cast<float>(i) * cell.x, at.y),
                  cell.x, /*in_head=*/true);
}

void EquivalencePanel::draw_line(AppState& state, size_t row, ImVec2 at, float names, ImVec2 cell) {
    const float s = state.pixel_scale;
    const float text = at.y + (cell.y - ImGui::GetTextLineHeight()) * 0.5f;
    draw_name(state, matrix_.variants[row], ImVec2(at.x, text), names);
    for (size_t column = 0; column < matrix_.size(); ++column)
        draw_cell(state, row, column,
                  ImVec2(at.x + names + static_cast<float>(column) * (cell.x + 2 * s), at.y), cell);
}

void EquivalencePanel::draw_cell(AppState& state, size_t row, size_t column, ImVec2 at,
                                 ImVec2 size) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const ImVec2 end(at.x + size.x, at.y + size.y);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const auto write = [&](const std::string& text, const ImVec4& color, bool right) {
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        const ImVec2 wide = ImGui::CalcTextSize(text.c_str());
        const float x = right ? end.x - wide.x - std::min(6 * s, 0.5f * (size.x - wide.x))
                              : at.x + (size.x - wide.x) * 0.5f;
        list->AddText(ImVec2(std::max(at.x, x), std::floor(at.y + (size.y - wide.y) * 0.5f)),
                      packed(color), text.c_str());
        ImGui::PopFont();
    };
    if (row == column) {
        const size_t seeds = shown_->variants[matrix_.variants[row]].seeds.size();
        return write("n " + std::to_string(seeds), theme.dim, false);
    }
    const auto& known = matrix_.at(row, column);
    if (!known) return write(kNothing, theme.dim, false);
    ImGui::SetCursorScreenPos(at);
    ImGui::PushID(static_cast<int>(row * 1000 + column));
    if (ImGui::InvisibleButton("##cell", size)) state.comparison.set_pair(known->a, known->b);
    const bool hovered = ImGui::IsItemHovered();
    tooltip(explained(*known, *shown_, state.comparison.margin));
    const bool above = column > row;
    explain_when_clicked(state, [&] {
        return number_of(*known, *shown_, state.comparison.margin,
                         above ? DifferencePart::mean : DifferencePart::p_tost);
    });
    ImGui::PopID();
    if (above) {
        const bool equal =
            known->verdict == core::Verdict::equivalent || known->verdict == core::Verdict::both;
        if (known->verdict == core::Verdict::undecided)
            hatch(list, at, end, packed(theme.border), 7 * s);
        else
            list->AddRectFilled(at, end,
                                packed(equal ? mixed(theme.panel, theme.violet, 0.34f)
                                             : mixed(theme.raised, theme.text, 0.08f)),
                                3 * s);
        std::string text = with_interval(*known);
        text.resize(text.find(' '));
        // The sign where it has room; fill and hatch say the same.
        const std::string with_sign = std::string(sign_of(known->verdict)) + " " + text;
        const bool room = text_width(state.fonts.mono, kMonoSize, with_sign) + 4 * s < size.x;
        write(room ? with_sign : text, theme.text, true);
    } else {
        write(p_text(known->p_tost), known->p_tost < 0.05 ? theme.text : theme.dim, true);
    }
    const auto pair = state.comparison.pair();
    const bool chosen = pair && ((pair->first == known->a && pair->second == known->b) ||
                                 (above && pair->first == known->b && pair->second == known->a));
    if (chosen || hovered)
        list->AddRect(at, end, packed(chosen ? theme.accent : theme.dim), 3 * s, 0,
                      (chosen ? 2 : 1) * s);
}

void EquivalencePanel::draw_foot(AppState& state) {
    const float s = state.pixel_scale;
    text_cut(
        state,
        "above: mean difference, nats a token   below: p of TOST, H0 |difference| \xE2\x89\xA5 "
        "margin",
        state.theme().dim);
    if (button(state, "Copy", nullptr, "Copies both squares, comma-separated"))
        ImGui::SetClipboardText(csv(state).c_str());
    ImGui::SameLine(0, 4 * s);
    if (button(state, "CSV", nullptr, "Writes both squares into the folder of the open run"))
        export_text(state, "compare_equivalence.csv", numbers(state));
}

}  // namespace

std::unique_ptr<Panel> make_equivalence_panel() {
    return std::make_unique<EquivalencePanel>();
}

}  // namespace hopscope::app
