// The panel of the pairwise differences: margin, forest plot, and what each interval says.
#include "app/panels/panel.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <optional>
#include <utility>

#include "app/panels/differences/forest.h"
#include "app/panels/differences/view.h"
#include "app/panels/kept_view.h"
#include "app/widgets/comparison_state.h"
#include "app/widgets/exact_slider.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr double kSliderEnd = 0.1;  ///< of the slider, nats; more can be typed

/// What of a row has room. Everything; without the seeds and the interval in figures; the verdict's
/// sign without its word, too, so that the picture keeps its width.
enum class Width { tight, usual, wide };
constexpr float kNames[] = {96, 150, 190};  ///< least width of two names, unscaled pixels
constexpr float kSigns = 76;  ///< of the minus between them and what marks their lines
Width width_here(float scale) {
    const float room = ImGui::GetContentRegionAvail().x;
    return room > 640 * scale ? Width::wide : room > 440 * scale ? Width::usual : Width::tight;
}

class DifferencesPanel final : public Panel {
  public:
    const char* title() const override { return "Pairwise differences"; }
    std::string detail(const AppState&) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    Origin origin(const AppState& state) const override { return origin_of_compared(state); }
    std::string csv(AppState& state) override {
        return rows_.empty() ? std::string() : csv_of(rows_, *shown_, state.comparison.margin);
    }
    PanelView saved_view() const override {
        return {{"to reference", yes_or_no(to_reference_)},
                {"reference", restored_reference_.value_or(reference_)}};
    }
    void restore_view(const PanelView& view) override {
        take_kept_flag(view, "to reference", to_reference_);
        if (const auto kept = view.find("reference"); kept != view.end())
            restored_reference_ = kept->second;
    }
    void forget_restored() override { restored_reference_.reset(); }

  private:
    struct Made {  ///< what the rows were made from
        const core::Comparison* comparison = nullptr;
        double margin = -1;
        std::optional<size_t> reference;
        bool operator==(const Made&) const = default;
    };
    void draw_margin(AppState& state);
    void draw_options(AppState& state);
    void draw_table(AppState& state, float height);
    void draw_row(AppState& state, const DifferenceRow& row, Width width);
    float width_of_names(float least, float signs) const;
    void draw_name(const AppState& state, size_t variant, float width) const;
    size_t count(core::Verdict verdict) const;

    std::shared_ptr<const core::Comparison> shown_;
    Made made_;
    std::vector<DifferenceRow> rows_;
    Forest forest_;
    bool to_reference_ = false;
    std::string reference_;  ///< variant that was chosen for it
    std::optional<std::string> restored_reference_;
};

std::string DifferencesPanel::detail(const AppState&) const {
    if (rows_.empty() || !shown_) return {};
    return "bootstrap, " + with_thousands(shown_->resamples) + " resamples, " +
           std::to_string(rows_.front().batches) + " batches";
}

void DifferencesPanel::prepare(AppState& state) {
    state.comparison.want(state);
    if (restored_reference_)
        state.comparison.want_reference(*std::exchange(restored_reference_, std::nullopt));
    reference_ = state.comparison.wanted_reference();
    shown_ = state.comparison.result();
    const Made wanted{shown_.get(), state.comparison.margin,
                      to_reference_ ? state.comparison.reference() : std::nullopt};
    if (wanted != made_) {
        rows_ = shown_ ? difference_rows(*shown_, wanted.margin, wanted.reference)
                       : std::vector<DifferenceRow>();
        made_ = wanted;
    }
    forest_.prepare(rows_, state.comparison.margin);
}

size_t DifferencesPanel::count(core::Verdict verdict) const {
    return static_cast<size_t>(
        std::count_if(rows_.begin(), rows_.end(),
                      [&](const DifferenceRow& row) { return row.verdict == verdict; }));
}

