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
              const std::string& text) {
    if (text.empty())
        return state.say(std::string(panel.title()) + " shows no numbers as a table.", true);
    if (as != PanelFile::copy) return export_text(state, name, text);
    ImGui::SetClipboardText(text.c_str());
    state.say(std::string("copied the numbers of ") + panel.title());
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
    state.drawn->order = PanelOrder{id, as};
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

void count_order(AppState& state) {
    std::optional<PanelOrder>& order = state.drawn->order;
    if (!order) return;
    state.keep_drawing(2);
    if (++order->frames < kFramesOfOrder) return;
    state.say("\"" + order->panel_id + "\" cannot be seen, so nothing was written of it", true);
    order.reset();
}

void carry_out_order(AppState& state, Panel& panel, const char* id) {
    std::optional<PanelOrder>& order = state.drawn->order;
    if (!order || order->panel_id != id || order->frames < kFramesBeforeOrder) return;
    // It is seen, so that patience is for what it shows: that comes by itself.
    order->frames = kFramesBeforeOrder;
    if (order->since < 0) order->since = state.now;
    const PanelFile as = order->as;
    const std::string name = id + std::string(".") + words_of(as).id;
    if (order->text.waits()) {
        if (const auto text = order->text.take()) {
            order.reset();
            hand_out(state, panel, name, as, *text);
        }
        return;
    }
    if (panel.making()) {
        if (state.now - order->since < kLongestMaking) return;
        order.reset();
        return state.say(std::string(panel.title()) +
                             " is still being made, so nothing was written of it; ask again when "
                             "it is there",
                         true);
    }
    if (as != PanelFile::png) {
        order->text = state.aside(text_of(state, panel, id, as));
        return;
    }
    order.reset();
    const ImVec2 low = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
    export_picture(state, name, low, ImVec2(low.x + size.x, low.y + size.y));
}

}  // namespace hopscope::app
