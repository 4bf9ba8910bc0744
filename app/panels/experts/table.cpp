#include "app/panels/experts/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <imgui_internal.h>

#include "app/panels/experts/expert_numbers.h"
#include "app/panels/experts/position_part.h"
#include "app/panels/experts/words_line.h"
#include "app/widgets/expert_words.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"
#include "core/api/base.h"

namespace hopscope::app {
namespace {

using Column = ExpertColumn;

constexpr size_t kRowWords = 10;

/// A column of the table, `width` unscaled pixels wide; 0: it has words, and shares what is left.
struct ColumnRow {
    Column column;
    const char *name, *help;
    float width;
    bool falls;  ///< sorted from the highest first
};
// In the order of ExpertColumn.
constexpr ColumnRow kColumns[] = {
    {Column::expert, "expert", "Number of the expert in its layer; the colour is its place", 66,
     false},
    {Column::writes, "writes",
     "The tokens whose embeddings have the largest cosine to what it writes, read out of the "
     "newest "
     "checkpoint [def:dictionary]",
     0, false},
    {Column::reads, "reads",
     "What it is chosen for in the sample: pieces by the weight that routing gives them there, or "
     "by how often where a trace has no weights",
     0, false},
    {Column::of_class, "class",
     "Of the sample: the class that most of the tokens choosing it are of. On text without "
     "classes: the category that most of its words are of",
     74, false},
    {Column::purity, "purity", "Share of these tokens, or words, that are of that class", 80, true},
    {Column::odds, "odds",
     "Odds ratio of (of that class or not) \xC3\x97 (choosing the expert or not) over the tokens "
     "of the sample; dim where its 95 % interval holds 1 [def:expert_class]",
     46, true},
    {Column::position, "position",
     "Where in their sequence the tokens stand that choose it: a bar a quarter, the line where all "
     "are alike; the number is the largest of them, dim where its 95 % interval holds 1 "
     "[def:expert_position]",
     84, true},
    {Column::load, "load, \xC3\x97 uniform",
     "Share of all choices of the recent batches, or of an imported trace, times the number of "
     "experts; the bar is "
     "logarithmic, \xE2\x85\x9B to 8",
     108, true},
    {Column::tokens, "tokens", "Tokens of the sample that choose it in some hop", 50, true},
    {Column::mark, "mark",
     "dead: not one choice in the recent batches, or in the trace. hub: close to every word "
     "[def:hub]",
     56, true},
    {Column::cluster, "cluster", "Experts that write alike [def:clusters]", 54, false},
};
/// Without its unit.
std::string column_word(const ColumnRow& row) {
    const std::string name = row.name;
    return name.substr(0, name.find(','));
}
/// Those that go first where there is little room, the last of these first.
constexpr Column kByNeed[] = {Column::purity, Column::of_class, Column::mark,    Column::reads,
                              Column::odds,   Column::position, Column::cluster, Column::tokens};
constexpr float kLeastWords = 170;  ///< of a column of words, unscaled pixels

bool has_values(const ExpertBook& book, Column column) {
    const bool has_words = book.dictionary_step >= 0;
    switch (column) {
        case Column::writes:
            return has_words;
        case Column::cluster:
            return book.clusters_step >= 0;
        case Column::of_class:
        case Column::purity:
            return has_words || !book.classes.empty();
        case Column::odds:
            return !book.classes.empty();
        case Column::position:
            return book.placed;
        case Column::mark:
            return std::any_of(book.entries.begin(), book.entries.end(),
                               [](const BookEntry& e) { return e.dead() || e.hub; });
        default:
            return true;
    }
}

/// Which columns have values, and room. @param width unscaled pixels
std::array<bool, std::size(kColumns)> shown_columns(const ExpertBook& book, float width) {
    std::array<bool, std::size(kColumns)> shown{};
    const auto show = [&](Column column) {
        const auto at = static_cast<size_t>(column);
        const float needed = (kColumns[at].width > 0 ? kColumns[at].width : kLeastWords) + 8;
        shown[at] = true;
        width -= needed;
    };
    width -= 24;  // the edges and the scroll bar
    for (const Column column : {Column::expert, Column::load}) show(column);
    show(book.dictionary_step >= 0 ? Column::writes : Column::reads);
    for (const Column column : kByNeed) {
        const auto at = static_cast<size_t>(column);
        if (shown[at] || !has_values(book, column)) continue;
        if (width < (kColumns[at].width > 0 ? kColumns[at].width : kLeastWords) + 8) break;
        show(column);
    }
    return shown;
}

/// Of the row under the pointer.
ExpertColumn hovered_column() {
    return static_cast<ExpertColumn>(
        std::clamp(ImGui::TableGetHoveredColumn(), 0, static_cast<int>(std::size(kColumns)) - 1));
}

void right_text(const AppState& state, const std::string& text, const ImVec4& color) {
    const float width = text_width(state.fonts.mono, kMonoSize, text);
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() +
                         std::max(0.0f, ImGui::GetContentRegionAvail().x - width));
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TextColored(color, "%s", text.c_str());
    ImGui::PopFont();
}

/// A bar at the left of the cell, the number at its right end.
void number_cell(const AppState& state, const std::string& text, const ImVec4& color,
                 const std::function<void(ImVec2 at, ImVec2 size)>& bar) {
    const float s = state.pixel_scale, room = 46 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float left = ImGui::GetContentRegionAvail().x - room;
    if (left > 12 * s)
        bar(ImVec2(at.x, std::floor(at.y + ImGui::GetTextLineHeight() / 2 - 2.5f * s)),
            ImVec2(left, 5 * s));
    right_text(state, text, color);
}

std::string interval_text(double low, double high, int digits) {
    return rounded(low, digits) + " to " + rounded(high, digits);
}

std::string purity_help(const ExpertBook& book, const BookEntry& entry) {
    if (book.classes.empty())
        return entry.category.empty()
                   ? "Not more than half of its words are of one category"
                   : rounded(entry.word_purity, 2) + " of its words are of " + entry.category;
    const ClassUse& c = entry.of_class;
    if (c.of == 0) return "No token of the sample with a class chooses it";
    return with_thousands(c.tokens) + " of " + with_thousands(c.of) + " tokens are of " + c.name +
           ": " + rounded(c.share, 2) + ", 95 % interval " + interval_text(c.low, c.high, 2) +
           " (Wilson)";
}

std::string odds_help(const ExpertBook& book, const BookEntry& entry) {
    const ClassUse& c = entry.of_class;
    if (c.of == 0) return "No token of the sample with a class chooses it";
    return "odds ratio of " + c.name + " " + rounded(c.odds, 1) + ", 95 % interval " +
           interval_text(c.odds_low, c.odds_high, 1) + ", n = " + with_thousands(book.sample) +
           " tokens. Of many experts some lie above 1 by chance; neighbouring tokens are not "
           "independent.";
}

}  // namespace

