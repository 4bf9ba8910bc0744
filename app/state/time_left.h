// How long work takes yet, told from how its share grew. One thread at a time.
#pragma once

#include <limits>

namespace hopscope::app {

class TimeLeft {
  public:
    /// At `now` (monotonic seconds) `share` of the work is done, 0 … 1; a negative one is not
    /// known. A smaller one than before begins another stretch of work.
    void note(double now, double share);
    /// Seconds; the mean pace so far decides, so that it is steady. NaN until 5 % were done within
    /// at least a second.
    double at(double now) const;

  private:
    double begun_ = std::numeric_limits<double>::quiet_NaN(), from_ = 0;  ///< of the stretch
    double last_ = 0, share_ = 0;                                         ///< as noted last
};

}  // namespace hopscope::app
