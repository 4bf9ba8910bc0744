#include "core/trainer/state_file.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "core/api/arg_spec.h"
#include "core/api/freeze_parts.h"
#include "core/api/live_settings.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/config/check.h"

namespace hopscope::core {
namespace {

constexpr int64_t kMostTokens = int64_t{1} << 53;
constexpr double kMostSeconds = 1e12;
constexpr double kMostFp32 = std::numeric_limits<float>::max();

/// One state.json: its object and the name for messages.
struct StateFile {
    const Json& json;
    const std::string& file;

    Error wrong(const std::string& key, const Json& found, const std::string& allowed) const {
        return usage_error(file + ": \"" + key + "\": found " + shown(dump_line(found)) +
                           ", allowed " + allowed);
    }
    /// Null where it is absent.
    const Json* find(const std::string& key) const {
        const auto found = json.find(key);
        return found == json.end() ? nullptr : &*found;
    }
    Error missing(const std::string& key) const {
        return usage_error(file + ": \"" + key + "\" is missing");
    }
};

std::string range_text(int64_t low, int64_t high) {
    return "an integer, " + std::to_string(low) + " … " + std::to_string(high);
}

std::optional<int64_t> integer_of(const Json& found, int64_t low, int64_t high) {
    const auto value = json_integer(found);
    return value && *value >= low && *value <= high ? value : std::nullopt;
}

Status read_integer(const StateFile& in, const std::string& key, int64_t low, int64_t high,
                    int64_t& out) {
    const Json* found = in.find(key);
    if (!found) return in.missing(key);
    const auto value = integer_of(*found, low, high);
    if (!value) return in.wrong(key, *found, range_text(low, high));
    out = *value;
    return {};
}

Status read_seconds(const StateFile& in, double& out) {
    const Json* found = in.find("seconds");
    if (!found) return in.missing("seconds");
    if (!found->is_number() || !(found->get<double>() >= 0) || found->get<double>() > kMostSeconds)
        return in.wrong("seconds", *found, "a number, 0 … 1e12");
    out = found->get<double>();
    return {};
}

/// @param most number of the things that are counted from 0
Status read_numbers(const StateFile& in, const std::string& key, const Json& found, int64_t most,
                    const std::string& what, std::set<int64_t>& out) {
    const std::string allowed = "a list of " + what + ", 0 … " + std::to_string(most - 1);
    if (!found.is_array()) return in.wrong(key, found, allowed);
    for (const Json& item : found) {
        const auto value = integer_of(item, 0, most - 1);
        if (!value) return in.wrong(key, item, allowed);
        out.insert(*value);
    }
    return {};
}

/// The part to freeze that a word names.
Result<FreezePart> part_of(const StateFile& in, const std::string& key, const Json& found) {
    if (found.is_string())
        if (const auto part = kind_of<FreezePart>(found.get<std::string>())) return *part;
    const auto all = all_words<FreezePart>();
    return in.wrong(key, found, joined({all.begin(), all.end()}));
}

Status read_frozen(const StateFile& in, EngineState& state) {
    const Config& config = state.model.config;
    const Json* frozen = in.find("frozen");
    if (!frozen) return in.missing("frozen");
    if (!frozen->is_array()) return in.wrong("frozen", *frozen, "a list of parts");
    for (const Json& word : *frozen) {
        const auto part = part_of(in, "frozen", word);
        if (!part) return part.error();
        state.frozen.insert(*part);
    }
    const Json* experts = in.find("frozen_experts");
    if (!experts) return in.missing("frozen_experts");
    if (!experts->is_object())
        return in.wrong("frozen_experts", *experts, "lists of experts by layer");
    for (const auto& [layer, ids] : experts->items()) {
        int64_t l = -1;
        const auto end = std::from_chars(layer.data(), layer.data() + layer.size(), l);
        if (end.ec != std::errc() || end.ptr != layer.data() + layer.size() || l < 0 ||
            l >= config.model.n_layers)
            return in.wrong("frozen_experts", Json(layer),
                            "layers, 0 … " + std::to_string(config.model.n_layers - 1));
        if (auto s = read_numbers(in, "frozen_experts", ids, config.moe.experts, "experts",
                                  state.frozen_experts[l]);
            !s)
            return s;
    }
    // Files of older versions know none of what follows.
    const Json* layers = in.find("frozen_layers");
    if (!layers) return {};
    if (!layers->is_object()) return in.wrong("frozen_layers", *layers, "lists of layers by part");
    for (const auto& [word, list] : layers->items()) {
        const auto part = part_of(in, "frozen_layers", Json(word));
        if (!part) return part.error();
        if (auto s = read_numbers(in, "frozen_layers", list, config.model.n_layers, "layers",
                                  state.frozen_layers[*part]);
            !s)
            return s;
    }
    return {};
}

Result<Command> command_of(const StateFile& in, const Json& found) {
    if (!found.is_string()) return in.wrong("interventions", found, "a command as text");
    auto command = parse_command(found.get<std::string>());
    if (!command) return usage_error(in.file + ": \"interventions\": " + command.error().message);
    return command;
}

/// What acts on the model as it trains; files of older versions know none of it.
Status read_interventions(const StateFile& in, EngineState& state) {
    const Json none = Json::array(), *list = in.find("interventions");
    if (!list) list = &none;
    if (!list->is_array()) return in.wrong("interventions", *list, "a list");
    for (const Json& item : *list) {
        const bool whole = item.is_object() && item.contains("line") && item.contains("acts") &&
                           item["acts"].is_array();
        if (!whole)
            return in.wrong("interventions", item, "objects with \"line\" and the list \"acts\"");
        auto line = command_of(in, item["line"]);
        if (!line) return line.error();
        Intervention one{std::move(*line), {}};
        for (const Json& act : item["acts"]) {
            auto command = command_of(in, act);
            if (!command) return command.error();
            one.acts.push_back(std::move(*command));
        }
        state.interventions.push_back(std::move(one));
    }
    auto plan = live_plan(state.model, state.interventions);
    return plan ? Status()
                : Status(usage_error(in.file + ": \"interventions\": " + plan.error().message));
}

Status read_live(const StateFile& in, Config& config) {
    const Json* live = in.find("live");
    if (!live) return in.missing("live");
    if (!live->is_object()) return in.wrong("live", *live, "an object of numbers");
    for (const LiveSetting& setting : live_settings()) {
        const std::string& name = setting.value.name;
        // A file may be older than its key's being live: the value is then the configured one.
        const auto found = live->find(name);
        if (found == live->end()) continue;
        // Their ranges are those of the configuration, which is checked as a whole.
        const bool whole = setting.value.type == ArgType::integer;
        if (whole ? !integer_of(*found, -kMostTokens, kMostTokens).has_value()
                  : !found->is_number() || !(std::abs(found->get<double>()) <= kMostFp32))
            return in.wrong("live." + name, *found, whole ? "an integer" : "a number of fp32");
        set_live_value(setting, config, found->get<double>());
    }
    return check_config(config, in.file + ": \"live\"");
}

/// [layers][experts], or nothing yet; files of older versions know none of it.
Status read_recent_load(const StateFile& in, EngineState& state) {
    const Json* found = in.find("recent_load");
    if (!found) return {};
    const auto layers = static_cast<size_t>(state.model.config.model.n_layers);
    const auto experts = static_cast<size_t>(state.model.config.moe.experts);
    const auto wrong = [&] {
        return in.wrong("recent_load", *found,
                        "nothing or " + std::to_string(layers) + " lists of " +
                            std::to_string(experts) + " shares, 0 … 1");
    };
    if (!found->is_array() || (!found->empty() && found->size() != layers)) return wrong();
    for (const Json& layer : *found) {
        if (!layer.is_array() || layer.size() != experts) return wrong();
        for (const Json& share : layer)
            if (!share.is_number() || !(share.get<double>() >= 0 && share.get<double>() <= 1))
                return wrong();
        state.recent_load.push_back(layer.get<std::vector<double>>());
    }
    return {};
}

}  // namespace

Status read_state(const std::string& text, const std::string& file, EngineState& state) {
    const std::string name = shown_path(file);
    auto json = parse_object(text, name);
    if (!json) return json.error();
    const StateFile in{*json, name};
    if (auto s = read_live(in, state.model.config); !s) return s;
    if (auto s = read_integer(in, "tokens", 0, kMostTokens, state.tokens); !s) return s;
    const TrainConfig& train = state.model.config.train;
    int64_t trained = state.step;
    bool beyond = false;
    for (const int64_t times : {train.grad_accum, train.batch, train.seq_len})
        beyond |= __builtin_mul_overflow(trained, times, &trained);
    if (beyond || state.tokens != trained)
        return in.wrong("tokens", state.tokens,
                        beyond ? "as many as its steps have, which is beyond 64 bits"
                               : std::to_string(trained) + ", as many as its " +
                                     std::to_string(state.step) + " steps have");
    if (auto s = read_seconds(in, state.seconds); !s) return s;
    if (auto s = read_frozen(in, state); !s) return s;
    // A run that an older version began counts no commands to its end, and so writes −1 itself.
    state.commands = -1;
    if (in.find("commands"))
        if (auto s = read_integer(in, "commands", -1, kMostTokens, state.commands); !s) return s;
    if (auto s = read_recent_load(in, state); !s) return s;
    return read_interventions(in, state);
}

}  // namespace hopscope::core
