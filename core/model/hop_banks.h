// What the layers of a model have prepared for steps of decoding, where a few tokens at a time go
// through weights that stay: all hops of a layer at once (kernels/hops.h). A layer that asks for
// more than cosine routing of its state and summed experts has nothing here, and neither has a pass
// that somebody looks into: these go hop by hop. Only rounding differs. Immutable; owned by whoever
// holds the weights, of which it must not outlive a change.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/model/model.h"
#include "kernels/hops.h"

namespace hopscope::core {

struct ForwardOptions;
struct Positions;

class HopBanks {
  public:
    /// @param tokens that are to come, about. Gram tables (HopBank::seen) are made where so many
    /// repay
    ///               them, and where they take no more memory than the rows that they are made of.
    HopBanks(const Model& model, int64_t tokens);

    /// nullptr: the layer goes hop by hop.
    const kernels::HopBank* of(int64_t layer) const;
    /// Of what was made besides the weights.
    int64_t bytes() const;

  private:
    std::vector<std::optional<kernels::HopBank>> layers_;
};

/// h_accum [T, d] of all hops of a layer, where options.hops has them prepared and the pass asks
/// for nothing else; otherwise nothing. x [T, d] as moe().
std::optional<at::Tensor> hops_at_once(const Model& model, int64_t layer, const at::Tensor& x,
                                       const Positions& positions, const ForwardOptions& options);

}  // namespace hopscope::core
