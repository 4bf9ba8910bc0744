// The points of the routing space as comma-separated text. Pure, any thread.
#pragma once

#include <string>

#include "app/panels/routing_space/view.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

/// A line a point that is drawn: centroids, then positions of tokens, in the axes of the picture,
/// which the first line names with their part of the variance. "" without a point.
std::string csv_of(const SpaceView& view, const core::GeometrySnapshot& snapshot);

}  // namespace hopscope::app
