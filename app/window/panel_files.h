// What is written of a panel: its numbers, copied, as CSV or as JSON, and its picture. Asked for in
// the palette, in the menu of a number and in that of the panel's title; carried out while the
// panel is drawn. Window thread only.
#pragma once

#include <string>

#include "app/panels/panel.h"

namespace hopscope::app {

inline constexpr PanelFile kPanelFiles[] = {PanelFile::copy, PanelFile::csv, PanelFile::json,
                                            PanelFile::png};
struct PanelFileWords {
    const char *id, *title, *help;
};
const PanelFileWords& words_of(PanelFile as);

/// Why a panel has none; "" where it can have one.
std::string no_file(const Panel& panel, PanelFile as);
/// Asks for it; the panel is shown, since it is written as it stands there.
void order_file(AppState& state, const char* id, PanelFile as);
/// The menu of a panel's title, on a right click; right behind ImGui::Begin of the panel.
void draw_title_menu(AppState& state, const Panel& panel, const char* id);
/// Once a frame: an order ends where nobody shows the panel, or another run is open by now.
void count_orders(AppState& state);
/// Within the panel, when it is drawn: by then the menu that it was asked for in is gone.
void carry_out_orders(AppState& state, Panel& panel, const char* id);

}  // namespace hopscope::app
