// The phases of a run: what the training loss does between two changes of its course
// [def:phases]. Plain values; found by lab::loss_phases and by the analysis of the same name.
#pragma once

#include <cstdint>
#include <limits>

#include "core/api/kinds.h"

namespace hopscope::core {

/// What a curve does in a piece: level where its slope is not told from 0, or moves it little.
enum class Course : uint8_t { level, falling, rising };
constexpr auto words_of(Course) {
    return words("level", "falling", "rising");
}

struct Phase {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    double from = kNone, to = kNone;             ///< updates
    double from_low = kNone, from_high = kNone;  ///< 95 %, of `from`; NaN for the first phase
    double at_from = kNone, at_to = kNone;       ///< fitted values, nats
    Course course = Course::level;
    bool operator==(const Phase&) const = default;
};

}  // namespace hopscope::core
