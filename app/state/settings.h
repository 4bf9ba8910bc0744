// Where the window keeps what the user chose: settings.json and the docking layouts, under
// $XDG_CONFIG_HOME/hopscope. A damaged or foreign file counts as absent and is reported, never
// fatal. Read on the window thread before the first frame, written aside on the thread of a task.
#pragma once

#include <map>
#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// $XDG_CONFIG_HOME/hopscope, else $HOME/.config/hopscope; "" when neither is set. Not created.
std::string config_folder();

/// What is kept beside Settings: which panels are shut, by window name, and the layout last used.
struct SavedWindow {
    Settings settings;
    std::string layout = "Train";
    std::map<std::string, bool> shut;
    std::string last_config;
    bool operator==(const SavedWindow&) const = default;
};

/// Reads settings.json in `folder`; values out of range are clamped. `problem` gets a sentence when
/// the file is there but cannot be used.
SavedWindow load_settings(const std::string& folder, std::string& problem);
/// Replaces it; "" on success, else the reason. Any thread.
std::string save_settings(const std::string& folder, const SavedWindow& saved);
/// The same for a text, such as the docking layouts.
std::string save_text(const std::string& folder, const std::string& name, const std::string& text);

inline constexpr int kMostPictureScale = 4;
inline constexpr float kMinScale = 0.75f, kMaxScale = 3.0f;

}  // namespace hopscope::app
