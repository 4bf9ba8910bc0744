#include "app/panels/experts/card.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>

#include "app/panels/experts/expert_numbers.h"
#include "app/panels/experts/filter.h"
#include "app/panels/experts/position_part.h"
#include "app/panels/experts/sparkline.h"
#include "app/panels/experts/words_line.h"
#include "app/widgets/expert_words.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/run_words.h"
#include "app/widgets/widgets.h"
#include "core/api/base.h"

namespace hopscope::app {
namespace {

constexpr size_t kNearShown = 5, kContextsShown = 5, kChips = 10;
constexpr float kLoadHeight = 58;  ///< unscaled pixels

/// Small dim heading of a part, a dim note at its right end.
void part(const AppState& state, const char* name, const std::string& note,
          const std::string& help) {
    ImGui::Dummy(ImVec2(0, 3 * state.pixel_scale));
    ImGui::PushFont(state.fonts.text, kSmallSize);
    ImGui::BeginGroup();
    ImGui::TextColored(state.theme().dim, "%s", name);
    const float width = ImGui::CalcTextSize(note.c_str()).x;
    const float room = ImGui::GetContentRegionAvail().x;
    if (!note.empty() && ImGui::CalcTextSize(name).x + width + 12 * state.pixel_scale < room) {
        ImGui::SameLine(0, 0);
        ImGui::SetCursorPosX(ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x - width);
        ImGui::TextColored(state.theme().dim, "%s", note.c_str());
    }
    ImGui::EndGroup();
    ImGui::PopFont();
    tooltip(help);
}

/// A word as a chip, with a line below it as long as its score is of the largest, none for
/// NaN; true: pressed.
bool word_chip(const AppState& state, const std::string& word, double share, ImU32 ink,
               const std::string& help) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, pad = 6 * s;
    const std::string shown = displayable(word, state.fonts.text);
    const float room = ImGui::GetContentRegionAvail().x;
    const float width = std::min(ImGui::CalcTextSize(shown.c_str()).x + 2 * pad, room);
    const float height = ImGui::GetTextLineHeight() + 7 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool pressed = ImGui::InvisibleButton(word.c_str(), ImVec2(width, height));
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec4 ground =
        ImGui::IsItemHovered() ? mixed(theme.raised, theme.text, 0.08f) : theme.raised;
    const ImVec4 clip(at.x, at.y, at.x + width - pad / 2, at.y + height);
    list->AddRectFilled(at, ImVec2(at.x + width, at.y + height), packed(ground), 4 * s);
    list->AddText(nullptr, 0, ImVec2(at.x + pad, at.y + 2 * s), packed(theme.text), shown.c_str(),
                  nullptr, 0, &clip);
    const float length =
        std::isnan(share) ? 0 : (width - 2 * pad) * static_cast<float>(std::clamp(share, 0.0, 1.0));
    if (length > 0)
        list->AddRectFilled(ImVec2(at.x + pad, at.y + height - 4 * s),
                            ImVec2(at.x + pad + length, at.y + height - 2 * s), ink, s);
    tooltip(help);
    return pressed;
}

/// Goes on in the same line where something `width` wide fits there.
void next_chip(const AppState& state, float width) {
    const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
    const float gap = 4 * state.pixel_scale;
    if (ImGui::GetItemRectMax().x + gap + width <= right) ImGui::SameLine(0, gap);
}

/// Words of one kind as chips; a term for the filter in `term` where one is pressed.
void word_chips(const AppState& state, const ExpertBook& book, const std::vector<BookWord>& words,
                ImU32 ink, const char* field, std::string& term) {
    ImGui::PushID(static_cast<const void*>(&words));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing,
                        ImVec2(4 * state.pixel_scale, 4 * state.pixel_scale));
    for (size_t i = 0; i < std::min(words.size(), kChips); ++i) {
        const BookWord& word = words[i];
        const std::string text = word_text(book.pieces[static_cast<size_t>(word.piece)]);
        if (i > 0)
            next_chip(state, ImGui::CalcTextSize(displayable(text, state.fonts.text).c_str()).x +
                                 12 * state.pixel_scale);
        std::string help = "The " + std::to_string(i + 1) + ". of its words";
        if (word.tokens > 0)
            help = rounded(100 * word.score, 0) +
                   (book.weighted ? " % of its weight, " : " % of its choices, ") +
                   with_thousands(word.tokens) + (word.tokens == 1 ? " token" : " tokens") +
                   " of the sample, id " + std::to_string(word.token);
        else if (!std::isnan(word.score))
            help = "score " + significant(word.score, 3);
        help += "\nA click filters by this word.";
        ImGui::PushID(static_cast<int>(i));
        if (word_chip(state, text, word.score / words.front().score, ink, help))
            term = std::string(field) + "\"" + text + "\"";
        ImGui::PopID();
    }
    ImGui::PopStyleVar();
    ImGui::PopID();
}

}  // namespace

