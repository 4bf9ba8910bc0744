// Commands on their way from the window to the trainer, and what became of them. The window thread
// submits and reads answers, the trainer thread takes and answers; the lock is held for list work
// only. Owned by the session.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/api/command.h"

namespace hopscope::core {

/// Who gave a command that was known before the run began (SessionOptions::script).
inline constexpr const char* kByScript = "script";

struct WaitingCommand {
    uint64_t id = 0;
    Command command;
    std::string by;
};

class CommandQueue {
  public:
    static constexpr size_t kKeptAnswers = 500;  ///< older ones are in events.jsonl

    /// Queues a checked command, answered `pending`. A waiting command that differs in nothing but
    /// its value is replaced, so that a dragged slider sends its last value only; run control in
    /// between keeps both. A script's commands are all carried out.
    uint64_t submit(const Command& command, const std::string& by);
    /// Enters a command as refused without queueing it.
    uint64_t submit_refused(const Command& command, const std::string& reason);

    /// Enters commands that others carried out, an earlier session or the process that is followed:
    /// behind those that are answered, before those that wait.
    void remember(std::vector<Answer> carried_out);

    /// The oldest waiting command whose "from_step" has come; costs nothing if none waits.
    std::optional<WaitingCommand> next(int64_t step);
    void applied(uint64_t id, int64_t step);
    void refused(uint64_t id, const std::string& reason);
    void refuse_waiting(const std::string& reason);
    /// Whether `stop` waits: long work ends early for it.
    bool stop_waits() const { return stop_waits_.load(std::memory_order_acquire); }

    /// Oldest first; replaced ones are left out.
    std::vector<Answer> answers() const;

  private:
    void note_waiting();
    Answer* find(uint64_t id);
    void add_answer(Answer answer);
    void forget_oldest();

    mutable std::mutex mutex_;
    std::deque<WaitingCommand> waiting_;
    std::deque<Answer> answers_;
    uint64_t last_id_ = 0;
    std::atomic<size_t> waiting_count_{0};
    std::atomic<bool> stop_waits_{false};
};

/// What two commands must share for the newer to replace the older; "" for those that all count.
std::string replacement_key(const Command& command);

}  // namespace hopscope::core
