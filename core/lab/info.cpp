// hopscope info: what a configuration asks for, a run holds or a published model consists of,
// without opening weights.
#include "core/api/lab.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/config/arithmetic.h"
#include "core/config/parse.h"
#include "core/config/write.h"
#include "core/imported/import_model.h"
#include "core/imported/imported_document.h"
#include "core/imported/imported_run.h"
#include "core/imported/model_folder.h"
#include "core/lab/exported_model.h"
#include "core/run/run_folder.h"

namespace hopscope::core::lab {
namespace {

using nlohmann::ordered_json;

constexpr const char* kFormat = "hopscope.info/1";

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

/// Of the folder of a published model.
Result<std::string> model_info(const std::string& dir) {
    if (auto s = check_not_exported(dir); !s) return s.error();
    const auto model = ModelFolder::open(dir);
    if (!model) return model.error();
    const auto layout = layout_of(*model);
    if (!layout) return layout.error();
    ordered_json j = {{"format", kFormat}, {"name", name_of_model(dir)}};
    j.update(layout_json(*layout, parameter_counts(*model, *layout), dtype_counts(*model)));
    return dump_pretty(j);
}

/// What imported.json tells, and how the run stands.
Result<std::string> imported_info(const std::string& dir) {
    const auto run = ImportedRun::open(dir);
    if (!run) return run.error();
    auto j = ordered_json::parse(run->document());
    j["format"] = kFormat;
    j["run"] = folder_name(dir);
    j["run_info"] = ordered_json::parse(run_info_json(run->info()));
    return dump_pretty(j);
}

}  // namespace

Result<std::string> info(const std::string& target, bool is_config,
                         const std::vector<std::string>& overrides) {
    if (!is_config && is_imported_run(target)) return imported_info(target);
    // GGUF is refused in the words of models, not as a run that lacks its files.
    if (!is_config && (is_model_folder(target) || target.ends_with(".gguf")))
        return model_info(target);
    ordered_json j = {{"format", kFormat}};
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
