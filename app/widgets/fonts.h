// Loads the three faces. Behind each stand DejaVu, for the scripts it knows, and whatever font with
// Chinese, Japanese, Korean, symbols and emoji the system has; what no font knows is turned into
// its code point, or told. Window thread only, once after the ImGui context exists.
#pragma once

#include <string>
#include <vector>

#include "app/state/theme.h"

namespace hopscope::app {

/// Folders of the system and of the person below which fonts are found, the best first.
std::vector<std::string> font_roots();

/// Adds the fonts to the current ImGui context: those in assets/fonts beside the program and in
/// ../share/hopscope/assets/fonts, then those below `roots`. A face that is not found is replaced
/// by ImGui's own one and named in `messages`; never fails.
Fonts load_fonts(const std::string& exe_dir, std::vector<std::string>& messages,
                 const std::vector<std::string>& roots = font_roots());

/// Why a text cannot be drawn whole, of its first character that no font knows: which package to
/// install; "" where all of it can.
std::string missing_font(const std::string& text, ImFont* font);

/// `text` with every character that `font` cannot draw written as its code point, e.g. "[U+4E2D]";
/// bytes that are no UTF-8 as "[0xE4]"; control characters as code points too.
std::string displayable(const std::string& text, ImFont* font);

}  // namespace hopscope::app
