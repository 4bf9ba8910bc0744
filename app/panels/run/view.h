// What the run panel shows, computed without ImGui: the present value of a live setting, the state
// of a freeze, commands in words. Pure functions, any thread.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "app/state/history.h"
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
    int64_t step = -1;     ///< first update with the value; −1: pending, or as configured
    double before = 0;     ///< the value before this one; itself where there was none
    bool changed() const { return before != value; }
};
/// The newest `set` of `key` that was not refused, else the configured value.
SettingValue setting_value(const core::Config& config, const std::vector<core::Answer>& answers,
                           const std::string& key);

/// The configuration with what was set since: what the next update trains with.
core::Config present_config(core::Config config, const std::vector<core::Answer>& answers);

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

/// A part of an update's time; NaN where it was not measured.
struct TimePart {
    const char* name;
    const char* help;
    double ms = 0;
};
/// Where the time of an update goes: means over the newest updates that were timed.
struct TimeSplit {
    int64_t updates = 0;  ///< that the means are over; 0: none was timed
    double update_ms = 0;
    std::array<TimePart, 5> parts = {};  ///< the last is what the others leave
    double publish_ms = 0;               ///< beside the update; NaN where not measured
};
TimeSplit time_split(const History& history, int64_t newest, double tokens_per_step);

/// Tokens one update trains on.
double tokens_per_step(const core::Config& config);

}  // namespace hopscope::app
