#include "core/run/document.h"

#include <set>

#include "core/api/live_settings.h"

namespace hopscope::core {

nlohmann::ordered_json document(const std::string& format, const RunFolder& folder, int64_t step,
                                const Config& config) {
    nlohmann::ordered_json out = {{"format", format},
                                  {"run", folder.name()},
                                  {"step", step},
                                  {"config_hash", folder.info().config_hash},
                                  {"live", nlohmann::ordered_json::object()}};
    // The run was opened by this file, so it reads; a document must not be lost to a rewrite of it.
    if (const auto configured = stored_config(folder))
        out["live"] = live_settings(*configured, config);
    return out;
}

nlohmann::ordered_json live_settings(const Config& configured, const Config& now) {
    auto out = nlohmann::ordered_json::object();
    const auto table = [](const LiveSetting& s) { return s.key.substr(0, s.key.find('.')); };
    std::set<std::string> noted;
    for (const LiveSetting& first : live_settings()) {  // table by table
        if (!noted.insert(table(first)).second) continue;
        for (const LiveSetting& setting : live_settings()) {
            const Value after = live_value(setting, now);
            if (table(setting) != table(first) || live_value(setting, configured) == after)
                continue;
            std::visit([&](const auto& v) { out[setting.key] = v; }, after);
        }
    }
    return out;
}

nlohmann::ordered_json script_json(const std::vector<Command>& script) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& command : script)
        out.push_back(nlohmann::ordered_json::parse(to_json(command)));
    return out;
}

}  // namespace hopscope::core
