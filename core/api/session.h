// A session is one sitting with a run: from opening it to closing it, the run is trained, watched
// and inspected through this one door of the window. Every function returns at once and never waits
// for the trainer; call them from the window thread only. Behind the door one thread owns the live
// model and another the inspector's copy (docs/development.md#threads).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/config.h"
#include "core/api/imported_look.h"
#include "core/api/snapshot.h"
#include "core/base/result.h"

namespace hopscope::core {

/// One of the configurations of a race, and the run that is trained from it; `name` is its run
/// folder's below that of the race.
struct RaceLane {
    Config config;
    std::string name;
};

struct SessionOptions {
    Config config;
    std::string config_name;  ///< "first_look"
    std::string run_dir;      ///< empty: runs/CONFIG-YYYYMMDD-HHMMSS
    bool resume = false;      ///< go on from the newest complete checkpoint of run_dir
    bool open_only = false;   ///< open run_dir paused at its newest checkpoint, history loaded
    bool look_only = false;   ///< with open_only: write nothing, whoever else writes the run or not
    /// With look_only: why the run takes no command, a sentence; "": as of one that another writes.
    std::string look_reason;
    bool start = true;      ///< begin training once prepared; else wait in paused
    bool headless = false;  ///< a NaN or full disk fails the run instead of pausing it
    /// Not empty: a race of these, stepped in turn on the same batches, instead of `config`;
    /// run_dir is the folder of the race.
    std::vector<RaceLane> race;
    /// Run folders whose prepared text may be taken over where it is provably what this run would
    /// make itself.
    std::vector<std::string> siblings;
    /// Commands for a new run, checked (live), by rising from_step. They are kept in run.json, so
    /// that a resumed run carries out those that are left; one that is refused ends the run (in a
    /// window: pauses it).
    std::vector<Command> script;
    /// Whether the run may be trained with a table [debug] in its configuration.
    bool allow_debug = false;
    std::function<void()> wake;  ///< called from other threads when something new can be shown
};

/// A question to the inspector; a newer one replaces an older one that has not begun.
struct TraceRequest {
    std::string prompt;
    std::vector<Command> interventions = {};  ///< for inference: halt, freeze routing, …
    /// Traced beside it on the same weights, under the same interventions; "" = none.
    std::string second = {};
};

/// What an intervention does to one prompt and to validation loss [def:halting]
/// [def:halting_control].
struct HaltingEffect {
    uint64_t version = 0;
    int64_t step = 0;
    double epsilon = 0;
    std::string prompt;
    float kl = kNaN;                       ///< KL(base ‖ halted) at the last position, nats
    std::vector<NextToken> base, changed;  ///< next token at the last position
    float valid_loss_base = kNaN,
          valid_loss_changed = kNaN;  ///< nats per token, over `batches` validation batches
    int64_t batches = 0, tokens = 0;
    float loss_diff_low = kNaN,
          loss_diff_high = kNaN;            ///< 95 % paired bootstrap interval of the difference
    float mean_hops = kNaN, saving = kNaN;  ///< saving = 1 − executed / possible
    float control_loss = kNaN,
          control_loss_std = kNaN;  ///< random control: as many (token, layer) trajectories of each
                                    ///< depth, drawn at random
    int64_t control_draws = 0;
    std::string error;
};

/// Words whose probability is summed: those that are a single token [def:category_probability].
struct CategoryWords {
    std::string name;
    std::vector<std::string> words;
    bool operator==(const CategoryWords&) const = default;
};

/// What a script does to one prompt, asked of the inspector; a newer question replaces an older.
struct InterventionRequest {
    std::string prompt;
    std::vector<Command> script;
    std::string target;  ///< its first token is the target; "" = the most likely token of the base
    std::vector<CategoryWords> categories;
    int64_t controls = 20;      ///< draws of the random control
    uint64_t seed = 42;         ///< of everything drawn: controls, random directions
    std::vector<double> doses;  ///< factors on lambda and strength for a dose curve; may be empty
    int64_t dose_controls = 5;  ///< draws of the control beside each dose
    bool operator==(const InterventionRequest&) const = default;
};

/// Mean and sample standard deviation over the draws of a random control; NaN without draws.
struct Spread {
    double mean = kNaN, std = kNaN;
};

/// P of a token or a category under base, intervention and random control.
struct OddsRow {
    std::string name;   ///< piece, or category
    int64_t id = -1;    ///< token; −1 for a category
    int64_t words = 0;  ///< single tokens counted for a category
    double base = kNaN, changed = kNaN;
    Spread control;
};

/// The intervention with lambda and strength times `factor`.
struct DosePoint {
    double factor = 1, kl = kNaN, p_target = kNaN, nll = kNaN;
    bool token_changed = false;
    Spread control_kl, control_p_target;
    std::string error;  ///< not empty: nothing else is filled
};

/// What an intervention does to the next token at the last position of a prompt, beside a random
/// control of equal size [def:effect]. Published first without the control, then whole.
struct InterventionEffect {
    uint64_t version = 0;
    int64_t step = 0;  ///< of the weights that were used
    InterventionRequest request;
    std::string error;    ///< not empty: nothing but `too_long` is filled
    TooLong too_long;     ///< of the prompt
    bool whole = false;   ///< control and doses are in it
    double progress = 0;  ///< passes made / passes to make, 0 … 1
    int64_t tokens = 0;   ///< of the prompt
    OddsRow target;
    double nll_base = kNaN, nll_changed = kNaN;  ///< −ln P(target), nats
    double kl = kNaN;                            ///< KL(base ‖ changed), nats
    bool token_changed = false;                  ///< the most likely token differs
    double mean_hops = kNaN;      ///< executed under the intervention, mean over tokens and layers
    std::vector<double> jaccard;  ///< per layer: expert sets of base and changed [def:jaccard]
    std::vector<OddsRow> next;    ///< the ten likeliest of base and of changed, falling base
    std::vector<OddsRow> groups;  ///< P of each category asked for
    int64_t control_draws = 0;
    std::string control_reason;  ///< why there is no control; "" where there is
    Spread control_kl, control_nll;
    std::vector<double> control_kls;      ///< KL of each draw
    std::vector<Spread> control_jaccard;  ///< per layer
    double control_changed = kNaN;        ///< share of draws whose most likely token differs
    std::vector<DosePoint> doses;
};

class Session {
  public:
    /// Starts the threads; preparation (tokenizer, corpus, model) goes on in the background and
    /// shows in status().
    static Result<std::unique_ptr<Session>> open(SessionOptions options);
    virtual ~Session() = default;  ///< stops at the next step, checkpoints, joins

