// The same laboratory without a window: one function a subcommand. They block, report progress to
// `Progress`, and return finished JSON text, so that the command line knows neither LibTorch nor
// the run folder. Called on the main thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/command.h"
#include "core/api/comparison.h"
#include "core/api/config.h"
#include "core/api/expert_matches.h"
#include "core/api/halting_table.h"
#include "core/api/kinds.h"
#include "core/api/model_sheet.h"
#include "core/api/needs.h"
#include "core/api/passages.h"
#include "core/api/phases.h"
#include "core/api/progress.h"
#include "core/api/run_look.h"
#include "core/api/run_numbers.h"
#include "core/api/session.h"
#include "core/api/snapshot.h"
#include "core/api/trend.h"
#include "core/base/result.h"

namespace hopscope::core::lab {

/// Set by the signal handler; long work polls it and ends cleanly (exit 130).
std::atomic<int>& interrupt_flag();

/// The resolved configuration of a TOML file with "table.key=value" overrides laid over it; errors
/// name file:line and key.
Result<Config> read_config(const std::string& path, const std::vector<std::string>& overrides);
/// The same for a run to be trained, which may ask for something in [debug] only where that is
/// allowed.
Result<Config> read_training_config(const std::string& path,
                                    const std::vector<std::string>& overrides, bool allow_debug);

/// Term and definition, for --help.
using Definition = std::pair<std::string, std::string>;

struct TrainOptions {
    std::string config_path;             ///< may be empty with resume
    std::vector<std::string> overrides;  ///< "table.key=value"
    std::string out;                     ///< empty: runs/CONFIG-YYYYMMDD-HHMMSS
    std::optional<DeviceKind> device;    ///< without: as configured
    bool resume = false;
    bool allow_debug = false;  ///< SessionOptions::allow_debug
    /// Commands for the run, each before the update that its from_step names (without: the first);
    /// pause, resume, step and stop are left out. A run that is resumed has its own.
    std::vector<Command> script;
    std::function<void(const RunStatus&)> on_status;  ///< preparation and state changes
    std::function<void(const ScalarRecord&, const RunStatus&)> on_step;
};
/// Trains to the end; returns the final run.json text.
Result<std::string> train(const TrainOptions& options);

/// One run of a batch has its turn.
struct BatchRunBegin {
    enum What : uint8_t { started, resumed, skipped };
    std::string run;
    int64_t number = 0, of = 0;  ///< number: from 1
    What what = started;
};

struct BatchOptions {
    std::string file;                    ///< TOML: configurations × seeds (core/lab/batch_file.h)
    std::vector<std::string> overrides;  ///< "table.key=value", over those of the file
    std::string out;                     ///< each run is OUT/NAME-seedS
    std::optional<DeviceKind> device;    ///< without: as configured
    bool allow_debug = false;            ///< SessionOptions::allow_debug
    std::function<void(const BatchRunBegin&)> on_run;
    std::function<void(const RunStatus&)> on_status;  ///< of the run at work
    std::function<void(const ScalarRecord&, const RunStatus&)> on_step;
};
/// What a batch as a whole has come to.
enum class BatchState { running, done, failed, interrupted };
constexpr auto words_of(BatchState) {
    return words("running", "done", "failed", "interrupted");
}
/// Trains the runs of the file one after another: done ones are skipped, stopped ones go on, a
/// failing one is noted. Writes OUT/batch.json and OUT/batch.csv after each; returns the former
/// (hopscope.batch/1), whose "state" is a BatchState: failed where a run has (the others are
/// trained).
Result<std::string> batch(const BatchOptions& options);

struct RaceOptions {
    std::vector<std::string> config_paths;  ///< two or more; may be empty with resume
    std::vector<std::string> overrides;     ///< "table.key=value", for every lane
    std::string out;                        ///< each lane is OUT/CONFIG-NAME
    std::optional<DeviceKind> device;       ///< without: as configured
    bool resume = false;
    bool allow_debug = false;  ///< SessionOptions::allow_debug
    std::function<void(const RunStatus&)> on_status;
    std::function<void(const ScalarRecord&, const RunStatus&)> on_step;  ///< ScalarRecord::lane
};
/// Trains the lanes in turn on the same batches; returns race.json (hopscope.race/1). A lane that
/// fails is left behind with "state": "failed" and the others go on.
Result<std::string> race(const RaceOptions& options);

struct EvalOptions {
    std::string run;
    std::string corpus;  ///< "" = the run's own
    Split split = Split::valid;
    int64_t batches = 50;
    int64_t hops = 0;   ///< 0 = all; else min(N, H of the layer)
    int64_t top_k = 0;  ///< 0 = as configured
    double tau = 0;     ///< 0 = as configured
    double halt = -1;   ///< epsilon; < 0 = off
    bool freeze_routing = false;
    bool no_experts = false;
    Precision precision = Precision::fp32;
    std::function<void(const std::string& activity, double fraction)> on_progress;
};
Result<std::string> eval(const EvalOptions& options);  ///< hopscope.eval/1

struct HaltingOptions {
    std::vector<std::string> runs;
    std::vector<double> epsilons = {0.02, 0.05, 0.1, 0.15};  ///< those of arXiv 2604.14419
    std::string corpus;                                      ///< "" = the run's own
    Split split = Split::valid;
    int64_t batches = 50;
    int64_t repeats = 3;   ///< timed passes
    int64_t controls = 0;  ///< draws of the random control, and an interval with it; 0 = none
    /// Of the first that exists the depths by word list, beside a control; empty: none.
    std::vector<std::string> category_dirs;
    Precision precision = Precision::fp32;
    std::function<void(const std::string& activity, double fraction)> on_progress;
};
/// hopscope.halting/1; of several runs {"format", "runs": [a document each]}.
Result<std::string> halting(const HaltingOptions& options);
/// The numbers of the same of the first run, for the window; computes on one thread. Errors as
/// above; cancelled.
Result<HaltingTable> halting_table(const HaltingOptions& options, const Progress& progress);

struct TraceOptions {
    std::string run;
    std::string text;
    bool positions = false;
    bool cut = false;  ///< cut a prompt longer than max_seq_len instead of refusing it
    std::vector<Command> script;
    Precision precision = Precision::fp32;
};
Result<std::string> trace(const TraceOptions& options);  ///< hopscope.trace/1

struct RoutingDumpOptions {
    std::string run;
    std::string out;     ///< the safetensors file; replaced whole
    std::string corpus;  ///< "" = the run's own
    Split split = Split::valid;
    int64_t batches = 0;  ///< the first N; 0 = all
    bool positions = false;
    bool half = false;  ///< weights and positions as fp16
    std::vector<Command> script;
    Precision precision = Precision::fp32;
    std::function<void(const std::string& activity, double fraction)> on_progress;
};
/// Routing and losses of a whole corpus as tensors in `out`, batch by batch: memory does not grow
/// with the corpus, and a call that fails or is interrupted leaves no file. Returns what was
/// written: hopscope.routing/1.
Result<std::string> trace_corpus(const RoutingDumpOptions& options);
/// The tensors of the file.
const std::vector<Definition>& trace_definitions();

struct InterveneOptions {
    std::string run;
    std::vector<Command> script;
    std::string prompts;  ///< JSON lines; "" = the beginnings of validation sequences
    std::vector<std::string> category_dirs;  ///< the first that exists is read
    int64_t controls = 20;
    uint64_t seed = 42;  ///< of everything drawn: controls, random directions
    /// Factors on lambda and strength for a dose curve; empty: none.
    std::vector<double> doses;
    Precision precision = Precision::fp32;
    std::function<void(const std::string& text, double share)> on_progress;
};
Result<std::string> intervene(const InterveneOptions& options);  ///< hopscope.intervene/1

/// The lists of the first of `dirs` that exists, and the labelled classes of the run's synthetic
/// corpus as "class:NAME", by name.
Result<std::vector<CategoryWords>> word_lists(const std::string& run,
                                              const std::vector<std::string>& dirs);

/// How the run (or race) in the folder `dir` stands. Errors (usage): no such folder, none of a run,
/// a damaged run.json.
Result<RunLook> look_at_run(const std::string& dir);
/// Copies a run into a folder of its own, runs/NAME-YYYYMMDD-HHMMSS (below `base` in place of
/// "runs"), so that it can be gone on with there; returns the folder. Errors (failed): disk; what
/// was made is gone again.
Result<std::string> copy_run(const std::string& dir, const std::string& base = "runs");

/// Passages of the run's validation text. Reads its tokens once and computes on the calling thread.
/// Errors (usage): the text is not there, or not the one it was trained with; cancelled.
Result<Passages> passages(const std::string& run, const PassageRequest& request,
                          const Progress& progress);

/// The snapshots that the folder of a run keeps, of a race that of its first lane; rising steps.
/// None where nothing can be listed.
std::vector<KeptSnapshot> kept_snapshots(const std::string& run);
/// Errors (usage) name the file.
Result<GeometrySnapshot> read_kept_snapshot(const std::string& run, int64_t step);

/// A snapshot of the newest checkpoint with more tokens than the probe sample: the first whole
/// sequences of the run's validation text, at most `tokens` (1 … kMostSampleTokens) of them (one
/// sequence where that is longer) and a gigabyte, in the order that begins with the probe sample
/// [def:token_sample]. Nothing intervenes. Computes on one thread. Errors (usage): `tokens`, no
/// checkpoint, a dense model, the text is not there; cancelled.
Result<GeometrySnapshot> token_sample(const std::string& run, int64_t tokens,
                                      const Progress& progress);

/// What the training loss did, by steps (rising) and its value after each; as the analysis `phases`
/// of the same run says it, without reading anything. Nothing where there are too few updates.
/// Some ms; any thread.
std::vector<Phase> loss_phases(const std::vector<double>& steps, const std::vector<double>& losses);

struct CompareOptions {
    std::vector<std::string> runs;  ///< run folders, eval or zero-shot JSON files
    std::string printed;            ///< claims of a table, JSON lines; then runs may be empty
    std::optional<double> margin;   ///< default: 0.03 nats, or 0.02 of accuracy
    std::vector<int64_t> blocks = {5, 10};
    int64_t resamples = 10'000;
    uint64_t seed = 42;
    std::function<void(const std::string& activity, double fraction)> on_progress;
};
Result<std::string> compare(const CompareOptions& options);  ///< hopscope.compare/1
const std::vector<Definition>& compare_definitions();

/// Run folders beside each other, as saved losses and settings tell; a run that cannot be compared
/// says why in the result. Errors: cancelled.
Result<Comparison> compare_runs(const std::vector<std::string>& runs, const Progress& progress);
/// The single numbers of run folders, one entry a folder in their order; one that cannot be read
/// says why in the result. Errors: cancelled.
Result<std::vector<RunNumbers>> run_numbers(const std::vector<std::string>& runs,
                                            const Progress& progress);
/// The straight line through points, at once; both [points].
Trend line_through(const std::vector<double>& x, const std::vector<double>& y);
/// The run folders that a path names: itself, the lanes of a race, or those in it, by name. Errors
/// (usage) name the path.
Result<std::vector<std::string>> runs_at(const std::string& path);

/// Experts of two kept snapshots held against each other; computes on one thread. Errors (usage)
/// say what cannot be compared; cancelled.
Result<ExpertMatches> match_experts(const MatchRequest& request, const Progress& progress);

struct ZeroshotOptions {
    std::string run;
    ZeroshotTask task = ZeroshotTask::hellaswag;
    std::string file;   ///< JSON lines, plain or .xz
    int64_t items = 0;  ///< the first N; 0 = all
    std::vector<Command> script;
    Precision precision = Precision::fp32;
    std::function<void(const std::string& activity, double fraction)> on_progress;
};
/// hopscope.zeroshot/1, which is also written to RUN/analysis/zeroshot-TASK.json (with a script or
/// another precision: zeroshot-TASK-changed.json; of the first N items alone: …-first-N.json).
Result<std::string> zeroshot(const ZeroshotOptions& options);
const std::vector<Definition>& zeroshot_definitions();

struct GenerateOptions {
    std::string run;
    std::string text;        ///< the prompt
    int64_t tokens = 64;     ///< at most so many
    double temperature = 1;  ///< 0 = always the most likely token
    double top_p = 1;        ///< in (0, 1]
    uint64_t seed = 42;
    std::vector<Command> script;
    Precision precision = Precision::fp32;
    std::function<void(const std::string& text)> on_text;  ///< whole characters as they come
};
Result<std::string> generate(const GenerateOptions& options);  ///< hopscope.generate/1
const std::vector<Definition>& generate_definitions();

struct AnalyzeOptions {
    std::string run, against;                ///< run folders; against may be empty
    std::string what = "all";                ///< names joined by commas
    std::string corpus, prompts;             ///< files; may be empty
    std::vector<std::string> category_dirs;  ///< the first that exists is read
    std::string out;  ///< folder for NAME.json and NAME.csv; "" = none are written
    uint64_t seed = 42;
    std::function<void(const std::string& activity, double fraction)> on_progress;
    std::function<bool()> cancelled;  ///< polled beside the interrupt flag; may be empty
    bool background = false;          ///< beside a run in training: computes on one thread
};
/// One hopscope.analysis/2 document, or several in hopscope.analyses/2 under "analyses"; with
/// "all", those the run has no data for say so under "skipped".
Result<std::string> analyze(const AnalyzeOptions& options);
/// Name and definition of every analysis; `imported`: as an imported model has them.
std::vector<Definition> analysis_definitions(bool imported = false);
/// Names of the analyses that a run of this configuration cannot have, each with the sentence that
/// says why, before anything is opened.
std::vector<Definition> analysis_refusals(const Config& config, const RunHolds& holds = {});

/// `target`: a run folder or that of a published model, or with `is_config` a TOML file.
/// hopscope.info/1.
Result<std::string> info(const std::string& target, bool is_config,
                         const std::vector<std::string>& overrides);

struct ImportOptions {
    std::string model;                ///< folder of a published model
    std::vector<std::string> traces;  ///< files of recorded choices
    std::string out;                  ///< "" = runs/NAME-YYYYMMDD-HHMMSS
    bool experts = false;             ///< reads the experts, too, for their coupling to the routers
    std::function<void(const std::string& activity, double fraction)> on_progress;
};
/// Makes a run folder of state "imported"; returns its imported.json (hopscope.imported/1).
Result<std::string> import_model(const ImportOptions& options);

/// Whether `dir` is the folder of a published model, sound or not.
bool is_model(const std::string& dir);
/// The run folder of such a model's import, kept below `cache` and made anew only when the model's
/// files changed. `cancelled` is polled beside the interrupt flag; may be empty.
Result<std::string> open_model(const std::string& dir, const std::string& cache,
                               const std::function<bool()>& cancelled = {});

/// As what a model is written for others.
enum class ModelForm : uint8_t { transformers };
constexpr auto words_of(ModelForm) {
    return words("transformers");
}

struct ExportModelOptions {
    std::string run;
    ModelForm as = ModelForm::transformers;
    std::string out;              ///< the new folder
    std::optional<int64_t> step;  ///< of the checkpoint; without: the newest
};
/// A checkpoint as a folder that others read without this program
/// (docs/formats.md#a-model-for-transformers); hopscope.export/1. Errors: those of open_run;
/// (usage) something else stands at `out`; (failed) the disk. Afterwards the folder is whole, or
/// all is as it was before.
Result<std::string> export_model(const ExportModelOptions& options);

struct RouteOptions {
    std::string model;   ///< folder of a published model
    int64_t layer = 0;   ///< the model's own number
    std::string pool;    ///< "" = the layer's own
    std::string inputs;  ///< safetensors with `input` [T, d] or `logits` [T, E]
    std::string out;     ///< file for `experts` and `weights` [T, k]; "" = they are returned
};
/// A family's routing rule alone; hopscope.route/1.
Result<std::string> route(const RouteOptions& options);
const std::vector<Definition>& route_definitions();

/// What a model of this configuration consists of. Any thread; the configuration must be a resolved
/// one.
ModelSheet model_sheet(const Config& config);

struct BenchOptions {
    std::string what = "all";            ///< names joined by commas
    std::string forms = "all";           ///< of what is named, joined by commas
    std::string cases = "configured";    ///< sizes of operators, names joined by commas
    std::string keep;                    ///< folder for what forms are given and give; "" = none
    std::string config;                  ///< TOML file; "" = the defaults
    std::vector<std::string> overrides;  ///< "table.key=value"
    std::optional<DeviceKind> device;    ///< without: as configured
    int64_t repeats = 20;                ///< timed rounds
    /// Where given, one form is timed in turns with something else in place of rounds: the first
    /// `answer` is its row after warming up, each further one the times [ms] of as many calls as
    /// `next_turn` said; 0 ends it.
    std::function<int64_t()> next_turn;
    std::function<void(const std::string& json)> answer;
    std::function<void(const std::string& activity, double fraction)> on_progress;
};
/// hopscope.bench/1. Works on random numbers and on a run of its own under the temporary folder.
Result<std::string> bench(const BenchOptions& options);
std::vector<Definition> bench_definitions();  ///< what can be named, and what each row of it is

struct TokenizerTrainOptions {
    std::string input, out;  ///< out: M.model
    int64_t vocab_size = 0;
    TokenizerKind type = TokenizerKind::bpe;
    bool byte_fallback = true;
    uint64_t seed = 42;
    std::function<void(const std::string& activity, double fraction)> on_progress;
};
Result<std::string> tokenizer_train(const TokenizerTrainOptions& options);
/// One line out for each line in; ids (or pieces) separated by blanks.
Result<std::string> tokenizer_encode(const std::string& model, const std::string& text,
                                     bool pieces);
Result<std::string> tokenizer_decode(const std::string& model, const std::string& ids);

}  // namespace hopscope::core::lab
