// Run folders compared for the window: seeds grouped to variants, and of every two variants the
// resampled difference of their losses [def:paired_bootstrap] [def:seed_tost]. A run that cannot be
// compared with the others says why and holds up none of them. Reads files; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/comparison.h"
#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/compare/input.h"
#include "core/stats/bootstrap.h"

namespace hopscope::core {

/// `progress` is told, and asked, pair by pair. Errors: interrupted.
Result<Comparison> compare_variants(const std::vector<std::string>& runs,
                                    const stats::BootstrapOptions& options,
                                    const Progress& progress = {});

/// Per-batch losses of each seed of a variant, all of the same batches: drawn by seeds, then
/// batches where both have two seeds, else by batches of the seeds' means. `a` and `b` of the
/// result are 0.
VariantDifference variant_difference(const stats::SeedLosses& a, const stats::SeedLosses& b,
                                     const stats::BootstrapOptions& options);

}  // namespace hopscope::core
