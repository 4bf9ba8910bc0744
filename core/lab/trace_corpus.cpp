// hopscope trace --corpus: the routing of a whole corpus as tensors (hopscope.routing/1).
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cmath>

#include "core/api/lab.h"
#include "core/base/json.h"
#include "core/base/new_file.h"
#include "core/base/scratch.h"
#include "core/base/stopwatch.h"
#include "core/config/write.h"
#include "core/lab/interrupt.h"
#include "core/lab/routing_dump.h"
#include "core/measure/each_batch.h"
#include "core/model/sound.h"
#include "core/probe/trace.h"
#include "core/run/document.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"
#include "core/trainer/run_data.h"

namespace hopscope::core::lab {
namespace {

constexpr const char* kFormat = "hopscope.routing/1";

Status check(const RoutingDumpOptions& o) {
    if (o.batches < 0)
        return usage_error("--batches: found " + std::to_string(o.batches) +
                           ", allowed 1 or more, or 0 for all");
    return check_output(o.out, OutputUse::places);
}

/// @param ids [B, T], targets [B·T]: the token after each
TracedBatch traced(const Model& edited, const Plan& plan, const BatchTensors& batch,
                   bool positions) {
    auto pass = traced_pass(edited, plan, batch.ids, positions);
    TracedBatch out;
    out.sequences = batch.ids.size(0);
    out.length = batch.ids.size(1);
    out.layers = std::move(pass.layers);
    const auto nll = nll_of_targets(edited.weights, pass.hidden, batch.targets);
    for (int64_t b = 0; b < out.sequences; ++b) {
        const auto first = nll.begin() + b * out.length, last = first + out.length - 1;
        out.nll.push_back(kNaN);
        out.nll.insert(out.nll.end(), first, last);
        out.next_nll.push_back(*last);
        out.next_token.push_back(
            static_cast<int32_t>(batch.targets[(b + 1) * out.length - 1].item().toLong()));
    }
    const auto ids = batch.ids.to(at::kCPU, at::kInt).contiguous();
    out.tokens.assign(ids.const_data_ptr<int32_t>(), ids.const_data_ptr<int32_t>() + ids.numel());
    return out;
}

/// What a reader needs to know beside the tensors; pieces, so that no tokenizer is needed.
/// @param live the settings that were changed while the run trained
std::map<std::string, std::string> metadata_of(const RoutingDumpOptions& o, const OpenRun& run,
                                               const BatchSource& source, const OrderedJson& live) {
    Json pieces = Json::array();
    for (int64_t i = 0; i < run.tokenizer.size(); ++i)
        pieces.push_back(run.tokenizer.piece(static_cast<int32_t>(i)));
    return {{"format", kFormat},
            {"run", run.folder.name()},
            {"step", std::to_string(run.step)},
            {"config_hash", run.folder.info().config_hash},
            {"live", dump_ordered_line(live)},
            {"config", to_toml(run.model.config)},
            {"corpus", o.corpus.empty() ? source_name(run.model.config) : o.corpus},
            {"split", o.corpus.empty() ? word(o.split) : ""},
            {"corpus_hash", source.tokens().info().corpus_hash},
            {"data_hash", source.tokens().content_hash()},
            {"tokenizer_hash", run.tokenizer.hash()},
            {"pack", word(run.model.config.data.pack)},
            {"batch", std::to_string(source.batch())},
            {"precision", word(o.precision)},
            {"script", dump_ordered_line(script_json(o.script))},
            {"pieces", dump_line(pieces)}};
}

/// Which text it was, for the document.
void describe(OrderedJson& j, const RoutingDumpOptions& o, const OpenRun& run,
              const BatchSource& source) {
    j["corpus"] = o.corpus.empty() ? source_name(run.model.config) : o.corpus;
    if (o.corpus.empty()) j["split"] = word(o.split);
    j["data_hash"] = source.tokens().content_hash();
}

struct Sum {
    double nll = 0;
    int64_t tokens = 0, unknown = 0;
    void add(const std::vector<float>& values) {
        for (const float v : values) {
            if (std::isnan(v)) {
                ++unknown;
                continue;
            }
            nll += v;
            ++tokens;
        }
    }
};

}  // namespace

const std::vector<Definition>& trace_definitions() {
    static const std::vector<Definition> kDefinitions = {
        {"corpus",
         "with --out FILE and no prompt, the routing of a whole text is written as safetensors "
         "(hopscope.routing/1): of --corpus, else of the run's own --split. The text is cut as "
         "eval cuts it, into S sequences of T = train.seq_len tokens; row [i, t] is token t of "
         "sequence i"},
        {"tokens", "[S, T] ids; the metadata key pieces has their text"},
        {"nll", "[S, T] nats, of the token given the ones before; NaN for the first"},
        {"next_token, next_nll",
         "[S] the token behind the sequence and its NLL; the mean of all NLLs is eval's loss"},
        {"layers.L.attention_norm, .update_norm", "[S, T] as in the trace of a prompt"},
        {"layers.L.hops.H.experts",
         "[S, T, k] by falling weight, rows of router.centroids; int16 (int32 from 32,769 "
         "experts); -1 where the token did not run the hop"},
        {"layers.L.hops.H.weights", "[S, T, k] NaN where not run; fp16 with --half"},
        {"layers.L.hops.H.entropy, .max_prob",
         "[S, T] nats, probability; of the full softmax; absent for the hash router"},
        {"layers.L.hops.H.update_norm, .halt_ratio, .executed", "[S, T] .executed is 0 or 1"},
        {"layers.L.hops.H.position",
         "[S, T, s] with --positions: what routing used; absent for routers without positions"},
        {"metadata",
         "format, run, step, config (TOML, settings changed while training applied), config_hash "
         "(of the run as configured), live (those settings, JSON), corpus, split, corpus_hash, "
         "data_hash, tokenizer_hash, pack, batch, precision, script and pieces (JSON)"},
    };
    return kDefinitions;
}

Result<std::string> trace_corpus(const RoutingDumpOptions& o) {
    try {
        const Stopwatch watch;
        if (auto s = check(o); !s) return s.error();
        auto run = open_run(o.run, o.precision);
        if (!run) return run.error();
        auto plan = make_plan(run->model, o.script, run->model.config.train.seed);
        if (!plan) return plan.error();
        if (auto s = check_tokens(*plan, run->model.config.train.seq_len); !s) return s.error();
        auto scratch = Scratch::make("trace");
        if (!scratch) return scratch.error();
        Status written;
        Progress progress = interruptible(o.on_progress);
        bool finite = true;
        // A disk that is full ends the loop as a signal does.
        progress.cancelled = [&] { return !written || !finite || interrupted(); };
        auto source = eval_source(run->folder, run->model.config, run->tokenizer, o.corpus, o.split,
                                  scratch->path(), progress);
        if (!source) return source.error();
        const int64_t all = source->eval_batches(),
                      n = o.batches > 0 ? std::min(o.batches, all) : all;
        const int64_t sequences = n * source->batch();

        const c10::AutoGradMode no_grad(false);
        const auto edited = edited_model(run->model, *plan);
        auto j = document(kFormat, run->folder, run->step, run->model.config);
        RoutingDump dump(o.out, run->model.config, {o.positions, o.half}, sequences,
                         metadata_of(o, *run, *source, j.at("live")));
        Sum sum;
        int64_t firsts = 0;
        const auto done =
            each_batch(*source, n, run->model.weights.embed.device(), "routing of batch", progress,
                       [&](int64_t, const BatchTensors& batch) {
                           const auto rows = traced(edited, *plan, batch, o.positions);
                           sum.add(rows.nll);
                           sum.add(rows.next_nll);
                           firsts += rows.sequences;  // nothing stands before them
                           finite = sum.unknown == firsts && std::isfinite(sum.nll);
                           written = dump.add(rows);
                       });
        if (!written) return written.error();
        if (!finite) return diverged("the loss of a token");
        if (!done) return done.error();
        if (auto s = dump.finish(); !s) return s.error();

        j["file"] = o.out;
        j["bytes"] = dump.bytes();
        describe(j, o, *run, *source);
        j["sequences"] = sequences;
        j["length"] = source->seq_len();
        j["loss"] = json_number(sum.nll / static_cast<double>(sum.tokens));
        j["script"] = script_json(o.script);
        j["precision"] = word(o.precision);
        j["seconds"] = watch.seconds();
        return dump_pretty(j);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
