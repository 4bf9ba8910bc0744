// Small pieces shared by the JSON documents of the laboratory. Pure functions, any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/config.h"
#include "core/run/run_folder.h"

namespace hopscope::core {

/// Settings that were changed while the run trained (`set`) and differ from
/// its configuration, by key: {"moe.top_k": 3}.
nlohmann::ordered_json live_settings(const Config& configured, const Config& now);

/// The fields every document that rests on a checkpoint begins with: format, run, step, config_hash
/// (that of run.json) and live.
/// @param config of the checkpoint, live settings applied
nlohmann::ordered_json document(const std::string& format, const RunFolder& folder, int64_t step,
                                const Config& config);

/// A script as a list of its commands.
nlohmann::ordered_json script_json(const std::vector<Command>& script);

}  // namespace hopscope::core