void ExpertCard::prepare(const AppState& state, const ExpertBook& book, int64_t expert) {
    expert_ = expert;
    if (!state.geometry || expert < 0) return;
    const Made wanted = {state.geometry, state.archive.version(), book.layer, expert};
    if (wanted == made_) return;
    made_ = wanted;
    const auto layer = static_cast<size_t>(book.layer);
    loads_ = load_curve(state.archive.until(state.geometry), layer, expert);
    const int64_t length = state.session ? state.session->config().train.seq_len : 0;
    contexts_ = contexts_of(*state.geometry, layer, expert, kContextsShown, length);
    near_.clear();
    if (layer >= state.geometry->layers.size()) return;
    const core::LayerGeometry& g = state.geometry->layers[layer];
    const auto width = static_cast<size_t>(g.d_space), at = static_cast<size_t>(expert) * width;
    if (width > 0 && at + width <= g.centroids.size())
        near_ = nearest_experts(g, std::span(g.centroids).subspan(at, width), kNearShown, expert);
}

std::string ExpertCard::draw(AppState& state, const ExpertBook& book, const std::string& place) {
    std::string term;
    const BookEntry* entry = book.find(expert_);
    if (!entry) return term;
    draw_head(state, book, *entry, place);
    draw_buttons(state, book.layer);
    draw_word_lists(state, book, *entry, term);
    draw_load(state, *entry);
    draw_hops(state, book, *entry);
    draw_position(state, book, *entry);
    draw_near(state, book);
    draw_contexts(state, book, *entry);
    draw_scored(state, book, *entry, term);
    return term;
}

void ExpertCard::draw_head(AppState& state, const ExpertBook& book, const BookEntry& entry,
                           const std::string& place) const {
    const Theme& theme = state.theme();
    expert_swatch(state, book.layer, entry.expert, entry.dead());
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::Text("E%lld", static_cast<long long>(entry.expert));
    ImGui::PopFont();
    ImGui::SameLine(0, 8 * state.pixel_scale);
    const std::string words = core::joined(word_list(book, book.words_of(entry), 3));
    text_cut(state, words.empty() ? "chosen by no token of the sample" : words,
             words.empty() ? theme.dim : theme.text);
    std::vector<std::string> facts;
    const ShownClass shown = shown_class(book, entry);
    if (!shown.name.empty()) {
        facts.push_back(shown.name + " " + rounded(shown.purity, 2));
        if (!book.classes.empty())
            facts.back() += " (" + rounded(entry.of_class.low, 2) + "\xE2\x80\x93" +
                            rounded(entry.of_class.high, 2) + "), n " +
                            with_thousands(entry.of_class.of);
    }
    if (entry.cluster >= 0) facts.push_back("cluster " + std::to_string(entry.cluster));
    if (entry.dead()) facts.emplace_back("dead");
    if (entry.hub) facts.emplace_back("hub");
    if (!place.empty()) facts.push_back(place);
    std::string line;
    for (const std::string& fact : facts) line += (line.empty() ? "" : "   ") + fact;
    ImGui::PushFont(state.fonts.text, kSmallSize);
    text_cut(state, line, theme.dim);
    ImGui::PopFont();
}

