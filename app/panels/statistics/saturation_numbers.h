// How early the tokens of the fixed sample choose the experts that they choose at the step shown
// [def:saturation], of the snapshots that the run keeps. Pure functions, up to some hundred
// milliseconds for large samples: made aside.
#pragma once

#include <cstdint>
#include <vector>

#include "app/state/archive.h"
#include "core/api/config.h"
#include "viz/sampled.h"

namespace hopscope::app {

inline constexpr size_t kSaturationSteps = 40;

/// One layer over the steps.
struct SaturationCurve {
    std::vector<double> mean, low, high;  ///< [steps] share of k in common, 95 % over tokens
    std::vector<double> first;            ///< [steps] tokens whose first-ranked expert is the same
    double chance = core::kNaN;           ///< k / size of the pool, mean over hops
};

struct Saturation {
    std::vector<double> steps;
    std::vector<SaturationCurve> layers;
    int64_t last_step = 0, tokens = 0;
    bool empty() const { return steps.size() < 2; }
};
/// Of the steps whose sample was routed anew and has the sizes of the last one, at most
/// kSaturationSteps, spread evenly over the logarithm of the step; the last of `past` is what they
/// are held against.
Saturation saturation_of(const Past& past, const core::MoeConfig& moe);

}  // namespace hopscope::app
