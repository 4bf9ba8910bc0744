// The tensors of a model under the names of docs/formats.md#tensors-of-a-model, and how they are
// initialised. Plain data: whoever holds a Weights owns it; copies share storage unless cloned.
// Thread: whoever owns it.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/api/groups.h"

namespace hopscope::core {

struct LayerWeights {
    at::Tensor attn_norm_weight, attn_norm_bias;  // [d]
    at::Tensor q, k, v, o;                        // [d, d], y = x Wᵀ + b
    at::Tensor q_bias, k_bias, v_bias, o_bias;    // [d], undefined without attention_bias
    at::Tensor ffn_norm_weight, ffn_norm_bias;    // [d]
    at::Tensor proj;                              // [s, d]; per_hop: [H, s, d]; undefined: identity
    at::Tensor centroids;                         // [M, s]; spherical_2: [M, 2, s]
    at::Tensor linear;                            // [M, d] (linear router)
    at::Tensor tau;                               // [] (only if learned)
    at::Tensor kinematic;                         // [M, s] (where read, or legacy_param_count)
    at::Tensor bias;                              // [M] (loss-free and K-Means), moved by counts
    at::Tensor gate, down, up;                    // [M, r, d]; gate: SwiGLU only
    at::Tensor value;                             // [M, d] (static experts)
    at::Tensor shared_gate, shared_down, shared_up;  // [width, d] (shared expert)
    at::Tensor moe_scale;                            // [] (output_scale = per_layer)
    at::Tensor ffn_down, ffn_up;                     // [d_ff, d] (dense)
};

struct Weights {
    at::Tensor embed;                               // [V, d], also the output head
    at::Tensor embed_norm_weight, embed_norm_bias;  // [d]
    std::vector<LayerWeights> layers;
    at::Tensor moe_scale;                           // [] (output_scale = global)
    at::Tensor final_norm_weight, final_norm_bias;  // [d]

    /// Every tensor that exists, in file order, with its name and group.
    void for_each(const std::function<void(const std::string&, Group, at::Tensor&)>& visit);
    void for_each(
        const std::function<void(const std::string&, Group, const at::Tensor&)>& visit) const;

    int64_t parameters() const;
    /// Deep copy; `map` makes each new tensor from the old one.
    Weights map(const std::function<at::Tensor(Group, const at::Tensor&)>& make) const;
    Weights map(
        const std::function<at::Tensor(const std::string&, Group, const at::Tensor&)>& make) const;
};

/// Names and shapes that the configuration asks for, as undefined-free zero tensors on `device`.
Weights make_weights(const Config& config, at::Device device = at::kCPU);

/// Initial values [def:initialisation] [def:derived_seed]. Each tensor has its own generator,
/// seeded from the run's seed and its name: variants with one seed start from equal values wherever
/// they share a tensor.
Weights init_weights(const Config& config, uint64_t seed);

/// The type that a pass reads a tensor in under train.precision = "bf16": bf16 for the matrices of
/// large products, that is embedding and head, attention and dense layers; the experts' rows on a
/// GPU, too, while on the CPU their operator adds rows in fp32. Norms and all that routes stay
/// fp32.
at::ScalarType type_under_bf16(Group group, const at::Tensor& t);

/// Whether a gradient may reach the tensor: not a random-fixed router [def:random_fixed], not what
/// counting moves (K-Means centroids, selection biases), not kinematic vectors that nothing reads
/// [def:kinematic_vectors].
bool learns(const Config& config, const std::string& name, Group group);

/// Integer mix used for all derived seeds (splitmix64's finaliser) [def:derived_seed].
uint64_t mix_seed(uint64_t a, uint64_t b);

}  // namespace hopscope::core