void DifferencesPanel::draw(AppState& state) {
    if (empty_without_differences(
            state, "The difference of every two variants, its interval and whether it matters."))
        return;
    draw_margin(state);
    draw_options(state);
    const float s = state.pixel_scale;
    const float below = Forest::axis_height(state) + 2 * ImGui::GetStyle().ItemSpacing.y +
                        ImGui::GetTextLineHeight();
    // The axis stands below the last row, and at the lower edge where rows are scrolled.
    const float row = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
    const float wanted = row * static_cast<float>(rows_.size() + 1) + 2 * s;
    const float room = std::max(60 * s, ImGui::GetContentRegionAvail().y - below);
    draw_table(state, std::min(wanted, room));
    if (forest_.draw_axis(state, state.comparison.margin)) state.keep_drawing();
    text_cut(state,
             "thick 90 %, thin 95 %   = \xE2\x89\x88 90 % inside the margin   \xE2\x89\xA0 "
             "\xE2\x89\x88 95 % excludes 0   ? neither",
             state.theme().dim);
}

void DifferencesPanel::draw_margin(AppState& state) {
    const float s = state.pixel_scale;
    const Theme& theme = state.theme();
    double& margin = state.comparison.margin;
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted("margin \xC2\xB1");
    ImGui::SameLine();
    ImGui::SetNextItemWidth(std::clamp(ImGui::GetContentRegionAvail().x * 0.5f, 60 * s, 150 * s));
    exact_slider(state, margin, {0, kSliderEnd});
    margin = std::isfinite(margin) ? std::max(0.0, margin) : core::kLossMargin;
    ImGui::SameLine();
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TextUnformatted(plain(margin).c_str());
    ImGui::PopFont();
    const std::string in_perplexity =
        "nats = " + rounded(100 * (std::exp(margin) - 1), 1) + " % perplexity";
    flow(ImGui::CalcTextSize(in_perplexity.c_str()).x, ImGui::GetStyle().ItemSpacing.x);
    ImGui::TextColored(theme.dim, "%s", in_perplexity.c_str());
    tooltip(
        "Losses that differ by less count as equal. The margin is chosen before looking: one "
        "that is moved until a pair fits proves nothing.");
    // How many say what, at the right where there is room.
    const std::string equal = "= " +
                              std::to_string(count(core::Verdict::equivalent) +
                                             count(core::Verdict::both)) +
                              " equivalent",
                      different = "\xE2\x89\xA0 " +
                                  std::to_string(count(core::Verdict::different)) + " different",
                      open = "? " + std::to_string(count(core::Verdict::undecided)) + " undecided";
    const float wide = ImGui::CalcTextSize((equal + different + open).c_str()).x + 32 * s;
    ImGui::SameLine(0, 16 * s);
    const float left = ImGui::GetContentRegionAvail().x - wide;
    if (left < 0)
        ImGui::NewLine();
    else
        ImGui::SetCursorPosX(ImGui::GetCursorPosX() + left);
    ImGui::TextColored(theme.violet, "%s", equal.c_str());
    flow(ImGui::CalcTextSize(different.c_str()).x, 16 * s);
    ImGui::TextUnformatted(different.c_str());
    flow(ImGui::CalcTextSize(open.c_str()).x, 16 * s);
    ImGui::TextColored(theme.dim, "%s", open.c_str());
}

void DifferencesPanel::draw_options(AppState& state) {
    const float s = state.pixel_scale;
    if (button(state, "all pairs", nullptr, "Every two variants, the better less the worse", 0,
               !to_reference_))
        to_reference_ = false;
    flow(button_width("to the reference"), 4 * s);
    if (button(state, "to the reference", nullptr,
               "Each variant less the reference, which is chosen in Compared runs", 0,
               to_reference_))
        to_reference_ = true;
    flow(button_width("Copy"), 12 * s);
    if (button(state, "Copy", nullptr, "Copies these rows, comma-separated"))
        ImGui::SetClipboardText(csv(state).c_str());
    flow(button_width("CSV"), 4 * s);
    if (button(state, "CSV", nullptr, "Writes these rows into the folder of the open run"))
        export_text(state, "compare_differences.csv", numbers(state));
}