void ExpertCard::draw_buttons(AppState& state, int64_t layer) const {
    const std::string name = " E" + std::to_string(expert_);
    bool first = true;
    for (const ActionItem& item : expert_actions(state, layer, expert_)) {
        std::string label = item.title;
        if (label.ends_with(name)) label.resize(label.size() - name.size());
        if (!std::exchange(first, false)) next_chip(state, button_width(label.c_str()));
        action_button(state, item, label.c_str());
    }
}

void ExpertCard::draw_word_lists(AppState& state, const ExpertBook& book, const BookEntry& entry,
                                 std::string& term) const {
    const ImU32 ink = expert_ink(state, book.layer, entry.expert);
    if (book.dictionary_step >= 0) {
        part(state, "writes, by cosine", "step " + with_thousands(book.dictionary_step),
             "The tokens whose embeddings have the largest cosine to what it writes, out of the "
             "checkpoint of that step [def:dictionary]");
        if (entry.writes.empty()) note(state, "Nothing: its direction is zero.");
        word_chips(state, book, entry.writes, ink, "writes:", term);
    }
    part(state, "reads", "n " + with_thousands(entry.tokens) + " of " + with_thousands(book.sample),
         std::string("Pieces that it is chosen for, by ") +
             (book.weighted ? "the weight that the routing of the sample gives it there"
                            : "how often: the trace has no weights") +
             ". n: tokens that choose it in some hop, of the sample");
    if (entry.reads.empty()) note(state, "No token of the sample chooses it.");
    word_chips(state, book, entry.reads, ink, "reads:", term);
}

/// Last, since tokens that were never trained may stand before all others there.
void ExpertCard::draw_scored(AppState& state, const ExpertBook& book, const BookEntry& entry,
                             std::string& term) const {
    if (entry.writes_by_score.empty()) return;
    part(state, "writes, by score", "step " + with_thousands(book.dictionary_step),
         "The tokens whose logits it raises most; tokens with long embeddings, and those that "
         "were never trained, have a head start there [def:dictionary]");
    word_chips(state, book, entry.writes_by_score, expert_ink(state, book.layer, entry.expert),
               "writes:", term);
}

void ExpertCard::draw_load(AppState& state, const BookEntry& entry) const {
    part(state,
         state.is_imported() ? "load, \xC3\x97 uniform" : "load over steps, \xC3\x97 uniform",
         std::isnan(entry.load) ? std::string() : rounded(entry.load, 2),
         "Share of all choices of " + choices_counted(state) + ", times the number of experts" +
             (state.is_imported() ? "" : ", at each snapshot that the run keeps") +
             "; the line is the uniform load");
    explain_when_clicked(state, [&] { return load_number(state, state.selection.layer, entry); });
    if (loads_.steps.empty()) return note(state, no_load(state));
    draw_sparkline(state, "load", loads_, kLoadHeight * state.pixel_scale,
                   expert_ink(state, state.selection.layer, expert_));
}

