// What the run panel shows, computed without ImGui: the present value of a live setting, the state
// of a freeze, commands in words. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/config.h"
#include "core/api/freeze_parts.h"
#include "core/api/live_settings.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

/// The live settings that have a slider.
const std::vector<core::LiveSetting>& sliders();

struct SettingValue {
    double value = 0;
    bool pending = false;  ///< sent, not yet applied
};
/// The newest `set` of `key` that was not refused, else the configured value.
SettingValue setting_value(const core::Config& config, const std::vector<core::Answer>& answers,
                           const std::string& key);

struct FreezeState {
    bool frozen = false;  ///< as it will be once what is pending is applied
    bool pending = false;
};
FreezeState freeze_state(const core::RunStatus& status, const std::vector<core::Answer>& answers,
                         core::FreezePart part);

/// A command in words: "freeze routing", "learning rate 3.0e-04", "steer, lambda 1, layer 4".
std::string in_words(const core::Command& command);
/// Whether it changes the run (and so belongs on the curves), unlike pause or checkpoint.
bool is_intervention(const core::Command& command);

/// What the trainer does besides updates, in one line: "evaluating, 40 %", else what comes next,
/// "next evaluation at step 1,200", else empty.
std::string activity_line(const core::RunStatus& status, const core::Config& config);

/// Tokens one update trains on.
double tokens_per_step(const core::Config& config);

}  // namespace hopscope::app
