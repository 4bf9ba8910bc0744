#include "core/analysis/analysis.h"

#include <charconv>
#include <cmath>

#include "core/api/name_list.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"
#include "core/stats/proportions.h"

namespace hopscope::core::analysis {
namespace {

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
    return out + "\"";
}

std::string csv_line(const std::vector<std::string>& fields) {
    std::string out;
    for (size_t i = 0; i < fields.size(); ++i) out += (i ? "," : "") + csv_field(fields[i]);
    return out + "\n";
}

}  // namespace

Result<std::vector<const Analysis*>> select_analyses(std::span<const Analysis> table,
                                                     const std::string& names) {
    std::vector<std::string> known;
    for (const Analysis& analysis : table) known.emplace_back(analysis.name);
    const auto chosen = chosen_names("--what", names, known);
    if (!chosen) return chosen.error();
    std::vector<const Analysis*> out;
    for (const size_t i : *chosen) out.push_back(&table[i]);
    return out;
}

OrderedJson analysis_json(const Analysis& analysis, const AnalysisOutput& output,
                          const AnalysisContext& context, int64_t step) {
    OrderedJson j;
    j["format"] = "hopscope.analysis/1";
    j["name"] = analysis.name;
    j["definition"] = analysis.definition;
    j["run"] = context.folder.name();
    j["step"] = step;
    j["config_hash"] = context.folder.info().config_hash;
    j["n"] = output.n;
    j["seed"] = context.seed;
    j["result"] = output.result;
    return j;
}

std::string to_csv(const AnalysisTable& table) {
    std::string out = csv_line(table.columns);
    for (const auto& row : table.rows) out += csv_line(row);
    return out;
}

std::string csv_number(double x) {
    if (!std::isfinite(x)) return "";
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, x).ptr;
    return {text, end};
}

OrderedJson json_number(double x) {
    return std::isfinite(x) ? OrderedJson(x) : OrderedJson(nullptr);
}

OrderedJson json_interval(double low, double high) {
    return OrderedJson::array({json_number(low), json_number(high)});
}

OrderedJson share_over(int64_t k, int64_t n) {
    const auto ci95 = stats::share_ci95(k, n);
    return {{"count", k},
            {"share", json_number(static_cast<double>(k) / static_cast<double>(n))},
            {"ci95", json_interval(ci95.low, ci95.high)}};
}

OrderedJson mean_over(const std::vector<double>& values, const char* units, uint64_t seed) {
    const auto ci = stats::bootstrap_mean(values, {10'000, seed}).interval(0.95);
    return {{"mean", json_number(stats::mean(values))},
            {"ci95", json_interval(ci.low, ci.high)},
            {units, values.size()}};
}

}  // namespace hopscope::core::analysis
