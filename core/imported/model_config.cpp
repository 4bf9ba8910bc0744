#include "core/imported/model_config.h"

#include <algorithm>

#include "core/base/names.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

constexpr int64_t kMost = int64_t{1} << 53;
constexpr double kMostNumber = 1e30;

std::string range_text(const std::string& low, const std::string& high) {
    return low + " … " + high;
}

/// What config.json may call a way to choose that `rule` is.
struct Words {
    std::vector<std::string> method, scoring;
};

Words words_for(RoutingRule rule) {
    switch (rule) {
        case RoutingRule::grouped_softmax:
            return {{"greedy", "group_limited_greedy"}, {"softmax"}};
        case RoutingRule::grouped_sigmoid:
            return {{"noaux_tc"}, {"sigmoid", "noaux_tc"}};  // dots1 has the latter
        case RoutingRule::softmax_top_k:
        case RoutingRule::top_k_softmax:
        case RoutingRule::corrected_softmax:
            return {{}, {"softmax"}};
        case RoutingRule::corrected_sigmoid:
        case RoutingRule::top_k_sigmoid:
            return {{}, {"sigmoid"}};
        case RoutingRule::sparse_mixer:
        case RoutingRule::unknown:
            break;
    }
    return {};
}

/// `rule`, or unknown where a word of config.json is none of those that it has.
RoutingRule rule_by_config(PublishedConfig& config, RoutingRule rule,
                           std::vector<std::string>& warnings) {
    const Words words = words_for(rule);
    for (const auto& [key, known] :
         {std::pair("topk_method", &words.method), std::pair("scoring_func", &words.scoring)}) {
        if (known->empty()) continue;
        const std::string found = config.text(key);
        if (found.empty() || std::find(known->begin(), known->end(), found) != known->end())
            continue;
        warnings.push_back("config.json says \"" + std::string(key) + "\": " + in_quotes(found) +
                           ", known for this family is " + joined(*known) +
                           "; its rule is unknown, and the model has geometry alone");
        rule = RoutingRule::unknown;
    }
    return rule;
}

}  // namespace

const Json* PublishedConfig::find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
}

void PublishedConfig::wrong(const char* key, const Json& found, const std::string& allowed) {
    if (status_)
        status_ = usage_error(shown_path(path_) + ": \"" + key + "\": found " +
                              shown(dump_line(found)) + ", allowed " + allowed);
}

std::optional<int64_t> PublishedConfig::integer(std::initializer_list<const char*> keys,
                                                int64_t low, int64_t high) {
    for (const char* key : keys)
        if (const Json* value = find(key)) {
            // A list has a number for each layer; read are those that are all the same.
            const bool same = value->is_array() && !value->empty() &&
                              std::all_of(value->begin(), value->end(),
                                          [&](const Json& one) { return one == value->front(); });
            const auto read = json_integer(same ? value->front() : *value);
            if (read && *read >= low && *read <= high) return read;
            wrong(key, *value, range_text(std::to_string(low), std::to_string(high)));
            return std::nullopt;
        }
    return std::nullopt;
}

std::optional<double> PublishedConfig::number(const char* key, double low, double high) {
    const Json* value = find(key);
    if (!value) return std::nullopt;
    if (value->is_number())
        if (const double x = value->get<double>(); x >= low && x <= high) return x;
    wrong(key, *value, "a number " + range_text(dump_line(low), dump_line(high)));
    return std::nullopt;
}

std::optional<bool> PublishedConfig::flag(const char* key) {
    const Json* value = find(key);
    if (!value) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    wrong(key, *value, "true, false");
    return std::nullopt;
}

std::string PublishedConfig::text(const char* key) {
    const Json* value = find(key);
    if (!value) return "";
    if (value->is_string()) return value->get<std::string>();
    wrong(key, *value, "a text");
    return "";
}

