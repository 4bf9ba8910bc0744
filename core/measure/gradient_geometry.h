// The claim of arXiv 2605.12476 on a trained model [def:gradient_coupling]: router row and the rows
// its expert reads are pushed along the same hidden states. One backward pass of the run's own
// loss. Thread: whoever owns the weights; results are plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/model/weights.h"
#include "core/text/batches.h"

namespace hopscope::core {

/// Of the rows of one matrix, each at unit length; rows of zeros are left out
/// [def:gradient_coupling].
struct RowGeometry {
    int64_t n = 0;          ///< rows that took part; under 2 everything is NaN
    double common_energy;   ///< mean of cos² to the rows' mean direction
    double effective_rank;  ///< exp of the entropy of σ² of the rows minus their mean
    double cosine;          ///< mean |cos| of pairs
    double centred_cosine;  ///< the same of the rows minus their mean
};
/// @param rows [n, d]; of more than 2,048 an even selection is looked at
RowGeometry row_geometry(const at::Tensor& rows);

/// Gradients of one layer, for one hop's rows in model space (core/measure/model_space.h).
struct GradientMatch {
    int64_t hop = -1;
    /// cos(W_projᵀ ∂L/∂c_i, ∂L/∂row of expert i), its read rows averaged: one number an expert
    /// whose gradients are not zero; and the mean over the other experts' rows.
    std::vector<double> matched, mismatched;
    std::vector<double> abs_matched, abs_mismatched;  ///< of |cos|
    std::vector<int64_t> experts;                     ///< which these are, over all pools
};

/// What is recorded while a run trains (LayerScalars::gradient_cosine): the mean of
/// GradientMatch::matched over experts and hops. Costs O(M · r · d). NaN where a gradient is
/// undefined (frozen or hash routers, static experts) or no expert was reached.
/// @param router ∂L/∂ centroids [M, s] or linear rows [M, d]
/// @param reads  ∂L/∂ the rows that experts read, [M, r, d]
double live_gradient_cosine(const Config& config, const LayerWeights& w, int64_t layer,
                            const at::Tensor& router, const at::Tensor& reads);

/// The same for every layer, [layers]. @param gradients by the names of Weights::for_each
std::vector<double> live_gradient_cosines(const Model& model,
                                          const std::map<std::string, at::Tensor>& gradients);

struct LayerGradients {
    RowGeometry router_weights, router_gradients;  ///< of rows in model space, hops together
    RowGeometry read_weights, read_gradients;      ///< of the first row each expert reads
    std::vector<GradientMatch> matches;  ///< empty where the router's rows get no gradient
};

/// Loss as in training (balance and z terms included), dropout off, gradients summed over the first
/// `batches` evaluation batches.
/// Errors: usage for dense models, hash routers, static experts; interrupted.
Result<std::vector<LayerGradients>> gradient_geometry(const Model& model, const BatchSource& source,
                                                      int64_t batches, const Progress& progress);

}  // namespace hopscope::core
