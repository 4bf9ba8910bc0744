// Where the window keeps what the user chose: settings.json and the docking layouts, under
// $XDG_CONFIG_HOME/hopscope. A damaged or foreign file counts as absent and is reported, never
// fatal. Window thread only.
#pragma once

#include <map>
#include <string>

#include "app/window/app_state.h"

namespace hopscope::app {

/// $XDG_CONFIG_HOME/hopscope, else $HOME/.config/hopscope; "" when neither is set. Not created.
std::string config_folder();

/// What is kept beside Settings: which panels are shut, by window name, and the layout last used.
struct SavedWindow {
    Settings settings;
    std::string layout = "Train";
    std::map<std::string, bool> shut;
    std::string last_config;
};

/// Reads settings.json in `folder`; values out of range are clamped. `problem` gets a sentence when
/// the file is there but cannot be used.
SavedWindow load_settings(const std::string& folder, std::string& problem);
/// Writes it (through a temporary file); "" on success, else the reason.
std::string save_settings(const std::string& folder, const SavedWindow& saved);

inline constexpr float kMinScale = 0.75f, kMaxScale = 3.0f;

}  // namespace hopscope::app
