// Wall-clock time for what is written down: run folders, event logs, snapshots. Any thread.
#pragma once

#include <chrono>

namespace hopscope::core {

/// Seconds since 1970-01-01 UTC, with fractions.
inline double unix_seconds() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace hopscope::core
