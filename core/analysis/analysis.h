// An analysis: one name, one definition, one function from a run to numbers and tables
// (product.md section 7). The table of all of them is core/lab/analysis_table.cpp; a new one joins
// by a line there. Functions run on the caller's thread and own nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/api/config.h"
#include "core/api/progress.h"
#include "core/api/result.h"
#include "core/api/snapshot.h"
#include "core/run/eval_file.h"
#include "core/run/json_file.h"
#include "core/run/run_folder.h"

namespace hopscope::core {

struct OpenRun;  // core/lab/open_run.h: tokenizer and weights
class Measured;  // core/lab/measured.h: passes over batches that several analyses share

namespace analysis {

/// What an analysis may use. Everything but the run's own files is opened only if one that was
/// asked for needs it.
struct AnalysisContext {
    const RunFolder& folder;
    /// As configured; where a model is open, with the live settings of its checkpoint, as the
    /// weights follow these.
    const Config& config;
    std::vector<ScalarRecord> metrics = {};       ///< metrics.csv, rising steps
    std::vector<EvalRecord> evals = {};           ///< eval/, rising steps
    const OpenRun* model = nullptr;               ///< newest checkpoint; set where needs_model
    Measured* measured = nullptr;                 ///< of that model; set where needs_model
    const AnalysisContext* against = nullptr;     ///< --against; may be null
    std::string corpus = {}, prompts = {};        ///< --corpus, --prompts; may be empty
    std::vector<std::string> category_dirs = {};  ///< word lists: the first that exists is read
    uint64_t seed = 42;
    Progress progress = {};
    int64_t curve_step = 0;  ///< last row of metrics.csv: the step of analyses without a model
    int64_t model_step = 0;  ///< of the checkpoint: the step of analyses of a model
    OrderedJson live = OrderedJson::object();  ///< settings of the checkpoint unlike config.toml
};

/// A table for CSV: numbers as text that reads back, "" for none.
struct AnalysisTable {
    std::string name;  ///< "" = that of the analysis
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
};

/// The text an analysis ran a model over.
struct TextRead {
    std::string corpus;     ///< the file, or "synthetic text"
    std::string data_hash;  ///< of its token ids
    int64_t batches = 0;    ///< evaluation batches that were read
};

struct AnalysisOutput {
    int64_t n = 0;  ///< what it rests on: points, tokens, experts (the definition says)
    OrderedJson result = OrderedJson::object();
    std::vector<AnalysisTable> tables = {};
    bool used_against = false;          ///< the numbers rest on the second run, too
    bool used_prompts = false;          ///< … on the prompt file
    std::optional<TextRead> text = {};  ///< set by whoever ran the analysis
};

struct Analysis {
    const char* name;
    const char* definition;  ///< formula and what n counts; for --help, the JSON and the tooltip
    bool needs_model;
    /// Errors: usage where the run lacks what is needed (naming it); interrupted.
    Result<AnalysisOutput> (*run)(const AnalysisContext& context);
};

/// Comma-separated names or "all", in the order of the table. Errors: usage, with the nearest known
/// name.
Result<std::vector<const Analysis*>> select_analyses(std::span<const Analysis> table,
                                                     const std::string& names);

/// What every document begins with, made or skipped: format, name, run, step, config_hash. The step
/// is that of the checkpoint for an analysis of a model and of the last recorded update for one of
/// curves, whatever else the same call makes.
OrderedJson analysis_head(const Analysis& analysis, const AnalysisContext& context);
/// hopscope.analysis/1 of one analysis.
OrderedJson analysis_json(const Analysis& analysis, const AnalysisOutput& output,
                          const AnalysisContext& context);
/// The lines `# key: value` at the head of a table: everything the document says but its result.
std::string csv_head(const OrderedJson& document);
/// RFC 4180: fields with commas, quotes or line ends are quoted.
std::string to_csv(const AnalysisTable& table);
/// Text that reads back to the same number; "" where it is not finite.
std::string csv_number(double x);
/// A number, or null where it is not finite.
OrderedJson json_number(double x);
OrderedJson json_interval(double low, double high);
/// Text of a number of a document; "" where it is null.
std::string csv_cell(const OrderedJson& number);
/// Adds the two ends of an interval of a document, [low, high], to a row of a table.
void add_bounds(std::vector<std::string>& row, const OrderedJson& interval);
/// k of n as count, share and its 95 % Clopper–Pearson interval.
OrderedJson share_over(int64_t k, int64_t n);
/// Mean of values, one of each unit ("words", "experts", …), with its 95 % bootstrap interval over
/// the units and their number.
OrderedJson mean_over(const std::vector<double>& values, const char* units, uint64_t seed);

// The analyses of this folder.
Result<AnalysisOutput> phases(const AnalysisContext& context);
Result<AnalysisOutput> convergence(const AnalysisContext& context);
Result<AnalysisOutput> crossings(const AnalysisContext& context);
Result<AnalysisOutput> saturation(const AnalysisContext& context);
extern const char* const kPhasesDefinition;
extern const char* const kConvergenceDefinition;
extern const char* const kCrossingsDefinition;
extern const char* const kSaturationDefinition;

}  // namespace analysis
}  // namespace hopscope::core
