// An analysis: a name, what a run must have for it, a definition, and one function from the run to
// numbers. Each is one file of this folder, which ends with its row (`const Analysis kNAME`), and
// one line of core/analyses/table.cpp. Functions run on the caller's thread and own nothing.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/analyses/document.h"
#include "core/api/config.h"
#include "core/api/needs.h"
#include "core/api/progress.h"
#include "core/api/snapshot.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/run/eval_file.h"
#include "core/run/run_folder.h"

namespace hopscope::core {
struct OpenRun;  // core/trainer/open_run.h: tokenizer and weights
}

namespace hopscope::core::analysis {

class Measured;  // core/analyses/measured.h: passes over batches that several analyses share

/// What an analysis may use. Everything but the run's own files is opened only if one that was
/// asked for needs it.
struct AnalysisContext {
    const RunFolder& folder;
    /// As configured; where a model is open, with the live settings of its checkpoint, as the
    /// weights follow these.
    const Config& config;
    std::vector<ScalarRecord> metrics = {};       ///< metrics.csv, rising steps
    std::vector<EvalRecord> evals = {};           ///< eval/, rising steps
    const OpenRun* model = nullptr;               ///< newest checkpoint; set for Need::model
    Measured* measured = nullptr;                 ///< of that model; set for Need::model
    const AnalysisContext* against = nullptr;     ///< --against; may be null
    std::string corpus = {}, prompts = {};        ///< --corpus, --prompts; may be empty
    std::vector<std::string> category_dirs = {};  ///< word lists: the first that exists is read
    uint64_t seed = 42;
    Progress progress = {};
    int64_t curve_step = 0;  ///< last row of metrics.csv: the step of analyses without a model
    int64_t model_step = 0;  ///< of the checkpoint: the step of analyses of a model
    OrderedJson live = OrderedJson::object();  ///< settings of the checkpoint unlike config.toml
};

/// The text an analysis ran a model over.
struct TextRead {
    std::string corpus;     ///< the file, or "synthetic text"
    std::string data_hash;  ///< of its token ids
    int64_t batches = 0;    ///< evaluation batches that were read
};

struct AnalysisOutput {
    int64_t n = 0;  ///< what it rests on: points, tokens, experts (the definition says)
    Fields result = {};
    std::deque<Table> tables = {};
    bool used_against = false;          ///< the numbers rest on the second run, too
    bool used_prompts = false;          ///< … on the prompt file
    std::optional<TextRead> text = {};  ///< set by whoever ran the analysis

    /// The table of that name, made when first asked for. It stays at its place.
    Table& table(const char* name = "");
};

/// A few needs, as a row of the table lists them.
class NeedList {
  public:
    /// Of at most four; while it is compiled, so that a longer list is no program.
    consteval NeedList(std::initializer_list<Need> needs) {
        for (const Need need : needs) needs_[size_++] = need;
    }
    std::span<const Need> all() const { return {needs_.data(), size_}; }
    bool has(Need need) const;

  private:
    std::array<Need, 4> needs_ = {};
    size_t size_ = 0;
};

struct Analysis {
    const char* name;
    NeedList needs;          ///< met before run() is called
    const char* definition;  ///< formula and what n counts
    /// Errors: usage where the data lack what is needed (naming it); interrupted.
    Result<AnalysisOutput> (*run)(const AnalysisContext& context);

    bool needs_model() const { return needs.has(Need::model); }
    /// The definition with its place, [def:NAME]; for --help, the JSON and the tooltip.
    std::string cited() const { return std::string(definition) + " [def:" + name + "]"; }
};

/// Runs it where the run has what it needs. Errors: usage with the sentence of the first need that
/// is missing; those of the analysis.
Result<AnalysisOutput> run_analysis(const Analysis& analysis, const AnalysisContext& context);

struct SelectedAnalyses {
    std::vector<const Analysis*> list;  ///< in the order of the table
    bool all = false;                   ///< as many as the run has data for
};
/// Comma-separated names or "all". Errors: usage, with the nearest known name.
Result<SelectedAnalyses> select_analyses(std::span<const Analysis* const> table,
                                         const std::string& names);

/// What every document begins with, made or skipped: format, name, run, step, config_hash. The step
/// is that of the checkpoint for an analysis of a model and of the last recorded update for one of
/// curves, whatever else the same call makes.
OrderedJson analysis_head(const Analysis& analysis, const AnalysisContext& context);
/// hopscope.analysis/2 of one analysis.
OrderedJson analysis_json(const Analysis& analysis, const AnalysisOutput& output,
                          const AnalysisContext& context);
/// The lines `# key: value` at the head of a table: everything the document says but its result.
std::string csv_head(const OrderedJson& document);

}  // namespace hopscope::core::analysis
