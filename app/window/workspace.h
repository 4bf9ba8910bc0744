// The workspace is the body of the window: the panels and how they stand in each of the built-in
// layouts, which of them are shut, and which layout is seen. Owned by the shell, window thread
// only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/panels/table.h"
#include "app/state/arrangement.h"
#include "app/window/docking.h"
#include "app/window/key_listener.h"

namespace hopscope::app {

class Workspace {
  public:
    Workspace();  ///< makes every panel of the table

    Layout layout() const { return layout_; }
    void set_layout(AppState& state, Layout layout);
    /// Puts the panels of the present layout back where they were at first.
    void reset(AppState& state);
    /// How the panels of the present layout stand, without a name.
    Arrangement arrangement() const;
    /// Puts them as they were kept, in the layout of that time.
    void choose(AppState& state, const Arrangement& kept);
    std::span<const std::unique_ptr<Panel>> panels() const { return panels_; }
    /// Whether it can be seen: neither shut nor behind another tab.
    bool in_front(size_t panel) const { return !is_shut(panel) && seen_[panel]; }
    /// One that is in front is shut, another comes to the front.
    void show_or_shut(AppState& state, size_t panel);
    /// Of the last frame.
    const Attention& attention() const { return attention_; }

    /// Panels that were shut or opened by hand, by window name: what is kept between two starts.
    const std::map<std::string, bool>& shut() const { return shut_; }
    void restore(const std::string& layout, std::map<std::string, bool> shut);

    /// Lays the layouts out in the space at the cursor.
    void draw_dock(AppState& state);
    /// The panels, after the window that holds the dock.
    void draw_panels(AppState& state);

  private:
    void keep_tabs();
    bool is_shut(size_t panel) const;
    void set_shut(AppState& state, size_t panel, bool shut);
    void show_asked(AppState& state);
    void draw_panel(AppState& state, size_t index);
    void draw_content(AppState& state, size_t index, bool seen);
    void survey(AppState& state);

    std::vector<std::unique_ptr<Panel>> panels_;  ///< as the table lists them
    Layout layout_ = Layout::train;
    struct Fitted {  ///< what a layout was arranged for
        float scale = 0;
        Tightness tight;
        bool operator==(const Fitted&) const = default;
    };
    /// How a layout stood when it last had such room; in this window alone.
    struct Stood {
        Fitted fitted;
        Arrangement arrangement;
    };
    void fit(Layout layout, ImGuiID root, ImVec2 size, Fitted now);
    bool reset_[std::size(kLayouts)] = {};
    Fitted fitted_[std::size(kLayouts)] = {};
    std::vector<Stood> stood_[std::size(kLayouts)] = {};
    ImGuiID roots_[std::size(kLayouts)] = {};  ///< dock spaces; 0 before the first frame
    std::optional<Arrangement> chosen_;        ///< to be put into the dock space
    std::vector<bool> seen_;  ///< by panel: drawn in the last frame, not behind another tab
    std::map<std::string, bool> shut_;
    Attention attention_;
    ImGuiID had_keyboard_ = 0;  ///< window that had it at the end of the last frame
    size_t surveyed_ = 0;       ///< panels that were looked at since the palette was opened
};

}  // namespace hopscope::app
