// What drawing the window costs, of which the user is told: processor time of the window's thread,
// frame by frame. Window thread only.
#pragma once

#include <limits>

namespace hopscope::app {

class OwnCost {
  public:
    /// A frame that ended at `now` (monotonic seconds) took `seconds` of processor time.
    void add_frame(double now, double seconds);
    /// Processor time as a share of one core, over the last seconds before `now`; 0 before a frame.
    double share(double now) const;
    /// Mean of the newest frames, NaN before the first.
    double frame_ms() const { return frame_ms_; }

  private:
    double begin_ = std::numeric_limits<double>::quiet_NaN(), last_ = 0;  ///< seconds
    double faded_ = 0;  ///< seconds spent, those long ago counted less
    double frame_ms_ = std::numeric_limits<double>::quiet_NaN();
};

/// Processor time of the calling thread so far, seconds.
double thread_seconds();

}  // namespace hopscope::app
