// hopscope analyze: analyses of a run, one JSON document (and CSV for tables) each
// (hopscope.analysis/2).
#include <optional>
#include <string_view>

#include "core/analyses/imported_analyses.h"
#include "core/analyses/measured.h"
#include "core/analyses/table.h"
#include "core/api/lab.h"
#include "core/base/files.h"
#include "core/base/utf8.h"
#include "core/imported/imported_run.h"
#include "core/lab/analysis_folder.h"
#include "core/lab/analysis_names.h"
#include "core/lab/analyze_imported.h"
#include "core/lab/interrupt.h"
#include "core/run/document.h"
#include "core/run/metrics_csv.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"

namespace hopscope::core::lab {
namespace {

using analysis::Analysis;
using analysis::AnalysisContext;

/// A run's own files and, where asked for, its model. The context refers to what is kept here.
struct Opened {
    RunFolder folder;
    Config config;
    std::vector<ScalarRecord> metrics;
    std::vector<EvalRecord> evals;
    std::optional<OpenRun> opened;
    std::unique_ptr<analysis::Measured> measured;

    AnalysisContext context() const {
        AnalysisContext out{folder, opened ? opened->model.config : config};
        out.metrics = metrics;
        out.evals = evals;
        out.model = opened ? &*opened : nullptr;
        out.measured = measured.get();
        out.curve_step = metrics.empty() ? 0 : metrics.back().step;
        if (opened) {
            out.model_step = opened->step;
            out.live = live_settings(config, opened->model.config);
        }
        return out;
    }
};

Result<Opened> open(const std::string& dir, bool needs_model) {
    auto folder = RunFolder::open(dir, /*writer=*/false);
    if (!folder) return folder.error();
    auto config = stored_config(*folder);
    if (!config) return config.error();
    Opened out{std::move(*folder), std::move(*config), {}, {}, {}, {}};
    if (file_exists(out.folder.metrics_path())) {
        auto metrics = read_metrics_csv(out.folder.metrics_path());
        if (!metrics) return metrics.error();
        out.metrics = std::move(*metrics);
    }
    for (const int64_t step : out.folder.evals()) {
        auto eval = read_eval(out.folder.eval_path(step));
        if (!eval) return eval.error();
        out.evals.push_back(std::move(*eval));
    }
    if (needs_model) {
        auto model = open_run(dir, Precision::fp32);
        if (!model) return model.error();
        out.opened = std::move(*model);
    }
    return out;
}

/// A reason names the run, unless it names one of its files.
Error of_run(const std::string& run, const Analysis& which, const Error& error) {
    const std::string named = which.name + (": " + error.message), dir = shown_path(run);
    const bool tells = error.message.find(dir) != std::string::npos;
    return {error.kind, tells ? named : dir + ": " + named};
}

/// The document of one analysis; its files are written where --out asks for them.
Result<OrderedJson> made(const Analysis& which, const AnalyzeOptions& o, bool all,
                         const Opened& run, const AnalysisContext& context,
                         const AnalysisFolder& folder) {
    auto output = analysis::run_analysis(which, context);
    if (!output) {
        // One that this run has no data for must not keep the others from being made.
        if (!all || output.error().kind != ErrorKind::usage)
            return of_run(o.run, which, output.error());
        auto head = analysis::analysis_head(which, context);
        head["skipped"] = output.error().message;
        return head;
    }
    if (run.measured) output->text = run.measured->text_read();
    auto document = analysis::analysis_json(which, *output, context);
    if (auto s = folder.write(which.name, output->tables, document); !s) return s.error();
    return document;
}

}  // namespace

Result<std::string> analyze(const AnalyzeOptions& o) {
    try {
        if (o.background) use_one_thread();
        if (is_imported_run(o.run)) return analyze_imported(o);
        if (auto s = check_trained_names(o.what); !s) return s.error();
        auto selected = analysis::select_analyses(analysis::analysis_table(), o.what);
        if (!selected) return selected.error();
        AnalysisFolder folder;
        if (!o.out.empty()) {
            std::vector<std::string> inputs = o.category_dirs;
            inputs.insert(inputs.end(), {o.corpus, o.prompts});
            std::vector<std::string> names;
            for (const Analysis* which : selected->list) names.emplace_back(which->name);
            auto place = AnalysisFolder::make(o.out, names, inputs);
            if (!place) return place.error();
            folder = *std::move(place);
        }
        bool needs_model = false;
        for (const Analysis* which : selected->list) needs_model |= which->needs_model();
        auto run = open(o.run, needs_model);
        if (!run) return run.error();
        std::optional<Opened> other;
        if (!o.against.empty()) {
            auto against = open(o.against, needs_model);
            if (!against) return against.error();
            other = std::move(*against);
        }
        // Here, where run and other stay at their place.
        if (run->opened)
            run->measured = std::make_unique<analysis::Measured>(*run->opened, o.corpus);
        if (other && other->opened)
            other->measured = std::make_unique<analysis::Measured>(*other->opened, o.corpus);
        AnalysisContext context = run->context();
        std::optional<AnalysisContext> against;
        if (other) against.emplace(other->context());
        context.against = against ? &*against : nullptr;
        context.corpus = o.corpus;
        context.prompts = o.prompts;
        context.category_dirs = o.category_dirs;
        context.seed = o.seed;
        context.progress = interruptible(o.on_progress);
        context.progress.cancelled = [&o] {
            return interrupted() || (o.cancelled && o.cancelled());
        };

        OrderedJson documents = OrderedJson::array();
        for (const Analysis* which : selected->list) {
            if (run->measured) run->measured->forget_reading();
            auto document = made(*which, o, selected->all, *run, context, folder);
            if (!document) return document.error();
            documents.push_back(std::move(*document));
        }
        if (documents.size() == 1) return dump_pretty(documents[0]);
        return dump_pretty(OrderedJson{{"format", "hopscope.analyses/2"}, {"analyses", documents}});
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

std::vector<Definition> analysis_definitions(bool imported) {
    const auto of_imported = [&](const Analysis& which) -> const analysis::ImportedAnalysis* {
        for (const analysis::ImportedAnalysis& one : analysis::imported_analyses())
            if (imported && std::string_view(one.name) == which.name) return &one;
        return nullptr;
    };
    std::vector<Definition> out;
    for (const Analysis* which : analysis::analysis_table())
        if (const auto* other = of_imported(*which))
            out.emplace_back(which->name, other->cited());
        else
            out.emplace_back(which->name, which->cited());
    for (const analysis::ImportedAnalysis* which : analysis::only_imported())
        out.emplace_back(which->name, (imported ? "" : "of an imported model: ") + which->cited());
    return out;
}

std::vector<Definition> analysis_refusals(const Config& config, const RunHolds& holds) {
    std::vector<Definition> out;
    if (holds.imported) {
        for (const auto& [name, definition] : analysis_definitions())
            if (std::string why = refused_to_imported(name, holds); !why.empty())
                out.emplace_back(name, std::move(why));
        return out;
    }
    for (const Analysis* which : analysis::analysis_table())
        if (auto why = missing(which->needs.all(), config, holds))
            out.emplace_back(which->name, as_sentence(std::move(*why)));
    for (const analysis::ImportedAnalysis* which : analysis::only_imported())
        out.emplace_back(which->name, only_of_imported(which->name) + ".");
    return out;
}

}  // namespace hopscope::core::lab
