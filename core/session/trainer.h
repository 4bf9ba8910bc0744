// What a session needs from the model's side, as plain interfaces. A trainer owns the live model
// and makes it learn, one update at a call; it belongs to the trainer thread alone. An inspector
// answers questions about prompts on a weights copy, so that it never waits for an update nor
// disturbs one; it belongs to the inspector thread alone. The real ones stand in core/trainer;
// tests use fakes without LibTorch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/progress.h"
#include "core/api/session.h"
#include "core/api/snapshot.h"
#include "core/base/result.h"

namespace hopscope::core {

/// An immutable copy of all weights with the step it belongs to, as a trainer makes it between two
/// updates; only the inspector looks inside.
class WeightsCopy {
  public:
    virtual ~WeightsCopy() = default;
    int64_t step = 0;
};

/// What the session must do after the update just made (resolved from eval_every, checkpoint_every,
/// snapshot_every).
struct Due {
    bool evaluate = false, checkpoint = false, snapshot = false;
};

class Trainer {
  public:
    virtual ~Trainer() = default;

    /// Run folder, tokenizer, corpus, model; resumes where asked. Fills the fixed fields of
    /// `status` (as early as known: they are shown with each report). After an error nothing else
    /// is called, so it leaves the run folder valid itself.
    virtual Status prepare(const Progress& progress, RunStatus& status) = 0;
    virtual int64_t step() const = 0;            ///< updates done
    virtual int64_t steps() const = 0;           ///< updates planned
    virtual int64_t lanes() const { return 1; }  ///< calls of update() that make one step
    /// Records of earlier updates (from metrics.csv after a resume or open), oldest first.
    virtual std::vector<ScalarRecord> history() = 0;
    /// One optimizer update; its record's publish_ms is what was spent on live statistics, if any.
    /// `between` is called between micro-batches (commands are read there and
    /// applied after). An Error (NaN, full disk) means: the update was not made and the state is
    /// that of before.
    virtual Result<ScalarRecord> update(const std::function<void()>& between) = 0;
    virtual Due due() const = 0;
    /// Mean validation loss, nats per token; writes eval/step_N.json.
    virtual Result<float> evaluate(const Progress& progress) = 0;
    /// Appends to metrics.csv and the event file. Called once an update, after an evaluation that
    /// follows it; after an error (nothing was appended) again with the same record, before the
    /// next update.
    virtual Status record(const ScalarRecord& record) = 0;
    /// Whether the evaluation due after the last update made was cut short by a stop of an earlier
    /// session. It is then made up before anything else is trained: evaluate(), then make_up() with
    /// its loss, which completes that update's record in metrics.csv and returns it.
    virtual bool owes_evaluation() { return false; }
    virtual Result<ScalarRecord> make_up(float /*valid_loss*/) {
        return failure("no evaluation is owed");
    }
    virtual Status checkpoint() = 0;
    /// The checkpoint that due() asked for; in a race that of one lane alone, after which unsaved()
    /// says whether others wait for checkpoint().
    virtual Status checkpoint_due() { return checkpoint(); }
    virtual bool unsaved() const { return false; }
    /// Applies a change (set, freeze, steer, …) before the next update and logs it to events.jsonl;
    /// the error is the refusal.
    virtual Status apply(const Command& command, const std::string& by) = 0;
    /// Logs run control (pause, resume, step, stop, checkpoint, evaluate) that the session has
    /// carried out itself.
    virtual Status note(const Command& command, const std::string& by) { return {}; }
    /// What earlier sessions commanded and acts by now, oldest first; each once, so that a run that
    /// goes on tells what is applied again as it comes to its step.
    virtual std::vector<Answer> past() { return {}; }
    /// The turn of what trains beside the run (a fork), after each update of the run that was
    /// evaluated, recorded and saved; gives the records of its updates. What fails in it ends it
    /// alone, never the run, and is told by messages().
    virtual std::vector<ScalarRecord> beside(const Progress& /*progress*/) { return {}; }
    /// For the log, what came since the last call.
    virtual std::vector<std::string> messages() { return {}; }
    /// Brings lanes and fork of `status` up to date; called after changes and updates.
    virtual void describe(RunStatus& /*status*/) const {}
    /// Bytes that the program holds of the memory of a GPU; 0 where it trains on none.
    virtual int64_t device_bytes() const { return 0; }
    virtual std::vector<std::string> frozen() const = 0;
    /// What acts on the model as it trains, in words (RunStatus::interventions).
    virtual std::vector<std::string> interventions() const { return {}; }
    virtual std::shared_ptr<const GeometrySnapshot> geometry() = 0;
    /// Writes the snapshot to geometry/ if its step belongs to the thinned timeline.
    virtual Status save_geometry(const GeometrySnapshot& snapshot) = 0;
    virtual std::shared_ptr<const WeightsCopy> copy_weights() = 0;
    /// State to run.json ("running", "paused", "done", "failed: reason", …).
    virtual Status write_state(RunState state, const std::string& reason) = 0;
};

class Inspector {
  public:
    virtual ~Inspector() = default;
    virtual void refresh(std::shared_ptr<const WeightsCopy> weights) = 0;
    virtual TraceResult trace(const TraceRequest& request,
                              const std::function<bool()>& cancelled) = 0;
    virtual HaltingEffect halting(const std::string& prompt, double epsilon,
                                  const std::function<bool()>& cancelled) = 0;
    /// `publish` gets what is known so far; what is returned is whole or an error. `cancelled` is
    /// polled between passes.
    virtual InterventionEffect intervene(
        const InterventionRequest& request, const std::function<bool()>& cancelled,
        const std::function<void(const InterventionEffect&)>& publish) = 0;
};

}  // namespace hopscope::core
