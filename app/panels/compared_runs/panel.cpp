// The panel of the compared runs: a field that adds some, the variants with their seeds, and what
// can be done with the chosen one.
#include "app/panels/panel.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/panels/compared_runs/view.h"
#include "app/widgets/comparison_state.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

class ComparedRunsPanel final : public Panel {
  public:
    const char* title() const override { return "Compared runs"; }
    std::string detail(const AppState& state) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    Origin origin(const AppState& state) const override { return origin_of_compared(state); }
    std::string csv(AppState&) override { return rows_.empty() ? std::string() : csv_of(rows_); }
    std::vector<ActionItem> actions(AppState& state) override;

  private:
    void draw_field(AppState& state);
    void draw_table(AppState& state, float height);
    void draw_variant(AppState& state, const VariantRow& row);
    void draw_run(AppState& state, const VariantRow& variant, const RunRow& run, bool alone);
    void draw_name(const AppState& state, const std::string& name, const std::string& after,
                   const ImVec4& color, bool reference) const;
    void draw_numbers(const AppState& state, const std::string& seeds,
                      const std::string& perplexity, bool dim, const std::string& why) const;
    void draw_buttons(AppState& state);
    const RunRow* chosen(const AppState& state) const;
    const VariantRow* chosen_variant(const AppState& state) const;

    std::vector<VariantRow> rows_;
    std::vector<std::string> names_;  ///< of the rows
    bool arrows_ = false;             ///< some variant has several seeds, which fold
    std::string path_;                ///< the field
};

std::string key_of(const RunRow& run) {
    return run.dir.empty() ? run.name : run.dir;
}

std::string ComparedRunsPanel::detail(const AppState& state) const {
    size_t compared = 0;
    for (const VariantRow& row : rows_) compared += row.seeds;
    const size_t all = state.compared.entries().size();
    if (state.comparison.working() && !state.comparison.result()) return "reading\xE2\x80\xA6";
    return std::to_string(compared) + " of " + std::to_string(all) +
           (all == 1 ? " run compared" : " runs compared");
}

void ComparedRunsPanel::prepare(AppState& state) {
    state.comparison.want(state);
    rows_ = variant_rows(state.compared.entries(), state.comparison.result().get(),
                         state.comparison.reference());
    names_.clear();
    for (const VariantRow& row : rows_) names_.push_back(row.name);
    arrows_ =
        std::ranges::any_of(rows_, [](const VariantRow& row) { return row.runs.size() != 1; });
}

std::vector<ActionItem> ComparedRunsPanel::actions(AppState& state) {
    ActionItem item;
    item.id = "compare.add";
    item.title = "Compare with other runs\xE2\x80\xA6";
    item.help = "Asks for a run folder, a race or a folder of runs to stand beside this one.";
    item.menu = {Menu::file, 1};
    item.why_not = [&state] { return no_run(state); };
    item.run = [&state] { ask_for_runs(state); };
    return {item};
}

const RunRow* ComparedRunsPanel::chosen(const AppState& state) const {
    for (const VariantRow& variant : rows_)
        for (const RunRow& run : variant.runs)
            if (key_of(run) == state.compared.chosen) return &run;
    return nullptr;
}

const VariantRow* ComparedRunsPanel::chosen_variant(const AppState& state) const {
    for (const VariantRow& variant : rows_)
        for (const RunRow& run : variant.runs)
            if (key_of(run) == state.compared.chosen) return &variant;
    return nullptr;
}

void ComparedRunsPanel::draw(AppState& state) {
    if (empty_without_run(state)) return;
    draw_field(state);
    const float s = state.pixel_scale;
    const float below = 2 * ImGui::GetFrameHeightWithSpacing() + 4 * s;
    draw_table(state, std::max(60 * s, ImGui::GetContentRegionAvail().y - below));
    draw_buttons(state);
}

