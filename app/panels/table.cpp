#include "app/panels/table.h"

namespace hopscope::app {
namespace {

#define HOPSCOPE_ENTRY(folder, train, inspect, intervene, compare, keys)    \
    {#folder,          make_##folder##_panel, Place::train, Place::inspect, \
     Place::intervene, Place::compare,        keys},
constexpr PanelEntry kTable[] = {HOPSCOPE_PANELS(HOPSCOPE_ENTRY)};
#undef HOPSCOPE_ENTRY

// In the order of the enumeration.
constexpr LayoutEntry kLayoutTable[] = {
    {"Train", "Run, routing space and curves.", "1"},
    {"Inspect", "One prompt through the layers.", "2"},
    {"Intervene", "What acts on a prompt, beside chance.", "3"},
    {"Compare", "Several runs, and what their differences mean.", "4"},
};

}  // namespace

std::span<const PanelEntry> panel_table() {
    return kTable;
}

Place place_in(const PanelEntry& entry, Layout layout) {
    switch (layout) {
        case Layout::train:
            return entry.train;
        case Layout::inspect:
            return entry.inspect;
        case Layout::intervene:
            return entry.intervene;
        case Layout::compare:
            break;
    }
    return entry.compare;
}

const LayoutEntry& entry_of(Layout layout) {
    return kLayoutTable[static_cast<size_t>(layout)];
}

std::string window_name(const Panel& panel, Layout layout) {
    return std::string(panel.title()) + "##" + name_of(layout);
}

}  // namespace hopscope::app
