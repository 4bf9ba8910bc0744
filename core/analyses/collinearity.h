// What is said of how rows lie to each other [def:collinearity], for routers of whatever model.
// Pure functions, any thread.
#pragma once

#include "core/analyses/document.h"
#include "core/measure/router_geometry.h"

namespace hopscope::core::analysis {

/// Its cosines, effective rank and squares.
Fields& add_collinearity(Fields& to, const Collinearity& found);

}  // namespace hopscope::core::analysis
