// The sheet of a model: what the panel Model draws, from the counts that `hopscope info` prints.
#include "core/api/lab.h"
#include "core/config/arithmetic.h"
#include "core/model/weights.h"

namespace hopscope::core::lab {
namespace {

/// "layers.3.attn.q.weight" → 3; −1 where it is of the whole model.
int64_t layer_of(const std::string& name) {
    constexpr std::string_view kLayers = "layers.";
    return name.starts_with(kLayers) ? std::stoll(name.substr(kLayers.size())) : -1;
}

}  // namespace

ModelSheet model_sheet(const Config& config) {
    ModelSheet sheet;
    sheet.counts = count_model(config);
    for (int64_t layer = 0; layer < config.model.n_layers; ++layer)
        sheet.hops.push_back(config.is_dense() ? std::vector<HopFlops>()
                                               : flops_of_hops(config, config.moe.hops_of(layer)));
    // On the device "meta": names and shapes, and no memory for the numbers.
    const Weights weights = make_weights(config, at::kMeta);
    weights.for_each([&](const std::string& name, Group group, const at::Tensor& tensor) {
        sheet.tensors.push_back({name, tensor.sizes().vec(), tensor.numel(), layer_of(name), group,
                                 learns(config, name, group)});
    });
    return sheet;
}

}  // namespace hopscope::core::lab
