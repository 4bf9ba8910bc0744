// Loads the three faces with DejaVu merged behind them, so that any script DejaVu knows can be
// shown, and turns what no face knows into its code point. Window thread only, once after the ImGui
// context exists.
#pragma once

#include <string>
#include <vector>

#include "app/state/theme.h"

namespace hopscope::app {

/// Folders searched for fonts, best first: assets/fonts beside the program,
/// ../share/hopscope/assets/fonts, the system's DejaVu.
std::vector<std::string> font_folders(const std::string& exe_dir);

/// Adds the fonts to the current ImGui context. A face that is not found is replaced by ImGui's own
/// one and named in `messages`; never fails.
Fonts load_fonts(const std::string& exe_dir, std::vector<std::string>& messages);

/// `text` with every character that `font` cannot draw written as its code point, e.g. "[U+4E2D]";
/// bytes that are no UTF-8 as "[0xE4]"; control characters as code points too.
std::string displayable(const std::string& text, ImFont* font);

}  // namespace hopscope::app
