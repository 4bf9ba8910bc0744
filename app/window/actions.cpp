#include "app/window/actions.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "app/state/settings.h"

namespace hopscope::app {
namespace {

constexpr float kScaleStep = 0.125f;

std::string no_run(const Desk& desk) {
    return desk.state.session ? "" : "No run is open.";
}

std::string no_sample(const Desk& desk) {
    return desk.first_look.empty() ? "configs/first_look.toml was not found beside the program."
                                   : "";
}

void rescale(const Desk& desk, float scale) {
    desk.state.settings.scale = std::clamp(scale, kMinScale, kMaxScale);
    desk.state.keep_drawing();
}

struct Entry {
    const char *id, *title, *help, *keys;
    std::string (*why_not)(const Desk&);  ///< nullptr: always allowed
    void (*run)(const Desk&);
};

// clang-format off
/// One entry an action, in the order of the palette.
constexpr Entry kEntries[] = {
    {"file.first_look", "Start first look", "Trains the small sample model on synthetic text.", "", no_sample,
     [](const Desk& d) { d.door.start_config(d.first_look); }},
    {"file.open", "Open run or config…", "Opens a run folder, or starts a configuration.", "Ctrl+O", nullptr,
     [](const Desk& d) { d.chooser.ask_run(); }},
    {"file.race", "Race configurations…", "Trains several configurations in turn on the same batches.", "", nullptr,
     [](const Desk& d) { d.chooser.ask_race(); }},
    {"file.close", "Close run", "Stops the run, saves it and shows the start screen.", "", no_run,
     [](const Desk& d) { d.door.close_run(); }},
    {"file.quit", "Quit", "Stops the run, saves it and closes the window.", "Ctrl+Q", nullptr,
     [](const Desk& d) { d.door.exit(); }},
    {"layouts.reset", "Reset this layout", "Puts the panels back; loses no data.", "", no_run,
     [](const Desk& d) { d.workspace.reset(d.state); }},
    {"view.dark", "Dark or light theme", "Switches at once.", "", nullptr,
     [](const Desk& d) { d.state.settings.dark = !d.state.settings.dark; d.state.keep_drawing(); }},
    {"view.larger", "Larger", "Enlarges text and spacing.", "Ctrl++", nullptr,
     [](const Desk& d) { rescale(d, d.state.settings.scale + kScaleStep); }},
    {"view.smaller", "Smaller", "Reduces text and spacing.", "Ctrl+-", nullptr,
     [](const Desk& d) { rescale(d, d.state.settings.scale - kScaleStep); }},
    {"view.scale1", "Normal size", "Scale 1 on top of the monitor's own.", "Ctrl+0", nullptr,
     [](const Desk& d) { rescale(d, 1.0f); }},
    {"view.animations", "Motion on or off", "Motion that carries meaning, 150 ms.", "", nullptr,
     [](const Desk& d) { d.state.settings.animations = !d.state.settings.animations; }},
    {"selection.clear", "Clear the selection", "Experts and tokens, in all panels.", "Esc", nullptr,
     [](const Desk& d) { d.state.selection.clear(); }},
    {"help.shortcuts", "Shortcuts", "All keys.", "?", nullptr,
     [](const Desk& d) { d.key_help.show(!d.key_help.shown()); }},
    {"palette", "Command palette", "Finds every command by a few letters.", "Ctrl+P", nullptr,
     [](const Desk& d) { d.palette.open(); }},
};
// clang-format on

ActionItem made_from(const Desk& desk, const Entry& entry) {
    ActionItem item;
    item.id = entry.id;
    item.title = entry.title;
    item.help = entry.help;
    item.keys = entry.keys;
    if (entry.why_not) item.why_not = [desk, ask = entry.why_not] { return ask(desk); };
    item.run = [desk, run = entry.run] { run(desk); };
    return item;
}

ActionItem layout_item(const Desk& desk, Layout layout) {
    const LayoutEntry& entry = entry_of(layout);
    ActionItem item;
    item.id = layout_action(layout);
    item.title = std::string("Layout ") + entry.name;
    item.help = entry.help;
    item.keys = entry.keys;
    item.why_not = [desk] { return no_run(desk); };
    item.run = [desk, layout] { desk.workspace.set_layout(desk.state, layout); };
    return item;
}

ActionItem panel_item(const Desk& desk, size_t panel) {
    const std::string title = desk.workspace.panels()[panel]->title();
    ActionItem item;
    item.id = "panel." + title;
    item.title = "Show or shut " + title;
    item.help = "In the present layout.";
    item.keys = panel_table()[panel].keys;
    item.why_not = [desk] { return no_run(desk); };
    item.run = [desk, panel] { desk.workspace.show_or_shut(desk.state, panel); };
    return item;
}

}  // namespace

std::string layout_action(Layout layout) {
    std::string id = std::string("layout.") + name_of(layout);
    std::transform(id.begin(), id.end(), id.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return id;
}

std::vector<ActionItem> window_actions(const Desk& desk) {
    std::vector<ActionItem> items;
    for (const Entry& entry : kEntries) {
        // The layouts stand before their reset, the panels after what changes how all of them look.
        if (std::string_view(entry.id) == "layouts.reset")
            for (const Layout layout : kLayouts) items.push_back(layout_item(desk, layout));
        if (std::string_view(entry.id) == "selection.clear")
            for (size_t i = 0; i < desk.workspace.panels().size(); ++i)
                items.push_back(panel_item(desk, i));
        items.push_back(made_from(desk, entry));
    }
    return items;
}

}  // namespace hopscope::app
