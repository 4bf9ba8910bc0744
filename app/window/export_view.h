// What an export draws in each frame: one panel under a line that says what it is of, or the whole
// window in one of its layouts. Between ImGui's NewFrame and Render, window thread only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/panels/table.h"

namespace hopscope::app {

class ExportView {
  public:
    virtual ~ExportView() = default;
    /// Loads faces and theme for `scale`; once, before the first frame.
    virtual void begin(float scale, bool dark) = 0;
    /// Sets what is drawn by names of session files. Errors (usage): a name that it has not.
    virtual core::Status set(const PanelView& view) = 0;
    /// What is measured at a press alone, once the run is there; where it cannot be, the panel says
    /// why. What is an analysis is not pressed: it would write into the run.
    virtual void measure() {}
    /// Whether a panel is among what it draws.
    virtual bool has(std::string_view panel) const = 0;
    virtual void draw() = 0;
    /// Numbers as CSV or JSON; "" where it shows none.
    virtual std::string csv() { return {}; }
    virtual std::string json() { return {}; }
};

/// Of which run and step a panel's picture is, and the panel's own words; a step is named once.
std::string caption_of(const AppState& state, const std::string& detail);
/// A panel alone.
std::unique_ptr<ExportView> one_panel(AppState& state, const PanelEntry& entry);
/// The window, with top bar, timeline and status line; `front`: panels of the layout that stand
/// before others in their place.
std::unique_ptr<ExportView> whole_window(AppState& state, Layout layout,
                                         std::vector<std::string> front);

}  // namespace hopscope::app