    virtual const Config& config() const = 0;
    virtual RunStatus status() const = 0;
    /// Queues a command for the run; commands of the same name and key that wait are replaced by
    /// the newer one.
    virtual uint64_t submit(const Command& command, const std::string& by) = 0;
    /// The commands with their present answers, oldest first: all that wait and the newest of the
    /// others (all are in events.jsonl). One that was replaced while it waited is left out.
    virtual std::vector<Answer> answers() const = 0;
    /// Appends the records that came since the last call.
    virtual void drain_scalars(std::vector<ScalarRecord>& out) = 0;
    /// The newest snapshot; null before the first.
    virtual std::shared_ptr<const GeometrySnapshot> geometry() const = 0;
    virtual void request_trace(TraceRequest request) = 0;
    virtual std::shared_ptr<const TraceResult> trace() const = 0;
    virtual void request_halting(const std::string& prompt, double epsilon) = 0;
    virtual std::shared_ptr<const HaltingEffect> halting() const = 0;
    virtual void request_intervention(InterventionRequest request) = 0;
    /// The newest answer, which grows until it is `whole`; null before the first.
    virtual std::shared_ptr<const InterventionEffect> intervention() const = 0;
    /// What of an imported model is to be shown; a newer view replaces an older one. Of another run
    /// nothing happens.
    virtual void request_view(ImportedView) {}
    /// What geometry() and trace() show of an imported model; null before the first, and of another
    /// run.
    virtual std::shared_ptr<const ImportedLook> imported() const { return nullptr; }
    /// Messages for the log panel that came since the last call, as "hh:mm:ss text".
    virtual std::vector<std::string> drain_messages() = 0;
    /// Asks to stop (finish step, checkpoint); `finished` turns true when the threads have ended.
    /// `reason`, where nobody asked for it, goes to run.json with the state: "the display was
    /// lost".
    virtual void close(const std::string& reason) = 0;
    void close() { close(""); }
    virtual bool finished() const = 0;
};

}  // namespace hopscope::core
