#include "app/panels/experts/token_search.h"

#include <algorithm>
#include <imgui.h>
#include <map>
#include <misc/cpp/imgui_stdlib.h>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "app/widgets/format.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kTokenGrammar =
    "Finds tokens by the words of the filter of experts: part of a word, /regular expression/, "
    "#id, class:noun, hops=2 in the layer shown, E12 for the experts they choose, is:selected; a "
    "minus turns a term round. Enter goes to the next hit, Shift+Enter to the one before";

bool asks_of_tokens(const FilterTerm& term) {
    switch (term.field) {
        case FilterField::word:
        case FilterField::token:
        case FilterField::experts:
        case FilterField::of_class:
        case FilterField::hops:
            return true;
        case FilterField::is:
            return term.words == std::vector<std::string>{"selected"};
        default:
            return false;
    }
}

/// Asks a term of words once of each word: a sample of many tokens has few.
class WordTest {
  public:
    explicit WordTest(const FilterTerm& term) : term_(term) {}
    bool holds(const std::string& word) {
        const auto [known, is_new] = known_.try_emplace(word, false);
        if (is_new) known->second = means_word(term_, word);
        return known->second;
    }

  private:
    const FilterTerm& term_;
    std::unordered_map<std::string_view, bool> known_;
};

bool holds_of(const FilterTerm& term, const TokenFacts& token, bool selected, WordTest& words) {
    switch (term.field) {
        case FilterField::word:
            return words.holds(token.word);
        case FilterField::token:
            return term.numbers.contains(token.id);
        case FilterField::experts:
            return std::ranges::any_of(token.experts,
                                       [&](int64_t e) { return term.numbers.contains(e); });
        case FilterField::of_class:
            return std::ranges::any_of(term.words, [&](const std::string& name) {
                return std::ranges::find(token.classes, name) != token.classes.end();
            });
        case FilterField::hops:
            return term.number.holds(static_cast<double>(token.hops));
        default:
            return selected;
    }
}

}  // namespace

std::vector<TokenFacts> prompt_facts(const AppState& state) {
    std::vector<TokenFacts> out;
    if (!state.trace || !state.trace->error.empty()) return out;
    std::map<int32_t, std::set<std::string>> classes;
    if (state.geometry)
        for (size_t i = 0; i < state.geometry->classes.size(); ++i)
            if (!state.geometry->classes[i].empty() && i < state.geometry->token_ids.size())
                classes[state.geometry->token_ids[i]].insert(
                    in_small_letters(state.geometry->classes[i]));
    const auto layer = static_cast<size_t>(state.selection.layer);
    for (size_t t = 0; t < state.trace->tokens.size(); ++t) {
        const core::TraceToken& token = state.trace->tokens[t];
        TokenFacts& facts = out.emplace_back();
        facts.word = word_text(token.piece);
        facts.id = token.id;
        if (const auto known = classes.find(token.id); known != classes.end())
            facts.classes.assign(known->second.begin(), known->second.end());
        if (layer >= state.trace->layers.size()) continue;
        for (const core::TraceHop& hop : state.trace->layers[layer].hops) {
            if (t >= hop.executed.size() || !hop.executed[t]) continue;
            ++facts.hops;
            const auto k = static_cast<size_t>(hop.top_k);
            for (size_t i = t * k; i < std::min((t + 1) * k, hop.experts.size()); ++i)
                facts.experts.push_back(hop.experts[i]);
        }
    }
    return out;
}

std::vector<TokenFacts> sample_facts(const AppState& state) {
    std::vector<TokenFacts> out;
    if (!state.geometry) return out;
    const core::GeometrySnapshot& g = *state.geometry;
    const auto at = static_cast<size_t>(state.selection.layer);
    const core::LayerGeometry* layer = at < g.layers.size() ? &g.layers[at] : nullptr;
    const size_t tokens = g.pieces.size();
    out.reserve(tokens);
    for (size_t t = 0; t < tokens; ++t) {
        TokenFacts& facts = out.emplace_back();
        facts.word = word_text(g.pieces[t]);
        facts.id = t < g.token_ids.size() ? g.token_ids[t] : -1;
        if (t < g.classes.size() && !g.classes[t].empty())
            facts.classes = {in_small_letters(g.classes[t])};
        if (!layer) continue;
        const auto k = static_cast<size_t>(layer->top_k);
        for (size_t hop = 0; hop < static_cast<size_t>(layer->hops); ++hop) {
            const size_t begin = (hop * tokens + t) * k;
            bool ran = false;
            for (size_t i = begin; i < std::min(begin + k, layer->choices.size()); ++i) {
                if (layer->choices[i] < 0) continue;
                ran = true;
                facts.experts.push_back(layer->choices[i]);
            }
            facts.hops += ran;
        }
    }
    return out;
}

