// The button in the corner of the routing space that says what is selected and hidden, and what can
// be done with it: isolate, hide, invert, give it a name, come back to one. Owned by the panel,
// window thread only.
#pragma once

#include <functional>
#include <imgui.h>
#include <span>
#include <string>
#include <vector>

#include "app/panels/routing_space/space_history.h"
#include "app/state/actions.h"

namespace hopscope::app {

/// Everything that the layer has to show.
Chosen everything_in(const core::LayerGeometry& layer, bool tokens);
/// "3 experts, 12 tokens, 5 hidden"; "" where nothing is selected or hidden.
std::string selection_text(const Selection& selection);

/// What can be done with the selection: isolate, hide, invert, show all, undo, redo, and whether
/// the neighbours are listed. `everything`: what there is to show now.
std::vector<ActionItem> selection_menu_actions(AppState& state, std::function<Chosen()> everything,
                                               bool& neighbours, SpaceHistory& history);

class SelectionMenu {
  public:
    /// With its upper right corner at `corner`. `actions`: what can be done, in their order.
    void draw(AppState& state, std::span<const ActionItem> actions, ImVec2 corner);

  private:
    void draw_names(AppState& state);

    char name_[64] = "";
};

}  // namespace hopscope::app
