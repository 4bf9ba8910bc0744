// Two imported models, or two checkpoints of one, side by side: rows of one router of each in the
// same coordinates, so that they can be matched. Pure function, any thread.
#pragma once

#include <cstdint>
#include <utility>

#include "core/api/snapshot.h"
#include "core/base/result.h"
#include "core/imported/imported_run.h"

namespace hopscope::core {

/// Snapshots of as many layers as each has routers, of which `router` alone is filled: rows with
/// the gain of their norm folded in as unit rows, in one basis of the space that both span; tokens
/// and choices of the first trace of each. Errors (usage): no such router, rows of other widths,
/// numbers that are not finite; those of the files.
Result<std::pair<GeometrySnapshot, GeometrySnapshot>> picture_pair(const ImportedRun& a,
                                                                   const ImportedRun& b,
                                                                   int64_t router);

}  // namespace hopscope::core
