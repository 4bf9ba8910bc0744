// From scores to a choice, as all routers with rows do it: affinities, the k best, their weights,
// and the terms that the loss takes from a hop. Pure functions, any thread.
#pragma once

#include "core/model/routers/form.h"

namespace hopscope::core {

/// How the configuration makes a choice of scores; the selection bias is that of the pool's experts
/// and is added to the affinities.
kernels::Gate gate_of(const RoutingPass& pass, Pool pool);

/// The hop's choice for scores [A, M], interventions on the scores included.
HopRoute choose_by_scores(const RoutingPass& pass, const HopCall& call, at::Tensor scores,
                          const kernels::Gate& gate);

/// M Σ f_i p_i, f_i = count_i / (T·k) [def:balance_loss], of choices within a pool.
/// @param mean_p [M]; @param counts [M]
at::Tensor balance_term(const at::Tensor& mean_p, const at::Tensor& counts, int64_t choices);
/// The balance term of a choice that was made over the whole pool.
at::Tensor balance_term(const kernels::RouteOut& route, Pool pool);

/// The same taken inside each sequence, then averaged [def:sequence_balance]. @param p [T, M];
/// @param idx [T, k]
at::Tensor sequence_balance(const at::Tensor& p, const at::Tensor& idx, int64_t length);

}  // namespace hopscope::core
