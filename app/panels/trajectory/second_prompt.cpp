#include "app/panels/trajectory/second_prompt.h"

#include <algorithm>
#include <cmath>
#include <misc/cpp/imgui_stdlib.h>
#include <utility>

#include "app/panels/intervene/refused_prompt.h"
#include "app/panels/trajectory/cells.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

void set_shift(AppState& state, int64_t shift) {
    state.second.shift = shift;
    state.keep_drawing();
}

}  // namespace

bool has_second(const AppState& state) {
    return state.second.open && has_trace(state) && state.trace->second &&
           state.trace->second->error.empty() && !state.trace->second->tokens.empty();
}

int64_t paired_token(const AppState& state, const Alignment& pairs) {
    const int64_t shown = shown_token(state);
    const bool chosen = !state.selection.prompt_tokens.empty();
    return chosen || pairs.pairs() == 0 || pairs.below(shown) >= 0 ? shown : pairs.end() - 1;
}

void swap_prompts(AppState& state) {
    std::swap(state.prompt, state.second.text);
    state.second.shift = -state.second.shift;
    if (state.second.meets) std::swap(state.second.meets->first, state.second.meets->second);
    state.keep_drawing();
}

void SecondStrip::update(AppState& state, const TraceView& first) {
    if (!has_second(state)) {
        pairs_ = {};
        seen_trace_ = 0;
        return;
    }
    meet(state);
    const core::TraceResult &above = *state.trace, &below = *above.second;
    const Alignment wanted = alignment_of(above, below, state.second.shift);
    if (above.version == seen_trace_ && wanted == pairs_) return;
    if (above.version != seen_trace_) view_ = trace_view(below);
    seen_trace_ = above.version;
    pairs_ = wanted;
    hops_ = paired_hops(above, below, first.columns, pairs_.shift);
}

/// Puts the two bytes that were asked for below each other, and selects the token there.
void SecondStrip::meet(AppState& state) const {
    const core::TraceResult &above = *state.trace, &below = *above.second;
    if (!state.second.meets || above.prompt != state.prompt || below.prompt != state.second.text)
        return;
    const auto meeting = *std::exchange(state.second.meets, std::nullopt);
    const int64_t a = token_at(above, meeting.first), b = token_at(below, meeting.second);
    if (a < 0 || b < 0) return;
    set_shift(state, a - b);
    select_token(state, a, false);
}

bool SecondStrip::draw_field(AppState& state, const std::string& refusal) {
    const bool appears = state.second.open && !was_open_;
    was_open_ = state.second.open;
    if (!state.second.open) return false;
    if (appears && state.second.text.empty()) ImGui::SetKeyboardFocusHere();
    const float s = state.pixel_scale;
    const float buttons =
        button_width("Swap") + button_width("Close") + 2 * ImGui::GetStyle().ItemSpacing.x;
    ImGui::SetNextItemWidth(std::max(ImGui::GetContentRegionAvail().x - buttons, 120 * s));
    const bool entered =
        ImGui::InputTextWithHint("##second", "a second prompt, below the first", &state.second.text,
                                 ImGuiInputTextFlags_EnterReturnsTrue);
    tooltip("Enter traces both prompts on the same weights");
    ImGui::SameLine();
    const char* why = !refusal.empty()            ? refusal.c_str()
                      : state.prompt.empty()      ? "the first prompt is empty"
                      : state.second.text.empty() ? "the second prompt is empty"
                                                  : nullptr;
    bool asks = entered && !why;
    if (button(state, "Swap", why,
               "The second prompt becomes the first, and the first the second")) {
        swap_prompts(state);
        asks = true;
    }
    ImGui::SameLine();
    if (button(state, "Close", nullptr, "Back to one prompt; the text of the second stays")) {
        state.second.open = false;
        asks = state.trace && state.trace->second != nullptr;
    }
    return asks;
}