ExpertFilter parse_token_filter(const std::string& typed) {
    ExpertFilter out = parse_filter(typed);
    for (const FilterTerm& term : out.terms)
        if (!asks_of_tokens(term))
            out.problems.push_back(term.text +
                                   ": it is asked of experts; tokens are found by a word, #id, "
                                   "class:, hops=, E and is:selected");
    std::erase_if(out.terms, [](const FilterTerm& term) { return !asks_of_tokens(term); });
    return out;
}

std::vector<uint8_t> tokens_matching(const ExpertFilter& filter,
                                     const std::vector<TokenFacts>& tokens,
                                     const std::set<int64_t>& selected) {
    if (filter.terms.empty()) return {};
    std::vector<uint8_t> out(tokens.size(), 1);
    for (const FilterTerm& term : filter.terms) {
        WordTest words(term);
        for (size_t t = 0; t < tokens.size(); ++t) {
            const bool chosen = selected.contains(static_cast<int64_t>(t));
            if (out[t] && holds_of(term, tokens[t], chosen, words) == term.exclude) out[t] = 0;
        }
    }
    return out;
}

void TokenSearch::update(const Ground& ground, const std::set<int64_t>& selected,
                         const std::function<std::vector<TokenFacts>()>& facts) {
    const bool typed = typed_ != found_;
    if (!typed && typed_.empty()) return;
    if (typed) {
        found_ = typed_;
        filter_ = parse_token_filter(typed_);
    }
    const bool looks = !filter_.terms.empty();
    const bool asks_selected = std::ranges::any_of(
        filter_.terms, [](const FilterTerm& term) { return term.field == FilterField::is; });
    const bool moved = ground != ground_ || looks == facts_.empty();
    const bool other = asks_selected && selected != selected_;
    if (!typed && !moved && !other) return;
    if (moved) facts_ = looks ? facts() : std::vector<TokenFacts>();
    ground_ = ground;
    if (asks_selected) selected_ = selected;
    hits_ = tokens_matching(filter_, facts_, selected);
    count_ = static_cast<size_t>(std::ranges::count(hits_, 1));
}

std::optional<int64_t> TokenSearch::step(int64_t present, bool forwards) const {
    const int64_t all = std::ssize(hits_);
    for (int64_t i = 1; i <= all; ++i) {
        const int64_t t = ((present + (forwards ? i : -i)) % all + all) % all;
        if (hits_[static_cast<size_t>(t)]) return t;
    }
    return {};
}

std::optional<int64_t> TokenSearch::draw(AppState& state, float width, int64_t present) {
    if (std::exchange(wants_focus_, false)) ImGui::SetKeyboardFocusHere();
    ImGui::SetNextItemWidth(width);
    by_name(state, "##find", "find tokens");
    const bool entered = ImGui::InputTextWithHint("##find", "Find tokens", &typed_,
                                                  ImGuiInputTextFlags_EnterReturnsTrue);
    tooltip(kTokenGrammar);
    if (ImGui::IsItemActive()) state.keep_drawing(2);  // what is typed is found in the next frame
    if (!typed_.empty()) draw_count(state);
    if (!entered) return {};
    wants_focus_ = true;
    // Nothing selected: from the beginning, or from the end backwards.
    const bool forwards = !ImGui::GetIO().KeyShift;
    return step(present >= 0 ? present : forwards ? -1 : 0, forwards);
}

void TokenSearch::draw_count(const AppState& state) const {
    ImGui::SameLine(0, 6 * state.pixel_scale);
    ImGui::AlignTextToFramePadding();
    if (!filter_.problems.empty()) {
        ImGui::TextColored(state.theme().red_text, "?");
        return tooltip(filter_.problems.front());
    }
    ImGui::TextColored(count_ > 0 ? state.theme().text : state.theme().dim, "%s of %s",
                       with_thousands(static_cast<int64_t>(count_)).c_str(),
                       with_thousands(std::ssize(facts_)).c_str());
    tooltip("Tokens that are found, of all here; the others are faint");
}

}  // namespace hopscope::app
