// A panel is one of the parts that the window docks: a view of the run with its controls. This is
// its interface: prepare computes, draw draws only, neither reads a file. The shell opens the
// docked window, writes the title, and calls prepare and draw only while the panel can be seen.
// Window thread only; panels are owned by the shell.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/state/actions.h"
#include "app/state/saved_session.h"
#include "app/widgets/export.h"

namespace hopscope::app {

class Panel {
  public:
    virtual ~Panel() = default;
    /// Shown in the title and used as ImGui window name; constant, unique.
    virtual const char* title() const = 0;
    /// Dim text at the right end of the title line, e.g. "layer 3   all hops   2-D"; "" for none.
    virtual std::string detail(const AppState&) const { return {}; }
    /// Whether it shows where the cursor of time stands: the title line then says which step that
    /// is.
    virtual bool follows_time() const { return false; }
    /// Derives from the state what draw needs. Called before ImGui's window begins; must return
    /// within some ms: what takes longer is spread over frames.
    virtual void prepare(AppState&) = 0;
    /// Draws into the current ImGui window (padding, theme and text font are set) and turns input
    /// into commands and selection. No computing beyond layout.
    virtual void draw(AppState&) = 0;
    /// Whether csv() gives something once there is something to show.
    virtual bool has_csv() const { return true; }
    /// The numbers that it shows, comma-separated, a line of names first; "" where it shows none.
    virtual std::string csv(AppState&) { return {}; }
    /// Makes what csv() gives, of what is shown now, on any thread and at any later time: where
    /// there may be so many numbers that a frame has no time for them. Here: they are made at once.
    virtual std::function<std::string()> csv_later(AppState& state);
    /// Whether what it is set to show is still being made: who wants a file of it waits for that.
    virtual bool making() const { return false; }
    /// Of which run and steps these are, behind the title: "of RUN, step 40"; without words where
    /// csv() says it itself.
    virtual Origin origin(const AppState& state) const;
    /// csv() as it stands in a file: below a line "# TITLE of RUN, step 40". "" where that is "".
    std::string numbers(AppState& state) { return numbers_later(state)(); }
    /// The same numbers as JSON (hopscope.panel/1); `id` of the panel table. "" where csv() is "".
    std::string json(AppState& state, std::string_view id) { return json_later(state, id)(); }
    /// The same as csv_later().
    std::function<std::string()> numbers_later(AppState& state);
    std::function<std::string()> json_later(AppState& state, std::string_view id);
    /// How it is set, for a session file; empty: as it was at first. restore_view() takes what it
    /// knows.
    virtual PanelView saved_view() const { return {}; }
    virtual void restore_view(const PanelView&) {}
    /// Another run is open: what restore_view() left until the panel is seen was not of it.
    virtual void forget_restored() {}
    /// What can be done in this panel alone: for the palette, the list of keys and the listener,
    /// which hears their keys while the panel has the keyboard. They outlive the call, not the
    /// panel.
    virtual std::vector<ActionItem> actions(AppState&) { return {}; }
};

}  // namespace hopscope::app