void ExpertCard::draw_hops(AppState& state, const ExpertBook& book, const BookEntry& entry) const {
    if (entry.tokens == 0 || entry.hops.empty()) return;
    part(
        state, "at each hop", "tokens   weight",
        "Tokens of the sample that choose it at the hop, and the mean of the weights it has there");
    const float s = state.pixel_scale;
    const ImU32 ink = expert_ink(state, book.layer, entry.expert);
    int64_t most = 1;
    for (const HopUse& use : entry.hops) most = std::max(most, use.tokens);
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const float tokens_width = ImGui::CalcTextSize("00,000").x;
    const float weight_width = ImGui::CalcTextSize("  0.00").x;
    for (size_t h = 0; h < entry.hops.size(); ++h) {
        const HopUse& use = entry.hops[h];
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float width = ImGui::GetContentRegionAvail().x, line = ImGui::GetTextLineHeight();
        ImGui::TextColored(state.theme().dim, "hop %d", static_cast<int>(h));
        const float left = ImGui::CalcTextSize("hop 00 ").x;
        const float bar = width - left - tokens_width - weight_width - 8 * s;
        if (bar > 10 * s)
            share_bar(state, ImVec2(at.x + left, std::floor(at.y + line / 2 - 2.5f * s)),
                      ImVec2(bar, 5 * s),
                      static_cast<double>(use.tokens) / static_cast<double>(most), ink);
        const std::string tokens = with_thousands(use.tokens);
        const std::string weight = std::isnan(use.weight) ? kNothing : rounded(use.weight, 2);
        ImDrawList* list = ImGui::GetWindowDrawList();
        const float right = at.x + width;
        list->AddText(ImVec2(right - weight_width - ImGui::CalcTextSize(tokens.c_str()).x, at.y),
                      packed(state.theme().text), tokens.c_str());
        list->AddText(ImVec2(right - ImGui::CalcTextSize(weight.c_str()).x, at.y),
                      packed(state.theme().text), weight.c_str());
        if (!ImGui::IsMouseHoveringRect(at, ImVec2(right, at.y + line)) ||
            !ImGui::IsWindowHovered())
            continue;
        offer_on_click(state, [&] {
            return Number{.label = "mean weight of E" + std::to_string(entry.expert) + " at hop " +
                                   std::to_string(h) + ", " + state.layer_name(book.layer),
                          .value = use.weight,
                          .shown = weight,
                          .definition =
                              "Mean of the weights that it has at the hop, over the "
                              "tokens of the sample that choose it there",
                          .n = use.tokens,
                          .over = "tokens",
                          .step = book.step,
                          .command = panel_command(state, "experts", book.step)};
        });
    }
    ImGui::PopFont();
}

void ExpertCard::draw_near(AppState& state, const ExpertBook& book) const {
    const std::string why = state.lacks(core::Need::centroids);
    part(state, "nearest experts", why.empty() ? "cosine" : "",
         "The centroids nearest to its own by cosine; a click selects one, Shift adds it");
    if (!why.empty()) return note(state, why);
    const float s = state.pixel_scale;
    for (const NearExpert& near : near_) {
        ImGui::PushID(static_cast<int>(near.expert));
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float width = ImGui::GetContentRegionAvail().x, line = ImGui::GetTextLineHeight();
        const bool chosen = state.selection.experts.contains(near.expert);
        if (ImGui::Selectable("##near", chosen, 0, ImVec2(width, line)))
            state.selection.pick_expert(near.expert, ImGui::GetIO().KeyShift);
        explain_when_clicked(state, [&] {
            return Number{.label = "cosine of E" + std::to_string(expert_) + " and E" +
                                   std::to_string(near.expert) + ", layer " +
                                   std::to_string(book.layer),
                          .value = static_cast<double>(near.cosine),
                          .shown = rounded(static_cast<double>(near.cosine), 2),
                          .definition = "Cosine of the two centroids [def:collinearity]",
                          .step = book.step,
                          .command = analysis_command(state, "collinearity"),
                          .layer = book.layer,
                          .expert = near.expert};
        });
        ImGui::SetCursorScreenPos(at);
        const BookEntry* entry = book.find(near.expert);
        expert_swatch(state, book.layer, near.expert, entry && entry->dead());
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        ImGui::Text("E%-4lld", static_cast<long long>(near.expert));
        const std::string cosine = rounded(static_cast<double>(near.cosine), 2);
        const float number = ImGui::CalcTextSize(cosine.c_str()).x;
        ImGui::GetWindowDrawList()->AddText(ImVec2(at.x + width - number, at.y),
                                            packed(state.theme().text), cosine.c_str());
        ImGui::PopFont();
        ImGui::SameLine(0, 6 * s);
        const ImVec2 words_at = ImGui::GetCursorScreenPos();
        if (entry)
            draw_words(state, ImVec2(words_at.x, at.y), at.x + width - number - 8 * s - words_at.x,
                       word_list(book, book.words_of(*entry), 3), packed(state.theme().dim));
        ImGui::NewLine();
        ImGui::PopID();
    }
}

