// What is asked of an intervention besides its script: the target token, categories of words, draws
// of the random control and their seed. Owned by the intervene panel, window thread only.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

class EffectQuestion {
  public:
    /// Has the word lists of the open run read, once; every frame.
    void update(AppState& state);
    void forget();
    void draw(AppState& state);
    /// Fills in all but prompt and script.
    void fill(core::InterventionRequest& request) const;

  private:
    void draw_categories(AppState& state);

    std::string target_, own_words_;
    std::set<std::string> chosen_;  ///< names of categories
    std::vector<core::CategoryWords> lists_;
    Pending<core::Result<std::vector<core::CategoryWords>>> reading_;
    std::string lists_problem_, lists_of_;  ///< of which run folder they are
    int controls_ = 20;
    int seed_ = 42;
};

}  // namespace hopscope::app
