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

/// A moment (seconds as above) where the program runs, as strftime writes it; at most 31 bytes.
inline std::string local_time(const char* format, double seconds) {
    const auto then = static_cast<std::time_t>(seconds);
    std::tm local{};
    localtime_r(&then, &local);
    char text[32];
    return {text, std::strftime(text, sizeof text, format, &local)};
}

/// The present one.
inline std::string local_time(const char* format) {
    return local_time(format, unix_seconds());
}

}  // namespace hopscope::core
