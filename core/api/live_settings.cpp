#include "core/api/live_settings.h"

#include <algorithm>

#include "core/api/config_keys.h"

namespace hopscope::core {
namespace {

LiveSetting setting_of(const Key& key) {
    static const Config defaults;
    const Live& live = *key.live;
    LiveSetting out;
    out.value.name = std::string(key.leaf());
    const bool whole = std::holds_alternative<const int64_t*>(key.read(defaults));
    out.value.type = whole ? ArgType::integer : ArgType::number;
    NumberRange range = key.allowed.range;
    if (live.most > 0) range.high = live.most;
    out.value.min = range.low;
    out.value.open_min = range.low_open;
    out.value.max = range.high;
    out.value.open_max = range.high_open;
    out.value.allowed = live.allowed.empty() ? range.text() : live.allowed;
    out.value.help = live.help;
    out.key = key.name;
    out.tensor = live.tensor;
    out.unit = key.comment;
    out.need = live.need;
    out.label = live.label.empty() ? out.value.name : live.label;
    if (live.low < live.high)
        out.value.slider = Slider{live.low, live.high, live.low, live.logarithmic};
    return out;
}

}  // namespace

const std::vector<LiveSetting>& live_settings() {
    static const std::vector<LiveSetting> settings = [] {
        std::vector<const Key*> keys;
        for (const Key& key : config_keys())
            if (key.live) keys.push_back(&key);
        std::stable_sort(keys.begin(), keys.end(), [](const Key* a, const Key* b) {
            return a->live->place < b->live->place;
        });
        std::vector<LiveSetting> out;
        for (const Key* key : keys) out.push_back(setting_of(*key));
        return out;
    }();
    return settings;
}

const LiveSetting* find_live_setting(const std::string& name) {
    for (const LiveSetting& setting : live_settings())
        if (setting.value.name == name || setting.key == name) return &setting;
    return nullptr;
}

Value live_value(const LiveSetting& setting, const Config& config) {
    const FieldView field = find_key(setting.key)->read(config);
    if (const auto* whole = std::get_if<const int64_t*>(&field)) return **whole;
    return *std::get<const double*>(field);
}

void set_live_value(const LiveSetting& setting, Config& config, double value) {
    const FieldRef field = find_key(setting.key)->write(config);
    if (const auto* whole = std::get_if<int64_t*>(&field))
        **whole = static_cast<int64_t>(value);
    else
        *std::get<double*>(field) = value;
}

}  // namespace hopscope::core
