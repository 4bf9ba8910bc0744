// The one forward pass, for training, evaluation, trace and intervention alike
// (docs/development.md#numerics). A pure function of weights, tokens and options, but for a past
// that it is given; it owns nothing. Thread: whoever owns the weights.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/api/config.h"
#include "core/model/hooks.h"
#include "core/model/model.h"
#include "core/model/past.h"
#include "core/model/positions.h"
#include "core/model/weights.h"
#include "kernels/ops.h"

namespace hopscope::core {

class HopBanks;  // core/model/hop_banks.h: what few tokens go through faster

struct ForwardOptions {
    bool train = false;       ///< dropout on; draws from the default generator of the device
    bool statistics = false;  ///< fill LayerStats
    PassChanges changes;
    Probe* probe = nullptr;          ///< not owned
    Past* past = nullptr;            ///< not owned; the tokens are those behind it, and go into it
    const HopBanks* hops = nullptr;  ///< not owned; of these very weights
    double* moe_seconds = nullptr;   ///< not owned; the time spent in MoE layers is added (CPU)
    kernels::Form form = kernels::Form::fused;
};

/// Routing statistics of one layer in one pass, means over tokens and executed hops.
struct LayerStats {
    double entropy = 0, max_prob = 0;  ///< nats; probability; NaN for hash
    std::vector<double> jaccard;       ///< [executed hops − 1] consecutive hops [def:jaccard]
    std::vector<int64_t> counts;       ///< [M] choices
    std::vector<int64_t> executed;     ///< [H] tokens that ran each hop
};

/// Which centroid each choice of one hop went to (online K-Means) [def:kmeans_router].
struct Assignment {
    at::Tensor position;  ///< [A, s] as it was compared
    at::Tensor experts;   ///< [A, k] int64, over all pools
    at::Tensor nearest;   ///< [A, k] sub-centroid 0 or 1; undefined where there is one
};

struct ForwardOut {
    at::Tensor hidden;   ///< [B·T, d] after the final LayerNorm
    at::Tensor balance;  ///< [] balance term: mean over layers and hops of M Σ f_i p_i
                         ///< [def:balance_loss]; undefined for dense and hash, and with
                         ///< ForwardOptions::hops
    at::Tensor z;        ///< [] mean over layers and hops of the router z term; undefined without
    std::vector<LayerStats> stats;
    std::vector<std::vector<Assignment>> assignments;  ///< [layers][hops]; K-Means in training only
};

/// The tokens of a pass, row by row of everything that is [T, …].
struct TokenBatch {
    at::Tensor ids;     ///< [T] int64
    Positions at = {};  ///< of the rows
};

/// @param ids [B, T] int64 on the device of the weights; the past and T ≤ max_seq_len
ForwardOut forward(const Model& model, const at::Tensor& ids, const ForwardOptions& options);

/// The norm before the head, in the type of its weights. x [n, d] → [n, d].
at::Tensor final_norm(const Weights& weights, const at::Tensor& x);

/// sum += term, where either may be undefined (nothing).
void add_term(at::Tensor& sum, const at::Tensor& term);

}  // namespace hopscope::core
