// The way of a token through the hops of a layer, as points of the picture. Pure functions, any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/snapshot.h"
#include "viz/orbit.h"
#include "viz/pca.h"

namespace hopscope::app {

struct TokenPath {
    std::string label;
    std::vector<viz::Vec3> at;  ///< [hops executed], world
    std::vector<int64_t> hops;
    bool prompt = false;  ///< of the prompt, else of the probe sample
};
TokenPath prompt_path(const core::TraceResult& trace, int64_t token, int64_t layer,
                      const viz::Basis& basis);
TokenPath probe_path(const core::GeometrySnapshot& snapshot, int64_t token, int64_t layer,
                     const viz::Basis& basis);

}  // namespace hopscope::app
