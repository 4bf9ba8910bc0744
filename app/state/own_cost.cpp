#include "app/state/own_cost.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <utility>

namespace hopscope::app {
namespace {

constexpr double kMemory = 5;  ///< seconds after which a frame counts 1/e
constexpr double kKeep = 0.9;  ///< weight of the past in the mean of the frames

}  // namespace

void OwnCost::add_frame(double now, double seconds) {
    if (std::isnan(begin_)) begin_ = last_ = now;
    const double kept = std::exp(-std::max(0.0, now - last_) / kMemory);
    faded_ = faded_ * kept + seconds;
    frames_ = frames_ * kept + 1;
    last_ = now;
    points_ = std::exchange(drawing_, 0);
    const double ms = 1000 * seconds;
    frame_ms_ = std::isnan(frame_ms_) ? ms : kKeep * frame_ms_ + (1 - kKeep) * ms;
}

double OwnCost::share(double now) const {
    return over_memory(faded_, now);
}

double OwnCost::frames_a_second(double now) const {
    return over_memory(frames_, now);
}

/// What was counted, over the time that is remembered: less of it soon after the begin.
double OwnCost::over_memory(double faded, double now) const {
    if (std::isnan(begin_)) return 0;
    const double age = std::max(now - begin_, 0.5);
    const double counted = faded * std::exp(-std::max(0.0, now - last_) / kMemory);
    return counted / (kMemory * (1 - std::exp(-age / kMemory)));
}

double thread_seconds() {
    timespec now{};
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) return 0;
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace hopscope::app
