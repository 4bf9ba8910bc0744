#include "app/panels/model/view.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/panels/model/parts.h"
#include "app/widgets/format.h"
#include "core/api/base.h"

namespace hopscope::app {

const ModelPart* ModelDiagram::find(const std::string& id, int64_t of) const {
    for (const ModelPart& part : parts)
        if (part.id == id && (part.layer < 0 || part.layer == of)) return &part;
    return nullptr;
}

ModelDiagram diagram_of(const core::Config& config, const core::ModelSheet& sheet, int64_t layer) {
    ModelDiagram out;
    out.layers = config.model.n_layers;
    out.layer = std::clamp<int64_t>(layer, 0, std::max<int64_t>(0, out.layers - 1));
    out.hops = config.is_dense() ? 0 : config.moe.hops_of(out.layer);
    const PartsMaker make(config, sheet);
    make.add_stream(out.parts);
    make.add_block(out.layer, out.parts);
    make.add_hop(out.layer, out.parts);
    return out;
}

std::vector<ModelGroup> groups_of(const core::ModelCounts& counts) {
    const core::ParameterCounts& p = counts.parameters;
    const core::FlopCounts& f = counts.flops;
    std::vector<ModelGroup> out = {
        {"embedding and head", "One matrix for both, counted once; the operations are the head's",
         p.embedding, f.head, &History::grad_embedding},
        {"attention", "Projections of queries, keys, values and output, with their biases",
         p.attention, f.attention, &History::grad_attention},
        {"experts", "All experts of all layers, and the always-on one", p.experts, f.experts,
         &History::grad_experts},
        {"routing", "Projections, centroids or linear rows, kinematic vectors", p.routing,
         f.routing, &History::grad_router},
        {"dense layers", "The feed-forward layer of each block", p.dense, f.dense,
         &History::grad_experts},
        {"norms", "Scales and shifts of all layer norms", p.norms, 0, &History::grad_norms},
        {"other", "Learned tau, output scales, biases of the selection", p.other, 0, nullptr}};
    std::erase_if(out, [](const ModelGroup& group) { return group.parameters == 0; });
    return out;
}

double newest(const History& history, std::vector<double> History::*gradient) {
    if (!gradient || (history.*gradient).empty()) return std::numeric_limits<double>::quiet_NaN();
    return (history.*gradient).back();
}

std::string shape_words(const std::vector<int64_t>& shape) {
    if (shape.empty()) return "one number";
    std::string out = "[";
    for (size_t i = 0; i < shape.size(); ++i)
        out += (i ? " \xC3\x97 " : "") + with_thousands(shape[i]);
    return out + "]";
}

std::string in_units(double value) {
    constexpr const char* kUnits[] = {"", " k", " M", " G", " T"};
    size_t unit = 0;
    while (value >= 9999.5 && unit + 1 < std::size(kUnits)) value /= 1000, ++unit;
    return (unit == 0 ? rounded(value, 0) : significant(value, 3)) + kUnits[unit];
}

std::string csv_of(const core::Config& config, const core::ModelSheet& sheet,
                   const History& history) {
    const auto total = static_cast<double>(sheet.counts.parameters.total);
    std::string out =
        "layer,part,parameters,share,flops_per_token,gradient_norm_of_group,tensors\n";
    for (int64_t layer = 0; layer < config.model.n_layers; ++layer)
        for (const ModelPart& part : diagram_of(config, sheet, layer).parts) {
            // What belongs to the whole model stands once, and a container not at all.
            if (part.column == Column::stream && (layer > 0 || part.layer >= 0)) continue;
            if (part.id == kLayerOfExperts || part.id == kDenseLayer) continue;
            std::string names;
            for (const size_t i : part.tensors)
                names += (names.empty() ? "" : " ") + sheet.tensors[i].name;
            out += (part.layer < 0 ? "" : std::to_string(part.layer)) + "," + part.id + "," +
                   std::to_string(part.parameters) + "," +
                   core::csv_number(static_cast<double>(part.parameters) / total) + "," +
                   core::csv_number(part.flops) + "," +
                   core::csv_number(newest(history, part.gradient)) + "," + names + "\n";
        }
    return out;
}

}  // namespace hopscope::app
