// The one door of the window: a run being trained, watched and inspected. Every function returns at
// once and never waits for the trainer; call them from the window thread only. Behind the door one
// thread owns the live model and another the inspector's copy (architecture.md, Threads).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/config.h"
#include "core/api/result.h"
#include "core/api/snapshot.h"

namespace hopscope::core {

/// One of the configurations of a race; `name` is its run folder's below that of the race.
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
    bool start = true;        ///< begin training once prepared; else wait in paused
    bool headless = false;    ///< a NaN or full disk fails the run instead of pausing it
    /// Not empty: a race of these, stepped in turn on the same batches, instead of `config`;
    /// run_dir is the folder of the race.
    std::vector<RaceLane> race;
    /// Run folders whose prepared text may be taken over where it is provably what this run would
    /// make itself.
    std::vector<std::string> siblings;
    std::function<void()> wake;  ///< called from other threads when something new can be shown
};

/// A question to the inspector; a newer one replaces an older one that has not begun.
struct TraceRequest {
    std::string prompt;
    std::vector<Command> interventions;  ///< for inference: halt, freeze routing, …
};

/// What an intervention does to one prompt and to validation loss (science.md A6, E13, E14).
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