std::string ExpertTable::order_in_words() const {
    const RowOrderBy by = wanted_.value_or(by_);
    return column_word(kColumns[static_cast<size_t>(by.column)]) +
           (by.descending ? " falling" : " rising");
}

void ExpertTable::set_order(const std::string& words) {
    for (const ColumnRow& row : kColumns)
        for (const bool falls : {false, true})
            if (words == column_word(row) + (falls ? " falling" : " rising"))
                wanted_ = {row.column, falls};
}

/// While a run is trained the order would change under the pointer: it waits until that has left.
void ExpertTable::sort(const ExpertBook& book, const std::vector<uint8_t>& hits,
                       bool under_pointer) {
    ImGuiTableSortSpecs* specs = ImGui::TableGetSortSpecs();
    if (specs && specs->SpecsDirty && specs->SpecsCount > 0) {
        by_ = {static_cast<ExpertColumn>(specs->Specs[0].ColumnUserID),
               specs->Specs[0].SortDirection == ImGuiSortDirection_Descending};
        specs->SpecsDirty = false;
        stale_ = TableChange::rows;
    }
    if (stale_ == TableChange::none || (stale_ == TableChange::values && under_pointer)) return;
    rows_ = rows_in_order(book, hits, by_);
    stale_ = TableChange::none;
}

