// How long a piece of work takes, by a clock that nobody sets back: it runs from the making of the
// object on. A plain value, any thread.
#pragma once

#include <chrono>

namespace hopscope::core {

class Stopwatch {
  public:
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    double ms() const {
        return std::chrono::duration<double, std::milli>(Clock::now() - start_).count();
    }

  private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point start_ = Clock::now();
};

}  // namespace hopscope::core
