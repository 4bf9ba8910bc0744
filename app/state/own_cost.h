// What drawing the window costs, of which the user is told: processor time of the window's thread,
// frame by frame. Window thread only.
#pragma once

#include <cstdint>
#include <limits>

namespace hopscope::app {

class OwnCost {
  public:
    /// A frame that ended at `now` (monotonic seconds) took `seconds` of processor time.
    void add_frame(double now, double seconds);
    /// Processor time as a share of one core, over the last seconds before `now`; 0 before a frame.
    double share(double now) const;
    /// Frames a second, over the last seconds before `now`; 0 before a frame.
    double frames_a_second(double now) const;
    /// A picture of so many points stands in the frame that is being drawn.
    void note_points(int64_t points) { drawing_ += points; }
    /// Of the newest whole frame; 0 where it has none.
    int64_t points() const { return points_; }
    /// Mean of the newest frames, NaN before the first.
    double frame_ms() const { return frame_ms_; }

  private:
    double begin_ = std::numeric_limits<double>::quiet_NaN(), last_ = 0;  ///< seconds
    double over_memory(double faded, double now) const;

    double faded_ = 0;   ///< seconds spent, those long ago counted less
    double frames_ = 0;  ///< likewise
    int64_t drawing_ = 0, points_ = 0;
    double frame_ms_ = std::numeric_limits<double>::quiet_NaN();
};

/// Processor time of the calling thread so far, seconds.
double thread_seconds();

}  // namespace hopscope::app
