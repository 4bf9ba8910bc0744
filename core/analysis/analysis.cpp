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

namespace {

int64_t step_of(const Analysis& analysis, const AnalysisContext& context) {
    return analysis.needs_model ? context.model_step : context.curve_step;
}

}  // namespace

OrderedJson analysis_head(const Analysis& analysis, const AnalysisContext& context) {
    return {{"format", "hopscope.analysis/1"},
            {"name", analysis.name},
            {"run", context.folder.name()},
            {"step", step_of(analysis, context)},
            {"config_hash", context.folder.info().config_hash}};
}

OrderedJson analysis_json(const Analysis& analysis, const AnalysisOutput& output,
                          const AnalysisContext& context) {
    OrderedJson j = analysis_head(analysis, context);
    j["definition"] = analysis.definition;
    if (analysis.needs_model) j["live"] = context.live;
    j["n"] = output.n;
    j["seed"] = context.seed;
    if (output.text) {
        j["corpus"] = output.text->corpus;
        j["data_hash"] = output.text->data_hash;
        j["batches"] = output.text->batches;
    }
    if (output.used_prompts) j["prompts"] = context.prompts;
    if (output.used_against && context.against) {
        const AnalysisContext& other = *context.against;
        j["against"] = {{"run", other.folder.name()},
                        {"step", step_of(analysis, other)},
                        {"config_hash", other.folder.info().config_hash}};
        if (analysis.needs_model) j["against"]["live"] = other.live;
    }
    j["result"] = output.result;
    return j;
}

std::string csv_head(const OrderedJson& document) {
    std::string out;
    for (const auto& [key, value] : document.items()) {
        if (key == "format" || key == "result") continue;
        std::string text = value.is_string() ? value.get<std::string>() : dump_ordered_line(value);
        // A line end within would make the rest of it a row.
        for (char& c : text)
            if (c == '\n' || c == '\r') c = ' ';
        out += "# " + key + ": " + text + "\n";
    }
    return out;
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

std::string csv_cell(const OrderedJson& number) {
    return number.is_number() ? csv_number(number.get<double>()) : "";
}

void add_bounds(std::vector<std::string>& row, const OrderedJson& interval) {
    for (const auto& end : interval) row.push_back(csv_cell(end));
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
