#include "core/lab/open_run.h"

#include "core/config/config.h"
#include "core/lab/checkpoint_io.h"
#include "core/lab/device.h"
#include "core/lab/json_out.h"
#include "core/lab/run_data.h"

namespace hopscope::core {

nlohmann::ordered_json document(const std::string& format, const RunFolder& folder, int64_t step,
                                const Config& config) {
    nlohmann::ordered_json out = {{"format", format},
                                  {"run", folder.name()},
                                  {"step", step},
                                  {"config_hash", folder.info().config_hash},
                                  {"live", nlohmann::ordered_json::object()}};
    // The run was opened by this file, so it reads; a document must not be lost to a rewrite of it.
    if (const auto toml = folder.config_toml())
        if (const auto configured = parse_config(*toml, folder.config_path()))
            out["live"] = live_settings(*configured, config);
    return out;
}

nlohmann::ordered_json live_settings(const Config& configured, const Config& now) {
    auto out = nlohmann::ordered_json::object();
    const auto note = [&](const char* key, auto before, auto after) {
        if (before != after) out[key] = after;
    };
    note("train.lr", configured.train.lr, now.train.lr);
    note("train.balance_alpha", configured.train.balance_alpha, now.train.balance_alpha);
    note("train.clip", configured.train.clip, now.train.clip);
    note("moe.tau", configured.moe.tau, now.moe.tau);
    note("moe.top_k", configured.moe.top_k, now.moe.top_k);
    note("model.dropout", configured.model.dropout, now.model.dropout);
    return out;
}

nlohmann::ordered_json script_json(const std::vector<Command>& script) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& command : script)
        out.push_back(nlohmann::ordered_json::parse(to_json(command)));
    return out;
}

Result<OpenRun> open_run(const std::string& dir, const std::string& precision) {
    if (precision != "fp32" && precision != "bf16")
        return usage_error("--precision: found \"" + precision + "\", allowed fp32, bf16");
    auto folder = RunFolder::open(dir, /*writer=*/false);
    if (!folder) return folder.error();
    auto toml = folder->config_toml();
    if (!toml) return toml.error();
    auto config = parse_config(*toml, folder->config_path());
    if (!config) return config.error();
    auto tokenizer = load_run_tokenizer(*folder, *config);
    if (!tokenizer) return tokenizer.error();
    // Checkpoints appear whole, so the newest either opens or is damaged; an older one in its place
    // would mislead.
    const auto steps = folder->checkpoints().steps();
    if (steps.empty())
        return usage_error(dir +
                           ": no complete checkpoint yet; wait for the first one "
                           "(train.checkpoint_every), or stop "
                           "the run, which writes one");
    auto checkpoint = folder->checkpoints().open(steps.back());
    if (!checkpoint) return checkpoint.error();
    if (auto s = apply_live_settings(*checkpoint, *config); !s) return s.error();
    auto weights = read_weights(checkpoint->model, *config, at::kCPU);
    if (!weights) return weights.error();
    if (precision == "bf16")
        *weights = weights->map([](Group group, const at::Tensor& t) {
            const bool narrow =
                t.dim() >= 2 && group != Group::router_projection && group != Group::centroids;
            return narrow ? t.to(at::kBFloat16) : t;
        });
    TrainConfig plain;
    plain.device = "cpu";
    use_threads(resolve_device(plain)->threads);
    const int64_t step = checkpoint->step;
    return OpenRun{std::move(*folder), std::move(*config), std::move(*tokenizer),
                   std::move(*weights), step};
}

}  // namespace hopscope::core