void ExpertCard::draw_position(AppState& state, const ExpertBook& book,
                               const BookEntry& entry) const {
    const PositionUse& use = entry.position;
    if (!use.known()) return;
    part(state, "in each quarter of the sequence", "n " + with_thousands(use.of),
         position_help(use) +
             "\nTokens, their share with its 95 % interval, \xC3\x97 the share of "
             "the quarter in the sample [def:expert_position]");
    explain_when_clicked(state,
                         [&] { return column_number(state, book, entry, ExpertColumn::position); });
    draw_position_lines(state, use, expert_ink(state, book.layer, entry.expert));
}

void ExpertCard::draw_contexts(AppState& state, const ExpertBook& book,
                               const BookEntry& entry) const {
    if (contexts_.empty()) return;
    part(state,
         ((book.weighted ? "strongest contexts, " : "first contexts, ") +
          std::to_string(contexts_.size()) + " of " + with_thousands(entry.tokens))
             .c_str(),
         book.weighted ? "weight" : "",
         book.weighted
             ? "Tokens of the sample that give it most weight in some hop, with what stands "
               "around them; a click selects the token"
             : "Tokens of the sample that choose it, from its beginning, with what stands "
               "around them; the trace has no weights; a click selects the token");
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    for (const ExpertContext& context : contexts_) {
        ImGui::PushID(static_cast<int>(context.token));
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float width = ImGui::GetContentRegionAvail().x;
        const float line = ImGui::GetTextLineHeight() + 3 * s;
        if (ImGui::Selectable("##context", state.selection.probe_tokens.contains(context.token), 0,
                              ImVec2(width, line)))
            state.selection.pick_probe_token(context.token, ImGui::GetIO().KeyShift);
        tooltip(context.before + " [" + context.piece + "]" + context.after + "\nhop " +
                std::to_string(context.hop) + ", token " + std::to_string(context.token) +
                " of the sample");
        explain_when_clicked(state, [&] {
            return Number{.label = "weight of E" + std::to_string(expert_) + " for " +
                                   context.piece + ", token " + std::to_string(context.token),
                          .value = static_cast<double>(context.weight),
                          .shown = rounded(static_cast<double>(context.weight), 2),
                          .definition = "Weight at hop " + std::to_string(context.hop) +
                                        " for a token of " + state.sample.in_words(),
                          .step = state.geometry->step,
                          .command = panel_command(state, "experts", state.geometry->step)};
        });
        const std::string weight =
            book.weighted ? rounded(static_cast<double>(context.weight), 2) : std::string();
        const float number = text_width(state.fonts.mono, kMonoSize, weight) + 8 * s;
        const std::string piece = displayable(context.piece, state.fonts.text);
        const std::string before = displayable(context.before, state.fonts.text);
        const std::string after = displayable(context.after, state.fonts.text);
        const float half = std::min(ImGui::CalcTextSize(piece.c_str()).x / 2 + 4 * s, width / 3);
        const float middle = at.x + (width - number) / 2, top = at.y + 1.5f * s;
        const float right = at.x + width - number;
        const ImVec4 left_clip(at.x, at.y, middle - half - 4 * s, at.y + line);
        list->AddText(nullptr, 0, ImVec2(left_clip.z - ImGui::CalcTextSize(before.c_str()).x, top),
                      packed(theme.dim), before.c_str(), nullptr, 0, &left_clip);
        list->AddRectFilled(ImVec2(middle - half, at.y), ImVec2(middle + half, at.y + line),
                            packed(mixed(theme.raised, theme.accent, 0.18f)), 3 * s);
        const ImVec4 piece_clip(middle - half, at.y, middle + half, at.y + line);
        list->AddText(nullptr, 0, ImVec2(middle - half + 4 * s, top), packed(theme.text),
                      piece.c_str(), nullptr, 0, &piece_clip);
        const ImVec4 right_clip(middle + half + s, at.y, right, at.y + line);
        list->AddText(nullptr, 0, ImVec2(middle + half + 4 * s, top), packed(theme.dim),
                      after.c_str(), nullptr, 0, &right_clip);
        list->AddText(state.fonts.mono, kMonoSize * s, ImVec2(right + 8 * s, top),
                      packed(theme.text), weight.c_str());
        ImGui::PopID();
    }
}

}  // namespace hopscope::app
