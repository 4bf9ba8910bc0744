// The arrangements that a person keeps under names: asked for in a dialog, where they are also
// replaced, renamed and forgotten; chosen in the menu Layout and in the palette. Kept in the
// settings folder. Owned by the shell, window thread only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/state/actions.h"
#include "app/state/arrangement.h"
#include "app/window/workspace.h"

namespace hopscope::app {

class ArrangementList {
  public:
    /// `folder`: of the settings; "" keeps them until the window closes.
    ArrangementList(AppState& state, Workspace& workspace, std::string folder);

    /// Reads what is kept; before the first frame.
    void begin();
    /// Opens the dialog.
    void ask_name() { asked_ = true; }
    /// Draws the dialog; once a frame.
    void draw();
    const Arrangements& kept() const { return kept_; }
    /// One an arrangement, that chooses it. They outlive a change of what is kept.
    std::vector<ActionItem> actions() const;

  private:
    using Edit = std::function<void(Arrangements&)>;
    void draw_rows(const std::string& name);
    void change(const std::string& done, const Edit& edit);

    AppState& state_;
    Workspace& workspace_;
    const std::string folder_;
    Arrangements kept_;
    bool asked_ = false;
    std::string typed_;
};

}  // namespace hopscope::app
