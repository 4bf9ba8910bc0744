#include "core/analyses/analysis.h"

#include <algorithm>

#include "core/base/names.h"

namespace hopscope::core::analysis {
namespace {

int64_t step_of(const Analysis& analysis, const AnalysisContext& context) {
    return analysis.needs_model() ? context.model_step : context.curve_step;
}

/// What this run holds of the things that needs ask for.
RunHolds holds_of(const AnalysisContext& context) {
    RunHolds out;
    out.updates = static_cast<int64_t>(context.metrics.size());
    out.evaluations = static_cast<int64_t>(context.evals.size());
    out.snapshots = static_cast<int64_t>(context.folder.geometry().size());
    out.second_run = context.against != nullptr;
    return out;
}

}  // namespace

Table& AnalysisOutput::table(const char* name) {
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [&](const Table& table) { return table.name == name; });
    if (found != tables.end()) return *found;
    tables.push_back({name});
    return tables.back();
}

bool NeedList::has(Need need) const {
    const auto list = all();
    return std::find(list.begin(), list.end(), need) != list.end();
}

Result<AnalysisOutput> run_analysis(const Analysis& analysis, const AnalysisContext& context) {
    if (auto why = missing(analysis.needs.all(), context.config))
        return usage_error(std::move(*why));
    if (const auto why = missing(analysis.needs.all(), context.config, holds_of(context)))
        return usage_error(context.folder.dir() + ": " + *why);
    return analysis.run(context);
}

Result<SelectedAnalyses> select_analyses(std::span<const Analysis* const> table,
                                         const std::string& names) {
    std::vector<std::string> known;
    for (const Analysis* analysis : table) known.emplace_back(analysis->name);
    const auto chosen = chosen_names("--what", names, known);
    if (!chosen) return chosen.error();
    SelectedAnalyses out{{}, chosen->all};
    for (const size_t i : chosen->places) out.list.push_back(table[i]);
    return out;
}

OrderedJson analysis_head(const Analysis& analysis, const AnalysisContext& context) {
    return {{"format", "hopscope.analysis/2"},
            {"name", analysis.name},
            {"run", context.folder.name()},
            {"step", step_of(analysis, context)},
            {"config_hash", context.folder.info().config_hash}};
}

OrderedJson analysis_json(const Analysis& analysis, const AnalysisOutput& output,
                          const AnalysisContext& context) {
    OrderedJson j = analysis_head(analysis, context);
    j["definition"] = analysis.cited();
    if (analysis.needs_model()) j["live"] = context.live;
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
        if (analysis.needs_model()) j["against"]["live"] = other.live;
    }
    j["result"] = output.result.json();
    return j;
}

std::string csv_head(const OrderedJson& document) {
    std::string out;
    for (const auto& [key, value] : document.items()) {
        if (key == "result") continue;
        std::string text = value.is_string() ? value.get<std::string>() : dump_ordered_line(value);
        // A line end within would make the rest of it a row.
        for (char& c : text)
            if (c == '\n' || c == '\r') c = ' ';
        out += "# " + key + ": " + text + "\n";
    }
    return out;
}

}  // namespace hopscope::core::analysis
