// The boxes of a model's diagram, column by column, as its configuration asks for them: which a
// router, an expert or a dense layer has. A new variant of the model is a box or a sentence here.
// Pure functions of a configuration and its sheet, any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "app/panels/model/view.h"

namespace hopscope::app {

/// The box that the third column opens.
inline constexpr const char* kLayerOfExperts = "experts layer";
inline constexpr const char* kDenseLayer = "dense layer";

/// Both arguments of the constructor must outlive it.
class PartsMaker {
  public:
    PartsMaker(const core::Config& config, const core::ModelSheet& sheet)
        : config_(config), sheet_(sheet) {}
    /// Embedding, every block, last norm, head.
    void add_stream(std::vector<ModelPart>& parts) const;
    /// Norm, attention, norm, and a layer of experts or a dense one.
    void add_block(int64_t layer, std::vector<ModelPart>& parts) const;
    /// What happens in the layer of experts, hop by hop, or in the dense one.
    void add_hop(int64_t layer, std::vector<ModelPart>& parts) const;

  private:
    /// Takes the tensors whose names, behind "layers.N." where `layer` ≥ 0, begin with one of
    /// these.
    ModelPart part(std::string id, std::string title, Column column, int64_t layer,
                   std::initializer_list<std::string_view> names) const;
    void add_dense(int64_t layer, std::vector<ModelPart>& parts) const;
    void add_router(int64_t layer, std::vector<ModelPart>& parts) const;
    void add_centroids(int64_t layer, std::vector<ModelPart>& parts) const;
    void add_choice(int64_t layer, std::vector<ModelPart>& parts) const;
    void add_experts(int64_t layer, std::vector<ModelPart>& parts) const;
    void add_update(int64_t layer, std::vector<ModelPart>& parts) const;
    /// Sum over the hops of a layer.
    double over_hops(int64_t layer, double core::HopFlops::*what) const;

    const core::Config& config_;
    const core::ModelSheet& sheet_;
};

}  // namespace hopscope::app
