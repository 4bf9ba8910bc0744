// hopscope analyze: analyses of a run, one JSON document (and CSV for tables) each
// (hopscope.analysis/2).
#include <cerrno>
#include <optional>
#include <span>

#include "core/analyses/measured.h"
#include "core/analyses/table.h"
#include "core/api/lab.h"
#include "core/base/files.h"
#include "core/base/output_place.h"
#include "core/base/utf8.h"
#include "core/lab/interrupt.h"
#include "core/run/document.h"
#include "core/run/metrics_csv.h"
#include "core/run/step_names.h"
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

/// NAME.json and NAME.csv (a named table: NAME.TABLE.csv) under `dir`.
Status write(const std::string& dir, const Analysis& which, const analysis::AnalysisOutput& output,
             const OrderedJson& document) {
    const std::string base = dir + "/" + which.name;
    if (auto s = write_file_atomic(base + ".json", dump_pretty(document)); !s) return s;
    for (const analysis::Table& table : output.tables) {
        const std::string file = base + (table.name.empty() ? "" : "." + table.name) + ".csv";
        if (auto s = write_file_atomic(file, analysis::csv_head(document) + table.csv()); !s)
            return s;
    }
    return {};
}

/// The folder of --out, made where it is missing, and gone again if nothing came into it.
class OutFolder {
  public:
    /// @param inputs  files and folders that are read: nothing is written into them
    /// Errors: usage, a file stands in its place, or in that of what is to be written there one
    /// that no analysis wrote, or it cannot be written; failed, it cannot be made.
    static Result<OutFolder> make(const std::string& dir, const std::vector<const Analysis*>& all,
                                  std::span<const std::string> inputs) {
        if (auto s = check_folder_place(dir); !s) return usage_error("--out: " + s.error().message);
        const std::vector<std::string> present = names_in(dir);
        for (const Analysis* which : all)
            for (const std::string& name : present)
                if (is_file_of(*which, name))
                    if (auto s = check_present(dir, *which, name); !s) return s.error();
        OutFolder out;
        errno = 0;
        auto made = make_folders(dir);
        if (!made && !is_of_the_machine(errno))
            return usage_error("--out: " + made.error().message);
        if (!made) return made.error();
        out.made_ = std::move(*made);
        for (const Analysis* which : all)
            for (const char* ending : {".json", ".csv"})
                if (auto s = check_place(dir + "/" + which->name + ending, inputs); !s)
                    return s.error();
        return out;
    }
    OutFolder() = default;
    OutFolder(OutFolder&& other) noexcept : made_(std::exchange(other.made_, {})) {}
    OutFolder& operator=(OutFolder&& other) noexcept {
        std::swap(made_, other.made_);
        return *this;
    }
    ~OutFolder() { remove_folders(made_); }

  private:
    static Status check_place(const std::string& path, std::span<const std::string> inputs) {
        if (auto s = check_output_apart(path, inputs); !s) return s;
        return check_output(path, OutputUse::places);
    }
    /// NAME.json, NAME.csv, or NAME.TABLE.csv: which tables an analysis makes is known afterwards.
    static bool is_file_of(const Analysis& which, std::string_view name) {
        const std::string start = std::string(which.name) + ".";
        return name.starts_with(start) && (name.ends_with(".csv") || name == start + "json");
    }
    /// An earlier analysis may be replaced, nothing else.
    static Status check_present(const std::string& dir, const Analysis& which,
                                const std::string& name) {
        const std::string path = dir + "/" + name;
        if (is_document(dir + "/" + which.name + ".json", "analysis"))
            return check_output(path, OutputUse::places);
        return usage_error("--out: " + shown_path(path) +
                           " stands there already and is not of an analysis; name another folder, "
                           "or move it away");
    }

    MadeFolders made_;
};

/// A reason names the run, unless it names one of its files.
Error of_run(const std::string& run, const Analysis& which, const Error& error) {
    const std::string named = which.name + (": " + error.message), dir = shown_path(run);
    const bool tells = error.message.find(dir) != std::string::npos;
    return {error.kind, tells ? named : dir + ": " + named};
}

/// The document of one analysis; its files are written where --out asks for them.
Result<OrderedJson> made(const Analysis& which, const AnalyzeOptions& o, bool all,
                         const Opened& run, const AnalysisContext& context) {
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
    if (!o.out.empty())
        if (auto s = write(o.out, which, *output, document); !s) return s.error();
    return document;
}

}  // namespace

Result<std::string> analyze(const AnalyzeOptions& o) {
    try {
        if (o.background) use_one_thread();
        auto selected = analysis::select_analyses(analysis::analysis_table(), o.what);
        if (!selected) return selected.error();
        OutFolder folder;
        if (!o.out.empty()) {
            std::vector<std::string> inputs = o.category_dirs;
            inputs.insert(inputs.end(), {o.corpus, o.prompts});
            auto place = OutFolder::make(o.out, selected->list, inputs);
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
            auto document = made(*which, o, selected->all, *run, context);
            if (!document) return document.error();
            documents.push_back(std::move(*document));
        }
        if (documents.size() == 1) return dump_pretty(documents[0]);
        return dump_pretty(OrderedJson{{"format", "hopscope.analyses/2"}, {"analyses", documents}});
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

std::vector<Definition> analysis_definitions() {
    std::vector<Definition> out;
    for (const Analysis* which : analysis::analysis_table())
        out.emplace_back(which->name, which->cited());
    return out;
}

std::vector<Definition> analysis_refusals(const Config& config, const RunHolds& holds) {
    std::vector<Definition> out;
    for (const Analysis* which : analysis::analysis_table())
        if (auto why = missing(which->needs.all(), config, holds))
            out.emplace_back(which->name, as_sentence(std::move(*why)));
    return out;
}

}  // namespace hopscope::core::lab
