// Processor time that drawing takes: of the thread that asks and of the threads with which OpenGL
// draws in software, which no clock of the asking thread holds. Window thread only.
#pragma once

#include <vector>

namespace hopscope::app {

class DrawingClock {
  public:
    /// Finds the threads of OpenGL in software (llvmpipe's); they are there once a context is.
    void find_helpers();
    /// Of the calling thread and of the helpers so far, seconds.
    double seconds() const;

  private:
    std::vector<long> helpers_;  ///< thread ids of this process
};

}  // namespace hopscope::app
