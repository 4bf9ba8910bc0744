// Alignments of router rows with experts as an analysis states them [def:coupling], whatever model
// they were measured on. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/analyses/document.h"
#include "core/api/alignment.h"

namespace hopscope::core::analysis {

/// Bootstrap resamples over experts.
inline constexpr int64_t kCouplingResamples = 2'000;

/// The mean over experts, with its bootstrap interval over them.
Estimate over_experts(const std::vector<double>& x, uint64_t seed);
/// mean(a) / mean(b) over the same experts, with its bootstrap interval over them.
Estimate ratio_over_experts(const std::vector<double>& a, const std::vector<double>& b,
                            uint64_t seed);

/// Adds n, k and all numbers of an alignment.
void add_alignment(Fields& to, const Alignment& a, uint64_t seed);

/// Puts the experts of one behind those of another, as if of one layer.
void join(Alignment& all, const Alignment& part);

}  // namespace hopscope::core::analysis
