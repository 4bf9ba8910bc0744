#include "app/panels/experts/filter_bar.h"

#include <algorithm>
#include <imgui_internal.h>
#include <misc/cpp/imgui_stdlib.h>
#include <sstream>

#include "app/panels/experts/filter.h"
#include "app/panels/kept_view.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kLeastInput = 130;  ///< of the field beside the chips, unscaled pixels
constexpr const char* kCross = "\xC3\x97";

/// A term that stands for itself, rather than waiting for a value.
bool is_whole(const std::string& term) {
    const ExpertFilter read = parse_filter(term);
    return read.problems.empty() && !read.terms.empty() && term != "E";
}

/// A word of the grammar, that is pressed; true then.
bool grammar_word(const AppState& state, const FilterWord& word) {
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().accent_text);
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const ImVec2 size = ImGui::CalcTextSize(word.begin);
    const bool pressed = ImGui::InvisibleButton(word.begin, ImVec2(size.x, size.y));
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddText(low, ImGui::GetColorU32(ImGuiCol_Text), word.begin);
    if (ImGui::IsItemHovered())
        list->AddLine(ImVec2(low.x, high.y), high, ImGui::GetColorU32(ImGuiCol_Text));
    ImGui::PopFont();
    ImGui::PopStyleColor();
    tooltip(word.help);
    return pressed;
}

}  // namespace

std::string FilterBar::text() const {
    std::string out;
    for (const Chip& chip : chips_)
        if (chip.on) out += chip.text + " ";
    return out + typed_;
}

void FilterBar::clear() {
    chips_.clear();
    typed_.clear();
}

void FilterBar::keep_in(PanelView& view) const {
    view["filter"] = typed_;
    std::string& lines = view["chips"];
    for (const Chip& chip : chips_)
        lines += (lines.empty() ? "" : "\n") + std::string(chip.on ? "on " : "off ") + chip.text;
}

void FilterBar::restore(const PanelView& view) {
    take_kept_text(view, "filter", typed_);
    std::string lines;
    take_kept_text(view, "chips", lines);
    if (!view.contains("chips")) return;
    chips_.clear();
    std::istringstream all(lines);
    for (std::string line; std::getline(all, line);) {
        const bool on = line.starts_with("on ");
        const size_t begin = on ? 3 : 4;
        if ((on || line.starts_with("off ")) && line.size() > begin)
            chips_.push_back({line.substr(begin), on});
    }
}

void FilterBar::begin_term(const std::string& term) {
    if (is_whole(term)) return add(term);
    if (!typed_.empty() && !typed_.ends_with(' ')) typed_ += ' ';
    typed_ += term;
    wants_focus_ = to_end_ = true;
}

/// The up arrow: the last chip is text again.
int FilterBar::take_back(ImGuiInputTextCallbackData* data) {
    auto& bar = *static_cast<FilterBar*>(data->UserData);
    if (data->EventKey != ImGuiKey_UpArrow || bar.chips_.empty()) return 0;
    const std::string text = bar.chips_.back().text + (data->BufTextLen > 0 ? " " : "");
    bar.chips_.pop_back();
    data->InsertChars(0, text.c_str());
    data->CursorPos = data->BufTextLen;
    return 0;
}

void FilterBar::take_typed() {
    for (const std::string& term : split_terms(typed_)) add(term);
    typed_.clear();
}

float FilterBar::width_of(const AppState& state, const Chip& chip) const {
    return text_width(state.fonts.mono, kMonoSize, chip.text) + 34 * state.pixel_scale;
}

float FilterBar::width_of_chips(const AppState& state) const {
    float width = 0;
    for (const Chip& chip : chips_) width += width_of(state, chip) + 4 * state.pixel_scale;
    return width;
}

void FilterBar::draw_field(AppState& state, float width) {
    const float s = state.pixel_scale, height = ImGui::GetFrameHeight();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool inside = width_of_chips(state) + kLeastInput * s <= width;
    ImGui::BeginGroup();
    ImGui::GetWindowDrawList()->AddRectFilled(at, ImVec2(at.x + width, at.y + height),
                                              packed(state.theme().raised),
                                              ImGui::GetStyle().FrameRounding);
    if (inside && !chips_.empty()) {
        ImGui::SetCursorScreenPos(ImVec2(at.x + 3 * s, at.y));
        draw_chips(state, true);
    }
    ImGui::SetNextItemWidth(at.x + width - ImGui::GetCursorScreenPos().x);
    draw_input(state);
    if (!inside) draw_chips(state, false);
    ImGui::EndGroup();
}