bool SecondStrip::draw(AppState& state, TokenStrip& first) {
    if (!state.second.open || !state.trace) return false;
    if (const auto second = state.trace->second; second && !second->error.empty())
        return draw_refused_prompt(state, second->prompt, second->error, second->too_long,
                                   state.second.text);
    if (!has_second(state)) {
        note(state, state.second.text.empty()
                        ? "A second prompt appears here, below the first: type it, or take two "
                          "passages that hold the same word from the run's text."
                        : "Enter in the second prompt traces it.");
        return false;
    }
    const float s = state.pixel_scale;
    const ChipLayout chip = chip_layout(view_, s);
    ImGui::BeginChild("second strip", ImVec2(0, chip.size.y + 4 * s), ImGuiChildFlags_None,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    if (ImGui::IsWindowHovered() && ImGui::GetIO().MouseWheel != 0)
        first.turn(ImGui::GetIO().MouseWheel);
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float left =
        static_cast<float>(pairs_.lead() + pairs_.shift) * chip.pitch - first.scroll();
    const int64_t from = static_cast<int64_t>(-left / chip.pitch);
    const int64_t to = static_cast<int64_t>((ImGui::GetWindowWidth() - left) / chip.pitch) + 1;
    for (int64_t t = std::max<int64_t>(0, from); t < std::min(to, pairs_.second); ++t)
        draw_token(state, t, chip,
                   ImVec2(corner.x + left + static_cast<float>(t) * chip.pitch, corner.y + 2 * s));
    ImGui::EndChild();
    draw_alignment(state);
    return false;
}

void SecondStrip::draw_token(AppState& state, int64_t token, const ChipLayout& layout,
                             ImVec2 at) const {
    const core::TraceResult &above = *state.trace, &below = *above.second;
    const int64_t a = pairs_.above(token);
    const std::string text =
        displayable(piece_text(below.tokens[static_cast<size_t>(token)].piece), state.fonts.text);
    Chip chip = {below, view_, token, text};
    chip.selected = a >= 0 && state.selection.prompt_tokens.contains(a);
    chip.shown = a >= 0 && a == paired_token(state, pairs_);
    // Of the chips that are seen alone: a long prompt has thousands.
    const float mean = mean_overlap(above, a, below, token);
    if (!std::isnan(mean)) chip.note = rounded(static_cast<double>(mean), 2);
    // The less the two choices share, the stronger the outline.
    chip.over_cell = [&](const HopColumn& column, ImVec2 low, ImVec2 high) {
        const float same = overlap(above, a, below, token, column.layer, column.hop);
        if (!(same < 1)) return;
        ImGui::GetWindowDrawList()->AddRect(ImVec2(low.x - 1, low.y - 1),
                                            ImVec2(high.x + 1, high.y + 1),
                                            packed(faded(state.theme().text, 0.8f * (1 - same))),
                                            2 * state.pixel_scale, 0, 1.2f * state.pixel_scale);
    };
    const ChipTouch touch = draw_chip(state, chip, layout, at);
    if (touch.pressed && a >= 0) select_token(state, a, ImGui::GetIO().KeyShift);
    if (!touch.hovered || !ImGui::BeginTooltip()) return;
    token_tooltip(state, below, token);
    if (a < 0)
        ImGui::TextColored(state.theme().dim, "no token of the first prompt stands above it");
    else
        ImGui::TextColored(
            state.theme().dim, "below token %lld; mean Jaccard over layers and hops %s",
            static_cast<long long>(a), chip.note.empty() ? kNothing : chip.note.c_str());
    if (touch.layer >= 0) {
        cell_tooltip(state, below, token, touch.layer, touch.hop);
        if (const float same = overlap(above, a, below, token, touch.layer, touch.hop);
            !std::isnan(same))
            ImGui::Text("Jaccard with the token above %s",
                        rounded(static_cast<double>(same), 2).c_str());
    }
    ImGui::EndTooltip();
}

void SecondStrip::draw_alignment(AppState& state) const {
    const float s = state.pixel_scale;
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "aligned");
    ImGui::SameLine();
    if (button(state, "By position", nullptr, "The first tokens stand below each other", 0,
               pairs_.shift == 0))
        set_shift(state, 0);
    ImGui::SameLine();
    const int64_t token = shown_token(state);
    const std::string word = word_at(*state.trace, token);
    const auto shift = shift_to_word(*state.trace, token, *state.trace->second, pairs_.shift);
    const std::string why = word.empty() ? "the selected token is of no word"
                            : shift      ? ""
                                         : "the second prompt does not hold \"" + word + "\"";
    const bool at_word = shift && *shift == pairs_.shift && pairs_.shift != 0;
    if (button(state, "At the same word", why.empty() ? nullptr : why.c_str(),
               ("Puts \"" + word + "\" of both prompts below each other").c_str(), 0, at_word) &&
        shift)
        set_shift(state, *shift);
    ImGui::SameLine(0, 12 * s);
    const auto step = [&](const char* label, int64_t by, const char* help) {
        const bool ends =
            alignment_of(*state.trace, *state.trace->second, pairs_.shift + by).shift ==
            pairs_.shift;
        if (button(state, label, ends ? "no two tokens would stand below each other" : nullptr,
                   help))
            set_shift(state, pairs_.shift + by);
    };
    step("<", -1, "The second prompt one token to the left");
    ImGui::SameLine(0, 4 * s);
    step(">", +1, "The second prompt one token to the right");
    ImGui::SameLine(0, 8 * s);
    const int64_t shift_now = pairs_.shift;
    const std::string number = shift_now == 0  ? "0"
                               : shift_now < 0 ? "\xE2\x88\x92" + with_thousands(-shift_now)
                                               : "+" + with_thousands(shift_now);
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "shift %s, n = %s pairs", number.c_str(),
                       with_thousands(pairs_.pairs()).c_str());
    text_cut(state,
             "outlined: other experts than above, the stronger the fewer are shared; number: "
             "Jaccard with the token above, mean over layers and hops",
             state.theme().dim);
}

}  // namespace hopscope::app
