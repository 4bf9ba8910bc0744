// Every router of the family behind one call a hop: cosine, linear, hash, random-fixed and K-Means,
// with shared, per-hop or identity projection, semantic, kinematic or hybrid re-routing, shared or
// unrolled pools. Lives for one layer of one forward pass, on the thread that runs it.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/model/forward.h"

namespace hopscope::core {

/// Experts [offset, offset + size) of a layer.
struct Pool {
    int64_t offset = 0, size = 0;
};

/// The pools of a layer: one of all experts for shared pools, else one a hop (science.md E17).
std::vector<Pool> pools_of(const Config& config, int64_t layer);
/// The pool that holds an expert of the layer.
Pool pool_of(const Config& config, int64_t layer, int64_t expert);
/// The given rows of a tensor with one row a token; undefined `rows`: all.
at::Tensor at_rows(const at::Tensor& all, const at::Tensor& rows);

/// How near tokens are to the experts of a pool.
struct Nearness {
    at::Tensor near;     ///< [A, M] cosine (plain K-Means: dot product); linear: the logit
    at::Tensor nearest;  ///< [A, M] which of two sub-centroids; undefined where there is one
};
/// @param at [A, s] positions, or [A, d] the router's input h for the linear router. Not for hash.
Nearness nearness(const MoeConfig& moe, const LayerWeights& w, Pool pool, const at::Tensor& at);
/// Whether the scores are tau · near (Eq. (3)); a raw dot product has its own scale (C3).
bool scales_by_tau(const MoeConfig& moe);

/// One hop's choice. Indices are those within the pool (product.md section 5).
struct HopRoute {
    kernels::RouteOut route;
    Pool pool;
    at::Tensor
        balance;   ///< [] balance term of this hop (E8; sequence-wise: C3); undefined for hash
    at::Tensor z;  ///< [] mean over tokens of logsumexp(scores)²; undefined without moe.z_loss
};

class LayerRouter {
  public:
    /// All references must outlive the object.
    LayerRouter(const Config& config, const LayerWeights& weights, int64_t layer,
                const TokenBatch& tokens, const ForwardOptions& options);

    /// @param h    [A, d] = x + h_accum of the tokens that run this hop
    /// @param rows [A] which tokens these are; undefined: all T
    HopRoute hop(int64_t hop, const at::Tensor& h, const at::Tensor& rows);

    /// Tells what was chosen in the end, for the positions of the next hop (kinematic, hybrid).
    void moved_by(const HopRoute& chosen, const at::Tensor& rows);

    /// Which centroid each choice of this pass belongs to, for the online K-Means update (C3);
    /// empty for other routers and outside training.
    const std::vector<Assignment>& assignments() const { return assignments_; }

  private:
    bool fused() const;
    HopRoute fused_hop(int64_t hop, const at::Tensor& h, const RouteInput& input, Pool pool);
    HopRoute hash_hop(const at::Tensor& rows, const at::Tensor& h, Pool pool);
    HopRoute scored_hop(int64_t hop, const at::Tensor& h, const at::Tensor& rows,
                        const RouteInput& input, Pool pool);
    at::Tensor projected(int64_t hop, const at::Tensor& h) const;
    at::Tensor position(int64_t hop, const at::Tensor& h, const at::Tensor& rows,
                        const RouteInput& input);
    at::Tensor tau(const at::Tensor& like) const;
    int64_t top_k() const;
    bool spherical() const;

    const Config& config_;
    const LayerWeights& w_;
    int64_t layer_;
    const TokenBatch& tokens_;
    const ForwardOptions& options_;
    std::vector<Pool> pools_;
    at::Tensor position_;  ///< [T, s] where each token stands (kinematic, hybrid)
    at::Tensor moved_;     ///< [T, s] Σ w_i v_i of the last hop (kinematic, hybrid)
    std::vector<Assignment> assignments_;
};

/// The j-th choice of hash routing (science.md E18): the first k distinct values of
/// splitmix64((key · 64 + layer) · 64 + attempt) mod experts, by rising index.
std::vector<int64_t> hash_choices(uint64_t key, uint64_t layer, int64_t experts, int64_t k);

/// M Σ f_i p_i, f_i = count_i / (T·k) (science.md E8), of choices within a pool.
/// @param mean_p [M]; @param counts [M]
at::Tensor balance_term(const at::Tensor& mean_p, const at::Tensor& counts, int64_t choices);

/// The same taken inside each sequence, then averaged (C3). @param p [T, M]; @param idx [T, k]
at::Tensor sequence_balance(const at::Tensor& p, const at::Tensor& idx, int64_t length);

}  // namespace hopscope::core
