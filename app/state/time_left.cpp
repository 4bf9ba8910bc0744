#include "app/state/time_left.h"

#include <algorithm>
#include <cmath>

namespace hopscope::app {
namespace {

/// Less of it says little: files are read at first, operators chosen, memory taken.
constexpr double kLeastShare = 0.05, kLeastSeconds = 1;

}  // namespace

void TimeLeft::note(double now, double share) {
    if (!(share >= 0)) return;
    if (std::isnan(begun_) || share < share_) {
        begun_ = now;
        from_ = share;
    }
    last_ = now;
    share_ = std::min(share, 1.0);
}

double TimeLeft::at(double now) const {
    const double done = share_ - from_, took = last_ - begun_;
    if (!(done >= kLeastShare && took >= kLeastSeconds))
        return std::numeric_limits<double>::quiet_NaN();
    const double rest = (1 - share_) * took / done;
    return std::max(0.0, rest - std::max(0.0, now - last_));
}

}  // namespace hopscope::app
