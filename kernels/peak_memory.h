// The most tensor memory that was held at once on this thread while the object lived, counted by
// the allocator itself: exact, and the same on every machine. Of two that live at once only the
// inner counts. Made and asked on the thread that does the work.
#pragma once

#include <algorithm>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <cstdint>
#include <memory>

namespace hopscope::kernels {

class PeakMemory {
  public:
    PeakMemory()
        : counter_(std::make_shared<Counter>()),
          guard_(c10::DebugInfoKind::PROFILER_STATE, counter_) {}

    /// Bytes above what was held when the object was made.
    int64_t peak() const { return counter_->peak; }
    int64_t held() const { return counter_->held; }

  private:
    struct Counter : c10::MemoryReportingInfoBase {
        void reportMemoryUsage(void*, int64_t size, size_t, size_t, c10::Device) override {
            held += size;
            peak = std::max(peak, held);
        }
        bool memoryProfilingEnabled() const override { return true; }
        int64_t held = 0, peak = 0;
    };
    std::shared_ptr<Counter> counter_;
    c10::DebugInfoGuard guard_;
};

}  // namespace hopscope::kernels
