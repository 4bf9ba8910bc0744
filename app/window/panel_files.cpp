#include "app/window/panel_files.h"

#include <cctype>
#include <functional>
#include <imgui.h>
#include <optional>
#include <utility>

#include "app/widgets/export.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr int kFramesBeforeOrder = 3, kFramesOfOrder = 60;
constexpr double kLongestMaking = 60;  ///< seconds

/// What the panel gives as text, as work; "" where it shows no numbers.
std::function<std::string()> text_of(AppState& state, Panel& panel, const char* id, PanelFile as) {
    if (as == PanelFile::csv) return panel.numbers_later(state);
    return as == PanelFile::json ? panel.json_later(state, id) : panel.csv_later(state);
}

void hand_out(AppState& state, const Panel& panel, const std::string& name, PanelFile as,
              const core::Result<std::string>& text) {
    if (!text) return state.say(std::string(panel.title()) + ": " + text.error().message, true);
    if (text->empty())
        return state.say(std::string(panel.title()) + " shows no numbers as a table.", true);
    if (as != PanelFile::copy) return export_text(state, name, *text);
    ImGui::SetClipboardText(text->c_str());
    state.say(std::string("copied the numbers of ") + panel.title());
}

/// Why nothing comes of an order any more; "" where something may.
std::string end_of(const AppState& state, const PanelOrder& order) {
    if (order.run != state.runs_opened) return "belongs to the run that was open before";
    return order.frames < kFramesOfOrder ? "" : "cannot be seen";
}

/// One step of an order of a panel that is seen. → whether it is done with.
bool goes_on(AppState& state, Panel& panel, PanelOrder& order) {
    if (order.since < 0) order.since = state.now;
    order.frames = 0;  // patience is for the panel to be seen; what it shows comes by itself
    if (++order.seen < kFramesBeforeOrder) return false;
    std::string name = order.panel_id + "." + words_of(order.as).id;
    if (name == "run.json") name = "panel_run.json";  // that is the file by which a run is one
    if (order.text.waits()) {
        const auto text = order.text.take();
        if (text) hand_out(state, panel, name, order.as, *text);
        return text.has_value();
    }
    if (panel.making()) {
        if (state.now - order.since < kLongestMaking) return false;
        state.say(std::string(panel.title()) +
                      " is still being made, so nothing was written of it; ask again when it is "
                      "there",
                  true);
        return true;
    }
    if (order.as == PanelFile::png) {
        const ImVec2 low = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
        export_picture(state, name, low, ImVec2(low.x + size.x, low.y + size.y));
        return true;
    }
    order.text =
        state.aside([make = text_of(state, panel, order.panel_id.c_str(),
                                    order.as)]() -> core::Result<std::string> { return make(); });
    return false;
}

}  // namespace

const PanelFileWords& words_of(PanelFile as) {
    // In the order of the enumeration.
    static constexpr PanelFileWords kWords[] = {
        {"copy", "copy the numbers", "Copies what it shows, comma-separated."},
        {"csv", "export the numbers as CSV", "Writes what it shows into the folder of the run."},
        {"json", "export the numbers as JSON", "Writes what it shows into the folder of the run."},
        {"png", "export the picture as PNG", "Writes its picture into the folder of the run."}};
    return kWords[static_cast<size_t>(as)];
}

std::string no_file(const Panel& panel, PanelFile as) {
    return as == PanelFile::png || panel.has_csv() ? "" : "It has no table of numbers.";
}

void order_file(AppState& state, const char* id, PanelFile as) {
    state.show_panel = id;
    state.drawn->orders.push_back({id, as, state.runs_opened});
    state.keep_drawing(6);
}

void draw_title_menu(AppState& state, const Panel& panel, const char* id) {
    if (!ImGui::BeginPopupContextItem("title")) return;
    ImGui::TextColored(state.theme().dim, "%s", panel.title());
    ImGui::Separator();
    for (const PanelFile as : kPanelFiles) {
        const PanelFileWords& words = words_of(as);
        const std::string none = no_file(panel, as);
        if (as == PanelFile::png) ImGui::Separator();
        std::string entry = words.title;
        entry.front() = static_cast<char>(std::toupper(entry.front()));
        if (ImGui::MenuItem(entry.c_str(), nullptr, false, none.empty())) order_file(state, id, as);
        tooltip(none.empty() ? words.help : none);
    }
    ImGui::EndPopup();
}

void count_orders(AppState& state) {
    std::erase_if(state.drawn->orders, [&](PanelOrder& order) {
        if (!order.text.waits()) {  // its end wakes the window
            ++order.frames;
            state.keep_drawing(2);
        }
        const std::string end = end_of(state, order);
        if (!end.empty())
            state.say("\"" + order.panel_id + "\" " + end + ", so nothing was written of it", true);
        return !end.empty();
    });
}

void carry_out_orders(AppState& state, Panel& panel, const char* id) {
    std::erase_if(state.drawn->orders, [&](PanelOrder& order) {
        return order.panel_id == id && goes_on(state, panel, order);
    });
}

}  // namespace hopscope::app
