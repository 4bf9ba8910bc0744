#include "core/lab/batch_report.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/base/csv.h"
#include "core/base/json.h"
#include "core/run/metrics_csv.h"
#include "core/run/run_folder.h"

namespace hopscope::core::lab {
namespace {

using nlohmann::ordered_json;

ordered_json row_json(const BatchRow& row) {
    ordered_json j = {{"run", row.run},
                      {"variant", row.variant},
                      {"seed", row.seed},
                      {"state", row.state ? name_of(*row.state) : "waiting"},
                      {"steps", row.steps},
                      {"tokens", row.tokens},
                      {"seconds", row.seconds},
                      {"valid_loss", json_number(row.valid_loss)},
                      {"perplexity", json_number(std::exp(row.valid_loss))},
                      {"best_valid_loss", json_number(row.best_valid_loss)},
                      {"best_perplexity", json_number(std::exp(row.best_valid_loss))}};
    if (!row.reason.empty()) j["reason"] = row.reason;
    return j;
}

/// Mean and sample standard deviation of a column over the rows.
template <class Value>
ordered_json mean_and_std(const std::vector<const BatchRow*>& rows, Value value) {
    double sum = 0, squares = 0;
    for (const auto* row : rows) sum += value(*row);
    const auto n = static_cast<double>(rows.size());
    for (const auto* row : rows) squares += (value(*row) - sum / n) * (value(*row) - sum / n);
    return {{"mean", json_number(sum / n)},
            {"std", json_number(rows.size() < 2 ? kNaN : std::sqrt(squares / (n - 1)))}};
}

ordered_json variant_json(const std::string& variant, const std::vector<BatchRow>& rows) {
    std::vector<const BatchRow*> done;
    for (const auto& row : rows)
        if (row.variant == variant && row.state == RunState::done) done.push_back(&row);
    return {{"variant", variant},
            {"n", done.size()},
            {"valid_loss", mean_and_std(done, [](const BatchRow& r) { return r.valid_loss; })},
            {"perplexity",
             mean_and_std(done, [](const BatchRow& r) { return std::exp(r.valid_loss); })},
            {"best_valid_loss",
             mean_and_std(done, [](const BatchRow& r) { return r.best_valid_loss; })},
            {"best_perplexity",
             mean_and_std(done, [](const BatchRow& r) { return std::exp(r.best_valid_loss); })},
            {"seconds", mean_and_std(done, [](const BatchRow& r) { return r.seconds; })}};
}

/// A message of several lines as one: tables are read line by line.
std::string one_line(const std::string& text) {
    std::string out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const size_t begin = line.find_first_not_of(" \t\r");
        if (begin == std::string::npos) continue;
        if (!out.empty()) out += out.ends_with(':') ? " " : "; ";
        out += line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
    }
    return out;
}

}  // namespace

BatchRow batch_row(const BatchRun& run, const std::string& dir, const std::string& failure) {
    BatchRow row;
    row.run = run.name;
    row.variant = run.variant;
    row.seed = run.seed;
    if (const auto folder = RunFolder::open(dir, /*writer=*/false)) {
        row.state = folder->info().state;
        row.reason = folder->info().reason;
        const auto records = read_metrics_csv(folder->metrics_path());
        for (const auto& r : records ? *records : std::vector<ScalarRecord>()) {
            row.steps = r.step;
            row.tokens = r.tokens;
            row.seconds = r.seconds;
            if (std::isnan(r.valid_loss)) continue;
            row.valid_loss = r.valid_loss;
            row.best_valid_loss = std::fmin(row.best_valid_loss, row.valid_loss);
        }
    }
    if (!failure.empty()) {
        row.state = RunState::failed;
        row.reason = failure;
    }
    return row;
}

ordered_json batch_json(const std::vector<BatchRow>& rows, lab::BatchState state) {
    ordered_json j = {{"format", "hopscope.batch/1"}, {"state", word(state)}};
    j["runs"] = j["variants"] = ordered_json::array();
    std::vector<std::string> variants;
    for (const auto& row : rows) {
        j["runs"].push_back(row_json(row));
        if (std::find(variants.begin(), variants.end(), row.variant) == variants.end())
            variants.push_back(row.variant);
    }
    for (const auto& variant : variants) j["variants"].push_back(variant_json(variant, rows));
    return j;
}

std::string batch_csv(const std::vector<BatchRow>& rows) {
    static const char* const kColumns[] = {
        "run",     "variant",    "seed",       "state",           "steps",
        "tokens",  "valid_loss", "perplexity", "best_valid_loss", "best_perplexity",
        "seconds", "reason"};
    std::string out;
    for (const char* column : kColumns) out += (out.empty() ? "" : ",") + std::string(column);
    out += '\n';
    for (const auto& row : rows) {
        const ordered_json j = row_json(row);
        for (const char* column : kColumns) {
            if (column != kColumns[0]) out += ',';
            const auto value = j.find(column);
            if (value == j.end() || value->is_null()) continue;
            out +=
                csv_field(value->is_string() ? one_line(value->get<std::string>()) : value->dump());
        }
        out += '\n';
    }
    return out;
}

}  // namespace hopscope::core::lab
