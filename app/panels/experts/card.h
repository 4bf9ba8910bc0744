// The card of one expert: the words it writes and is chosen for, its load over the run, what each
// hop makes of it, its nearest experts, where it acts, and what can be done to it on the prompt,
// which goes on the stack of interventions. Owned by the experts panel, window thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/panels/experts/contexts.h"
#include "app/panels/routing_space/neighbours.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class ExpertCard {
  public:
    /// Makes what belongs to this expert of the shown snapshot, where that is not made yet.
    void prepare(const AppState& state, const ExpertBook& book, int64_t expert);
    /// Into the current window; `place`: "row 7 of 33", or "". → a term for the filter, of a word
    /// that was clicked; "" without.
    std::string draw(AppState& state, const ExpertBook& book, const std::string& place);
    int64_t expert() const { return expert_; }
    // Read by tests.
    const LoadCurve& loads() const { return loads_; }
    const std::vector<ExpertContext>& contexts() const { return contexts_; }

  private:
    struct Made {
        Snapshot snapshot;
        uint64_t archive = 0;
        int64_t layer = -1, expert = -1;
        bool operator==(const Made&) const = default;
    };
    void draw_head(AppState& state, const ExpertBook& book, const BookEntry& entry,
                   const std::string& place) const;
    void draw_buttons(AppState& state, int64_t layer) const;
    void draw_word_lists(AppState& state, const ExpertBook& book, const BookEntry& entry,
                         std::string& term) const;
    void draw_scored(AppState& state, const ExpertBook& book, const BookEntry& entry,
                     std::string& term) const;
    void draw_load(AppState& state, const BookEntry& entry) const;
    void draw_hops(AppState& state, const ExpertBook& book, const BookEntry& entry) const;
    void draw_position(AppState& state, const ExpertBook& book, const BookEntry& entry) const;
    void draw_near(AppState& state, const ExpertBook& book) const;
    void draw_contexts(AppState& state, const ExpertBook& book, const BookEntry& entry) const;

    Made made_;
    int64_t expert_ = -1;
    LoadCurve loads_;
    std::vector<NearExpert> near_;
    std::vector<ExpertContext> contexts_;
};

}  // namespace hopscope::app
