#include "core/lab/analyze_imported.h"

#include <algorithm>
#include <optional>

#include "core/analyses/imported_analyses.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/lab/analysis_folder.h"
#include "core/lab/analysis_names.h"
#include "core/lab/interrupt.h"

namespace hopscope::core::lab {
namespace {

using analysis::ImportedAnalysis;
using analysis::ImportedContext;

/// Some analyses hold each two experts of a router against each other: numbers of the square of how
/// many it has, half a GiB of them for so many.
constexpr int64_t kMostPaired = 8192;

Status check_pairs(const ImportedAnalysis& which, const ImportedRun& run) {
    if (!which.pairs) return {};
    for (const ModelLayer& layer : run.layout().layers)
        for (const ModelRouter& router : layer.routers)
            if (router.experts > kMostPaired)
                return usage_error(
                    "holds each two experts against each other, of which the router " +
                    in_quotes(router_prefix(layer.index, router.pool)) + " has " +
                    std::to_string(router.experts) + "; at most " + std::to_string(kMostPaired) +
                    " are allowed");
    return {};
}

struct Selected {
    std::vector<const ImportedAnalysis*> list;
    bool all = false;
};

/// Names are read as analyses of any run, so that a slip is told from one that this run cannot
/// have.
Result<Selected> select(const AnalyzeOptions& o) {
    const auto known = analysis_names();
    const auto chosen = chosen_names("--what", o.what, known);
    if (!chosen) return chosen.error();
    std::vector<std::string> here;
    for (const ImportedAnalysis& one : analysis::imported_analyses()) here.emplace_back(one.name);
    Selected out{{}, chosen->all};
    for (const size_t place : chosen->places) {
        const ImportedAnalysis* found = nullptr;
        for (const ImportedAnalysis& one : analysis::imported_analyses())
            if (one.name == known[place]) found = &one;
        if (found) out.list.push_back(found);
        if (!found && !chosen->all)
            return usage_error(shown_path(o.run) + ": " + known[place] +
                               " asks for more than an imported model has, router rows and "
                               "recorded choices; allowed are " +
                               joined(here));
    }
    return out;
}

Status check(const AnalyzeOptions& o, const Selected& selected) {
    for (const auto& [name, value] : {std::pair("--corpus", &o.corpus), {"--prompts", &o.prompts}})
        if (!value->empty())
            return usage_error(std::string(name) + ": no analysis of an imported model (" +
                               shown_path(o.run) + ") uses it; leave it out");
    const bool compares = std::any_of(selected.list.begin(), selected.list.end(),
                                      [](const ImportedAnalysis* one) { return one->compares; });
    if (!o.against.empty() && !compares)
        return usage_error(
            "--against: none of the analyses that were named uses it for an imported "
            "model (" +
            shown_path(o.run) + "); leave it out");
    return {};
}

/// A run and its traces. The context refers to what is kept here.
struct OpenedImport {
    ImportedRun run;
    std::vector<RecordedRouting> traces;
};

Result<OpenedImport> open_import(const std::string& dir) {
    auto run = ImportedRun::open(dir);
    if (!run) return run.error();
    OpenedImport out{*std::move(run), {}};
    for (const std::string& name : out.run.traces()) {
        auto trace = out.run.trace(name);
        if (!trace) return trace.error();
        out.traces.push_back(*std::move(trace));
    }
    return out;
}

OrderedJson head(const ImportedAnalysis& which, const ImportedRun& run) {
    return {{"format", "hopscope.analysis/2"},
            {"name", which.name},
            {"run", folder_name(run.dir())},
            {"step", 0},
            {"config_hash", run.info().config_hash}};
}

/// A reason names the run, unless it names one of its files.
Error of_run(const std::string& run, const std::string& name, const Error& error) {
    const bool tells = error.message.find(shown_path(run)) != std::string::npos;
    return said_of((tells ? "" : shown_path(run) + ": ") + name + ": ", error);
}

/// The document of one analysis; its files are written where --out asks for them.
Result<OrderedJson> made(const ImportedAnalysis& which, bool all, const ImportedContext& context,
                         const AnalysisFolder& folder) {
    OrderedJson document = head(which, context.run);
    const Status pairs = check_pairs(which, context.run);
    auto output = pairs ? analysis::run_imported(which, context)
                        : Result<analysis::AnalysisOutput>(pairs.error());
    if (!output && (!all || output.error().kind != ErrorKind::usage))
        return of_run(context.run.dir(), which.name, output.error());
    if (!output) {
        document["skipped"] = output.error().message;
        return document;
    }
    document["definition"] = which.cited();
    document["n"] = output->n;
    document["seed"] = context.seed;
    if (which.asks != analysis::Asks::rows && which.asks != analysis::Asks::experts)
        document["traces"] = context.run.traces();
    if (output->used_against && context.against)
        document["against"] = {{"run", folder_name(context.against->run.dir())},
                               {"step", 0},
                               {"config_hash", context.against->run.info().config_hash}};
    document["result"] = output->result.json();
    if (auto s = folder.write(which.name, output->tables, document); !s) return s.error();
    return document;
}

}  // namespace

std::string refused_to_imported(const std::string& name, const RunHolds& holds) {
    for (const ImportedAnalysis& one : analysis::imported_analyses()) {
        if (name != one.name) continue;
        if (one.asks == analysis::Asks::trace)
            if (auto why = missing(Need::routing, {}, holds)) return as_sentence(*std::move(why));
        if (one.asks == analysis::Asks::experts)
            if (auto why = missing(Need::reading_experts, {}, holds))
                return as_sentence(*std::move(why));
        if (one.asks == analysis::Asks::second_run && holds.second_run && !*holds.second_run)
            return "Needs a second imported model to compare with.";
        return {};
    }
    return "It asks for more than an imported model has, router rows and recorded choices.";
}

Result<std::string> analyze_imported(const AnalyzeOptions& o) {
    auto selected = select(o);
    if (!selected) return selected.error();
    if (auto s = check(o, *selected); !s) return s.error();
    AnalysisFolder folder;
    if (!o.out.empty()) {
        std::vector<std::string> names;
        for (const ImportedAnalysis* which : selected->list) names.emplace_back(which->name);
        auto place = AnalysisFolder::make(o.out, names, {});
        if (!place) return place.error();
        folder = *std::move(place);
    }
    auto run = open_import(o.run);
    if (!run) return run.error();
    ImportedContext context{run->run, std::move(run->traces), o.seed, interruptible(o.on_progress)};
    context.progress.cancelled = [&o] { return interrupted() || (o.cancelled && o.cancelled()); };
    std::optional<OpenedImport> other;
    std::optional<ImportedContext> against;
    if (!o.against.empty()) {
        auto opened = open_import(o.against);
        if (!opened) return opened.error();
        other = *std::move(opened);
        against.emplace(ImportedContext{other->run, std::move(other->traces)});
        context.against = &*against;
    }
    OrderedJson documents = OrderedJson::array();
    for (const ImportedAnalysis* which : selected->list) {
        auto document = made(*which, selected->all, context, folder);
        if (!document) return document.error();
        documents.push_back(*std::move(document));
    }
    if (documents.size() == 1) return dump_pretty(documents[0]);
    return dump_pretty(OrderedJson{{"format", "hopscope.analyses/2"}, {"analyses", documents}});
}

}  // namespace hopscope::core::lab
