// Which of the values that product.md lists this version can run. Whoever builds one more adds its
// word here, and nowhere else.
#include "core/config/config.h"
#include "core/config/keys.h"

namespace hopscope::core {
namespace {

struct Built {
    const char* key;
    std::vector<std::string> values;  ///< as in TOML, without quotes
};

/// Keys that are not listed here are available with every allowed value: by now all of them.
const std::vector<Built>& built() {
    static const std::vector<Built> table = {};
    return table;
}

}  // namespace

std::optional<Conflict> find_unavailable(const Config& config) {
    for (const Built& row : built()) {
        const Key& key = *find_key(row.key);
        if (key.table() == "moe" && config.model.ffn == "dense") continue;
        std::string value = format_value(key, config);
        if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
        std::string have;
        bool found = false;
        for (const std::string& word : row.values) {
            found = found || word == value;
            have += (have.empty() ? "" : " | ") + word;
        }
        if (!found)
            return Conflict{{row.key},
                            "found " + format_value(key, config) +
                                ", which is not available in this version; available: " + have};
    }
    return std::nullopt;
}

Status check_available(const Config& config, const std::string& name) {
    if (const auto missing = find_unavailable(config))
        return usage_error(name + ": " + missing->keys.front() + ": " + missing->problem);
    return {};
}

}  // namespace hopscope::core
