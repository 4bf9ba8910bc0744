// What a model consists of, made up as far as the window shows it: tensors with the names and
// shapes of the real ones for a cosine, a linear or no router and for dense layers, and counts that
// add up.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/api/config.h"
#include "core/api/model_sheet.h"

namespace hopscope::gui_test {

/// Adds one, and what it holds to its group.
inline void add_tensor(core::ModelSheet& sheet, const std::string& name, std::vector<int64_t> shape,
                       int64_t layer, core::Group group, int64_t& counted, bool learns = true) {
    int64_t elements = 1;
    for (const int64_t size : shape) elements *= size;
    sheet.tensors.push_back({name, std::move(shape), elements, layer, group, learns});
    counted += elements;
    sheet.counts.parameters.total += elements;
}

inline void add_layer(core::ModelSheet& sheet, const core::Config& config, int64_t layer) {
    using core::Group;
    const int64_t d = config.model.d_model, m = config.moe.experts;
    core::ParameterCounts& p = sheet.counts.parameters;
    const std::string at = "layers." + std::to_string(layer) + ".";
    const auto add = [&](const std::string& name, std::vector<int64_t> shape, Group group,
                         int64_t& counted) {
        const bool moves = config.moe.traits().move == core::RowsMove::by_gradient;
        add_tensor(sheet, at + name, std::move(shape), layer, group, counted,
                   moves || !name.starts_with("router."));
    };
    add("attn_norm.weight", {d}, Group::norms, p.norms);
    for (const char* one : {"q", "k", "v", "o"})
        add(std::string("attn.") + one + ".weight", {d, d}, Group::attention, p.attention);
    add("ffn_norm.weight", {d}, Group::norms, p.norms);
    auto& hops = sheet.hops.emplace_back();
    if (config.is_dense()) {
        add("ffn.down", {config.model.d_ff, d}, Group::dense, p.dense);
        add("ffn.up", {config.model.d_ff, d}, Group::dense, p.dense);
        return;
    }
    if (config.moe.has_positions()) {
        add("router.proj.weight", {config.moe.d_space, d}, Group::router_projection, p.routing);
        add("router.centroids", {m, config.moe.d_space}, Group::centroids, p.routing);
    } else if (config.moe.has_rows()) {
        add("router.linear", {m, d}, Group::router_other, p.routing);
    }
    for (const char* one : {"experts.down", "experts.up"})
        add(one, {m, config.moe.expert_rank, d}, Group::experts, p.experts);
    for (int64_t h = 0; h < config.moe.hops_of(layer); ++h)
        hops.push_back({.projection = 100, .scores = 200, .experts = 400});
}

inline core::ModelSheet made_up_sheet(const core::Config& config) {
    core::ModelSheet sheet;
    core::ModelCounts& counts = sheet.counts;
    const int64_t d = config.model.d_model;
    add_tensor(sheet, "embed.weight", {config.model.vocab_size, d}, -1, core::Group::embedding,
               counts.parameters.embedding);
    for (int64_t l = 0; l < config.model.n_layers; ++l) add_layer(sheet, config, l);
    add_tensor(sheet, "final_norm.weight", {d}, -1, core::Group::norms, counts.parameters.norms);
    counts.flops.attention = 1000 * static_cast<double>(config.model.n_layers);
    counts.flops.head = 5000;
    for (const auto& layer : sheet.hops)
        for (const core::HopFlops& hop : layer) {
            counts.flops.routing += hop.routing();
            counts.flops.experts += hop.experts;
        }
    if (config.is_dense()) counts.flops.dense = 800 * static_cast<double>(config.model.n_layers);
    counts.flops.total = counts.flops.attention + counts.flops.head + counts.flops.routing +
                         counts.flops.experts + counts.flops.dense;
    counts.active = counts.parameters.total / 2;
    counts.memory.weights = 4 * counts.parameters.total;
    counts.memory.total = 4 * counts.memory.weights;
    return sheet;
}

}  // namespace hopscope::gui_test
