// A model is a configuration together with weights of that configuration: all that a forward pass
// needs, and what every evaluation, measurement, trace and intervention is asked about. Plain data:
// whoever holds a Model owns it. Tensors are shared by reference, so a copy has a configuration of
// its own and the same weights until they are cloned (Weights::map). Thread: whoever owns it.
#pragma once

#include <cstdint>

#include "core/api/config.h"
#include "core/model/weights.h"

namespace hopscope::core {

struct Model {
    Config config;
    Weights weights;
};

/// As it is before any training, on the CPU (init_weights).
inline Model initial_model(const Config& config, uint64_t seed) {
    return {config, init_weights(config, seed)};
}

}  // namespace hopscope::core