std::optional<std::vector<int64_t>> PublishedConfig::integers(const char* key) {
    const Json* value = find(key);
    if (!value || !value->is_array()) return std::nullopt;
    std::vector<int64_t> out;
    for (const Json& item : *value) {
        const auto read = json_integer(item);
        if (!read) {
            wrong(key, item, "a list of integers");
            return std::nullopt;
        }
        out.push_back(*read);
    }
    return out;
}

RuleSettings rule_settings(PublishedConfig& config, const Family& family,
                           std::vector<std::string>& warnings) {
    RuleSettings s;
    s.rule = rule_by_config(config, family.rule, warnings);
    s.top_k =
        config
            .integer({"num_experts_per_tok", "moe_k", "experts_per_token", "moe_top_k", "moe_topk"},
                     1, kMostExperts)
            .value_or(0);
    if (s.rule == RoutingRule::unknown) return s;
    s.normalise = family.always_divides || config.flag("norm_topk_prob").value_or(family.normalise);
    const bool grouped = s.rule == RoutingRule::grouped_sigmoid ||
                         (s.rule == RoutingRule::grouped_softmax &&
                          config.text("topk_method") == "group_limited_greedy");
    if (grouped) {
        s.groups = config.integer({"n_group"}, 1, kMostExperts).value_or(family.groups);
        s.kept_groups =
            config.integer({"topk_group"}, 1, kMostExperts).value_or(family.kept_groups);
    }
    if (s.rule == RoutingRule::grouped_sigmoid || s.rule == RoutingRule::grouped_softmax)
        s.scale = static_cast<float>(
            config.number("routed_scaling_factor", 0, kMostNumber)
                .value_or(config.number("route_scale", 0, kMostNumber).value_or(family.scale)));
    if (s.rule == RoutingRule::sparse_mixer)
        s.jitter = static_cast<float>(
            config.number("router_jitter_noise", 0, kMostNumber).value_or(family.jitter));
    if (s.rule == RoutingRule::corrected_softmax)
        s.least_sum = static_cast<float>(
            config.number("moe_norm_min", 0, kMostNumber).value_or(family.least_sum));
    return s;
}

std::optional<std::vector<bool>> mixture_by_config(PublishedConfig& config, int64_t hidden_layers) {
    std::vector<bool> mixture(static_cast<size_t>(hidden_layers), true);
    bool said = false;
    const auto keep = [&](auto has_one) {
        said = true;
        for (int64_t l = 0; l < hidden_layers; ++l)
            if (!has_one(l)) mixture[static_cast<size_t>(l)] = false;
    };
    if (const auto first = config.integer({"first_k_dense_replace"}, 0, kMost))
        keep([&](int64_t l) { return l >= *first; });
    if (const auto which = config.integers("moe_layer_freq"))
        keep([&](int64_t l) {
            return l >= static_cast<int64_t>(which->size()) ||
                   (*which)[static_cast<size_t>(l)] != 0;
        });
    else if (const auto every = config.integer({"moe_layer_freq"}, 1, kMost))
        keep([&](int64_t l) { return l % *every == 0; });
    for (const char* key : {"decoder_sparse_step", "moe_layer_interval"})
        if (const auto every = config.integer({key}, 1, kMost))
            keep([&](int64_t l) { return (l + 1) % *every == 0; });
    if (const auto start = config.integer({"moe_layer_start_index"}, 0, kMost))
        keep([&](int64_t l) { return l >= *start; });
    if (const auto end = config.integer({"moe_layer_end_index"}, -1, kMost); end && *end >= 0)
        keep([&](int64_t l) { return l <= *end; });
    if (const auto dense = config.integers("mlp_only_layers"))
        keep([&](int64_t l) { return std::find(dense->begin(), dense->end(), l) == dense->end(); });
    if (const auto layers = config.integers("moe_layers"))
        keep([&](int64_t l) {
            return std::find(layers->begin(), layers->end(), l) != layers->end();
        });
    return said ? std::optional(std::move(mixture)) : std::nullopt;
}

}  // namespace hopscope::core
