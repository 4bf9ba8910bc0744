#include "core/trainer/checkpoint_io.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "core/api/live_settings.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/config/parse.h"
#include "core/config/write.h"
#include "core/trainer/state_file.h"

namespace hopscope::core {
namespace {

using nlohmann::json;

constexpr size_t kMostDiffering = 2;  ///< keys that a message tells
/// What decides which numbers a model learns; the metadata and run.json name them alike.
constexpr DataPart kTrainedOn[] = {DataPart::train, DataPart::tokenizer};

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
            return usage_error(shown_path(file.path()) + ": tensor " + in_quotes(t.name) +
                               " does not belong to this configuration");
    return {};
}

/// A state.json is text: of more experts than this a resumed run begins with the loads of its
/// newest snapshot.
bool is_small(const RecentLoad& load) {
    constexpr size_t kMost = 100'000;
    size_t numbers = 0;
    for (const auto& layer : load) numbers += layer.size();
    return numbers <= kMost;
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
            {"commands", state.commands},
            {"recent_load", is_small(state.recent_load) ? state.recent_load : RecentLoad()}};
}

std::string state_file(const Checkpoint& checkpoint) {
    return checkpoint.dir + "/state.json";
}

}  // namespace

Status write_checkpoint(const Checkpoints& checkpoints, const EngineState& state,
                        const CorpusHashes& corpus) {
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
    for (const DataPart part : kTrainedOn)
        if (const auto hash = corpus.find(word(part)); hash != corpus.end())
            content.model_metadata.insert(*hash);
    content.optimizer = optimizer.list;
    content.optimizer_metadata = {{"format", "hopscope.optimizer/1"}};
    content.state_json = state_json(state).dump(1);
    return checkpoints.write(state.step, content);
}

Status check_trained_on(const SafetensorsFile& model, const CorpusHashes& corpus, bool goes_on) {
    for (const DataPart part : kTrainedOn) {
        const auto made = model.metadata().find(word(part));
        const auto own = corpus.find(word(part));
        if (made == model.metadata().end() || (own == corpus.end() && !goes_on)) continue;
        if (own == corpus.end())
            return usage_error(shown_path(model.path()) + ": these weights were trained with \"" +
                               word(part) + "\" of " + shown(made->second) +
                               ", but run.json does not say what this run's is (corpus_hashes); "
                               "put the run's own files back");
        if (made->second == own->second) continue;
        return usage_error(shown_path(model.path()) + ": these weights were trained with other " +
                           (part == DataPart::train ? "text" : "pieces of text") +
                           " than this run's (" + word(part) + ": found " + shown(made->second) +
                           ", run.json says " + shown(own->second) +
                           "); put the run's own files back");
    }
    return {};
}

namespace {

/// The weights were made by `config`: a file that was edited, or is of another run, would make
/// wrong numbers of them. What resume and live commands may change is left out.
Status check_made_by(const SafetensorsFile& file, const Config& config) {
    const std::string name = shown_path(file.path());
    const auto saved = file.metadata().find("config");
    if (saved == file.metadata().end()) return {};
    auto made_by = parse_config(saved->second, name + ": metadata \"config\"");
    if (!made_by) return made_by.error();
    for (const LiveSetting& setting : live_settings()) {
        const Value now = live_value(setting, config);
        const auto* whole = std::get_if<int64_t>(&now);
        set_live_value(setting, *made_by,
                       whole ? static_cast<double>(*whole) : std::get<double>(now));
    }
    made_by->debug = config.debug;
    auto differing = differing_keys(config, *made_by, /*resumable=*/true);
    if (differing.empty()) return {};
    for (std::string& key : differing) key = shown(key);
    return usage_error(name +
                       ": these weights were not made by the run's config.toml (which says, "
                       "and what made them): " +
                       joined_first(differing, kMostDiffering, "; ") +
                       "; put the run's own files back");
}

}  // namespace

Result<Weights> read_weights(const SafetensorsFile& file, const Config& config,
                             const at::Device& device) {
    if (auto s = check_made_by(file, config); !s) return s.error();
    std::set<std::string> known;
    auto w = read_group(file, config, "", device, known);
    if (!w) return w;
    if (auto s = no_others(file, known); !s) return s.error();
    return w;
}

Result<AsTrained> as_trained(const Checkpoint& checkpoint, Model model) {
    EngineState state;
    state.model = std::move(model);
    state.step = checkpoint.step;
    if (auto s = read_state(checkpoint.state_json, state_file(checkpoint), state); !s)
        return s.error();
    return AsTrained{std::move(state.model.config), std::move(state.recent_load)};
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
    if (auto s = read_state(checkpoint.state_json, state_file(checkpoint), state); !s)
        return s.error();
    return state;
}

}  // namespace hopscope::core