void ExpertTable::draw(AppState& state, const ExpertBook& book, const std::vector<uint8_t>& hits,
                       TableChange change, ImVec2 size) {
    const float s = state.pixel_scale;
    stale_ = std::max(stale_, change);
    if (!ImGui::BeginTable("experts", static_cast<int>(std::size(kColumns)),
                           ImGuiTableFlags_Sortable | ImGuiTableFlags_ScrollY |
                               ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_NoSavedSettings |
                               ImGuiTableFlags_PadOuterX,
                           size))
        return;
    ImGui::TableSetupScrollFreeze(0, 1);
    const auto shown = shown_columns(book, size.x / s);
    for (const ColumnRow& row : kColumns) {
        ImGuiTableColumnFlags flags =
            row.width > 0 ? ImGuiTableColumnFlags_WidthFixed : ImGuiTableColumnFlags_WidthStretch;
        if (!shown[static_cast<size_t>(row.column)]) flags |= ImGuiTableColumnFlags_Disabled;
        if (row.falls) flags |= ImGuiTableColumnFlags_PreferSortDescending;
        if (row.column == Column::load) flags |= ImGuiTableColumnFlags_DefaultSort;
        ImGui::TableSetupColumn(row.name, flags, row.width > 0 ? row.width * s : 1.0f,
                                static_cast<ImGuiID>(row.column));
    }
    ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
    for (int c = 0; c < static_cast<int>(std::size(kColumns)); ++c) {
        if (!ImGui::TableSetColumnIndex(c)) continue;
        ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
        ImGui::TableHeader(kColumns[c].name);
        if (ImGui::IsItemClicked()) wanted_.reset();
        ImGui::PopStyleColor();
        tooltip(kColumns[c].help);
    }
    if (wanted_ && shown[static_cast<size_t>(wanted_->column)]) {
        ImGui::TableSetColumnSortDirection(
            static_cast<int>(wanted_->column),
            wanted_->descending ? ImGuiSortDirection_Descending : ImGuiSortDirection_Ascending,
            false);
        wanted_.reset();
    }
    sort(book, hits, ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem));
    const float height = ImGui::GetTextLineHeight() + 6 * s;
    follow_selection(state, height + 2 * ImGui::GetStyle().CellPadding.y);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows_.size()));
    while (clipper.Step())
        for (int r = clipper.DisplayStart; r < clipper.DisplayEnd; ++r)
            draw_row(state, book, rows_[static_cast<size_t>(r)], height);
    ImGui::EndTable();
}

/// An expert that was selected elsewhere is scrolled into view.
void ExpertTable::follow_selection(const AppState& state, float height) {
    const bool elsewhere =
        std::exchange(seen_selection_, state.selection.version) != state.selection.version;
    if (elsewhere && state.selection.experts.size() == 1 &&
        *state.selection.first_expert() != clicked_) {
        clicked_ = *state.selection.first_expert();
        scroll_to_clicked_ = true;
    }
    if (!std::exchange(scroll_to_clicked_, false)) return;
    const auto at = std::find(rows_.begin(), rows_.end(), clicked_);
    if (at == rows_.end()) return;
    const float top = height * static_cast<float>(at - rows_.begin());
    const float seen = ImGui::GetWindowHeight() - 2 * height, scroll = ImGui::GetScrollY();
    if (top < scroll)
        ImGui::SetScrollY(top);
    else if (top + height > scroll + seen)
        ImGui::SetScrollY(top + height - seen);
}

void ExpertTable::step(AppState& state, int by) {
    if (rows_.empty()) return;
    const int64_t from = state.selection.first_expert().value_or(clicked_);
    const auto at = std::find(rows_.begin(), rows_.end(), from);
    const auto next = at == rows_.end() ? 0 : (at - rows_.begin()) + by;
    clicked_ =
        rows_[static_cast<size_t>(std::clamp<std::ptrdiff_t>(next, 0, std::ssize(rows_) - 1))];
    if (state.selection.experts != std::set<int64_t>{clicked_}) {
        state.selection.experts.clear();
        state.selection.pick_expert(clicked_, false);
    }
    scroll_to_clicked_ = true;
}

