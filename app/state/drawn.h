// What panels say of themselves while they are drawn: the buttons, toggles and lists that they show
// now, so that the palette reaches each of them by name; the number whose menu was asked for; what
// is to be written of a panel. One object, beside the state: also what may only read the state
// notes itself here. Window thread only, inside an ImGui window where ImGui is named.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/state/number.h"
#include "app/state/pending.h"
#include "core/api/base.h"

namespace hopscope::app {

/// A button, toggle, field or list of a panel.
struct Control {
    std::string panel_id, panel;  ///< of the panel table, and its title
    std::string title;            ///< what stands on it: "CSV"
    std::string help;
    std::string refusal;  ///< why it is grey; "" where it is not
    unsigned item = 0;    ///< ImGui's id
    bool listed = true;   ///< false: of an action, which the palette has by itself
};

class Controls {
  public:
    /// While nobody listens nothing is noted.
    void listen(bool wanted) { wanted_ = wanted; }
    bool listens() const { return wanted_ || pressing(); }
    bool pressing() const { return press_.has_value(); }
    /// Around the drawing of a panel; what it showed before and does not show again is forgotten.
    /// `seen`: on the screen, so that it can be pressed there.
    void begin_panel(std::string_view id, std::string_view title, bool seen);
    void end_panel();
    void hide_panel(std::string_view id);
    /// The item that follows, by the label that ImGui is given. What stands behind "##" is no part
    /// of the title; within a panel a title that comes again is numbered. Outside a panel and
    /// within its popups nothing is noted: the button that opens those is.
    void note(const char* label, std::string_view name, std::string_view help,
              std::string_view refusal, bool listed = true);
    /// What the names begin with that are noted from now on.
    void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }
    /// As a click does, as soon as its panel is seen.
    void press(const Control& control) { press_ = Press{control.panel_id, control.title, 0}; }
    /// After a frame. Title of the panel and of the control that was to be pressed and did not
    /// appear; "" where there is none.
    std::string end_frame();
    /// As they were noted last, panel by panel.
    std::span<const Control> all() const { return all_; }
    /// Whether the panel was on the screen when it was drawn last.
    bool is_seen(std::string_view panel_id) const { return seen_panels_.contains(panel_id); }
    /// Panel that is being drawn; "" for none.
    const std::string& panel_id() const { return panel_id_; }

  private:
    struct Press {
        std::string panel_id, title;
        int frames = 0;  ///< that it has waited for
    };
    bool wanted_ = false, seen_ = false;
    std::string panel_id_, panel_, prefix_;
    std::vector<Control> all_, present_;  ///< of all panels, of the one that is being drawn
    std::set<std::string, std::less<>> seen_panels_;
    std::optional<Press> press_;
};

enum class PanelFile : uint8_t { copy, csv, json, png };

/// What is wanted of a panel once it is drawn.
struct PanelOrder {
    std::string panel_id;
    PanelFile as = PanelFile::csv;
    uint64_t run = 0;   ///< AppState::runs_opened when it was asked for
    int frames = 0;     ///< that it has waited for the panel to be seen
    int seen = 0;       ///< frames in which the panel was seen with it
    double since = -1;  ///< AppState::now in the first of these
    /// That is being made for it.
    Pending<core::Result<std::string>> text{};
};

struct Drawn {
    Controls controls;
    std::optional<Number> asked;  ///< its menu opens with the next frame
    std::string asked_in;         ///< id of the panel that it stands in; "" for none
    Number menu;                  ///< the one whose menu is open, as it was when it was asked for
    std::vector<PanelOrder> orders;  ///< the workspace carries them out
};

}  // namespace hopscope::app
