#include "core/trainer/checkpoint_io.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "core/api/freeze_parts.h"
#include "core/api/live_settings.h"
#include "core/base/names.h"
#include "core/config/config.h"

namespace hopscope::core {
namespace {

using nlohmann::json;

/// CPU copies of tensors together with the views that name them.
struct Views {
    std::vector<at::Tensor> hold;
    std::vector<TensorView> list;

    void add(const std::string& name, const at::Tensor& t) {
        hold.push_back(t.detach().to(at::kCPU, at::kFloat).contiguous());
        const auto& c = hold.back();
        list.push_back({name, "F32", c.sizes().vec(), c.const_data_ptr<float>(),
                        static_cast<size_t>(c.nbytes())});
    }
};

Result<at::Tensor> tensor_of(const SafetensorsFile& file, const std::string& name,
                             const at::Tensor& like, const at::Device& device) {
    auto view = file.expect(name, "F32", like.sizes().vec());
    if (!view) return view.error();
    auto t = at::empty(like.sizes(), at::TensorOptions().dtype(at::kFloat));
    std::memcpy(t.mutable_data_ptr(), (*view)->data, (*view)->bytes);
    return t.to(device);
}

Result<Weights> read_group(const SafetensorsFile& file, const Config& config,
                           const std::string& prefix, const at::Device& device,
                           std::set<std::string>& known) {
    auto w = make_weights(config);
    Status status;
    w.for_each([&](const std::string& name, Group, at::Tensor& t) {
        if (!status) return;
        known.insert(prefix + name);
        auto read = tensor_of(file, prefix + name, t, device);
        if (read)
            t = *read;
        else
            status = read.error();
    });
    if (!status) return status.error();
    return w;
}

Status no_others(const SafetensorsFile& file, const std::set<std::string>& known) {
    for (const auto& t : file.tensors())
        if (!known.count(t.name))
            return usage_error(file.path() + ": tensor \"" + t.name +
                               "\" does not belong to this configuration");
    return {};
}

json state_json(const EngineState& state) {
    json live = json::object();
    for (const LiveSetting& setting : live_settings())
        std::visit([&](const auto& v) { live[setting.value.name] = v; },
                   live_value(setting, state.model.config));
    json frozen = json::array(), frozen_layers = json::object(), experts = json::object();
    for (const FreezePart part : state.frozen) frozen.push_back(word(part));
    for (const auto& [part, layers] : state.frozen_layers) frozen_layers[word(part)] = layers;
    for (const auto& [layer, ids] : state.frozen_experts) experts[std::to_string(layer)] = ids;
    json interventions = json::array();
    for (const auto& one : state.interventions) {
        json acts = json::array();
        for (const auto& act : one.acts) acts.push_back(to_json(act));
        interventions.push_back({{"line", to_json(one.command)}, {"acts", acts}});
    }
    return {{"tokens", state.tokens},
            {"seconds", state.seconds},
            {"live", live},
            {"frozen", frozen},
            {"frozen_experts", experts},
            {"frozen_layers", frozen_layers},
            {"interventions", interventions},
            {"commands", state.commands}};
}

Status read_frozen(const json& j, const std::string& file, EngineState& state) {
    const auto part_named = [&](const std::string& found) -> Result<FreezePart> {
        if (const auto part = kind_of<FreezePart>(found)) return *part;
        const auto all = all_words<FreezePart>();
        return usage_error(file + ": frozen: found \"" + found + "\", allowed " +
                           joined({all.begin(), all.end()}));
    };
    for (const json& found : j.at("frozen")) {
        const auto part = part_named(found.get<std::string>());
        if (!part) return part.error();
        state.frozen.insert(*part);
    }
    const json some = j.value("frozen_layers", json::object());
    for (const auto& [found, layers] : some.items()) {
        const auto part = part_named(found);
        if (!part) return part.error();
        state.frozen_layers[*part] = layers.get<std::set<int64_t>>();
    }
    for (const auto& [layer, ids] : j.at("frozen_experts").items())
        state.frozen_experts[std::stoll(layer)] = ids.get<std::set<int64_t>>();
    return {};
}

/// What acts on the model as it trains; files of older versions know none of it.
Status read_interventions(const json& j, const std::string& file, EngineState& state) {
    state.commands = j.value("commands", int64_t{-1});
    for (const auto& item : j.value("interventions", json::array())) {
        std::vector<std::string> lines = {item.at("line").get<std::string>()};
        for (const auto& act : item.at("acts")) lines.push_back(act.get<std::string>());
        std::vector<Command> commands;
        for (const auto& line : lines) {
            auto command = parse_command(line);
            if (!command) return usage_error(file + ": " + command.error().message);
            commands.push_back(std::move(*command));
        }
        state.interventions.push_back({commands.front(), {commands.begin() + 1, commands.end()}});
    }
    auto plan = live_plan(state.model, state.interventions);
    if (!plan) return usage_error(file + ": " + plan.error().message);
    return {};
}

}  // namespace

Status write_checkpoint(const Checkpoints& checkpoints, const EngineState& state) {
    Views weights, optimizer;
    state.model.weights.for_each(
        [&](const std::string& name, Group, const at::Tensor& t) { weights.add(name, t); });
    state.m.for_each([&](const std::string& name, Group, const at::Tensor& t) {
        optimizer.add("m." + name, t);
    });
    state.v.for_each([&](const std::string& name, Group, const at::Tensor& t) {
        optimizer.add("v." + name, t);
    });
    // The faults forced on the process that writes it are not part of a checkpoint.
    Config trained = state.model.config;
    trained.debug = {};
    CheckpointContent content;
    content.model = weights.list;
    content.model_metadata = {{"format", "hopscope.model/1"},
                              {"config", to_toml(trained)},
                              {"step", std::to_string(state.step)}};
    content.optimizer = optimizer.list;
    content.optimizer_metadata = {{"format", "hopscope.optimizer/1"}};
    content.state_json = state_json(state).dump(1);
    return checkpoints.write(state.step, content);
}

Result<Weights> read_weights(const SafetensorsFile& file, const Config& config,
                             const at::Device& device) {
    std::set<std::string> known;
    auto w = read_group(file, config, "", device, known);
    if (!w) return w;
    if (auto s = no_others(file, known); !s) return s.error();
    return w;
}

Status apply_live_settings(const Checkpoint& checkpoint, Config& config) {
    try {
        const auto live = json::parse(checkpoint.state_json).at("live");
        for (const LiveSetting& setting : live_settings()) {
            // A file may be older than its key's being live: the value is then the configured one.
            const auto found = live.find(setting.value.name);
            if (found != live.end()) set_live_value(setting, config, found->get<double>());
        }
    } catch (const std::exception& e) {
        return usage_error(checkpoint.dir + "/state.json: not a hopscope.state/1 file (" +
                           e.what() + ")");
    }
    return check_config(config, checkpoint.dir + "/state.json");
}

Result<EngineState> read_checkpoint(const Checkpoint& checkpoint, const Config& config,
                                    const at::Device& device) {
    EngineState state;
    auto weights = read_weights(checkpoint.model, config, device);
    if (!weights) return weights.error();
    std::set<std::string> known;
    auto m = read_group(checkpoint.optimizer, config, "m.", device, known);
    if (!m) return m.error();
    auto v = read_group(checkpoint.optimizer, config, "v.", device, known);
    if (!v) return v.error();
    if (auto s = no_others(checkpoint.optimizer, known); !s) return s.error();
    state.model = {config, *weights};
    state.m = *m;
    state.v = *v;
    state.step = checkpoint.step;
    if (auto s = apply_live_settings(checkpoint, state.model.config); !s) return s.error();
    try {
        const auto j = json::parse(checkpoint.state_json);
        state.tokens = j.at("tokens").get<int64_t>();
        state.seconds = j.at("seconds").get<double>();
        const std::string file = checkpoint.dir + "/state.json";
        if (auto s = read_frozen(j, file, state); !s) return s.error();
        if (auto s = read_interventions(j, file, state); !s) return s.error();
    } catch (const std::exception& e) {
        return usage_error(checkpoint.dir + "/state.json: not a hopscope.state/1 file (" +
                           e.what() + ")");
    }
    return state;
}

}  // namespace hopscope::core
