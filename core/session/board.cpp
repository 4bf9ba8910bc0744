#include "core/session/board.h"

#include "core/base/clock.h"

namespace hopscope::core {

RunStatus Board::status() const {
    std::lock_guard lock(mutex_);
    return status_;
}

bool Board::become(RunState to, const std::string& reason, bool input_error) {
    {
        std::lock_guard lock(mutex_);
        if (!can_become(status_.state, to)) return false;
        status_.state = to;
        status_.reason = reason;
        status_.input_error = input_error;
        state_.store(to, std::memory_order_release);
    }
    trainer_bell.notify();
    inspector_bell.notify();
    wake();
    return true;
}

void Board::show(RunState state, const std::string& reason) {
    std::lock_guard lock(mutex_);
    status_.state = state;
    status_.reason = reason;
    state_.store(state, std::memory_order_release);
}

bool Board::close(const std::string& reason) {
    {
        std::lock_guard lock(mutex_);
        if (closing.exchange(true)) return false;
        close_reason_ = reason;
    }
    if (!refusal(state(), Action::stop)) become(RunState::stopping);
    trainer_bell.notify();
    inspector_bell.notify();
    return true;
}

std::string Board::close_reason() const {
    std::lock_guard lock(mutex_);
    return close_reason_;
}

void Board::say(const std::string& text) {
    const std::string line = local_time("%H:%M:%S ") + text;
    {
        std::lock_guard lock(mutex_);
        messages_.push_back(line);
        if (messages_.size() > kKeptMessages) messages_.pop_front();
    }
    wake();
}

std::vector<std::string> Board::drain_messages() {
    std::deque<std::string> taken;
    {
        std::lock_guard lock(mutex_);
        taken.swap(messages_);
    }
    return {std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end())};
}

}  // namespace hopscope::core