void DifferencesPanel::draw_table(AppState& state, float height) {
    const float s = state.pixel_scale;
    const Width width = width_here(s);
    const bool wide = width == Width::wide, tight = width == Width::tight;
    constexpr ImGuiTableFlags kFlags =
        ImGuiTableFlags_ScrollY | ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_NoPadOuterX;
    if (!ImGui::BeginTable("differences", wide ? 5 : 4, kFlags, ImVec2(0, height))) return;
    ImGui::TableSetupScrollFreeze(0, 1);
    ImGui::TableSetupColumn("first \xE2\x88\x92 second", ImGuiTableColumnFlags_WidthFixed,
                            width_of_names(kNames[static_cast<size_t>(width)] * s, kSigns * s));
    ImGui::TableSetupColumn("difference in loss, nats a token", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableSetupColumn(wide ? "mean [95 %]" : "mean");
    if (wide) ImGui::TableSetupColumn("seeds");
    ImGui::TableSetupColumn(tight ? "##verdict" : "verdict");
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    ImGui::TableHeadersRow();
    ImGui::PopStyleColor();
    for (const DifferenceRow& row : rows_) draw_row(state, row, width);
    ImGui::EndTable();
}

/// Of two names beside each other: what they need with `signs`, from `least` up to a part of the
/// panel.
float DifferencesPanel::width_of_names(float least, float signs) const {
    float widest = 0;
    for (const DifferenceRow& row : rows_)
        for (const size_t variant : {row.a, row.b})
            widest =
                std::max(widest, ImGui::CalcTextSize(shown_->variants[variant].name.c_str()).x);
    const float most = ImGui::GetContentRegionAvail().x * 0.36f;
    return std::max(least, std::min(2 * widest + signs, most));
}

void DifferencesPanel::draw_name(const AppState& state, size_t variant, float width) const {
    const core::ComparedVariant& of = shown_->variants[variant];
    const ComparedEntry* entry = state.compared.of(shown_->runs[of.runs.front()].dir);
    const float from = ImGui::GetCursorScreenPos().x;
    if (entry) line_glyph(state, entry->place);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const std::string shown =
        fitted_among(of.name, names_of_variants(*shown_), from + width - at.x);
    list->AddText(at, packed(state.theme().text), shown.c_str());
}

void DifferencesPanel::draw_row(AppState& state, const DifferenceRow& row, Width width) {
    const float s = state.pixel_scale;
    const Theme& theme = state.theme();
    const bool wide = width == Width::wide;
    const auto pair = state.comparison.pair();
    const bool chosen = pair && ((pair->first == row.a && pair->second == row.b) ||
                                 (pair->first == row.b && pair->second == row.a));
    ImGui::PushID(static_cast<int>(row.a * 1000 + row.b));
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorPos();
    const float room = ImGui::GetContentRegionAvail().x;
    if (ImGui::Selectable("##pair", chosen, ImGuiSelectableFlags_SpanAllColumns))
        state.comparison.set_pair(row.a, row.b);
    tooltip(explained(row, *shown_, state.comparison.margin));
    explain_when_clicked(state, [&] { return number_of(row, *shown_, state.comparison.margin); });
    ImGui::SetCursorPos(at);
    draw_name(state, row.a, room * 0.5f - 8 * s);
    ImGui::SetCursorPos(ImVec2(at.x + room * 0.5f - 6 * s, at.y));
    ImGui::TextColored(theme.dim, "\xE2\x88\x92");
    ImGui::SetCursorPos(ImVec2(at.x + room * 0.5f + 8 * s, at.y));
    draw_name(state, row.b, room * 0.5f - 8 * s);
    ImGui::TableNextColumn();
    forest_.draw_row(state, row, state.comparison.margin);
    ImGui::TableNextColumn();
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const std::string all = with_interval(row);
    ImGui::TextUnformatted(wide ? all.c_str() : all.substr(0, all.find(' ')).c_str());
    if (wide) {
        ImGui::TableNextColumn();
        ImGui::TextColored(row.over_seeds ? theme.text : theme.dim, "%s+%s",
                           std::to_string(row.seeds_a).c_str(),
                           std::to_string(row.seeds_b).c_str());
    }
    ImGui::PopFont();
    ImGui::TableNextColumn();
    const bool equal =
        row.verdict == core::Verdict::equivalent || row.verdict == core::Verdict::both;
    ImGui::TextColored(equal                                     ? theme.violet
                       : row.verdict == core::Verdict::undecided ? theme.dim
                                                                 : theme.text,
                       "%s %s", sign_of(row.verdict),
                       width == Width::tight ? "" : word_of(row.verdict));
    ImGui::PopID();
}

}  // namespace

std::unique_ptr<Panel> make_differences_panel() {
    return std::make_unique<DifferencesPanel>();
}

}  // namespace hopscope::app
