// What train.precision = "auto" becomes on a CPU. Called on the thread that prepares a run.
#pragma once

#include "core/api/config.h"
#include "core/trainer/device.h"

namespace hopscope::core {

/// Times of one product of dense layers, s.
struct PrecisionTimes {
    double fp32 = 0, bf16 = 0;
};

/// bf16 pays where it is clearly faster: with less, the rounding around products eats the gain.
Precision better_precision(const PrecisionTimes& times);

/// The shortest of some products of fp32 and of bf16 weights, of the sizes of a small model, in
/// turn.
PrecisionTimes time_precisions();

/// By a measurement of some milliseconds, once a process, so that the lanes of a race and the runs
/// of a batch agree: bf16 where the processor multiplies pairs of bf16 numbers and is clearly
/// faster at it, else fp32.
Precision probed_precision();

/// What a run that is made now on that device computes in.
Precision precision_of_new_run(const TrainConfig& train, const Device& device);

}  // namespace hopscope::core
