// The canonical TOML of a configuration, its hash, and the difference of two.
#include "core/config/write.h"

#include <cstdio>
#include <set>
#include <string_view>

#include "core/api/config_keys.h"
#include "core/api/config_values.h"

namespace hopscope::core {

std::string to_toml(const Config& config) {
    std::string out;
    std::string_view table;
    for (const Key& key : config_keys()) {
        if (key.table() == "debug" && !config.debug.asks_for_any()) continue;
        if (key.table() != table) {
            table = key.table();
            out += std::string(out.empty() ? "[" : "\n[") + std::string(table) + "]\n";
        }
        out += std::string(key.leaf()) + " = " + format_value(key, config);
        if (!key.comment.empty()) out += "  # " + key.comment;
        out += '\n';
    }
    return out;
}

std::string config_hash(const Config& config) {
    // FNV-1a, 64 bits, over "key = value" lines: comments may change, the hash of a configuration
    // may not.
    uint64_t hash = 0xcbf29ce484222325ull;
    for (const Key& key : config_keys()) {
        if (key.resumable) continue;  // a resumed run stays the same experiment
        // Nor may a key that almost no configuration has.
        if (key.table() == "debug" && is_default(key, config)) continue;
        for (const char c : key.name + " = " + format_value(key, config) + "\n")
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    }
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

namespace {

template <class Wanted>
std::vector<std::string> differing(const Config& a, const Config& b, Wanted wanted) {
    std::vector<std::string> out;
    for (const Key& key : config_keys()) {
        if (!wanted(key)) continue;
        const std::string left = format_value(key, a), right = format_value(key, b);
        if (left != right) out.push_back(key.name + ": " + left + " → " + right);
    }
    return out;
}

}  // namespace

std::vector<std::string> differing_keys(const Config& a, const Config& b, bool resumable) {
    return differing(a, b, [&](const Key& key) { return !resumable || !key.resumable; });
}

std::vector<std::string> differing_data_keys(const Config& a, const Config& b) {
    static const std::set<std::string_view> kOthers = {
        "model.vocab_size", "train.seed", "train.batch", "train.seq_len", "train.grad_accum"};
    return differing(
        a, b, [](const Key& key) { return key.table() == "data" || kOthers.count(key.name) > 0; });
}

}  // namespace hopscope::core
