// Experts of two geometry snapshots matched [def:expert_matches]. Pure functions of plain data, any
// thread.
#pragma once

#include "core/api/expert_matches.h"
#include "core/api/progress.h"
#include "core/api/snapshot.h"
#include "core/base/result.h"

namespace hopscope::core::analysis {

/// Of one layer. In one run both have the same space, and where `common_width` is not 0: rows of
/// two models of that width in a basis of what both span. Such partners need no tokens, and those
/// of other samples count for nothing. Of two runs b is turned onto a by the rotation that brings
/// the positions of the same tokens nearest (Procrustes); where there are none, partners are those
/// that share most tokens. Errors (usage): no such layer, other tokens in the two samples, no
/// choices; interrupted.
Result<ExpertMatches> match_experts(const GeometrySnapshot& a, const GeometrySnapshot& b,
                                    const MatchRequest& request, const Progress& progress = {},
                                    int64_t common_width = 0);

}  // namespace hopscope::core::analysis