void ComparedRunsPanel::draw_field(AppState& state) {
    const float s = state.pixel_scale;
    const bool can = state.services.runs_at && state.services.watch_runs;
    const char* none = can ? nullptr : "This window cannot read other runs.";
    const float wide = button_width("Add");
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - wide - 6 * s);
    if (std::exchange(state.compared.asked, false)) ImGui::SetKeyboardFocusHere();
    by_name(state, "##folder", "folder to add");
    bool go = ImGui::InputTextWithHint("##folder", "folder of a run, race or runs", &path_,
                                       ImGuiInputTextFlags_EnterReturnsTrue);
    tooltip("A run, a race (all its lanes) or a folder of runs, such as that of hopscope batch");
    ImGui::SameLine(0, 6 * s);
    const char* refusal = none                      ? none
                          : path_.empty()           ? "Give a folder first."
                          : state.compared.adding() ? "The folder is being read."
                                                    : nullptr;
    go |= button(state, "Add", refusal, "Puts its runs beside this one");
    if (go && !refusal) state.compared.add(state, path_);
    if (!state.compared.problem().empty()) problem_text(state, state.compared.problem());
    if (!state.comparison.problem().empty()) problem_text(state, state.comparison.problem());
}

void ComparedRunsPanel::draw_table(AppState& state, float height) {
    constexpr ImGuiTableFlags kFlags =
        ImGuiTableFlags_ScrollY | ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_NoPadOuterX;
    if (!ImGui::BeginTable("runs", 3, kFlags, ImVec2(0, height))) return;
    ImGui::TableSetupScrollFreeze(0, 1);
    ImGui::TableSetupColumn("variant", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableSetupColumn("seeds");
    ImGui::TableSetupColumn("perplexity");
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    ImGui::TableHeadersRow();
    ImGui::PopStyleColor();
    for (const VariantRow& row : rows_) draw_variant(state, row);
    ImGui::EndTable();
}

void ComparedRunsPanel::draw_numbers(const AppState& state, const std::string& seeds,
                                     const std::string& perplexity, bool dim,
                                     const std::string& why) const {
    const ImVec4 color = dim ? state.theme().dim : state.theme().text;
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    for (const std::string* text : {&seeds, &perplexity}) {
        ImGui::TableNextColumn();
        const float room = ImGui::GetContentRegionAvail().x;
        const float width = ImGui::CalcTextSize(text->c_str()).x;
        if (room > width) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room - width);
        ImGui::TextColored(color, "%s", text->c_str());
        if (text == &perplexity && !why.empty()) {
            ImGui::PushFont(state.fonts.text, kTextSize);
            tooltip(why);
            ImGui::PopFont();
        }
    }
    ImGui::PopFont();
}

std::string perplexity_text(double mean, double std) {
    std::string out = rounded(mean, 2);
    if (std::isfinite(std)) out += " \xC2\xB1 " + rounded(std, 2);
    return out;
}

/// The name as long as there is room, cut so that it differs from the others. Then what else
/// is to be said, and the word that it is the reference, where they have room whole.
void ComparedRunsPanel::draw_name(const AppState& state, const std::string& name,
                                  const std::string& after, const ImVec4& color,
                                  bool reference) const {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float s = state.pixel_scale, room = ImGui::GetContentRegionAvail().x, gap = 8 * s;
    const auto width = [](const std::string& text) { return ImGui::CalcTextSize(text.c_str()).x; };
    const std::string shown = fitted_among(name, names_, room);
    ImGui::TextColored(color, "%s", shown.c_str());
    float x = width(shown) + gap;
    const auto put = [&](const std::string& text, const ImVec4& in) {
        if (text.empty() || x + width(text) > room) return;
        ImGui::GetWindowDrawList()->AddText(ImVec2(at.x + x, at.y), packed(in), text.c_str());
        x += width(text) + gap;
    };
    put(after, state.theme().dim);
    if (reference) put("reference", state.theme().accent_text);
}

