// The table of all panels: what exists, where each one stands in the built-in layouts, and its key.
// A panel is its folder under app/panels, with its factory make_FOLDER_panel in FOLDER/panel.cpp,
// and its line here. Window thread only.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "app/panels/panel.h"

namespace hopscope::app {

/// The built-in arrangements. Each keeps its own docking, so that switching back finds everything
/// as it was left.
enum class Layout { train, inspect, intervene, compare };
inline constexpr Layout kLayouts[] = {Layout::train, Layout::inspect, Layout::intervene,
                                      Layout::compare};
struct LayoutEntry {
    const char *name, *help, *keys;
};
const LayoutEntry& entry_of(Layout layout);
inline const char* name_of(Layout layout) {
    return entry_of(layout).name;
}

/// A place of a built-in arrangement; `none`: shut there until opened from the View menu.
enum class Place { none, left, left_bottom, top, center, center_bottom, right, right_bottom };

// One line a panel. Key: shows or shuts it, one of A … Z; "" for none. Of several in one
// place the first is in front at first.
// clang-format off
#define HOPSCOPE_PANELS(PANEL) \
    /*    folder         in Train      in Inspect    in Intervene  in Compare     key */ \
    PANEL(run,           left,         none,         none,         none,          "") \
    PANEL(intervene,     none,         none,         top,          none,          "I") \
    PANEL(routing_space, center,       right,        right,        none,          "") \
    PANEL(coupling,      center,       right,        none,          none,          "") \
    PANEL(trajectory,    none,         center,       center,       none,          "") \
    PANEL(analyses,      none,         none,         center,       none,          "A") \
    PANEL(model,         center,       center,       none,          none,          "") \
    PANEL(curves,        right,        none,         none,         center,        "") \
    PANEL(sweep,         none,         none,         none,         center,        "") \
    PANEL(experts,       none,         right_bottom, none,         none,          "E") \
    PANEL(statistics,    right_bottom, right_bottom, none,         none,          "S") \
    PANEL(halting,       none,         right_bottom, right,        none,          "") \
    PANEL(compared_runs, none,         none,         none,         left,          "") \
    PANEL(settings,      none,         none,         none,         left_bottom,   "") \
    PANEL(differences,   none,         none,         none,         center_bottom, "") \
    PANEL(equivalence,   none,         none,         none,         right,         "") \
    PANEL(matches,       none,         none,         none,         right_bottom,  "") \
    PANEL(log,           right_bottom, none,         none,         none,          "L") \
    /* a new one above this line */
// clang-format on

#define HOPSCOPE_FACTORY(folder, train, inspect, intervene, compare, keys) \
    std::unique_ptr<Panel> make_##folder##_panel();
HOPSCOPE_PANELS(HOPSCOPE_FACTORY)
#undef HOPSCOPE_FACTORY

struct PanelEntry {
    const char* id;  ///< its folder
    std::unique_ptr<Panel> (*make)();
    Place train, inspect, intervene, compare;
    const char* keys;
};
std::span<const PanelEntry> panel_table();
Place place_in(const PanelEntry& entry, Layout layout);

/// ImGui's name of a panel's window in a layout: the title is what is seen.
std::string window_name(const Panel& panel, Layout layout);

}  // namespace hopscope::app
