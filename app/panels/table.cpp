#include "app/panels/table.h"

namespace hopscope::app {
namespace {

#define HOPSCOPE_ENTRY(folder, train, inspect, intervene, keys) \
    {#folder, make_##folder##_panel, Place::train, Place::inspect, Place::intervene, keys},
constexpr PanelEntry kTable[] = {HOPSCOPE_PANELS(HOPSCOPE_ENTRY)};
#undef HOPSCOPE_ENTRY

// In the order of the enumeration.
constexpr LayoutEntry kLayoutTable[] = {
    {"Train", "Run, routing space and curves.", "1"},
    {"Inspect", "One prompt through the layers.", "2"},
    {"Intervene", "What acts on a prompt, beside chance.", "3"},
};

}  // namespace

std::span<const PanelEntry> panel_table() {
    return kTable;
}

const LayoutEntry& entry_of(Layout layout) {
    return kLayoutTable[static_cast<size_t>(layout)];
}

std::string window_name(const Panel& panel, Layout layout) {
    return std::string(panel.title()) + "##" + name_of(layout);
}

}  // namespace hopscope::app
