// The one selection all panels share: a click in any of them shows in all. With it what is hidden
// from pictures of points. Window thread only, owned by AppState.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

namespace hopscope::app {

inline constexpr int64_t kAllHops = -1;

/// Experts of a layer and tokens of the probe sample, as a box or a name takes them.
struct Chosen {
    std::set<int64_t> experts, tokens;
    bool empty() const { return experts.empty() && tokens.empty(); }
    bool operator==(const Chosen&) const = default;
};

/// Experts belong to `layer`; changing the layer keeps their indices only where pools are shared,
/// so panels call set_layer(), which clears them.
struct Selection {
    int64_t layer = 0;
    int64_t hop = kAllHops;           ///< kAllHops or 0 … H−1
    std::set<int64_t> experts;        ///< of `layer`
    std::set<int64_t> prompt_tokens;  ///< indices into the trace of the prompt
    std::set<int64_t> probe_tokens;   ///< indices into the probe sample of the geometry snapshot
    struct First {
        std::optional<int64_t> expert, prompt_token;
        bool operator==(const First&) const = default;
    };
    First first;           ///< picked last; what is not selected any more counts for nothing
    Chosen hidden;         ///< from pictures of points, of the same layer and sample
    uint64_t version = 0;  ///< grows with every change; panels compare it to know what to recompute
    uint64_t hidden_version = 0;  ///< the same of `hidden` alone

    void set_layer(int64_t value);
    void set_hop(int64_t value);
    /// Click selects alone, with `add` (shift) it joins or leaves the selection.
    void pick_expert(int64_t expert, bool add);
    void pick_prompt_token(int64_t token, bool add);
    void pick_probe_token(int64_t token, bool add);
    /// In place of all experts and probe tokens that were selected, or with `add` beside them.
    void pick_all(const Chosen& chosen, bool add);
    void clear();
    /// As it was at an earlier time.
    void restore(const Selection& earlier);
    /// @name The one of which details are shown: picked last; else the lowest; nothing of none
    ///@{
    std::optional<int64_t> first_expert() const;
    std::optional<int64_t> first_prompt_token() const;
    ///@}
    bool empty() const { return experts.empty() && prompt_tokens.empty() && probe_tokens.empty(); }

    // What is hidden. `all`: everything that there is to show.
    Chosen chosen() const { return {experts, probe_tokens}; }
    /// Shows only what is selected.
    void isolate(const Chosen& all);
    /// Hides what is selected, which then is not selected any more.
    void hide_chosen();
    void show_all();
    /// Hides a token no longer.
    void show_token(int64_t token);
    /// Of a sample of so many tokens: others are neither selected nor hidden any more.
    bool keep_probe_tokens(int64_t tokens);
    /// Selects what is not selected, of what is not hidden.
    void invert(const Chosen& all);
};

}  // namespace hopscope::app
