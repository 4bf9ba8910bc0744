// Writing the keys that `set` changes while a run trains; what they are stands in
// core/api/live_settings.h, which this room answers. Pure functions, any thread.
#pragma once

#include "core/api/live_settings.h"

namespace hopscope::core {

/// Puts a value into the configuration; whether it is allowed is for check_config to say.
/// @param value whole where the key is an integer
void set_live_value(const LiveSetting& setting, Config& config, double value);

}  // namespace hopscope::core
