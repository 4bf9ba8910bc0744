#include "app/panels/model/parts.h"

#include <algorithm>

#include "app/widgets/format.h"

namespace hopscope::app {
namespace {

constexpr const char* kTimes = " \xC3\x97 ";

std::string shaped(int64_t rows, int64_t columns) {
    return shape_words({rows, columns});
}

void with_gradient(ModelPart& part, std::vector<double> History::*gradient, const char* group) {
    part.gradient = gradient;
    part.group = group;
}

}  // namespace

ModelPart PartsMaker::part(std::string id, std::string title, Column column, int64_t layer,
                           std::initializer_list<std::string_view> names) const {
    ModelPart out;
    out.id = std::move(id);
    out.title = std::move(title);
    out.column = column;
    out.layer = layer;
    const std::string before = layer < 0 ? std::string() : "layers." + std::to_string(layer) + ".";
    for (size_t i = 0; i < sheet_.tensors.size(); ++i) {
        const core::TensorEntry& tensor = sheet_.tensors[i];
        if (tensor.layer != layer) continue;
        const std::string_view name = std::string_view(tensor.name).substr(before.size());
        if (std::none_of(names.begin(), names.end(),
                         [&](std::string_view begin) { return name.starts_with(begin); }))
            continue;
        out.tensors.push_back(i);
        out.parameters += tensor.elements;
    }
    return out;
}

double PartsMaker::over_hops(int64_t layer, double core::HopFlops::*what) const {
    double sum = 0;
    if (static_cast<size_t>(layer) < sheet_.hops.size())
        for (const core::HopFlops& hop : sheet_.hops[static_cast<size_t>(layer)]) sum += hop.*what;
    return sum;
}

void PartsMaker::add_stream(std::vector<ModelPart>& parts) const {
    const core::ModelConfig& m = config_.model;
    ModelPart embedding = part("embedding", "Embedding", Column::stream, -1, {"embed"});
    embedding.detail = shaped(m.vocab_size, m.d_model);
    embedding.help = "One row of d_model = " + with_thousands(m.d_model) +
                     " numbers for each of the " + with_thousands(m.vocab_size) + " pieces" +
                     (m.embedding_norm ? ", normalised. " : ". ") +
                     "The same matrix is the head's, and counted once.";
    with_gradient(embedding, &History::grad_embedding, "embedding and head");
    parts.push_back(std::move(embedding));
    for (int64_t l = 0; l < m.n_layers; ++l) {
        ModelPart block = part("block", "Block " + std::to_string(l), Column::stream, l, {""});
        const int64_t hops = config_.is_dense() ? 0 : config_.moe.hops_of(l);
        block.detail = config_.is_dense() ? "dense"
                       : hops == 1        ? "1 hop"
                                          : std::to_string(hops) + " hops";
        block.help = "Attention, then " +
                     std::string(config_.is_dense() ? "a dense layer" : "a layer of experts") +
                     "; each adds to the stream.";
        for (const core::HopFlops& hop : sheet_.hops[static_cast<size_t>(l)])
            block.flops += hop.total();
        const auto layers = static_cast<double>(m.n_layers);
        block.flops += (sheet_.counts.flops.attention + sheet_.counts.flops.dense) / layers;
        parts.push_back(std::move(block));
    }
    ModelPart norm = part("final norm", "Norm", Column::stream, -1, {"final_norm"});
    norm.detail = "layer norm";
    norm.help = "The last layer norm, before the head.";
    with_gradient(norm, &History::grad_norms, "all layer norms");
    parts.push_back(std::move(norm));
    if (config_.moe.output_scale == core::OutputScale::global && !config_.is_dense()) {
        ModelPart scale = part("output scale", "Output scale", Column::stream, -1, {"moe_scale"});
        scale.help = "One learned factor of what the experts of every layer add.";
        parts.push_back(std::move(scale));
    }
    ModelPart head = part("head", "Head", Column::stream, -1, {});
    head.detail = "the embedding";
    head.help =
        "Logits of the next piece: the stream times the embedding's rows, which are no "
        "parameters of its own.";
    head.flops = sheet_.counts.flops.head;
    parts.push_back(std::move(head));
}

void PartsMaker::add_block(int64_t layer, std::vector<ModelPart>& parts) const {
    const core::ModelConfig& m = config_.model;
    const auto norm = [&](const char* id, const char* name, const char* help) {
        ModelPart out = part(id, "Norm", Column::block, layer, {name});
        out.detail = "layer norm";
        out.help = help;
        with_gradient(out, &History::grad_norms, "all layer norms");
        parts.push_back(std::move(out));
    };
    norm("attention norm", "attn_norm", "Layer norm of the stream, before attention.");
    ModelPart attention = part("attention", "Attention", Column::block, layer, {"attn."});
    attention.detail = std::to_string(m.n_heads) + " heads of " +
                       std::to_string(m.d_model / std::max<int64_t>(1, m.n_heads));
    attention.help =
        "Causal attention with rotary positions: queries, keys, values and output, each " +
        shaped(m.d_model, m.d_model) + (m.attention_bias ? " with a bias." : ".") +
        " Operations are counted at a mean context of half a sequence.";
    attention.flops = sheet_.counts.flops.attention / static_cast<double>(m.n_layers);
    with_gradient(attention, &History::grad_attention, "attention of all layers");
    parts.push_back(std::move(attention));
    norm("layer norm", "ffn_norm", "Layer norm of the stream, before what the third column opens.");
    if (config_.is_dense()) {
        ModelPart dense = part(kDenseLayer, "Dense layer", Column::block, layer, {"ffn."});
        dense.detail = "d_ff " + with_thousands(m.d_ff);
        dense.help = "W_up SiLU(W_down x): one network for all tokens, no experts and no router.";
        dense.flops = sheet_.counts.flops.dense / static_cast<double>(m.n_layers);
        with_gradient(dense, &History::grad_experts, "dense layers");
        parts.push_back(std::move(dense));
        return;
    }
    ModelPart moe = part(kLayerOfExperts, "MoE layer", Column::block, layer,
                         {"router.", "experts.", "shared.", "moe_scale"});
    const int64_t hops = config_.moe.hops_of(layer);
    moe.detail = std::to_string(config_.moe.top_k) + " of " + with_thousands(config_.moe.experts) +
                 (hops > 1 ? kTimes + std::to_string(hops) + " hops" : std::string());
    moe.help = "In each hop every token chooses " + std::to_string(config_.moe.top_k) + " of " +
               with_thousands(config_.moe.experts) +
               " experts, and what they write is added to what it takes into the next hop.";
    for (const core::HopFlops& hop : sheet_.hops[static_cast<size_t>(layer)])
        moe.flops += hop.total();
    parts.push_back(std::move(moe));
}

void PartsMaker::add_hop(int64_t layer, std::vector<ModelPart>& parts) const {
    if (config_.is_dense()) return add_dense(layer, parts);
    add_router(layer, parts);
    add_choice(layer, parts);
    add_experts(layer, parts);
    add_update(layer, parts);
}

void PartsMaker::add_dense(int64_t layer, std::vector<ModelPart>& parts) const {
    const core::ModelConfig& m = config_.model;
    const double half = sheet_.counts.flops.dense / (2 * static_cast<double>(m.n_layers));
    const auto matrix = [&](const char* id, const char* title, const char* name, const char* help) {
        ModelPart out = part(id, title, Column::hop, layer, {name});
        out.detail = shaped(m.d_ff, m.d_model);
        out.help = help;
        out.flops = half;
        with_gradient(out, &History::grad_experts, "dense layers");
        parts.push_back(std::move(out));
    };
    matrix("read", "Read", "ffn.down",
           "How strongly each of the d_ff directions is there: W_down x.");
    ModelPart silu = part("SiLU", "SiLU", Column::hop, layer, {});
    silu.detail = "x \xCF\x83(x)";
    silu.help = "The activation, number by number.";
    parts.push_back(std::move(silu));
    matrix("write", "Write", "ffn.up", "What they add to the stream: W_up of the activations.");
}

void PartsMaker::add_router(int64_t layer, std::vector<ModelPart>& parts) const {
    const core::MoeConfig& moe = config_.moe;
    if (moe.has_positions()) return add_centroids(layer, parts);
    if (!moe.has_rows()) {
        ModelPart hash = part("hash", "Hash", Column::hop, layer, {"router."});
        hash.detail = "of the " + word(moe.hash_key);
        hash.help = "The choice follows from " + std::string(moe.traits().chooses_by) +
                    " alone: there is no score, no row, and nothing that could learn.";
        parts.push_back(std::move(hash));
        return;
    }
    ModelPart rows = part("scores", "Linear scores", Column::hop, layer, {"router."});
    rows.detail = shaped(moe.experts, config_.model.d_model);
    rows.help =
        "The score of an expert is its row times the stream: a linear layer, without a "
        "routing space.";
    rows.flops = over_hops(layer, &core::HopFlops::scores);
    with_gradient(rows, &History::grad_router, "routers of all layers");
    parts.push_back(std::move(rows));
}

void PartsMaker::add_centroids(int64_t layer, std::vector<ModelPart>& parts) const {
    const core::MoeConfig& moe = config_.moe;
    const int64_t width = moe.routes_in_model_space() ? config_.model.d_model : moe.d_space;
    if (!moe.routes_in_model_space()) {
        ModelPart projection =
            part("projection", "Projection", Column::hop, layer, {"router.proj"});
        projection.detail = shaped(width, config_.model.d_model);
        projection.help = "W_proj takes the stream into the routing space of " +
                          std::to_string(width) + " dimensions" +
                          (moe.projection == core::ProjectionKind::per_hop
                               ? ", with a matrix of its own for each hop."
                               : ", with the same matrix in every hop.");
        projection.flops = over_hops(layer, &core::HopFlops::projection);
        with_gradient(projection, &History::grad_router, "routers of all layers");
        parts.push_back(std::move(projection));
    }
    if (moe.is_spherical()) {
        ModelPart length = part("unit length", "L2 norm", Column::hop, layer, {});
        length.detail = "to length 1";
        length.help =
            "The position of a token is a point of the unit sphere, as are the centroids.";
        parts.push_back(std::move(length));
    }
    ModelPart scores = part("scores", "Scores", Column::hop, layer,
                            {"router.centroids", "router.tau", "router.bias"});
    const int64_t each = moe.centroids_per_expert();
    scores.detail = each > 1 ? shape_words({moe.experts, each, width}) : shaped(moe.experts, width);
    scores.help = (moe.scales_by_tau() ? "tau times the cosine of the position to the centroid of "
                                         "each expert; tau = " +
                                             plain(moe.tau) + (moe.learn_tau ? ", learned. " : ". ")
                                       : std::string("Nearness of the position to the centroid of "
                                                     "each expert. ")) +
                  (moe.counts_centroids() ? "Centroids are the means of the tokens that chose them."
                   : moe.traits().move == core::RowsMove::never
                       ? "Centroids and projection stay as they were drawn."
                       : "Centroids are learned by gradient.");
    scores.flops = over_hops(layer, &core::HopFlops::scores);
    with_gradient(scores, &History::grad_router, "routers of all layers");
    parts.push_back(std::move(scores));
}

void PartsMaker::add_choice(int64_t layer, std::vector<ModelPart>& parts) const {
    const core::MoeConfig& moe = config_.moe;
    ModelPart choice = part("top-k", "Top-k", Column::hop, layer, {});
    choice.detail = std::to_string(moe.top_k) + " of " + with_thousands(moe.experts) +
                    (moe.pools == core::Pools::unrolled ? ", pools" : "");
    choice.help =
        (moe.has_rows()
             ? "The " + std::to_string(moe.top_k) + " highest scores are chosen; weights by " +
                   word(moe.score) +
                   (moe.renormalises(moe.top_k) ? ", divided by their sum." : ", as they are.")
             : "Each of the " + std::to_string(moe.top_k) + " has the weight 1/k.") +
        (moe.pools == core::Pools::unrolled ? " Each hop chooses from a pool of its own." : "");
    parts.push_back(std::move(choice));
}

void PartsMaker::add_experts(int64_t layer, std::vector<ModelPart>& parts) const {
    const core::MoeConfig& moe = config_.moe;
    ModelPart experts = part("experts", "Experts", Column::hop, layer, {"experts."});
    const std::string each = moe.expert == core::ExpertKind::fixed
                                 ? "static"
                                 : word(moe.expert) + ", rank " + std::to_string(moe.expert_rank);
    experts.detail = with_thousands(moe.experts) + kTimes + each;
    experts.help =
        moe.expert == core::ExpertKind::fixed
            ? "Each expert adds one learned direction, times its weight."
        : moe.expert == core::ExpertKind::swiglu
            ? "Each expert: up (SiLU(gate x) \xE2\x8A\x99 down x), times its weight."
            : "Each expert: up SiLU(down x), times its weight. The rows of down are what "
              "it reads, those of up what it writes.";
    experts.flops = over_hops(layer, &core::HopFlops::experts);
    with_gradient(experts, &History::grad_experts, "experts of all layers");
    parts.push_back(std::move(experts));
    if (moe.shared_expert == 0) return;
    ModelPart shared = part("shared expert", "Always-on expert", Column::hop, layer, {"shared."});
    shared.detail = "width " + with_thousands(moe.shared_expert);
    shared.help = "A SwiGLU that every token passes, in the first hop.";
    shared.flops = over_hops(layer, &core::HopFlops::shared);
    with_gradient(shared, &History::grad_experts, "experts of all layers");
    parts.push_back(std::move(shared));
}

void PartsMaker::add_update(int64_t layer, std::vector<ModelPart>& parts) const {
    const core::MoeConfig& moe = config_.moe;
    const int64_t hops = moe.hops_of(layer);
    ModelPart update = part("update", hops > 1 ? "Position update" : "Update", Column::hop, layer,
                            {"router.kinematic", "moe_scale"});
    update.detail = hops > 1 ? word(moe.reroute) : "h = dh";
    update.help = "h \xE2\x86\x90 h + dh, what the chosen experts wrote";
    if (moe.composition != core::Composition::sum)
        update.help += " (composed by " + word(moe.composition) + ")";
    update.help += ". ";
    if (hops > 1)
        update.help +=
            moe.reroute == core::Reroute::semantic ? "The next hop routes x + h anew."
            : moe.reroute == core::Reroute::frozen ? "Every hop keeps the choice of the first."
            : moe.reroute == core::Reroute::kinematic
                ? "The position moves by the kinematic vectors of the chosen experts."
                : "The next hop routes x + h anew, moved by the kinematic vectors of the experts.";
    if (moe.output_scale != core::OutputScale::none)
        update.help += " What the layer adds is multiplied by a learned scale.";
    update.flops = over_hops(layer, &core::HopFlops::moved);
    parts.push_back(std::move(update));
}

}  // namespace hopscope::app
