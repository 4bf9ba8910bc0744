// The settings of several configurations beside each other, a row a key: what differs between runs
// at a glance. Pure functions, any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/api/config.h"

namespace hopscope::core {

struct SettingRow {
    std::string key;                  ///< "moe.hops"
    std::string meaning;              ///< unit or meaning of the key; "" for none
    std::vector<std::string> values;  ///< one a configuration, as TOML without the quotes of words
    bool differs = false;             ///< not all are the same
};

/// Every key, in the order of docs/formats.md#configuration.
std::vector<SettingRow> settings_table(std::span<const Config* const> configs);

}  // namespace hopscope::core
