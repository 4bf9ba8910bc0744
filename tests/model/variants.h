// Every value of docs/formats.md#configuration that shapes the model, as changes of tiny().
#pragma once

#include "core/api/config.h"

namespace hopscope::test {

using namespace hopscope::core;

struct Variant {
    const char* name;
    void (*change)(Config&);
};

inline const Variant kVariants[] = {
    {"shared", [](Config&) {}},
    {"per_hop", [](Config& c) { c.moe.projection = ProjectionKind::per_hop; }},
    {"identity",
     [](Config& c) {
         c.moe.projection = ProjectionKind::identity;
         c.moe.d_space = c.model.d_model;
     }},
    {"linear", [](Config& c) { c.moe.router = RouterKind::linear; }},
    {"hash_position",
     [](Config& c) {
         c.moe.router = RouterKind::hash;
         c.moe.hops = {1};
     }},
    {"hash_token",
     [](Config& c) {
         c.moe.router = RouterKind::hash;
         c.moe.hash_key = HashKey::token;
     }},
    {"random_fixed", [](Config& c) { c.moe.router = RouterKind::random_fixed; }},
    {"kmeans", [](Config& c) { c.moe.router = RouterKind::kmeans; }},
    {"kmeans_plain_identity_model",
     [](Config& c) {
         c.moe.router = RouterKind::kmeans;
         c.moe.kmeans = KMeans::plain;
         c.moe.kmeans_gating = KMeansGating::identity;
         c.moe.kmeans_space = KMeansSpace::model;
     }},
    {"kmeans_two",
     [](Config& c) {
         c.moe.router = RouterKind::kmeans;
         c.moe.kmeans = KMeans::spherical_2;
     }},
    {"sigmoid", [](Config& c) { c.moe.score = Score::sigmoid; }},
    {"relu", [](Config& c) { c.moe.score = Score::relu; }},
    {"loss_free_linear",
     [](Config& c) {
         c.moe.router = RouterKind::linear;
         c.moe.balance = Balance::loss_free;
         c.moe.score = Score::sigmoid;
     }},
    {"sequence", [](Config& c) { c.moe.balance = Balance::sequence; }},
    {"loss_free_sequence", [](Config& c) { c.moe.balance = Balance::loss_free_sequence; }},
    {"z_loss", [](Config& c) { c.moe.z_loss = 0.1; }},
    {"kinematic", [](Config& c) { c.moe.reroute = Reroute::kinematic; }},
    {"hybrid", [](Config& c) { c.moe.reroute = Reroute::hybrid; }},
    {"frozen", [](Config& c) { c.moe.reroute = Reroute::frozen; }},
    {"unrolled", [](Config& c) { c.moe.pools = Pools::unrolled; }},
    {"unrolled_kinematic",
     [](Config& c) {
         c.moe.pools = Pools::unrolled;
         c.moe.reroute = Reroute::hybrid;
         c.moe.projection = ProjectionKind::per_hop;
     }},
    {"static", [](Config& c) { c.moe.expert = ExpertKind::fixed; }},
    {"swiglu_shared",
     [](Config& c) {
         c.moe.expert = ExpertKind::swiglu;
         c.moe.expert_rank = 2;
         c.moe.shared_expert = 3;
     }},
    {"grouped_silu",
     [](Config& c) {
         c.moe.top_k = 4;
         c.moe.composition = Composition::grouped_silu;
     }},
    {"grouped_gated",
     [](Config& c) {
         c.moe.top_k = 4;
         c.moe.composition = Composition::grouped_gated;
     }},
    {"cross_gated", [](Config& c) { c.moe.composition = Composition::cross_gated; }},
    {"static_unrolled_gated",
     [](Config& c) {
         c.moe.expert = ExpertKind::fixed;
         c.moe.pools = Pools::unrolled;
         c.moe.composition = Composition::cross_gated;
     }},
    {"learned_tau", [](Config& c) { c.moe.learn_tau = true; }},
    {"scale_per_layer", [](Config& c) { c.moe.output_scale = OutputScale::per_layer; }},
    {"scale_global", [](Config& c) { c.moe.output_scale = OutputScale::global; }},
    {"state", [](Config& c) { c.moe.returns = Returns::state; }},
    {"top_1", [](Config& c) { c.moe.top_k = 1; }},
    {"rank_2", [](Config& c) { c.moe.expert_rank = 2; }},
    {"asymmetric",
     [](Config& c) {
         c.moe.hops = {2, 1};
     }},
    {"no_bias_no_norm",
     [](Config& c) {
         c.model.attention_bias = false;
         c.model.embedding_norm = false;
     }},
    {"dense",
     [](Config& c) {
         c.model.ffn = FfnKind::dense;
         c.model.d_ff = 5;
     }},
};

}  // namespace hopscope::test
