// What `set` changes while a run trains, as plain data: one entry for each configuration key that
// core/api/config_keys.cpp marks as live, for the window, the command line and the registry of
// commands. Immutable, any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/api/arg_spec.h"
#include "core/api/command.h"
#include "core/api/config.h"
#include "core/api/needs.h"

namespace hopscope::core {

struct LiveSetting {
    ArgSpec value;             ///< as `set` takes it: its name ("lr"), type, range and a sentence
    std::string key;           ///< "train.lr"
    std::string label;         ///< "learning rate"; the name where there is no better word
    std::string unit;          ///< unit or meaning of the number; "" where it has none
    std::optional<Need> need;  ///< what a run without it cannot set
    /// "router.tau" where layers may learn the value: they go on from what is set; "": nowhere.
    std::string tensor;
};

/// In the order in which `set` lists them.
const std::vector<LiveSetting>& live_settings();
/// By its name with or without table, "train.lr" or "lr"; null: not live.
const LiveSetting* find_live_setting(const std::string& name);
/// An int64_t or a double, as the key is declared.
Value live_value(const LiveSetting& setting, const Config& config);
/// Puts a value into the configuration; whether it is allowed is for check_config to say.
/// @param value whole where the key is an integer
void set_live_value(const LiveSetting& setting, Config& config, double value);

}  // namespace hopscope::core
