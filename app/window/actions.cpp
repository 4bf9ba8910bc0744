#include "app/window/actions.h"

#include <algorithm>
#include <cctype>
#include <imgui.h>
#include <iterator>

#include "app/state/settings.h"
#include "app/window/panel_files.h"
#include "app/window/recent_list.h"

namespace hopscope::app {
namespace {

constexpr float kScaleStep = 0.125f;

std::string without_run(const Desk& desk) {
    return no_run(desk.state);
}

std::string no_sample(const Desk& desk) {
    return desk.first_look.empty() ? "configs/first_look.toml was not found beside the program."
                                   : "";
}

std::string no_shapes(const Desk& desk) {
    return desk.order.empty() ? "configs/order.toml was not found beside the program." : "";
}

std::string no_example(const Desk& desk) {
    return desk.example.empty() ? "assets/example was not found beside the program." : "";
}

std::string no_copy(const Desk& desk) {
    if (const std::string why = no_example(desk); !why.empty()) return why;
    return desk.state.services.copy_run ? "" : "This window has no laboratory.";
}

/// Beside the example, where that is open: its curves stay.
void start_first_look(const Desk& desk) {
    if (desk.state.session && desk.state.status.read_only)
        desk.state.watch_runs({desk.state.status.run_dir});
    desk.door.start_config(desk.first_look);
}

void draw_recent(const Desk& desk) {
    draw_recent_menu(desk.state, desk.recent, desk.door);
}

std::string at_largest(const Desk& desk) {
    return desk.state.settings.scale < kMaxScale ? "" : "This is the largest scale.";
}

std::string at_smallest(const Desk& desk) {
    return desk.state.settings.scale > kMinScale ? "" : "This is the smallest scale.";
}

void rescale(const Desk& desk, float scale) {
    desk.state.settings.scale = std::clamp(scale, kMinScale, kMaxScale);
    desk.state.keep_drawing();
}

/// Said, since nothing moves at the moment it is switched.
void switch_motion(const Desk& desk) {
    bool& on = desk.state.settings.animations;
    on = !on;
    desk.state.say(on ? "motion is on" : "motion is off");
}

/// Said, since only the next picture shows it.
void scale_pictures(AppState& state, int scale) {
    state.settings.picture_scale = scale;
    state.say("pictures are written at the scale \xC3\x97" + std::to_string(scale));
}

void use_colours(AppState& state, viz::ColourMap map) {
    state.settings.colours = map;
    state.keep_drawing();
}

viz::ColourMap next_colours(const AppState& state) {
    const auto at = static_cast<size_t>(state.settings.colours);
    return viz::kColourMaps[(at + 1) % std::size(viz::kColourMaps)];
}

/// Each map with a strip of its colours on the present ground.
void draw_colours(const Desk& desk) {
    constexpr int kParts = 24;
    AppState& state = desk.state;
    const float s = state.pixel_scale, wide = 96 * s, height = ImGui::GetTextLineHeight();
    for (const viz::ColourMap map : viz::kColourMaps) {
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const viz::ValueColours colours = viz::colours_of(map, state.settings.dark);
        for (int i = 0; i < kParts; ++i) {
            const auto x = [&](int part) {
                return at.x + wide * static_cast<float>(part) / kParts;
            };
            ImGui::GetWindowDrawList()->AddRectFilled(
                ImVec2(x(i), at.y + 0.15f * height), ImVec2(x(i + 1), at.y + 0.85f * height),
                viz::packed(colours.at((static_cast<float>(i) + 0.5f) / kParts)));
        }
        ImGui::Dummy(ImVec2(wide, height));
        ImGui::SameLine(0, 8 * s);
        if (ImGui::MenuItem(viz::name_of(map), nullptr, map == state.settings.colours))
            use_colours(state, map);
    }
}

std::string picture_scale_text(int scale) {
    return "\xC3\x97" + std::to_string(scale) + (scale == 1 ? ", as on the screen" : "");
}

void draw_picture_scales(const Desk& desk) {
    const int chosen = desk.state.settings.picture_scale;
    for (int scale = 1; scale <= kMostPictureScale; ++scale)
        if (ImGui::MenuItem(picture_scale_text(scale).c_str(), nullptr, scale == chosen))
            scale_pictures(desk.state, scale);
}

/// What the window can do: one action, or one for each row of another table.
struct Entry {
    const char *id = "", *title = "", *help = "", *keys = "";
    MenuPlace menu = {};
    std::string (*why_not)(const Desk&) = nullptr;  ///< nullptr: always allowed
    void (*run)(const Desk&) = nullptr;
    std::vector<ActionItem> (*each)(const Desk&) = nullptr;  ///< the others; nullptr: one action
    void (*entries)(const Desk&) = nullptr;                  ///< ActionItem::entries
    bool (*is_on)(const Desk&) = nullptr;                    ///< ActionItem::is_on
};

std::vector<ActionItem> layout_items(const Desk& desk);
std::vector<ActionItem> colour_items(const Desk& desk);
std::vector<ActionItem> picture_items(const Desk& desk);
std::vector<ActionItem> panel_items(const Desk& desk);
std::vector<ActionItem> panel_file_items(const Desk& desk);

// clang-format off
/// In the order of the palette, of the list of keys and, within a group, of the menus.
constexpr Entry kEntries[] = {
    {"file.example", "Open the example", "Opens a small model that is trained already, on synthetic text, to be looked at.",
     "", {Menu::file, 1}, no_example, [](const Desk& d) { d.door.open_run(d.example); }},
    {"file.first_look", "Start first look", "Trains the small sample model on synthetic text.", "",
     {Menu::file, 1}, no_sample, start_first_look},
    {"file.shapes", "Race dense, wide and deep",
     "Trains three small models of equal parameters in turn on the same synthetic batches.", "",
     {Menu::file, 1}, no_shapes, [](const Desk& d) { d.door.start_shapes(d.order); }},
    {"file.open", "Open run or config…", "Opens a run folder, or starts a configuration.", "Ctrl+O",
     {Menu::file, 1}, nullptr, [](const Desk& d) { d.chooser.ask_run(); }},
    {"file.recent", "Open recent run", "The runs that were started or opened last.", "",
     {Menu::file, 1}, nullptr, [](const Desk& d) { d.chooser.ask_run(); }, nullptr, draw_recent},
    {"file.race", "Race configurations…", "Trains several configurations in turn on the same batches.", "",
     {Menu::file, 1}, nullptr, [](const Desk& d) { d.chooser.ask_race(); }},
    {"file.copy_example", "Train a copy of the example", "Copies it into runs/ and opens the copy, which can be trained on.",
     "", {Menu::file, 1}, no_copy, [](const Desk& d) { d.door.train_copy(d.example); }},
    {"file.save_session", "Save session…", "Layout, moment, selection, prompt and interventions, to be found again.",
     "Ctrl+S", {Menu::file, 1}, without_run, [](const Desk& d) { d.keeper.ask_name(); }},
    {"file.close", "Close run", "Stops the run, saves it and shows the start screen.", "",
     {Menu::file, 1, 1}, without_run, [](const Desk& d) { d.door.close_run(); }},
    {"file.quit", "Quit", "Stops the run, saves it and closes the window.", "Ctrl+Q",
     {Menu::file, 2}, nullptr, [](const Desk& d) { d.door.exit(); }},
    {.each = layout_items},
    {"layouts.reset", "Reset this layout", "Puts the panels back; loses no data.", "",
     {Menu::layout, 2}, without_run, [](const Desk& d) { d.workspace.reset(d.state); }},
    {"layouts.keep", "Keep this arrangement as…",
     "Gives the way the panels stand a name, by which it is found in this menu.", "",
     {Menu::layout, 2}, without_run, [](const Desk& d) { d.arrangements.ask_name(); }},
    {"view.dark", "Dark or light theme", "Switches at once.", "",
     {Menu::view, 1}, nullptr,
     [](const Desk& d) { d.state.settings.dark = !d.state.settings.dark; d.state.keep_drawing(); }},
    {"view.colours", "Colours of values", "Takes the next map for values that rise from little to much.", "",
     {Menu::view, 1}, nullptr, [](const Desk& d) { use_colours(d.state, next_colours(d.state)); },
     nullptr, draw_colours},
    {.each = colour_items},
    {"view.pictures", "Scale of pictures", "Takes the next scale, 1 to 4, of what PNG writes.", "",
     {Menu::view, 1}, nullptr,
     [](const Desk& d) { scale_pictures(d.state, d.state.settings.picture_scale % kMostPictureScale + 1); },
     nullptr, draw_picture_scales},
    {.each = picture_items},
    {"view.larger", "Larger", "Enlarges text and spacing.", "Ctrl++",
     {Menu::view, 1}, at_largest, [](const Desk& d) { rescale(d, d.state.settings.scale + kScaleStep); }},
    {"view.smaller", "Smaller", "Reduces text and spacing.", "Ctrl+-",
     {Menu::view, 1}, at_smallest, [](const Desk& d) { rescale(d, d.state.settings.scale - kScaleStep); }},
    {"view.scale1", "Normal size", "Scale 1 on top of the monitor's own.", "Ctrl+0",
     {Menu::view, 1}, nullptr, [](const Desk& d) { rescale(d, 1.0f); }},
    {"view.animations", "Motion on or off", "Motion that carries meaning, 150 ms.", "",
     {Menu::view, 1}, nullptr, switch_motion, nullptr, nullptr,
     [](const Desk& d) { return d.state.settings.animations; }},
    {.each = panel_items},
    {.each = panel_file_items},
    {"selection.clear", "Clear the selection", "Experts and tokens, in all panels.", "Esc",
     {}, nullptr, [](const Desk& d) { d.state.selection.clear(); }},
    {"help.shortcuts", "Help on panels and keys",
     "What the panel under the pointer shows, how it is read, and all keys.", "?",
     {Menu::help, 1, 2}, nullptr,
     [](const Desk& d) { d.key_help.show_or_shut(d.workspace.attention().pointed); }},
    {"help.tour", "Tour in three steps", "Watch a run, inspect a prompt, intervene.", "",
     {Menu::help, 1, 3}, nullptr, [](const Desk& d) { d.tour.begin(d.state); }},
    {"palette", "Command palette", "Finds every command by a few letters.", "Ctrl+P",
     {Menu::help, 1, 1}, nullptr, [](const Desk& d) { d.palette.open(); }},
};
// clang-format on

ActionItem made_from(const Desk& desk, const Entry& entry) {
    ActionItem item;
    item.id = entry.id;
    item.title = entry.title;
    item.help = entry.help;
    item.keys = entry.keys;
    item.menu = entry.menu;
    if (entry.why_not) item.why_not = [desk, ask = entry.why_not] { return ask(desk); };
    item.run = [desk, run = entry.run] { run(desk); };
    if (entry.entries) item.entries = [desk, draw = entry.entries] { draw(desk); };
    if (entry.is_on) item.is_on = [desk, ask = entry.is_on] { return ask(desk); };
    return item;
}

ActionItem layout_item(const Desk& desk, Layout layout) {
    const LayoutEntry& entry = entry_of(layout);
    ActionItem item;
    item.id = layout_action(layout);
    item.title = std::string("Layout ") + entry.name;
    item.help = entry.help;
    item.keys = entry.keys;
    item.menu = {Menu::layout, 1};
    item.why_not = [desk] { return without_run(desk); };
    item.run = [desk, layout] { desk.workspace.set_layout(desk.state, layout); };
    item.is_on = [desk, layout] { return desk.state.session && desk.workspace.layout() == layout; };
    return item;
}

ActionItem panel_item(const Desk& desk, size_t panel) {
    const std::string title = desk.workspace.panels()[panel]->title();
    ActionItem item;
    item.id = "panel." + title;
    item.title = "Show or shut " + title;
    item.help = "In the present layout.";
    item.keys = panel_table()[panel].keys;
    item.menu = {Menu::view, 2};
    item.why_not = [desk] { return without_run(desk); };
    item.run = [desk, panel] { desk.workspace.show_or_shut(desk.state, panel); };
    item.is_on = [desk, panel] { return desk.state.session && desk.workspace.in_front(panel); };
    return item;
}

ActionItem panel_file_item(const Desk& desk, size_t panel, PanelFile as) {
    const PanelFileWords& words = words_of(as);
    const Panel& of = *desk.workspace.panels()[panel];
    ActionItem item;
    item.id = "panel." + std::string(of.title()) + "." + words.id;
    item.title = of.title() + std::string(": ") + words.title;
    item.help = words.help;
    item.why_not = [desk, &of, as] {
        const std::string none = without_run(desk);
        return none.empty() ? no_file(of, as) : none;
    };
    item.run = [desk, panel, as] { order_file(desk.state, panel_table()[panel].id, as); };
    return item;
}

std::vector<ActionItem> layout_items(const Desk& desk) {
    std::vector<ActionItem> items;
    for (const Layout layout : kLayouts) items.push_back(layout_item(desk, layout));
    return items;
}

/// The maps by name, for the palette; the menu has them in one entry.
std::vector<ActionItem> colour_items(const Desk& desk) {
    std::vector<ActionItem> items;
    for (const viz::ColourMap map : viz::kColourMaps) {
        ActionItem item;
        item.id = std::string("view.colours.") + viz::name_of(map);
        item.title = std::string("Colours of values: ") + viz::name_of(map);
        item.help = "Of heat maps, grids and points that are coloured by a value.";
        item.run = [desk, map] { use_colours(desk.state, map); };
        items.push_back(std::move(item));
    }
    return items;
}

std::vector<ActionItem> picture_items(const Desk& desk) {
    std::vector<ActionItem> items;
    for (int scale = 1; scale <= kMostPictureScale; ++scale) {
        ActionItem item;
        item.id = "view.pictures." + std::to_string(scale);
        item.title = "Scale of pictures: " + picture_scale_text(scale);
        item.help = "Of what PNG writes: drawn with so many pixels for one of the screen.";
        item.run = [desk, scale] { scale_pictures(desk.state, scale); };
        items.push_back(std::move(item));
    }
    return items;
}

std::vector<ActionItem> panel_items(const Desk& desk) {
    std::vector<ActionItem> items;
    for (size_t i = 0; i < desk.workspace.panels().size(); ++i)
        items.push_back(panel_item(desk, i));
    return items;
}

std::vector<ActionItem> panel_file_items(const Desk& desk) {
    std::vector<ActionItem> items;
    for (size_t i = 0; i < desk.workspace.panels().size(); ++i)
        for (const PanelFile as : kPanelFiles) items.push_back(panel_file_item(desk, i, as));
    return items;
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
        if (!entry.each)
            items.push_back(made_from(desk, entry));
        else
            std::ranges::move(entry.each(desk), std::back_inserter(items));
    }
    return items;
}

}  // namespace hopscope::app
