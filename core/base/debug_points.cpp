#include "core/base/debug_points.h"

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>
#include <unistd.h>

namespace hopscope::core {
namespace {

constexpr std::array<std::string_view, 12> kNames = {
    "config.rename",     "run_json.rename",    "tokenizer.rename",  "checkpoint.write",
    "checkpoint.rename", "checkpoint.replace", "checkpoint.rotate", "metrics.append",
    "metrics.rename",    "events.append",      "geometry.rename",   "eval.rename"};
static_assert(kNames.size() == static_cast<size_t>(DebugPoint::eval_rename));

struct Death {
    DebugPoint at = DebugPoint::none;
    int64_t times_left = 1;
};

std::optional<Death> parse_death(std::string_view text) {
    const std::string_view name = text.substr(0, text.find(':'));
    Death out;
    for (size_t i = 0; i < kNames.size(); ++i)
        if (kNames[i] == name) out.at = static_cast<DebugPoint>(i + 1);
    if (out.at == DebugPoint::none) return std::nullopt;
    if (name.size() == text.size()) return out;
    const std::string_view count = text.substr(name.size() + 1);
    const auto read = std::from_chars(count.data(), count.data() + count.size(), out.times_left);
    const bool whole = read.ec == std::errc() && read.ptr == count.data() + count.size();
    return whole && out.times_left >= 1 ? std::optional(out) : std::nullopt;
}

thread_local Death death;
thread_local int64_t slow_ms = 0;

}  // namespace

std::span<const std::string_view> debug_point_names() {
    return kNames;
}

bool is_debug_point(std::string_view text) {
    return parse_death(text).has_value();
}

void set_debug_points(const std::string& kill_at, int64_t slow_writer_ms) {
    death = parse_death(kill_at).value_or(Death());
    slow_ms = slow_writer_ms;
}

bool debug_point_is_near(DebugPoint point) {
    return point != DebugPoint::none && point == death.at && death.times_left == 1;
}

void debug_point(DebugPoint point) {
    if (point == DebugPoint::none || point != death.at || --death.times_left > 0) return;
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();  // nothing more is done, however long the signal takes
}

void debug_slow_write() {
    if (slow_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(slow_ms));
}

}  // namespace hopscope::core
