// An action is what can be called by name: a command of the laboratory that needs no further
// argument, or something the window does itself. One entry says all there is to say of it: its
// words, its keys, when it is allowed, what it does. Menus, palette, buttons with their tooltips,
// the list of keys and the listener all read these entries, and write nothing of it again. The
// commands' entries are made here, from core's registry; the window's own stand in
// app/window/actions.cpp, a panel's own in Panel::actions. Window thread only.
#pragma once

#include <functional>
#include <imgui.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

/// The menus, as they stand in the bar.
enum class Menu : uint8_t { none, file, run, view, layout, help };

/// Where an action stands in the menus. A line parts two groups; within a group actions follow each
/// other by `place`, and at the same place as in the list of all.
struct MenuPlace {
    Menu menu = Menu::none;
    int group = 1, place = 0;
};

struct ActionItem {
    std::string id;     ///< "pause", "freeze routing", "view.dark"
    std::string title;  ///< "Freeze routing"
    std::string help;   ///< one sentence
    std::string keys;   ///< as app/state/keys.h reads them, "" for none
    MenuPlace menu;
    /// Why it cannot be done now; "" = allowed. Empty: always allowed. Asked when it matters, so
    /// that a list of actions is made once.
    std::function<std::string()> why_not;
    std::function<void()> run;
    /// Of two actions with the same keys, which of them hears them now; empty: always.
    std::function<bool()> listens;
    /// Of a switch: whether it is on now, which a menu shows; empty: it is none.
    std::function<bool()> is_on;
    /// Measures what its panel shows and writes nothing into the run: an export does it first.
    bool measures = false;
    bool repeats = false;  ///< a key held down does it again and again
    /// Title of the panel that it belongs to; its keys are heard while that has the keyboard,
    /// before those of the window. "": the window's.
    std::string panel;
    std::string panel_id;     ///< of the same in the panel table
    bool by_pointer = false;  ///< of a panel: the pointer over it is enough
    /// In a menu: draws entries behind the title, in place of doing it at once; empty: none.
    std::function<void()> entries;

    std::string refusal() const { return why_not ? why_not() : std::string(); }
};

/// nullptr if there is none.
const ActionItem* find_action(std::span<const ActionItem> items, std::string_view id);

/// Does it, or says why not in the log.
void act(AppState& state, const ActionItem& item, bool problem = false);

/// A command of the registry without arguments. `name` must be there.
ActionItem command_action(AppState& state, core::CommandKind kind);

/// Every command of the registry: those that act on the run at once, those with one word to choose
/// spelled out a line each; those on a prompt or with more arguments go to the panel Intervene.
std::vector<ActionItem> command_actions(AppState& state);

/// Why nothing can be done to a run: none is open. "" where one is.
std::string no_run(const AppState& state);
/// Why no prompt can go through the model, "" where one can: no run, or an imported model.
std::string no_model(const AppState& state);

/// What can be done to one expert on the prompt: steer, suppress, force, knock out.
std::vector<ActionItem> expert_actions(AppState& state, int64_t layer, int64_t expert);

/// What the panels show that can be pressed, as noted last in `drawn`: "Statistics: load". Doing it
/// brings its panel to the front.
std::vector<ActionItem> control_actions(AppState& state);

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
std::vector<Match> search(std::span<const ActionItem> items, const std::string& query);

}  // namespace hopscope::app
