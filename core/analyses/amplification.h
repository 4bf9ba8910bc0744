// How much of a layer's hops is its first one, louder: h_accum ≈ a · dh_0 [def:amplification].
// Pure functions, and a probe for one forward pass; any thread.
#pragma once

#include <span>
#include <vector>

#include "core/measure/routing_sample.h"
#include "core/model/hooks.h"

namespace hopscope::core::analysis {

struct Amplification {
    double a = 1;   ///< least squares over tokens: Σ <h_accum, dh_0> / Σ |dh_0|²
    double r2 = 1;  ///< 1 − Σ |h_accum − a dh_0|² / Σ |h_accum|² (through the origin)
};
/// Of the given batches (repetitions count); a layer of one hop has a = 1 and R² = 1.
Amplification amplification(const FirstHop& sums, std::span<const int64_t> batches);
Amplification amplification(const FirstHop& sums);

/// Multiplies dh_0 of each layer by its factor; with PassChanges::hop_limit = 1 it stands in place
/// of the hops.
class FirstHopScale : public Probe {
  public:
    explicit FirstHopScale(std::vector<double> factors) : factors_(std::move(factors)) {}
    void hop_update(int64_t layer, int64_t hop, const at::Tensor& rows, at::Tensor& dh) override;

  private:
    std::vector<double> factors_;  ///< [layers]
};

}  // namespace hopscope::core::analysis
