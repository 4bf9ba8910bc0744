// Prompts from the text that the run is validated on: passages drawn at random, and pairs that hold
// the same word in two contexts, which fill both prompts. A popup of the trajectory panel, owned by
// it; the text is read on a thread of its own. Window thread only.
#pragma once

#include <memory>
#include <string>

#include "app/state/app_state.h"
#include "app/state/latest.h"
#include "core/api/passages.h"

namespace hopscope::app {

class PassageChooser {
  public:
    /// Once a frame: takes what was read, asks where the popup wants others.
    void update(AppState& state);
    /// Another run.
    void forget();
    /// The next draw opens the popup.
    void open() { opens_ = true; }
    /// Why there are no passages, a sentence; "" where there may be.
    static std::string refusal(const AppState& state);
    /// The popup, while it is open. True if a prompt was filled and is to be traced.
    bool draw(AppState& state);

  private:
    void draw_head(AppState& state);
    bool draw_passages(AppState& state, float width) const;
    bool draw_pairs(AppState& state, float width) const;

    core::PassageRequest wanted_, asked_;
    bool has_asked_ = false, opens_ = false, is_open_ = false;
    Latest<core::Result<core::Passages>> work_;
    std::shared_ptr<const core::Passages> found_;
    std::string problem_;
};

}  // namespace hopscope::app
