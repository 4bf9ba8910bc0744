// What the statistics panel shows, as comma-separated tables for export. Pure functions, called on
// the window thread.
#pragma once

#include <cstdint>
#include <string>

#include "app/panels/statistics/view.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

/// Comma-separated tables with a `#` line that names step, layer and units.
std::string csv_of(const Collinearity& c);
std::string csv_of(const LoadMap& map, int64_t layer);
std::string csv_of(const Utilisation& u, int64_t layer, int64_t step);
std::string csv_of(const core::LayerGeometry& hops, int64_t layer, int64_t step);
std::string csv_of(const StepOverlap& steps, int64_t layer);
std::string csv_of(const LayerMeans& entropy, const LayerMeans& max_prob, int64_t step);
std::string csv_of(const LayerNorms& norms);

}  // namespace hopscope::app
