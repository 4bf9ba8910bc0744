// Waiting for what other threads come to, with a limit.
#pragma once

#include <chrono>
#include <functional>

#include "core/session/headless.h"

namespace hopscope::core {

/// Until `condition` holds; false after `limit`. Looked at whenever the session rings.
inline bool wait_until_true(const HeadlessWake& wake, const std::function<bool()>& condition,
                            std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto deadline = Wakeup::Clock::now() + limit;
    while (!condition()) {
        const uint64_t ticket = wake.bell->ticket();
        if (condition()) break;
        // Fakes do not ring for what they note themselves, so look again now and then.
        wake.bell->wait_until(ticket, Wakeup::Clock::now() + std::chrono::milliseconds(5));
        if (Wakeup::Clock::now() > deadline) return condition();
    }
    return true;
}

}  // namespace hopscope::core
