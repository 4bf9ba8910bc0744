// What `set` changes while a run trains, as plain data: one entry for each configuration key that
// core/config/keys.cpp marks as live. Declared here for the window, the command line and the
// registry; answered by core/config, beside the keys. Immutable, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/config.h"

namespace hopscope::core {

struct LiveSetting {
    ArgSpec value;             ///< as `set` takes it: its name ("lr"), type, range and a sentence
    std::string key;           ///< "train.lr"
    std::string label;         ///< "learning rate"; the name where there is no better word
    double low = 0, high = 0;  ///< where it usually lies, for a slider; equal: none is offered
    bool logarithmic = false;  ///< of the slider
};

/// In the order in which `set` lists them.
const std::vector<LiveSetting>& live_settings();
/// By its name with or without table, "train.lr" or "lr"; null: not live.
const LiveSetting* find_live_setting(const std::string& name);
/// An int64_t or a double, as the key is declared.
Value live_value(const LiveSetting& setting, const Config& config);

}  // namespace hopscope::core
