// hopscope halting: the halting table of one or more runs with measured time (hopscope.halting/1).
#include <cmath>

#include "core/api/lab.h"
#include "core/api/needs.h"
#include "core/base/json.h"
#include "core/base/scratch.h"
#include "core/base/utf8.h"
#include "core/lab/halting_table.h"
#include "core/lab/interrupt.h"
#include "core/run/document.h"
#include "core/stats/descriptive.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"
#include "core/trainer/run_data.h"

namespace hopscope::core::lab {
namespace {

using Json = nlohmann::ordered_json;

Status check(const HaltingOptions& o) {
    if (o.runs.empty()) return usage_error("halting needs a run folder: hopscope halting RUN…");
    if (o.epsilons.empty()) return usage_error("--eps: name at least one threshold, e.g. 0.05");
    for (const double e : o.epsilons)
        if (!(e >= 0) || !std::isfinite(e))
            return usage_error("--eps: found " + std::to_string(e) +
                               ", allowed finite numbers from 0");
    if (o.batches < 1)
        return usage_error("--batches: found " + std::to_string(o.batches) + ", allowed 1 or more");
    if (o.repeats < 1)
        return usage_error("--repeats: found " + std::to_string(o.repeats) + ", allowed 1 or more");
    return {};
}

/// The fields that base and rows share.
void fill(Json& j, const HaltingRow& row) {
    j["mean_hops"] = row.mean_hops;
    j["saving"] = row.saving;
    j["loss"] = json_number(row.loss);
    j["perplexity"] = json_number(std::exp(row.loss));
    j["seconds"] = stats::median(row.seconds);
    j["moe_seconds"] = stats::median(row.moe_seconds);
    j["seconds_each"] = row.seconds;
    j["moe_seconds_each"] = row.moe_seconds;
    j["moe_flops_per_token"] = row.flops_per_token;
    j["depth_histogram"] = row.depths;
}

Result<Json> measure(const std::string& dir, const HaltingOptions& o) {
    auto run = open_run(dir, o.precision);
    if (!run) return run.error();
    if (const auto why = missing(Need::hops, run->model.config))
        return usage_error(shown_path(dir) + ": " + *why +
                           " to halt; name a run with model.ffn = \"moe\"");
    auto scratch = Scratch::make("halting");
    if (!scratch) return scratch.error();
    const Progress progress = interruptible(o.on_progress).of(shown(run->folder.name()));
    auto source = eval_source(run->folder, run->model.config, run->tokenizer, o.corpus, o.split,
                              scratch->path(), progress);
    if (!source) return source.error();
    auto table = halting_table(run->model, *source, o.epsilons, o.batches, o.repeats, progress);
    if (!table) return table.error();

    Json j = document("hopscope.halting/1", run->folder, run->step, run->model.config);
    j["split"] = word(o.split);
    j["corpus"] = o.corpus.empty() ? source_name(run->model.config) : o.corpus;
    j["tokens"] = table->tokens;
    j["batches"] = table->batches;
    j["repeats"] = o.repeats;
    fill(j["base"] = Json::object(), table->base);
    j["rows"] = Json::array();
    for (const auto& row : table->rows) {
        Json r{{"epsilon", row.epsilon}};
        fill(r, row);
        r["delta_percent"] = json_number(100 * std::expm1(row.loss - table->base.loss));
        r["moe_time_ratio"] =
            json_number(stats::median(row.moe_seconds) / stats::median(table->base.moe_seconds));
        j["rows"].push_back(std::move(r));
    }
    return j;
}

}  // namespace

Result<std::string> halting(const HaltingOptions& o) {
    try {
        if (auto s = check(o); !s) return s.error();
        Json several = Json::array();
        for (const auto& dir : o.runs) {
            auto j = measure(dir, o);
            if (!j) return j.error();
            // One run is the document itself; several are a list of such documents.
            if (o.runs.size() == 1) return dump_pretty(*j);
            several.push_back(std::move(*j));
        }
        return dump_pretty({{"format", "hopscope.halting/1"}, {"runs", several}});
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
