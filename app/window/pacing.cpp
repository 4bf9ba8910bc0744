#include "app/window/pacing.h"

#include <algorithm>

namespace hopscope::app {

Pace pace(const PacingInput& in) {
    if (in.hidden) return {false, kHiddenWait};
    if (in.frames_wanted > 0) return {true, 0.0};

    const bool spare = in.software_gl && in.training && in.now - in.last_input > kAttentive;
    const double apart =
        spare ? std::clamp(in.frame_seconds / kSoftwareShare, kSoftwareLeast, kSoftwareMost)
              : 1.0 / kNewsRate;
    double due = in.last_draw + 1e9;
    if (in.news) due = in.last_draw + apart;
    if (in.run_open) due = std::min(due, in.last_draw + std::max(kRenew, apart));
    if (in.typing) due = std::min(due, in.last_draw + std::max(kIdleWait, apart));
    if (due <= in.now) return {true, 0.0};
    return {false, std::min(kIdleWait, due - in.now)};
}

double rest_of_frame(double began, double now, int64_t least_ms) {
    return std::max(0.0, began + static_cast<double>(least_ms) / 1e3 - now);
}

}  // namespace hopscope::app
