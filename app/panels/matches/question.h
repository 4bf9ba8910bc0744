// Which experts are to be matched: two runs or two checkpoints of one, and a layer; and the newest
// answer. The question follows the pair that is chosen among the variants until a person says
// otherwise. Owned by the panel of matched experts, window thread only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/state/app_state.h"
#include "app/state/latest.h"
#include "core/api/expert_matches.h"

namespace hopscope::app {

/// One side of the question.
struct MatchSide {
    std::string run;    ///< folder
    int64_t step = -1;  ///< −1: the newest that is kept
    bool operator==(const MatchSide&) const = default;
};

class MatchQuestion {
  public:
    MatchSide a, b;
    int64_t layer = 0;

    /// Once a frame: asks where the question or the newest snapshot is another, takes the answer.
    void update(AppState& state);
    /// Steps of the snapshots that a run keeps, rising; read again by look().
    const std::vector<int64_t>& steps_of(const std::string& run) const;
    void look(AppState& state, const std::string& run);
    /// Why nothing can be asked, a sentence; "" where it can.
    std::string refusal(const AppState& state) const;

    /// The newest; null before the first.
    const std::shared_ptr<const core::ExpertMatches>& answer() const { return answer_; }
    bool working() const { return work_.working(); }
    /// Why there is no answer to the present question; "" where there is or will be one.
    const std::string& problem() const { return problem_; }

  private:
    struct Kept {
        std::vector<int64_t> steps;
        Pending<std::vector<core::KeptSnapshot>> looking;
        bool looked = false;
    };
    void choose_sides(AppState& state);
    void follow_pair(const AppState& state);
    int64_t resolved(const MatchSide& side) const;

    std::map<std::string, Kept> kept_;  ///< by folder
    Latest<core::Result<core::ExpertMatches>> work_;
    core::MatchRequest asked_;
    std::shared_ptr<const core::ExpertMatches> answer_;
    std::string problem_;
    std::pair<std::string, std::string> followed_;  ///< folders of the pair that was followed last
    size_t seen_files_ = 0;                         ///< of the open run
    double looked_at_ = -1e9;
};

}  // namespace hopscope::app
