// hopscope eval: losses of a checkpoint under inference-time changes (hopscope.eval/1).
#include <algorithm>
#include <cmath>

#include "core/api/lab.h"
#include "core/api/needs.h"
#include "core/base/json.h"
#include "core/base/scratch.h"
#include "core/base/stopwatch.h"
#include "core/config/arithmetic.h"
#include "core/lab/interrupt.h"
#include "core/model/sound.h"
#include "core/run/document.h"
#include "core/run/eval_origin.h"
#include "core/train/evaluate.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"
#include "core/trainer/run_data.h"

namespace hopscope::core::lab {
namespace {

/// Most experts that a hop can choose: those of the smallest pool.
int64_t highest_top_k(const Config& config) {
    int64_t most = config.moe.experts;
    for (int64_t l = 0; l < config.model.n_layers; ++l)
        most = std::min(most, pool_sizes(config.moe, config.moe.hops_of(l)).back());
    return most;
}

/// An option that this model cannot follow is refused: a loss that looks like an answer would
/// mislead.
Status check_model(const Config& config, const EvalOptions& o) {
    const auto& moe = config.moe;
    const struct {
        const char* name;
        bool given;
        Need need;
    } options[] = {
        {"--hops", o.hops > 0, Need::hops},  {"--top-k", o.top_k > 0, Need::experts},
        {"--tau", o.tau > 0, Need::router},  {"--freeze-routing", o.freeze_routing, Need::routing},
        {"--halt", o.halt >= 0, Need::hops}, {"--no-experts", o.no_experts, Need::experts}};
    for (const auto& [name, given, need] : options)
        if (const auto why = missing(need, config); given && why)
            return usage_error(std::string(name) + ": " + o.run + ": " + *why +
                               "; leave the option out");
    const int64_t most = highest_top_k(config);
    if (o.top_k > most)
        return usage_error(
            "--top-k: found " + std::to_string(o.top_k) + ", allowed 1 … " + std::to_string(most) +
            (moe.pools == Pools::unrolled ? " (the smallest pool of a hop)" : " (moe.experts)"));
    if (o.top_k > 0 && o.top_k % moe.groups() != 0)
        return usage_error("--top-k: found " + std::to_string(o.top_k) + ", allowed multiples of " +
                           std::to_string(moe.groups()) + " (moe.composition = \"" +
                           word(moe.composition) + "\")");
    if (o.tau > 0 && !moe.scales_by_tau())
        return usage_error("--tau: moe.router = \"" + word(moe.router) +
                           "\" scales no cosine by tau here; leave the option out");
    return {};
}

Result<PassChanges> changes_from(const Config& config, const EvalOptions& o) {
    PassChanges c;
    c.freeze_routing = o.freeze_routing;
    c.zero_experts = o.no_experts;
    c.hop_limit = o.hops;
    c.top_k = o.top_k;
    c.tau = o.tau;
    c.halt_epsilon = o.halt;
    if (o.hops < 0)
        return usage_error("--hops: found " + std::to_string(o.hops) + ", allowed 1 or more");
    if (o.top_k < 0)
        return usage_error("--top-k: found " + std::to_string(o.top_k) + ", allowed 1 or more");
    if (o.tau < 0 || std::isnan(o.tau))
        return usage_error("--tau: found " + std::to_string(o.tau) + ", allowed above 0");
    if (o.batches < 1)
        return usage_error("--batches: found " + std::to_string(o.batches) + ", allowed 1 or more");
    if (auto s = check_model(config, o); !s) return s.error();
    return c;
}

/// What was asked to differ from the run as trained.
std::map<std::string, std::string> changes_of(const EvalOptions& o) {
    std::map<std::string, std::string> out;
    const auto note = [&](bool changed, const char* key, const nlohmann::json& value) {
        if (changed) out[key] = dump_line(value);
    };
    note(o.hops > 0, "hops", o.hops);
    note(o.top_k > 0, "top_k", o.top_k);
    note(o.tau > 0, "tau", o.tau);
    note(o.halt >= 0, "halt", o.halt);
    note(o.freeze_routing, "freeze_routing", true);
    note(o.no_experts, "no_experts", true);
    if (o.precision != Precision::fp32) out["precision"] = word(o.precision);
    return out;
}

}  // namespace

Result<std::string> eval(const EvalOptions& o) {
    try {
        auto run = open_run(o.run, o.precision);
        if (!run) return run.error();
        auto changes = changes_from(run->model.config, o);
        if (!changes) return changes.error();
        auto scratch = Scratch::make("eval");
        if (!scratch) return scratch.error();
        const Progress progress = interruptible(o.on_progress);
        auto source = eval_source(run->folder, run->model.config, run->tokenizer, o.corpus, o.split,
                                  scratch->path(), progress);
        if (!source) return source.error();
        const Stopwatch watch;
        auto result = evaluate(run->model, *source, o.batches, *changes, progress);
        if (!result) return result.error();
        if (!std::isfinite(std::exp(result->loss)))
            return diverged("the perplexity (loss " + std::to_string(result->loss) +
                            " nats per token)");
        const double seconds = watch.seconds();

        auto j = document("hopscope.eval/1", run->folder, run->step, run->model.config);
        j["split"] = word(o.split);
        j["corpus"] = o.corpus.empty() ? source_name(run->model.config) : o.corpus;
        j["tokens"] = result->tokens;
        j["loss"] = json_number(result->loss);
        j["perplexity"] = json_number(std::exp(result->loss));
        j["batches"] = nlohmann::json::array();
        for (const double b : result->batches) j["batches"].emplace_back(json_number(b));
        const bool dense = run->model.config.is_dense();
        j["hops_executed"] =
            dense ? nlohmann::json::array() : nlohmann::json(result->hops_executed);
        j["jaccard"] = dense ? nlohmann::json::array() : nlohmann::json(result->jaccard);
        j["seconds"] = seconds;
        EvalOrigin origin = eval_origin(run->model.config, run->folder.info(), run->step);
        origin.data_hash = source->tokens().content_hash();
        origin.changes = changes_of(o);
        if (!o.corpus.empty()) origin.corpus = o.corpus;
        add_origin(j, origin);
        return dump_pretty(j);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
