#include "core/session/command_queue.h"

#include <algorithm>
#include <iterator>

#include "core/api/command_registry.h"

namespace hopscope::core {

std::string replacement_key(const Command& command) {
    // Of these the last value says all; freezing, stepping and saving do not replace one another.
    return spec_of(command.kind).value() ? to_json(without_value(command)) : "";
}

uint64_t CommandQueue::submit(const Command& command, const std::string& by) {
    const std::string key = by == kByScript ? "" : replacement_key(command);
    std::lock_guard lock(mutex_);
    for (auto old = waiting_.rbegin(); !key.empty() && old != waiting_.rend(); ++old) {
        const Action action = spec_of(old->command.kind).action;
        if (action != Action::change || old->by == kByScript) break;
        if (replacement_key(old->command) != key) continue;
        const uint64_t replaced = old->id;
        waiting_.erase(std::next(old).base());
        std::erase_if(answers_, [&](const Answer& answer) { return answer.id == replaced; });
        break;
    }
    const uint64_t id = ++last_id_;
    waiting_.push_back({id, command, by});
    add_answer({id, command, AnswerState::pending, -1, ""});
    note_waiting();
    return id;
}

uint64_t CommandQueue::submit_refused(const Command& command, const std::string& reason) {
    std::lock_guard lock(mutex_);
    const uint64_t id = ++last_id_;
    add_answer({id, command, AnswerState::refused, -1, reason});
    return id;
}

void CommandQueue::remember(std::vector<Answer> carried_out) {
    if (carried_out.empty()) return;
    std::lock_guard lock(mutex_);
    for (Answer& answer : carried_out) answer.id = ++last_id_;
    const auto waits = std::find_if(answers_.begin(), answers_.end(), [](const Answer& a) {
        return a.state == AnswerState::pending;
    });
    answers_.insert(waits, std::make_move_iterator(carried_out.begin()),
                    std::make_move_iterator(carried_out.end()));
    forget_oldest();
}

std::optional<WaitingCommand> CommandQueue::next(int64_t step) {
    if (waiting_count_.load(std::memory_order_acquire) == 0) return std::nullopt;
    std::lock_guard lock(mutex_);
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& w) {
        return w.command.integer("from_step", 0) <= step;
    });
    if (found == waiting_.end()) return std::nullopt;
    WaitingCommand taken = std::move(*found);
    waiting_.erase(found);
    note_waiting();
    return taken;
}

void CommandQueue::applied(uint64_t id, int64_t step) {
    std::lock_guard lock(mutex_);
    if (Answer* answer = find(id)) {
        answer->state = AnswerState::applied;
        answer->step = step;
    }
}

void CommandQueue::refused(uint64_t id, const std::string& reason) {
    std::lock_guard lock(mutex_);
    if (Answer* answer = find(id)) {
        answer->state = AnswerState::refused;
        answer->reason = reason;
    }
}

void CommandQueue::refuse_waiting(const std::string& reason) {
    std::lock_guard lock(mutex_);
    for (const WaitingCommand& waiting : waiting_)
        if (Answer* answer = find(waiting.id)) {
            answer->state = AnswerState::refused;
            answer->reason = reason;
        }
    waiting_.clear();
    note_waiting();
}

std::vector<Answer> CommandQueue::answers() const {
    std::lock_guard lock(mutex_);
    return {answers_.begin(), answers_.end()};
}

void CommandQueue::note_waiting() {
    waiting_count_.store(waiting_.size(), std::memory_order_release);
    stop_waits_.store(
        std::any_of(waiting_.begin(), waiting_.end(),
                    [](const auto& w) { return w.command.kind == CommandKind::stop; }),
        std::memory_order_release);
}

Answer* CommandQueue::find(uint64_t id) {
    const auto found = std::find_if(answers_.rbegin(), answers_.rend(),
                                    [&](const Answer& answer) { return answer.id == id; });
    return found != answers_.rend() ? &*found : nullptr;
}

void CommandQueue::add_answer(Answer answer) {
    answers_.push_back(std::move(answer));
    forget_oldest();
}

void CommandQueue::forget_oldest() {
    while (answers_.size() > kKeptAnswers) {
        const auto old = std::find_if(answers_.begin(), answers_.end(), [](const Answer& a) {
            return a.state != AnswerState::pending;
        });
        if (old == answers_.end()) return;
        answers_.erase(old);
    }
}

}  // namespace hopscope::core
