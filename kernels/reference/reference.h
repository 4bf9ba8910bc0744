// Reference forms: plain ATen, differentiated by autograd itself. Slow and obviously right; the
// tests hold every other form against them, and `Form::reference` runs them in the program. Pure
// functions, any thread.
#pragma once

#include "kernels/ops.h"

namespace hopscope::kernels::reference {

RouteOut route(const at::Tensor& h, const at::Tensor& proj, const at::Tensor& centroids,
               const at::Tensor& tau, int64_t k, bool renormalise,
               const std::optional<at::Tensor>& score_bias,
               const std::optional<at::Tensor>& pos_delta);
/// The k largest of each row, [T, k] int64, falling value, ties by lowest index.
at::Tensor top_k(const at::Tensor& keys, int64_t k);
at::Tensor experts(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                   const ExpertBank& bank);
/// What the chosen experts read, before their weights: [T, k, r]; undefined for static experts.
at::Tensor activations(const at::Tensor& h, const at::Tensor& idx, const ExpertBank& bank);
at::Tensor compose(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                   const ExpertBank& bank, Composition composition);
std::vector<at::Tensor> linear(const at::Tensor& x, const std::vector<LinearLayer>& layers,
                               bool wide);
/// x + factors ⊙ written and its norm; each of x and written may be undefined.
NormedSum add_norm(const at::Tensor& x, const at::Tensor& written, const at::Tensor& factors,
                   const at::Tensor& weight, const at::Tensor& bias, double eps);
at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);
/// softmax of the causal scores ⊙ factors [B, heads, T, T], times v.
at::Tensor masked_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const at::Tensor& factors);
ClassifierOut classifier(const at::Tensor& x, const at::Tensor& embed, const at::Tensor& targets);
void adamw(at::Tensor param, const at::Tensor& grad, at::Tensor m, at::Tensor v, at::Tensor shadow,
           const AdamWStep& step);

/// x / max(‖x‖, eps) over the last dimension.
at::Tensor l2norm(const at::Tensor& x);

}  // namespace hopscope::kernels::reference
