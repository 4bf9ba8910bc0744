// The tour: three steps that a new user takes with a real run — watch it, inspect a prompt,
// intervene and read the effect beside chance. A card says what to do and a frame points at the
// control that does it; the step is over when that was done. Nothing is blocked meanwhile, and a
// card that stands in the way is dragged aside. Owned by the shell, window thread only.
#pragma once

#include <optional>
#include <string>

#include "app/panels/table.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class Tour {
  public:
    enum class Step { watch, inspect, intervene, over };
    /// What the card says now, and at what it points.
    struct Hint {
        std::string title, text;
        const char* spot = "";   ///< name in AppState::spots; "": at nothing
        const char* panel = "";  ///< id of the panel that it stands on; "": on none
    };

    /// From its first step on.
    void begin(AppState& state);
    /// Not shown again at the next start.
    void dismiss(AppState& state);
    bool shown() const { return shown_; }
    Step step() const { return step_; }

    /// Follows what the user does; once a frame, before hint().
    void update(const AppState& state, Layout layout);
    Hint hint(const AppState& state, Layout layout) const;
    void draw(AppState& state, Layout layout);
    /// Height that the start screen leaves free at its lower end, so that the card hides nothing of
    /// it; 0 where no card is shown. Pixels.
    float room_below(const AppState& state) const;

  private:
    void go_to(Step step);
    void bring_panel(AppState& state, const Hint& hint, bool seen);
    ImVec2 size_of_card(const AppState& state) const;
    void draw_card(AppState& state, const Hint& hint, const std::optional<Spot>& spot);
    void draw_buttons(AppState& state);

    bool shown_ = false;
    Step step_ = Step::watch;
    bool in_layout_ = false;         ///< the layout of the step has been seen
    bool brought_ = false;           ///< the panel of the step has been brought to the front
    int unseen_ = 0;                 ///< frames since the control was seen that the card speaks of
    ImVec2 card_size_{0, 0};         ///< as it was drawn last
    std::optional<ImVec2> dragged_;  ///< where the card was dragged to in this step
};

}  // namespace hopscope::app
