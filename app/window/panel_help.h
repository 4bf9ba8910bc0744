// What each panel shows and how it is read, in a few sentences, and what the mouse does in it: one
// row a panel, where a new one is added. Constants, any thread.
#pragma once

#include <span>
#include <string_view>

namespace hopscope::app {

/// Something that the mouse does, beside the keys that the actions name.
struct Gesture {
    const char *how = nullptr, *what = nullptr;
};

struct PanelHelp {
    const char* title = "";  ///< the panel's
    const char* text = "";   ///< sentences
    Gesture gestures[4] = {};
};

std::span<const PanelHelp> panel_help();
/// nullptr where there is none of this title.
const PanelHelp* help_on(std::string_view title);

}  // namespace hopscope::app
