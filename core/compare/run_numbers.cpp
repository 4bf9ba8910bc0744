#include "core/compare/run_numbers.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/compare/document_numbers.h"
#include "core/config/arithmetic.h"
#include "core/run/columns.h"
#include "core/run/eval_file.h"
#include "core/run/metrics_csv.h"
#include "core/run/run_folder.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

constexpr double kEnd = 0.05;                         ///< share of the updates that is their end
constexpr size_t kLargestDocument = size_t{8} << 20;  ///< bytes; larger ones hold samples
constexpr size_t kMostDocuments = 200;

RunNumber named(std::string key, std::string unit, double value, std::string from,
                Better better = Better::unknown) {
    RunNumber out;
    out.key = std::move(key);
    out.unit = std::move(unit);
    out.value = value;
    out.from = std::move(from);
    out.better = better;
    return out;
}

void add_counts(const Config& config, RunNumbers& run) {
    const auto add = [&](const char* key, const char* unit, double value, const char* from) {
        run.costs.push_back(named(key, unit, value, from, Better::lower));
    };
    add("parameters", "", static_cast<double>(count_parameters(config).total),
        "elements of all tensors, counted from the configuration");
    add("active_parameters", "", static_cast<double>(active_parameters(config)),
        "parameters that work on one token: all but the experts it does not choose");
    add("flops_per_token", "FLOPs", count_flops(config).total,
        "operations of a forward pass a token; a multiply-add counts 2");
}

/// Mean of a column over the last updates; where it is recorded more rarely, its last value.
void add_end(const Column& column, const std::vector<ScalarRecord>& records, RunNumbers& run) {
    const auto all = static_cast<double>(records.size());
    const size_t from = records.size() - static_cast<size_t>(std::max(1.0, std::ceil(all * kEnd)));
    double sum = 0;
    int64_t n = 0;
    for (size_t i = records.size(); i-- > 0 && (i >= from || n == 0);) {
        const double value = column_value(column, records[i]);
        if (!std::isfinite(value)) continue;
        sum += value;
        ++n;
    }
    if (n == 0) return;
    RunNumber out = named(
        column.name + "/end", column.unit == "1" ? "" : column.unit, sum / static_cast<double>(n),
        "mean over the last 5 % of the updates, metrics.csv", better_of(column.name));
    out.n = n;
    out.over = "updates";
    run.results.push_back(std::move(out));
}

void add_curves(const std::vector<ScalarRecord>& records, int64_t layers, RunNumbers& run) {
    if (records.empty()) return;
    const ScalarRecord& last = records.back();
    run.step = std::max(run.step, last.step);
    const auto cost = [&](const char* key, const char* unit, double value, const char* from) {
        run.costs.push_back(named(key, unit, value, from, Better::lower));
    };
    cost("steps", "updates", static_cast<double>(last.step), "updates that were made");
    cost("tokens", "tokens", static_cast<double>(last.tokens), "tokens that were trained on");
    cost("seconds", "s", last.seconds, "time of training, pauses left out");
    for (const Column& column : metric_columns(layers)) {
        const bool apart = column.name == "step" || column.name == "tokens" ||
                           column.name == "seconds" || column.name == "valid_loss";
        if (!apart) add_end(column, records, run);
    }
}

void add_loss(const std::string& which, double loss, int64_t n, const char* over,
              const std::string& from, RunNumbers& run) {
    for (const bool perplexity : {false, true}) {
        RunNumber out =
            named((perplexity ? "perplexity/" : "valid_loss/") + which, perplexity ? "" : "nats",
                  perplexity ? std::exp(loss) : loss,
                  (perplexity ? "exp of the validation loss, " : "validation loss, ") + from,
                  Better::lower);
        out.n = n;
        out.over = over;
        run.results.push_back(std::move(out));
    }
}

/// The newest evaluation, and the best of all that the curve has.
void add_evaluations(const RunFolder& folder, const std::vector<ScalarRecord>& records,
                     RunNumbers& run) {
    const auto steps = folder.evals();
    if (steps.empty()) return;
    auto newest = read_eval(folder.eval_path(steps.back()));
    if (!newest) {
        run.unread.push_back(newest.error().message);
        return;
    }
    if (!std::isfinite(newest->loss)) return;
    run.step = std::max(run.step, newest->step);
    add_loss("final", newest->loss, static_cast<int64_t>(newest->batches.size()), "batches",
             "newest evaluation, step " + std::to_string(newest->step), run);
    double best = newest->loss;
    int64_t at = newest->step, n = 1;
    for (const ScalarRecord& record : records) {
        if (!std::isfinite(record.valid_loss) || record.step == newest->step) continue;
        ++n;
        if (record.valid_loss >= best) continue;
        best = record.valid_loss;
        at = record.step;
    }
    add_loss("best", best, n, "evaluations",
             "lowest of all evaluations, step " + std::to_string(at), run);
}

/// *.json of a folder, by name.
std::vector<fs::path> documents_in(const std::string& dir) {
    std::vector<fs::path> out;
    std::error_code code;
    for (fs::directory_iterator it(dir, code), end; !code && it != end; it.increment(code))
        if (it->path().extension() == ".json" && out.size() < kMostDocuments)
            out.push_back(it->path());
    std::sort(out.begin(), out.end());
    return out;
}

void add_document(const fs::path& path, RunNumbers& run) {
    const auto text = read_file(path.string(), kLargestDocument);
    if (!text) {
        run.unread.push_back(text.error().message);
        return;
    }
    // What is not of this program is nobody's fault.
    if (text->find("\"hopscope.") == std::string::npos) return;
    const auto json = parse_object(*text, path.string());
    if (!json) {
        run.unread.push_back(json.error().message);
        return;
    }
    if (!json->contains("format") || !(*json)["format"].is_string() ||
        !has_numbers((*json)["format"].get<std::string>()))
        return;
    for (RunNumber& found : document_numbers(*json, path.stem().string())) {
        found.from = path.filename().string();
        if (json->contains("step"))
            if (const auto step = json_integer((*json)["step"]))
                found.from += ", step " + std::to_string(*step);
        run.results.push_back(std::move(found));
    }
}

RunNumbers numbers_of(const std::string& dir) {
    RunNumbers run;
    run.dir = dir;
    const auto folder = RunFolder::open(dir, /*writer=*/false);
    if (!folder) {
        run.problem = folder.error().message;
        return run;
    }
    const auto config = stored_config(*folder);
    if (!config) {
        run.problem = config.error().message;
        return run;
    }
    add_counts(*config, run);
    std::vector<ScalarRecord> records;
    std::error_code code;
    if (fs::exists(folder->metrics_path(), code)) {
        auto read = read_metrics_csv(folder->metrics_path());
        if (read)
            records = std::move(*read);
        else
            run.unread.push_back(read.error().message);
    }
    add_evaluations(*folder, records, run);
    add_curves(records, config->model.n_layers, run);
    for (const std::string& place : {dir + "/analysis", dir})
        for (const fs::path& path : documents_in(place))
            if (path.filename() != "run.json") add_document(path, run);
    return run;
}

}  // namespace

Result<std::vector<RunNumbers>> read_run_numbers(const std::vector<std::string>& runs,
                                                 const Progress& progress) {
    std::vector<RunNumbers> out;
    for (const std::string& dir : runs) {
        if (progress.cancelled()) return stopped_on_request("the reading of runs was");
        progress.report("reading " + shown_path(dir), -1);
        out.push_back(numbers_of(dir));
    }
    return out;
}

}  // namespace hopscope::core