void ExpertTable::draw_row(AppState& state, const ExpertBook& book, int32_t expert, float height) {
    const float s = state.pixel_scale;
    const BookEntry& entry = book.entries[static_cast<size_t>(expert)];
    const bool selected = state.selection.experts.contains(expert);
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushID(expert);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    // Of several that are selected the one of the card stands out.
    const bool is_first = state.selection.first_expert() == expert;
    ImGui::PushStyleColor(ImGuiCol_Header, faded(state.theme().accent, is_first ? 0.3f : 0.16f));
    ImGui::PushStyleColor(ImGuiCol_HeaderHovered, selected ? faded(state.theme().accent, 0.26f)
                                                           : faded(state.theme().text, 0.06f));
    const std::string id = "##E" + std::to_string(expert);
    if (ImGui::Selectable(id.c_str(), selected, ImGuiSelectableFlags_SpanAllColumns,
                          ImVec2(0, height))) {
        clicked_ = expert;
        state.selection.pick_expert(expert, ImGui::GetIO().KeyShift);
        seen_selection_ = state.selection.version;
    }
    ImGui::PopStyleColor(2);
    const bool hovered = ImGui::IsItemHovered(ImGuiHoveredFlags_ForTooltip);
    explain_when_clicked(state,
                         [&] { return column_number(state, book, entry, hovered_column()); });
    if (selected) {
        const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
        ImGui::GetWindowDrawList()->AddRectFilled(low, ImVec2(low.x + 3 * s, high.y),
                                                  packed(state.theme().accent));
    }
    const float top = std::floor(at.y + (height - ImGui::GetTextLineHeight()) / 2);
    for (const ColumnRow& row : kColumns) {
        if (!ImGui::TableSetColumnIndex(static_cast<int>(row.column))) continue;
        ImGui::SetCursorScreenPos(ImVec2(ImGui::GetCursorScreenPos().x, top));
        draw_cell(state, book, entry, row.column);
    }
    if (hovered) {
        const ExpertColumn column = hovered_column();
        std::string help;
        if (column == Column::purity || column == Column::of_class) help = purity_help(book, entry);
        if (column == Column::odds) help = odds_help(book, entry);
        if (column == Column::position) help = position_help(entry.position);
        if (column == Column::writes) help = core::joined(word_list(book, entry.writes));
        if (column == Column::reads) help = core::joined(word_list(book, entry.reads));
        if (!help.empty() && ImGui::BeginTooltip()) {
            ImGui::PushTextWrapPos(ImGui::GetFontSize() * 24.0f);
            ImGui::TextUnformatted(help.c_str());
            ImGui::PopTextWrapPos();
            ImGui::EndTooltip();
        }
    }
    ImGui::PopID();
}

void ExpertTable::draw_cell(AppState& state, const ExpertBook& book, const BookEntry& entry,
                            ExpertColumn column) const {
    const Theme& theme = state.theme();
    const ImVec4& bright = entry.dead() ? theme.dim : theme.text;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float room = ImGui::GetContentRegionAvail().x;
    switch (column) {
        case Column::expert:
            ImGui::Dummy(ImVec2(3 * state.pixel_scale, 1));
            ImGui::SameLine(0, 0);
            expert_swatch(state, book.layer, entry.expert, entry.dead());
            ImGui::PushFont(state.fonts.mono, kMonoSize);
            ImGui::TextColored(bright, "E%lld", static_cast<long long>(entry.expert));
            ImGui::PopFont();
            break;
        case Column::writes:
            draw_words(state, at, room, word_list(book, entry.writes, kRowWords), packed(bright));
            break;
        case Column::reads:
            draw_words(state, at, room, word_list(book, entry.reads, kRowWords),
                       packed(book.dictionary_step < 0 ? bright : theme.dim));
            break;
        case Column::of_class: {
            const std::string name = shown_class(book, entry).name;
            text_cut(state, name.empty() ? kNothing : name, name.empty() ? theme.dim : bright);
            break;
        }
        case Column::purity: {
            const double purity = shown_class(book, entry).purity;
            if (std::isnan(purity)) return right_text(state, kNothing, theme.dim);
            number_cell(state, rounded(purity, 2), bright, [&](ImVec2 low, ImVec2 size) {
                share_bar(state, low, size, purity, packed(faded(theme.text, 0.62f)));
            });
            break;
        }
        case Column::odds: {
            const ClassUse& c = entry.of_class;
            if (std::isnan(c.odds)) return right_text(state, kNothing, theme.dim);
            right_text(state, rounded(c.odds, c.odds < 10 ? 1 : 0),
                       c.enriched() ? bright : theme.dim);
            break;
        }
        case Column::position: {
            const PositionUse& use = entry.position;
            if (!use.known()) return right_text(state, kNothing, theme.dim);
            position_bars(state, use, at,
                          ImVec2(room - 40 * state.pixel_scale, ImGui::GetTextLineHeight()));
            right_text(state, rounded(use.peak().times, 2), use.enriched() ? bright : theme.dim);
            break;
        }
        case Column::load:
            if (std::isnan(entry.load)) return right_text(state, kNothing, theme.dim);
            number_cell(state, rounded(entry.load, 2), bright,
                        [&](ImVec2 low, ImVec2 size) { load_bar(state, low, size, entry.load); });
            break;
        case Column::tokens:
            right_text(state, with_thousands(entry.tokens), bright);
            break;
        case Column::mark:
            expert_mark(state, entry.dead(), entry.hub);
            break;
        case Column::cluster:
            right_text(state, entry.cluster < 0 ? kNothing : std::to_string(entry.cluster),
                       entry.cluster < 0 ? theme.dim : bright);
            break;
    }
}

}  // namespace hopscope::app
