// The shell's own actions, menus and keys.
#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/window/shell.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kScaleStep = 0.125f;

bool pressed(ImGuiKeyChord chord) {
    return ImGui::IsKeyChordPressed(chord);
}

/// Letters, Space and arrows belong to a text field or a focused item first.
bool keyboard_is_free() {
    const ImGuiIO& io = ImGui::GetIO();
    return !io.WantTextInput && !io.NavVisible && !ImGui::IsAnyItemActive() &&
           !ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
}

}  // namespace

void Shell::add_action(std::string id, std::string title, std::string help, std::string shortcut,
                       std::function<void()> run) {
    ActionItem item;
    item.id = std::move(id);
    item.title = std::move(title);
    item.help = std::move(help);
    item.shortcut = std::move(shortcut);
    item.run = std::move(run);
    actions_.push_back(std::move(item));
}

void Shell::make_actions() {
    const auto rescale = [this](float scale) {
        state_.settings.scale = std::clamp(scale, kMinScale, kMaxScale);
        state_.keep_drawing();
    };
    add_action("file.first_look", "Start first look",
               "Trains the small sample model on synthetic text.", "", [this] {
                   const auto path = bundled_config(state_.exe_dir, "first_look");
                   if (path.empty())
                       state_.say("configs/first_look.toml was not found beside the program", true);
                   else
                       door_.start_config(path);
               });
    add_action("file.open", "Open run or config…", "Opens a run folder, or starts a configuration.",
               "Ctrl+O", [this] { open_dialog_ = true; });
    add_action("file.race", "Race configurations…",
               "Trains several configurations in turn on the same batches.", "",
               [this] { open_race_ = true; });
    add_action("file.close", "Close run", "Stops the run, saves it and shows the start screen.", "",
               [this] { door_.close_run(); });
    add_action("file.quit", "Quit", "Stops the run, saves it and closes the window.", "Ctrl+Q",
               [this] { door_.exit(); });
    add_action("layout.train", "Layout Train", "Run, routing space and curves.", "1",
               [this] { set_layout(Layout::train); });
    add_action("layout.inspect", "Layout Inspect", "One prompt through the layers.", "2",
               [this] { set_layout(Layout::inspect); });
    add_action("layout.intervene", "Layout Intervene", "Interventions on a prompt, beside chance.",
               "3", [this] { set_layout(Layout::intervene); });
    add_action("layout.reset", "Reset this layout", "Puts the panels back; loses no data.", "",
               [this] { reset_layout(); });
    add_action("view.dark", "Dark or light theme", "Switches at once.", "", [this] {
        state_.settings.dark = !state_.settings.dark;
        state_.keep_drawing();
    });
    add_action("view.larger", "Larger", "Enlarges text and spacing.", "Ctrl++",
               [this, rescale] { rescale(state_.settings.scale + kScaleStep); });
    add_action("view.smaller", "Smaller", "Reduces text and spacing.", "Ctrl+-",
               [this, rescale] { rescale(state_.settings.scale - kScaleStep); });
    add_action("view.scale1", "Normal size", "Scale 1 on top of the monitor's own.", "Ctrl+0",
               [rescale] { rescale(1.0f); });
    add_action("view.animations", "Motion on or off", "Motion that carries meaning, 150 ms.", "",
               [this] { state_.settings.animations = !state_.settings.animations; });
    for (size_t i = 0; i < panels_.size(); ++i)
        add_action("panel." + std::string(panels_[i]->title()),
                   "Show or shut " + std::string(panels_[i]->title()), "In the present layout.",
                   panel_table()[i].shortcut, [this, i] {
                       const std::string name = window_name(*panels_[i], layout_);
                       const bool hidden = place_in(panel_table()[i], layout_) == Place::none;
                       const auto found = saved_.shut.find(name);
                       const bool shut = found == saved_.shut.end() ? hidden : found->second;
                       set_shut(i, !shut);
                   });
    add_action("help.shortcuts", "Shortcuts", "All keys.", "?",
               [this] { show_shortcuts_ = !show_shortcuts_; });
    add_action("palette", "Command palette", "Finds every command by a few letters.", "Ctrl+P",
               [this] { palette_.open(); });
}

std::vector<ActionItem> Shell::all_actions() {
    std::vector<ActionItem> items = command_actions(state_);
    for (auto item : actions_) {
        const bool needs_run = item.id == "file.close" || item.id.starts_with("layout.") ||
                               item.id.starts_with("panel.");
        if (needs_run && !state_.session) item.refusal = "No run is open.";
        items.push_back(std::move(item));
    }
    return items;
}

void Shell::menu_item(const char* id) {
    const auto items = all_actions();
    for (const auto& item : items) {
        if (item.id != id) continue;
        const bool allowed = item.refusal.empty();
        if (ImGui::MenuItem(item.title.c_str(),
                            item.shortcut.empty() ? nullptr : item.shortcut.c_str(), false,
                            allowed))
            item.run();
        tooltip(allowed ? item.help : item.refusal);
        return;
    }
}

