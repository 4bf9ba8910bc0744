// The field above the table of experts: what is typed filters at once, Enter makes a chip of it; a
// click on a chip switches it off, its × takes it away, the up arrow makes the last one text again.
// Below it the count of hits and the words of the grammar, or what is wrong. Owned by the experts
// panel, window thread only.
#pragma once

#include <imgui.h>
#include <string>
#include <vector>

#include "app/state/app_state.h"
#include "app/state/saved_session.h"

namespace hopscope::app {

class FilterBar {
  public:
    /// The field, `width` wide.
    void draw_field(AppState& state, float width);
    /// The line below: hits of all, the words of the grammar, the problems of what was typed.
    void draw_line(AppState& state, size_t hits, size_t total,
                   const std::vector<std::string>& problems);
    /// What acts: chips that are on, and what is typed.
    std::string text() const;
    bool empty() const { return chips_.empty() && typed_.empty(); }
    /// Puts a term behind what is there; one that ends in a sign waits for the rest.
    void begin_term(const std::string& term);
    void add(const std::string& term) { chips_.push_back({term, true}); }
    void clear();
    void focus() { wants_focus_ = true; }
    /// For a session file: "filter" is what is typed, "chips" a line each, with "on" or "off".
    void keep_in(PanelView& view) const;
    void restore(const PanelView& view);

  private:
    struct Chip {
        std::string text;
        bool on = true;
    };
    float width_of(const AppState& state, const Chip& chip) const;
    float width_of_chips(const AppState& state) const;
    void draw_chips(AppState& state, bool inside);
    void draw_input(AppState& state);
    void take_typed();
    static int take_back(ImGuiInputTextCallbackData* data);

    std::vector<Chip> chips_;
    std::string typed_;
    bool wants_focus_ = false, to_end_ = false;
};

}  // namespace hopscope::app
