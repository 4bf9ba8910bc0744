// A number that explains itself, the same in every panel: pointing at it shows what it is, its
// interval, n and step; a right click offers the value, its JSON, the command that computes it and
// the export of its panel. Window thread only, inside an ImGui window.
#pragma once

#include <string>
#include <utility>

#include "app/state/app_state.h"
#include "app/state/number.h"

namespace hopscope::app {

/// The tooltip: the number with its unit, definition, interval, n and step, a line each.
std::string explanation(const Number& number, int64_t step_of_run);

/// The last item shows this number.
void explain(const AppState& state, const Number& number);
/// Opens the menu of this number with the next frame.
void ask(const AppState& state, const Number& number);
/// The right button was let go where it was pressed.
bool right_click();
/// Whether explain() has something to do for the last item: it is pointed at or clicked.
bool asks_for_explanation();
/// The last item has a tooltip of its own; a right click on it opens the menu.
template <class Make>
void explain_when_clicked(const AppState& state, Make make) {
    if (asks_for_explanation() && right_click()) ask(state, make());
}
/// Of a place in a picture that is pointed at: a right click opens the menu of what `make` gives.
template <class Make>
void offer_on_click(const AppState& state, Make make) {
    if (right_click()) ask(state, make());
}
/// The same for numbers in long lists: `make` is asked only while the item is pointed at.
template <class Make>
void explain_when_asked(const AppState& state, Make make) {
    if (asks_for_explanation()) explain(state, make());
}

/// Dim label left, number in the monospaced face at the right edge.
void value_row(const AppState& state, const Number& number);

/// The menu of the number that was asked for last; once a frame, outside all panels.
void draw_number_menu(AppState& state);

}  // namespace hopscope::app
