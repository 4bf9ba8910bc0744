// hopscope info: what a configuration asks for or a run holds, without opening its weights.
#include "core/api/lab.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/config/arithmetic.h"
#include "core/config/parse.h"
#include "core/config/write.h"
#include "core/run/run_folder.h"

namespace hopscope::core::lab {
namespace {

using nlohmann::ordered_json;

ordered_json counts_json(const Config& config) {
    const ModelCounts counts = count_model(config);
    const ParameterCounts& p = counts.parameters;
    const FlopCounts& f = counts.flops;
    const MemoryCounts& m = counts.memory;
    ordered_json j;
    j["parameters"] = {{"total", p.total},
                       {"embedding", p.embedding},
                       {"attention", p.attention},
                       {"experts", p.experts},
                       {"routing", p.routing},
                       {"routing_projection", p.routing_projection},
                       {"routing_centroids", p.routing_centroids},
                       {"routing_kinematic", p.routing_kinematic},
                       {"routing_linear", p.routing_linear},
                       {"routing_live", p.routing_live},
                       {"norms", p.norms},
                       {"dense", p.dense},
                       {"other", p.other}};
    j["flops_per_token"] = {{"experts", f.experts},     {"routing", f.routing},
                            {"attention", f.attention}, {"head", f.head},
                            {"dense", f.dense},         {"total", f.total}};
    j["memory_bytes"] = {{"weights", m.weights},
                         {"optimizer", m.optimizer},
                         {"gradients", m.gradients},
                         {"activations", m.activations},
                         {"total", m.total}};
    return j;
}

}  // namespace

Result<std::string> info(const std::string& target, bool is_config,
                         const std::vector<std::string>& overrides) {
    ordered_json j = {{"format", "hopscope.info/1"}};
    Result<Config> config = usage_error("");
    if (is_config) {
        config = load_config(target, overrides);
        if (!config) return config.error();
        j["name"] = config_name_of(target);
    } else {
        auto folder = RunFolder::open(target, /*writer=*/false);
        if (!folder) return folder.error();
        config = stored_config(*folder, overrides);
        if (!config) return config.error();
        const auto steps = folder->checkpoints().steps();
        j["name"] = folder->name();
        j["run"] = folder->name();
        j["step"] = steps.empty() ? ordered_json(nullptr) : ordered_json(steps.back());
        j["config_hash"] = folder->info().config_hash;
        j["run_info"] = ordered_json::parse(run_info_json(folder->info()));
        j["checkpoints"] = steps;
    }
    if (is_config) j["config_hash"] = config_hash(*config);
    j.update(counts_json(*config));
    j["config"] = to_toml(*config);
    return dump_pretty(j);
}

}  // namespace hopscope::core::lab
