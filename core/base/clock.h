// Wall-clock time for what is written down and said: run folders, event logs, snapshots, messages.
// Any thread.
#pragma once

#include <chrono>
#include <ctime>
#include <string>

namespace hopscope::core {

/// Seconds since 1970-01-01 UTC, with fractions.
inline double unix_seconds() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// The time of day where the program runs, as strftime writes it; at most 31 bytes.
inline std::string local_time(const char* format) {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    char text[32];
    return {text, std::strftime(text, sizeof text, format, &local)};
}

}  // namespace hopscope::core
