// How unusual a value is among the newest before it, told by median and median absolute deviation:
// neither follows the outliers that are sought. Pure, any thread.
#pragma once

#include <cstddef>
#include <deque>

namespace hopscope::app {

/// A value against the window before it.
struct Outlyingness {
    double score = 0;   ///< (value − median) / spread, spread = 1.4826 · median |x − median|
    double median = 0;  ///< of the window
    size_t n = 0;       ///< values in it
};

class RobustWindow {
  public:
    /// Keeps the newest `size` values; scores from the `least`-th on.
    RobustWindow(size_t size, size_t least) : size_(size), least_(least) {}
    /// `value` against those kept; a score of 0 while there are too few. The spread is at least a
    /// thousandth of the median, so that a level curve has no outliers for its noise. `value`
    /// finite.
    Outlyingness measure(double value) const;
    /// Keeps a value; one that is not finite is left out.
    void add(double value);

  private:
    size_t size_, least_;
    std::deque<double> values_;
};

}  // namespace hopscope::app
