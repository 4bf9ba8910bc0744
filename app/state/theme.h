// Colours, spacing and fonts of the window (dark and light), as plain values. Panels take every
// colour and font from here, so that a switch of theme or scale is live. Window thread only.
#pragma once

#include <imgui.h>

namespace hopscope::app {

/// All colours are opaque; `chrome` colours never carry data, data colours never mark chrome.
struct Theme {
    bool dark = true;
    ImVec4 background, panel, raised,
        border;        ///< surfaces, from back to front, and the gaps between panels
    ImVec4 text, dim;  ///< both ≥ 4.5 : 1 on panel
    ImVec4 accent;     ///< what can be pressed, and the first series of a plot
    ImVec4 amber;      ///< active interventions, pending commands
    ImVec4 red;        ///< failure only
    ImVec4 green;      ///< the state dot of a running run
    ImVec4 violet;     ///< equivalence, and nothing else
    // The same hues where they carry text on a surface on which the plain value falls below 4.5
    // : 1.
    ImVec4 chrome_dim;   ///< dim text on background and raised
    ImVec4 accent_text;  ///< text on a selected button
    ImVec4 amber_text, red_text;
};

const Theme& theme_of(bool dark);

/// A colour with its alpha multiplied by `alpha`.
ImVec4 faded(const ImVec4& color, float alpha);
/// The mixture a·(1−t) + b·t, opaque.
ImVec4 mixed(const ImVec4& a, const ImVec4& b, float t);
ImU32 packed(const ImVec4& color);
/// Fill of a selected button: accent at 22 % over the panel.
ImVec4 selected_fill(const Theme& theme);
/// Contrast ratio of two opaque colours, 1 … 21 (WCAG 2 relative luminance).
float contrast(const ImVec4& a, const ImVec4& b);

/// Sets ImGui's and ImPlot's styles from the theme at `scale` (1 = 96 dpi). Cheap; call when either
/// changed.
void apply_theme(const Theme& theme, float scale);

/// The three faces. Pointers stay valid as long as the ImGui context; sizes are unscaled pixels,
/// ImGui scales them.
struct Fonts {
    ImFont* text = nullptr;   ///< Roboto, 15
    ImFont* title = nullptr;  ///< Roboto Bold, 13
    ImFont* mono = nullptr;   ///< Inconsolata, 14: numbers and pieces
};
inline constexpr float kTextSize = 15.0f;
inline constexpr float kTitleSize = 13.0f;
inline constexpr float kMonoSize = 14.0f;
inline constexpr float kSmallSize = 13.0f;  ///< of the text face, for notes inside a picture

}  // namespace hopscope::app
