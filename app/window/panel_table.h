// The table of all panels: what exists, where each one stands in the built-in layouts, and its key.
// Window thread only.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/window/panel.h"

namespace hopscope::app {

/// The built-in arrangements. Each keeps its own docking, so that switching back finds everything
/// as it was left.
enum class Layout { train, inspect, intervene };
inline constexpr Layout kLayouts[] = {Layout::train, Layout::inspect, Layout::intervene};
const char* name_of(Layout layout);
const char* help_of(Layout layout);  ///< what it is for, with its key

/// A place of a built-in arrangement; `none`: shut there until opened from the View menu.
enum class Place { none, left, top, center, right, right_bottom };

struct PanelEntry {
    std::unique_ptr<Panel> (*make)();
    Place train, inspect, intervene;
    const char* shortcut;  ///< key that shows or shuts it, one of A … Z; "" for none
};
std::span<const PanelEntry> panel_table();
inline Place place_in(const PanelEntry& entry, Layout layout) {
    if (layout == Layout::intervene) return entry.intervene;
    return layout == Layout::train ? entry.train : entry.inspect;
}

/// ImGui's name of a panel's window in a layout: the title is what is seen.
std::string window_name(const Panel& panel, Layout layout);

}  // namespace hopscope::app
