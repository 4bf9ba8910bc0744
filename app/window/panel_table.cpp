#include "app/window/panel_table.h"

namespace hopscope::app {
namespace {

// clang-format off
constexpr PanelEntry kTable[] = {
    //                           Train                Inspect             key
    {make_run_panel,             Place::left,         Place::none,         ""},
    {make_routing_space_panel,   Place::center,       Place::right,        ""},
    {make_trajectory_panel,      Place::none,         Place::center,       ""},
    {make_curves_panel,          Place::right,        Place::none,         ""},
    {make_statistics_panel,      Place::right_bottom, Place::right_bottom, "S"},
    {make_log_panel,             Place::right_bottom, Place::none,         "L"},
};
// clang-format on

}  // namespace

std::span<const PanelEntry> panel_table() {
    return kTable;
}

const char* name_of(Layout layout) {
    return layout == Layout::train ? "Train" : "Inspect";
}

std::string window_name(const Panel& panel, Layout layout) {
    return std::string(panel.title()) + "##" + name_of(layout);
}

}  // namespace hopscope::app
