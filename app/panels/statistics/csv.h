// What the statistics panel shows, as comma-separated tables for export. Pure functions, called on
// the window thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/panels/statistics/coactivation_numbers.h"
#include "app/panels/statistics/collinearity_numbers.h"
#include "app/panels/statistics/information_numbers.h"
#include "app/panels/statistics/saturation_numbers.h"
#include "app/panels/statistics/view.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

/// Comma-separated tables with a `#` line that names step, layer (by its name) and units.
std::string csv_of(const Collinearity& c, const std::string& layer);
std::string csv_of(const Coactivation& c, const std::string& layer);
std::string csv_of(const Saturation& s);
std::string csv_of(const Information& i, const core::GeometrySnapshot& of);
std::string csv_of(const LoadMap& map, const std::string& layer);
std::string csv_of(const Utilisation& u, const std::string& layer, int64_t step);
/// `sampled`: hop_overlaps() of the same layer, or empty.
std::string csv_of(const core::LayerGeometry& hops, const std::vector<viz::SampledMean>& sampled,
                   const std::string& layer, int64_t step);
std::string csv_of(const StepOverlap& steps, const std::string& layer);
std::string csv_of(const LayerMeans& entropy, const LayerMeans& max_prob, int64_t step);
/// Of a recording, which has names for its layers.
std::string csv_of(const LayerMeans& entropy, const core::GeometrySnapshot& recorded);
std::string csv_of(const LayerNorms& norms);

}  // namespace hopscope::app
