#include "core/imported/router_tensors.h"

namespace hopscope::core {
namespace {

/// Nothing of a tensor without a name.
Status read(const ModelFolder& model, const std::string& name, std::vector<float>& out) {
    const TensorView* tensor = name.empty() ? nullptr : model.find(name);
    if (!tensor) return {};
    auto values = model.values(*tensor);
    if (!values) return values.error();
    out = *std::move(values);
    return {};
}

}  // namespace

Result<RouterTensors> read_router(const ModelFolder& model, const ModelLayout& layout,
                                  const ModelRouter& router) {
    RouterTensors out;
    for (const auto& [name, into] :
         {std::pair(&router.weight, &out.rows), std::pair(&router.bias, &out.bias),
          std::pair(&router.correction, &out.correction), std::pair(&router.gain, &out.gain)})
        if (auto s = read(model, *name, *into); !s) return s.error();
    if (layout.gain_from_one)
        for (float& x : out.gain) x += 1;
    return out;
}

Result<std::vector<float>> read_correction(const ModelFolder& model, const ModelRouter& router) {
    std::vector<float> out;
    if (auto s = read(model, router.correction, out); !s) return s.error();
    return out;
}

}  // namespace hopscope::core
