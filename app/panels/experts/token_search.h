// Tokens found by the grammar of the filter of experts: a word, /regex/, #id, class:, hops=, and E
// for the experts that a token chooses. The field in which it is typed, the count of hits, and the
// way from one to the next. Owned by the panel that shows the tokens, window thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/panels/experts/filter.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// What the terms are held against, of one token.
struct TokenFacts {
    std::string word;  ///< as it is read
    int64_t id = 0;
    std::vector<std::string> classes;  ///< that it may be of, small letters
    int64_t hops = 0;                  ///< run in the layer that is shown
    std::vector<int64_t> experts;      ///< chosen there, in any hop
};
/// Of the traced prompt. A class is one that tokens of the same id have in the sample.
std::vector<TokenFacts> prompt_facts(const AppState& state);
/// Of the probe sample, in the snapshot that is shown.
std::vector<TokenFacts> sample_facts(const AppState& state);

/// What was typed; terms that ask of experts what tokens do not have are among the problems.
ExpertFilter parse_token_filter(const std::string& typed);
/// [tokens] 1 where all terms hold; empty where there is no term.
std::vector<uint8_t> tokens_matching(const ExpertFilter& filter,
                                     const std::vector<TokenFacts>& tokens,
                                     const std::set<int64_t>& selected);

class TokenSearch {
  public:
    /// What the facts are of: another one, and they are asked for anew.
    struct Ground {
        std::shared_ptr<const void> of;
        uint64_t version = 0;
        int64_t layer = 0;
        bool operator==(const Ground&) const = default;
    };
    /// Once a frame; `facts` is called where something is looked for in a new ground.
    /// @param selected tokens
    void update(const Ground& ground, const std::set<int64_t>& selected,
                const std::function<std::vector<TokenFacts>()>& facts);
    /// The field, `width` pixels wide, and the count behind it. → the token to go to: the next hit
    /// behind `present` by Enter, the one before it by Shift+Enter, around the end.
    std::optional<int64_t> draw(AppState& state, float width, int64_t present);
    /// [tokens] 1 for a hit; empty: nothing is looked for.
    const std::vector<uint8_t>& hits() const { return hits_; }
    size_t count() const { return count_; }
    const std::vector<std::string>& problems() const { return filter_.problems; }
    /// What they were found in; empty: nothing is looked for.
    const std::vector<TokenFacts>& facts() const { return facts_; }

  private:
    std::optional<int64_t> step(int64_t present, bool forwards) const;
    void draw_count(const AppState& state) const;

    std::string typed_, found_;
    Ground ground_;
    std::vector<TokenFacts> facts_;  ///< of `ground_`
    std::set<int64_t> selected_;     ///< where a term asks for them
    ExpertFilter filter_;
    std::vector<uint8_t> hits_;
    size_t count_ = 0;
    bool wants_focus_ = false;
};

}  // namespace hopscope::app
