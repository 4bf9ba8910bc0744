#include "core/api/settings_table.h"

#include <algorithm>
#include <functional>

#include "core/api/config_values.h"

namespace hopscope::core {
namespace {

/// Words and lists of words as people write them.
std::string without_quotes(std::string value) {
    std::erase(value, '"');
    return value;
}

}  // namespace

std::vector<SettingRow> settings_table(std::span<const Config* const> configs) {
    std::vector<SettingRow> rows;
    for (const Key& key : config_keys()) {
        SettingRow row{key.name, key.comment, {}, false};
        for (const Config* config : configs)
            row.values.push_back(without_quotes(format_value(key, *config)));
        row.differs = std::adjacent_find(row.values.begin(), row.values.end(),
                                         std::not_equal_to<>()) != row.values.end();
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace hopscope::core
