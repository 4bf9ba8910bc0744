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
#include "core/trainer/categories.h"
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
    if (o.controls < 0)
        return usage_error("--controls: found " + std::to_string(o.controls) +
                           ", allowed 0 or more");
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

/// What only a measured control gives.
void fill_chance(Json& j, const HaltingRow& row) {
    const HaltingChance& c = row.chance;
    if (c.draws == 0) return;
    j["difference"] = {{"mean", json_number(c.difference)},
                       {"ci95", {json_number(c.low), json_number(c.high)}},
                       {"n", c.sequences}};
    j["control"] = {{"draws", c.draws},
                    {"loss", json_number(c.control_loss)},
                    {"loss_std", json_number(c.control_std)},
                    {"perplexity", json_number(std::exp(c.control_loss))}};
    if (row.classes.empty()) return;
    j["classes"] = Json::array();
    for (const ClassDepth& one : row.classes)
        j["classes"].push_back({{"name", one.name},
                                {"tokens", one.tokens},
                                {"mean_hops", json_number(one.mean_hops)},
                                {"ci95", {json_number(one.low), json_number(one.high)}},
                                {"layers", one.layers}});
}

/// A run and the table measured of it.
struct Measured {
    OpenRun run;
    HaltingTable table;
};

Result<Measured> measure(const std::string& dir, const HaltingOptions& o, const Progress& whole) {
    auto run = open_run(dir, o.precision);
    if (!run) return run.error();
    if (const auto why = missing(Need::hops, run->model.config))
        return usage_error(shown_path(dir) + ": " + *why +
                           " to halt; name a run with model.ffn = \"moe\"");
    auto scratch = Scratch::make("halting");
    if (!scratch) return scratch.error();
    const Progress progress = whole.of(shown(run->folder.name()));
    auto source = eval_source(run->folder, run->model.config, run->tokenizer, o.corpus, o.split,
                              scratch->path(), progress);
    if (!source) return source.error();
    Categories categories;
    if (!o.category_dirs.empty()) {
        auto lists = word_lists_for(run->folder, o.category_dirs);
        if (!lists) return lists.error();
        categories = token_lists(*lists, run->tokenizer);
    }
    auto table = halting_table(run->model, *source, {o.epsilons, o.batches, o.repeats, o.controls},
                               categories, progress);
    if (!table) return table.error();
    table->run = run->folder.name();
    table->step = run->step;
    return Measured{std::move(*run), std::move(*table)};
}

Result<Json> document_of(const std::string& dir, const HaltingOptions& o) {
    const auto measured = measure(dir, o, interruptible(o.on_progress));
    if (!measured) return measured.error();
    const OpenRun& run = measured->run;
    const HaltingTable& table = measured->table;
    Json j = document("hopscope.halting/1", run.folder, run.step, run.model.config);
    j["split"] = word(o.split);
    j["corpus"] = o.corpus.empty() ? source_name(run.model.config) : o.corpus;
    j["tokens"] = table.tokens;
    j["batches"] = table.batches;
    j["repeats"] = o.repeats;
    fill(j["base"] = Json::object(), table.base);
    j["rows"] = Json::array();
    for (const auto& row : table.rows) {
        Json r{{"epsilon", row.epsilon}};
        fill(r, row);
        r["delta_percent"] = json_number(100 * std::expm1(row.loss - table.base.loss));
        r["moe_time_ratio"] =
            json_number(stats::median(row.moe_seconds) / stats::median(table.base.moe_seconds));
        fill_chance(r, row);
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
            auto j = document_of(dir, o);
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

Result<HaltingTable> halting_table(const HaltingOptions& o, const Progress& progress) {
    try {
        use_one_thread();
        if (auto s = check(o); !s) return s.error();
        auto measured = measure(o.runs.front(), o, progress);
        if (!measured) return measured.error();
        return std::move(measured->table);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