void Shell::draw_menus() {
    struct Menu {
        const char* title;
        std::vector<const char*> items;  // nullptr: a line
    };
    static const std::vector<Menu> kMenus = {
        {"File", {"file.first_look", "file.open", "file.race", "file.close", nullptr, "file.quit"}},
        {"Run", {"resume", "pause", "step", nullptr, "checkpoint", "evaluate", nullptr, "stop"}},
        {"View",
         {"view.dark", "view.larger", "view.smaller", "view.scale1", "view.animations", nullptr}},
        {"Layout", {"layout.train", "layout.inspect", "layout.intervene", nullptr, "layout.reset"}},
        {"Help", {"palette", "help.shortcuts"}},
    };
    const float top = ImGui::GetCursorPosY();
    for (const auto& menu : kMenus) {
        ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
        const bool opened = ImGui::Button(menu.title);
        ImGui::PopStyleColor();
        const ImVec2 below(ImGui::GetItemRectMin().x, ImGui::GetItemRectMax().y + 2);
        if (opened) ImGui::OpenPopup(menu.title);
        ImGui::SetNextWindowPos(below);
        ImGui::PushStyleColor(ImGuiCol_Text, state_.theme().text);
        if (ImGui::BeginPopup(menu.title)) {
            for (const char* id : menu.items) {
                if (id)
                    menu_item(id);
                else
                    ImGui::Separator();
            }
            if (std::string_view(menu.title) == "View")
                for (const auto& panel : panels_)
                    menu_item(("panel." + std::string(panel->title())).c_str());
            ImGui::EndPopup();
        }
        ImGui::PopStyleColor();
        ImGui::SameLine(0, 2 * state_.pixel_scale);
        ImGui::SetCursorPosY(top);
    }
}

/// Tab shows the cursor that walks over the items, a click hides it. Without it arrows and Space
/// are the run's, so an arrow alone must not bring it up; inside a menu or dialog it may.
void Shell::guide_cursor() {
    ImGuiIO& io = ImGui::GetIO();
    const bool popup =
        ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
    if (popup_was_open_ && !popup) ImGui::SetNavCursorVisible(false);
    popup_was_open_ = popup;
    if (pressed(ImGuiKey_Tab) || pressed(ImGuiMod_Shift | ImGuiKey_Tab))
        ImGui::SetNavCursorVisible(true);
    io.ConfigNavCursorVisibleAuto = popup || io.NavVisible;
}

void Shell::handle_keys() {
    guide_cursor();
    const auto run = [this](const char* id) {
        for (const auto& item : all_actions())
            if (item.id == id) {
                if (item.refusal.empty())
                    item.run();
                else
                    state_.say(item.title + ": " + item.refusal);
                return;
            }
    };
    if (pressed(ImGuiMod_Ctrl | ImGuiKey_P)) palette_.open();
    if (pressed(ImGuiMod_Ctrl | ImGuiKey_O)) run("file.open");
    if (pressed(ImGuiMod_Ctrl | ImGuiKey_Q)) run("file.quit");
    if (pressed(ImGuiMod_Ctrl | ImGuiKey_Equal) || pressed(ImGuiMod_Ctrl | ImGuiKey_KeypadAdd) ||
        pressed(ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Equal))
        run("view.larger");
    if (pressed(ImGuiMod_Ctrl | ImGuiKey_Minus) || pressed(ImGuiMod_Ctrl | ImGuiKey_KeypadSubtract))
        run("view.smaller");
    if (pressed(ImGuiMod_Ctrl | ImGuiKey_0)) run("view.scale1");
    const bool arrows_taken = state_.arrows_taken;
    state_.arrows_taken = false;
    if (!state_.session || !keyboard_is_free()) return;
    if (pressed(ImGuiKey_Space)) run(state_.training() ? "pause" : "resume");
    if (!arrows_taken && pressed(ImGuiKey_RightArrow)) run("step");
    if (pressed(ImGuiKey_1)) set_layout(Layout::train);
    if (pressed(ImGuiKey_2)) set_layout(Layout::inspect);
    if (pressed(ImGuiKey_3)) set_layout(Layout::intervene);
    for (size_t i = 0; i < panels_.size(); ++i)
        if (const char* key = panel_table()[i].shortcut; key[0])
            if (pressed(ImGuiKey_A + (key[0] - 'A')))
                run(("panel." + std::string(panels_[i]->title())).c_str());
    if (pressed(ImGuiKey_Escape)) state_.selection.clear();
    if (pressed(ImGuiMod_Shift | ImGuiKey_Slash)) run("help.shortcuts");
}

void Shell::draw_shortcuts() {
    if (!show_shortcuts_) return;
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);  // it floats, so no gap sets it apart
    ImGui::SetNextWindowPos(ImGui::GetMainViewport()->GetCenter(), ImGuiCond_Appearing,
                            ImVec2(0.5f, 0.5f));
    if (ImGui::Begin("Shortcuts", &show_shortcuts_,
                     ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoDocking |
                         ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoSavedSettings) &&
        ImGui::BeginTable("keys", 2)) {
        const auto row = [&](const std::string& key, const std::string& text) {
            ImGui::TableNextRow();
            ImGui::TableNextColumn();
            ImGui::PushFont(state_.fonts.mono, kMonoSize);
            ImGui::TextUnformatted(key.c_str());
            ImGui::PopFont();
            ImGui::TableNextColumn();
            ImGui::TextUnformatted(text.c_str());
        };
        for (const auto& item : all_actions())
            if (!item.shortcut.empty()) row(item.shortcut, item.title);
        row("Esc", "Clear the selection");
        row("Double click", "Fit the picture");
        row("Shift+click", "Add to the selection");
        ImGui::EndTable();
    }
    ImGui::End();
    ImGui::PopStyleVar();
}

}  // namespace hopscope::app