void ComparedRunsPanel::draw_variant(AppState& state, const VariantRow& row) {
    if (row.runs.size() == 1) return draw_run(state, row, row.runs.front(), /*alone=*/true);
    ImGui::PushID(row.name.c_str());
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::SetNextItemOpen(true, ImGuiCond_Once);
    const bool open = ImGui::TreeNodeEx("##seeds", ImGuiTreeNodeFlags_NoTreePushOnOpen |
                                                       ImGuiTreeNodeFlags_SpanAvailWidth |
                                                       ImGuiTreeNodeFlags_AllowOverlap);
    tooltip(row.name + (row.reference ? ", the reference" : ""));
    ImGui::SameLine(0, 0);
    line_glyph(state, row.place);
    draw_name(state, row.name, "", state.theme().text, row.reference);
    const std::string why =
        "Mean of exp(loss) over the seeds whose newest evaluation is of step " +
        with_thousands(row.evaluated_at) +
        ", and their standard deviation (n \xE2\x88\x92 1). n: " + std::to_string(row.seeds) +
        (row.seeds == 1 ? " seed" : " seeds");
    draw_numbers(state, std::to_string(row.seeds),
                 perplexity_text(row.perplexity, row.perplexity_std), row.seeds == 0, why);
    if (open)
        for (const RunRow& run : row.runs) draw_run(state, row, run, /*alone=*/false);
    ImGui::PopID();
}

void ComparedRunsPanel::draw_run(AppState& state, const VariantRow& variant, const RunRow& run,
                                 bool alone) {
    ImGui::PushID(key_of(run).c_str());
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorPos();
    // The row is pressed; what it says is drawn over it.
    if (ImGui::Selectable("##run", state.compared.chosen == key_of(run),
                          ImGuiSelectableFlags_SpanAllColumns)) {
        state.compared.chosen = key_of(run);
        state.comparison.look_at(run.dir);
    }
    const std::string name = alone ? variant.name : run.label;
    std::string after;
    if (run.state == core::RunState::running) after = "live, " + with_thousands(run.step);
    std::string more = name + (after.empty() ? "" : ", " + after) +
                       (alone && variant.reference ? ", the reference" : "");
    if (!run.dir.empty()) more += "\n" + run.dir;
    if (run.open) more += "\nIt is the run that is open.";
    if (!run.left_out.empty()) more += "\nNot compared: " + run.left_out;
    tooltip(more);
    ImGui::SetCursorPos(at);
    // Glyphs and seeds stand under each other, arrow or none; without any arrow the names have its
    // room.
    if (arrows_) ImGui::SetCursorPosX(at.x + ImGui::GetTreeNodeToLabelSpacing());
    if (alone) line_glyph(state, run.place);
    // One that is not compared is dim, and its tooltip says why.
    const bool faint = !run.left_out.empty() || !alone;
    draw_name(state, name, after, faint ? state.theme().dim : state.theme().text,
              alone && variant.reference);
    const std::string seeds = alone ? std::to_string(variant.seeds) : "";
    draw_numbers(state, seeds, rounded(run.perplexity, 2), faint,
                 "exp(loss) of the newest evaluation");
    ImGui::PopID();
}

void ComparedRunsPanel::draw_buttons(AppState& state) {
    const float s = state.pixel_scale;
    const RunRow* run = chosen(state);
    const VariantRow* variant = chosen_variant(state);
    const char* none = run ? nullptr : "Choose a run in the list first.";
    const char* no_look = none                               ? none
                          : run->dir.empty()                 ? "It has no folder yet."
                          : run->dir == state.status.run_dir ? "It is the run that is open."
                                                             : nullptr;
    if (button(state, "Inspect", no_look, "Opens it in all panels; the others stay beside it"))
        state.open_next = run->dir;
    ImGui::SameLine(0, 4 * s);
    const char* no_reference = none                 ? none
                               : !variant->variant  ? "It has not been compared yet."
                               : variant->reference ? "It is the reference."
                                                    : nullptr;
    if (button(state, "Reference", no_reference, "Holds the others against its variant"))
        state.comparison.set_reference(*variant->variant);
    ImGui::SameLine(0, 4 * s);
    const char* stays = none ? none : run->given ? nullptr : "It belongs to the run that is open.";
    if (button(state, "Take out", stays, "Takes it out of the comparison; its folder stays"))
        state.compared.remove(state, run->dir);
    const auto& result = state.comparison.result();
    const bool any = result && !result->differences.empty();
    text_cut(state, any ? "Paired on the same validation batches." : "Add runs to compare them.",
             state.theme().dim);
}

}  // namespace

std::unique_ptr<Panel> make_compared_runs_panel() {
    return std::make_unique<ComparedRunsPanel>();
}

}  // namespace hopscope::app
