#include "app/window/panel_table.h"

namespace hopscope::app {
namespace {

// clang-format off
constexpr PanelEntry kTable[] = {
    //                           Train                Inspect              Intervene      key
    {make_run_panel,             Place::left,         Place::none,         Place::none,   ""},
    {make_intervene_panel,       Place::none,         Place::none,         Place::top,    "I"},
    {make_routing_space_panel,   Place::center,       Place::right,        Place::right,  ""},
    // Of two in one place the later is in front at first.
    {make_analyses_panel,        Place::none,         Place::none,         Place::center, "A"},
    {make_trajectory_panel,      Place::none,         Place::center,       Place::center, ""},
    {make_curves_panel,          Place::right,        Place::none,         Place::none,   ""},
    {make_statistics_panel,      Place::right_bottom, Place::right_bottom, Place::none,   "S"},
    {make_log_panel,             Place::right_bottom, Place::none,         Place::none,   "L"},
};
// clang-format on

}  // namespace

std::span<const PanelEntry> panel_table() {
    return kTable;
}

const char* name_of(Layout layout) {
    static constexpr const char* kNames[] = {"Train", "Inspect", "Intervene"};
    return kNames[static_cast<size_t>(layout)];
}

const char* help_of(Layout layout) {
    static constexpr const char* kHelps[] = {"Run, routing space, curves (1)",
                                             "One prompt through the layers (2)",
                                             "What acts on a prompt, beside chance (3)"};
    return kHelps[static_cast<size_t>(layout)];
}

std::string window_name(const Panel& panel, Layout layout) {
    return std::string(panel.title()) + "##" + name_of(layout);
}

}  // namespace hopscope::app