void FilterBar::draw_input(AppState& state) {
    if (std::exchange(wants_focus_, false)) ImGui::SetKeyboardFocusHere();
    ImGui::PushStyleColor(ImGuiCol_FrameBg, ImVec4(0, 0, 0, 0));
    const char* hint =
        chips_.empty() ? "Filter: word, class:noun, E12, load<0.5" : "and\xE2\x80\xA6";
    const bool entered = ImGui::InputTextWithHint(
        "##filter", hint, &typed_,
        ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CallbackHistory, take_back,
        this);
    ImGui::PopStyleColor();
    ImGuiInputTextState* text = ImGui::GetInputTextState(ImGui::GetItemID());
    const bool active = ImGui::IsItemActive();
    if (active)
        ImGui::GetWindowDrawList()->AddRect(ImGui::GetItemRectMin(), ImGui::GetItemRectMax(),
                                            packed(state.theme().accent),
                                            ImGui::GetStyle().FrameRounding);
    // Where it was reached by a key, what is there would be selected and typed over.
    if (to_end_ && active && text) {
        text->ReloadUserBufAndMoveToEnd();
        to_end_ = false;
    }
    if (entered) {
        take_typed();
        wants_focus_ = true;
    }
}

void FilterBar::draw_chips(AppState& state, bool inside) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, height = ImGui::GetFrameHeight() - 6 * s;
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    ImDrawList* list = ImGui::GetWindowDrawList();
    size_t dropped = chips_.size();
    for (size_t i = 0; i < chips_.size(); ++i) {
        Chip& chip = chips_[i];
        const float width = std::min(width_of(state, chip), ImGui::GetContentRegionAvail().x);
        if (!inside && i > 0) {
            ImGui::SameLine(0, 4 * s);
            if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
        }
        ImGui::PushID(static_cast<int>(i));
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float y = inside ? at.y + 3 * s : at.y;
        const ImVec4 ground =
            chip.on ? selected_fill(theme) : mixed(theme.raised, theme.text, 0.06f);
        ImGui::SetCursorScreenPos(ImVec2(at.x, y));
        if (ImGui::InvisibleButton("chip", ImVec2(width - 20 * s, height))) chip.on = !chip.on;
        tooltip(chip.on ? "Switches this term off" : "Switches this term on");
        ImGui::SameLine(0, 0);
        if (ImGui::InvisibleButton(kCross, ImVec2(20 * s, height))) dropped = i;
        tooltip("Takes this term away");
        const ImU32 ink = packed(chip.on ? theme.accent_text : theme.dim);
        list->AddRectFilled(ImVec2(at.x, y), ImVec2(at.x + width, y + height), packed(ground),
                            3 * s);
        const float size = kMonoSize * s, top = y + (height - size) / 2;
        const ImVec4 clip(at.x, y, at.x + width - 20 * s, y + height);
        const std::string shown = displayable(chip.text, state.fonts.mono);
        list->AddText(state.fonts.mono, size, ImVec2(at.x + 8 * s, top), ink, shown.c_str(),
                      nullptr, 0, &clip);
        if (!chip.on)
            list->AddLine(ImVec2(at.x + 8 * s, y + height / 2),
                          ImVec2(at.x + width - 24 * s, y + height / 2), ink, s);
        list->AddText(state.fonts.text, size, ImVec2(at.x + width - 15 * s, top), ink, kCross);
        if (inside) ImGui::SetCursorScreenPos(ImVec2(at.x + width + 4 * s, at.y));
        ImGui::PopID();
    }
    if (dropped < chips_.size())
        chips_.erase(chips_.begin() + static_cast<std::ptrdiff_t>(dropped));
}

void FilterBar::draw_line(AppState& state, size_t hits, size_t total,
                          const std::vector<std::string>& problems) {
    const float s = state.pixel_scale;
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    ImGui::Text("%s of %s", with_thousands(static_cast<int64_t>(hits)).c_str(),
                with_thousands(static_cast<int64_t>(total)).c_str());
    tooltip("Experts that the filter leaves, of all in this layer");
    if (!problems.empty()) {
        ImGui::SameLine(0, 10 * s);
        text_cut(state, problems.front(), state.theme().red_text);
        return;
    }
    // As many words as there is room for; the rest is in a menu.
    bool all = true;
    for (const FilterWord& word : filter_words()) {
        const float width = text_width(state.fonts.mono, kMonoSize, word.begin);
        if (ImGui::GetItemRectMax().x + 11 * s + width + 30 * s > right) {
            all = false;
            break;
        }
        ImGui::SameLine(0, 11 * s);
        if (grammar_word(state, word)) begin_term(word.begin);
    }
    if (all) return;
    ImGui::SameLine(0, 11 * s);
    by_name(state, "\xE2\x80\xA6", "all that can be asked\xE2\x80\xA6");
    if (ImGui::SmallButton("\xE2\x80\xA6")) ImGui::OpenPopup("grammar");
    tooltip(
        "All that can be asked. Terms parted by blanks must all hold; a minus before one turns "
        "it round; in quotes it is a word");
    if (!ImGui::BeginPopup("grammar")) return;
    for (const FilterWord& word : filter_words()) {
        ImGui::PushID(word.begin);
        if (ImGui::Selectable("##word", false, 0, ImVec2(0, ImGui::GetTextLineHeight())))
            begin_term(word.begin);
        ImGui::SameLine(0, 0);
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        ImGui::TextColored(state.theme().accent_text, "%-12s", word.begin);
        ImGui::PopFont();
        ImGui::SameLine(0, 8 * s);
        ImGui::TextUnformatted(word.help);
        ImGui::PopID();
    }
    ImGui::EndPopup();
}

}  // namespace hopscope::app
