// The life of the trainer thread: prepare, then commands, updates, publications and waiting, until
// the session closes. It owns the trainer and is the only one to call it; no exception leaves it.
// One function, run(), called on the trainer thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/session/board.h"
#include "core/session/command_queue.h"
#include "core/session/trainer.h"

namespace hopscope::core {

struct TrainerLoopOptions {
    bool start = true;
    bool open_only = false;
    bool headless = false;
};

class TrainerLoop {
  public:
    TrainerLoop(Board& board, CommandQueue& commands, std::unique_ptr<Trainer> trainer,
                TrainerLoopOptions options);
    /// Returns after Board::closing: step finished, checkpoint written, trainer destroyed.
    void run();

  private:
    using Clock = Wakeup::Clock;

    bool prepare();
    void live();
    void guard(const std::function<void()>& work);

    void carry_out_commands();
    Status carry_out(const WaitingCommand& waiting, Action action);
    void show_changes();
    void begin(int64_t steps);
    void pause(const std::string& reason = "");

    void make_update();
    Status evaluate(float& loss);
    void make_up_evaluation();
    void go_beside();
    void tell();
    Status checkpoint(bool all);
    Status keep_record();
    double publish(bool snapshot_due);
    void publish_geometry(bool save);
    void publish_weights();

    void trouble(const Error& error);
    void fail(const Error& error);
    void end(RunState final_state);
    void finish(RunState final_state);
    bool enter(RunState state, const std::string& reason, bool write);
    Status write_state(RunState state, const std::string& reason);
    bool stop_wanted() const { return board_.closing || stop_ || commands_.stop_waits(); }
    Progress progress();
    void clear_activity();

    Board& board_;
    CommandQueue& commands_;
    std::unique_ptr<Trainer> trainer_;
    const TrainerLoopOptions options_;

    bool running_ = false;
    bool stop_ = false;                       ///< a stop command was carried out
    bool cut_short_ = false;                  ///< a stop ended the last evaluation early
    bool touched_ = false;                    ///< something happened that run.json should tell
    bool needs_checkpoint_ = true;            ///< the live state is not the newest checkpoint's
    bool geometry_broken_ = false;            ///< its failure to save was told
    std::optional<ScalarRecord> unrecorded_;  ///< made, but metrics.csv had no room for it yet
    int64_t steps_left_ = 0;                  ///< of a step command; 0: no limit

    uint64_t geometry_revision_ = 0, weights_revision_ = 0;  ///< last published
    Clock::time_point next_geometry_{}, next_weights_{};     ///< earliest while running
    Clock::time_point last_report_{};
    double train_seconds_ = 0, publish_seconds_ = 0;  ///< of the recent updates, fading
};

}  // namespace hopscope::core
