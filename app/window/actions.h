// Everything that can be called by name: the laboratory's commands that need no further argument,
// and the window's own actions. Menus, palette and keys read the same list, so that a key or a
// reason is written once. Window thread only.
#pragma once

#include <functional>
#include <imgui.h>
#include <string>
#include <vector>

#include "app/window/app_state.h"

namespace hopscope::app {

struct ActionItem {
    std::string id;        ///< "pause", "freeze routing", "view.dark"
    std::string title;     ///< "Freeze routing"
    std::string help;      ///< one sentence
    std::string shortcut;  ///< as shown, "" for none
    std::string refusal;   ///< why it cannot be done now; "" = allowed
    std::function<void()> run;
};

/// Every command of the registry: those that act on the run at once, those with one word to choose
/// spelled out a line each; those on a prompt or with more arguments go to the panel Intervene.
std::vector<ActionItem> command_actions(AppState& state);

/// What can be done to one expert on the prompt: steer, suppress, force, knock out.
std::vector<ActionItem> expert_actions(AppState& state, int64_t layer, int64_t expert);

/// A line typed as JSON, e.g. {"command": "set", "key": "lr", "value": 1e-4}; refused with the
/// parser's sentence.
ActionItem typed_action(AppState& state, const std::string& line);

/// The state's answer to an action of the run: nullptr if it may be done now. Valid until the next
/// frame.
const char* refusal(const AppState& state, core::Action action);

/// One item of a search: its place in the list and how well it fits.
struct Match {
    size_t index = 0;
    int score = 0;
};
/// Items whose titles contain the letters of `query` in order, best first; all for an empty query.
/// What cannot be done now comes after what fits as well.
std::vector<Match> search(const std::vector<ActionItem>& items, const std::string& query);

}  // namespace hopscope::app
