// Small pieces that every panel is made of, so that they look and behave alike: value rows,
// headings, buttons that say why they are grey. Window thread only, inside an ImGui window.
#pragma once

#include <string>
#include <vector>

#include "app/state/actions.h"

namespace hopscope::app {

/// A bold heading of a group inside a panel, with the space above it.
void heading(const AppState& state, const char* text);
/// Dim label left, number in the monospaced face at the right edge. `why` is the tooltip; "" for
/// none.
void value_row(const AppState& state, const char* label, const std::string& value,
               const std::string& why = {});
/// Text in a colour of the theme, cut at the right edge; hovering shows all of it.
void text_cut(const AppState& state, const std::string& text, const ImVec4& color);
/// Wrapped dim text.
void note(const AppState& state, const std::string& text);
/// Why something failed, wrapped.
void problem_text(const AppState& state, const std::string& text);
/// Why a typed text is not drawn whole, where it is not.
void draw_missing_font(const AppState& state, const std::string& text);
/// The item that follows can be called by name: the palette lists it under the panel's title.
/// `label` is the one that ImGui is given; `name`, "": the part of it before "##".
void by_name(const AppState& state, const char* label, const std::string& name = {},
             const std::string& help = {}, const std::string& refusal = {});
/// While it lives, names begin with `prefix`: of rows that have the same buttons.
class NameScope {
  public:
    NameScope(const AppState& state, std::string prefix);
    ~NameScope();
    NameScope(const NameScope&) = delete;
    NameScope& operator=(const NameScope&) = delete;

  private:
    Controls& controls_;
};
/// A button, also called by name; `refusal` (nullptr: allowed) greys it and is its tooltip, else
/// `help`. True when pressed.
bool button(const AppState& state, const char* label, const char* refusal, const char* help,
            float width = 0, bool selected = false);
/// Room that a button of this label takes in a row, pixels.
float button_width(const char* label);
/// A button for an action under a short name of its own: grey with the action's reason, with its
/// sentence and keys as tooltip. Does it when pressed.
bool action_button(AppState& state, const ActionItem& action, const char* label, float width = 0,
                   bool selected = false);
inline constexpr float kProgressHeight = 3;  ///< of a progress line, times the pixel scale
/// A thin progress line over the whole width; `share` 0 … 1, negative: unknown, drawn as a moving
/// piece.
void progress_line(AppState& state, double share);
/// A horizontally and vertically centred empty state: what will appear, and, with `action`, a
/// button. True if pressed.
bool empty_state(const AppState& state, const char* title, const char* text,
                 const char* action = nullptr);
/// In place of a panel while no run is open: says so. True then.
bool empty_without_run(const AppState& state);
/// In place of a panel that asks for a model that runs, while an imported one is looked at: says
/// so. True then.
bool empty_for_imported(const AppState& state);
/// Why there is no geometry to show, as a title; "" where there is one.
const char* without_snapshot(const AppState& state);
/// A question in the middle of the window, after ImGui::OpenPopup(name); ImGui::EndPopup follows
/// where this is true.
bool begin_question(const char* name);
/// True when pressed, or Escape is.
bool cancel_button(const AppState& state, float width);
/// Tooltip for the last item, in the text face, wrapped.
void tooltip(const std::string& text);
/// What can be done to one expert, one entry of the present menu an action.
void expert_entries(AppState& state, int64_t layer, int64_t expert);
/// The menu of one expert, after ImGui::OpenPopup(id): one entry an action.
void expert_menu(AppState& state, const char* id, int64_t layer, int64_t expert);
/// Puts the next item, `width` pixels wide, on the line of the last one where it fits there, else
/// on a new one. `gap` between them in pixels; −1: one and a half of the usual.
void flow(float width, float gap = -1);
/// `text` in the present face, cut in its middle so that it is at most `width` pixels wide.
std::string fitted(const std::string& text, float width);
/// The same for one of several names: cut at its end where what is left begins none of the others.
std::string fitted_among(const std::string& name, const std::vector<std::string>& all, float width);
/// Width of `text` in a face at its base size, in pixels.
float text_width(ImFont* font, float size, const std::string& text);

}  // namespace hopscope::app
