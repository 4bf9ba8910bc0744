// The operators as PyTorch calls them: kernels/ops.h behind arguments that are checked, without
// autocast. Each has a second form that makes tensors of the right shape and computes nothing, for
// torch.compile and for meta tensors. Shapes and meaning: schemas.cpp. Any thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/string_view.h>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

namespace hopscope::library {

using Tensor = at::Tensor;
using MaybeTensor = std::optional<at::Tensor>;

struct Route {
    /// idx, weight, mean_p, entropy, max_p, pos
    using Out = std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor>;
    static Out run(const Tensor& h, const MaybeTensor& proj, const Tensor& centroids,
                   const Tensor& tau, int64_t k, bool renormalise, const MaybeTensor& score_bias,
                   const MaybeTensor& pos_delta, bool reference);
    static Out shapes(const Tensor& h, const MaybeTensor& proj, const Tensor& centroids,
                      const Tensor& tau, int64_t k, bool renormalise, const MaybeTensor& score_bias,
                      const MaybeTensor& pos_delta, bool reference);
};

struct Choose {
    /// idx, weight, mean_p, entropy, max_p, p, affinity
    using Out = std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor>;
    static Out run(const Tensor& scores, int64_t k, std::string_view score, bool renormalise,
                   bool identity, const MaybeTensor& select_bias, bool bias_on_scores,
                   bool reference);
    static Out shapes(const Tensor& scores, int64_t k, std::string_view score, bool renormalise,
                      bool identity, const MaybeTensor& select_bias, bool bias_on_scores,
                      bool reference);
};

struct Experts {
    static Tensor run(const MaybeTensor& h, const Tensor& idx, const Tensor& weight,
                      const MaybeTensor& gate, const MaybeTensor& down, const MaybeTensor& up,
                      const MaybeTensor& value, std::string_view composition, bool reference);
    static Tensor shapes(const MaybeTensor& h, const Tensor& idx, const Tensor& weight,
                         const MaybeTensor& gate, const MaybeTensor& down, const MaybeTensor& up,
                         const MaybeTensor& value, std::string_view composition, bool reference);
};

struct Rotate {
    static Tensor run(const Tensor& x, const Tensor& cos, const Tensor& sin, bool reference);
    static Tensor shapes(const Tensor& x, const Tensor& cos, const Tensor& sin, bool reference);
};

struct Attention {
    static Tensor run(const Tensor& q, const Tensor& k, const Tensor& v, double p, int64_t seed,
                      bool reference);
    static Tensor shapes(const Tensor& q, const Tensor& k, const Tensor& v, double p, int64_t seed,
                         bool reference);
};

struct Classifier {
    /// nll_sum, nll
    using Out = std::tuple<Tensor, Tensor>;
    static Out run(const Tensor& x, const Tensor& embed, const Tensor& targets, bool reference);
    static Out shapes(const Tensor& x, const Tensor& embed, const Tensor& targets, bool reference);
};

struct AdamW {
    static void run(const Tensor& param, const Tensor& grad, const Tensor& m, const Tensor& v,
                    const MaybeTensor& shadow, double lr, int64_t t, double beta1, double beta2,
                    double eps, double weight_decay, double grad_scale, bool reference);
    static void shapes(const Tensor& param, const Tensor& grad, const Tensor& m, const Tensor& v,
                       const MaybeTensor& shadow, double lr, int64_t t, double beta1, double beta2,
                       double eps, double weight_decay, double grad_scale, bool reference);
};

}  // namespace hopscope::library
