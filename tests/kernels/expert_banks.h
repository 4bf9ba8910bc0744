// Banks of every kind for the tests of the expert operators, and the definitions written as plain
// loops over numbers.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace hopscope::test {

using kernels::Composition;
using kernels::ExpertBank;
using kernels::ExpertKind;

struct ExpertCase {
    int64_t tokens, k, experts, rank, d;
};

inline const std::vector<ExpertKind> kKinds{ExpertKind::mlp, ExpertKind::fixed, ExpertKind::swiglu};
inline const std::vector<Composition> kCompositions{Composition::sum, Composition::grouped_silu,
                                                    Composition::grouped_gated,
                                                    Composition::cross_gated};

inline std::string name_of(ExpertKind kind) {
    return kind == ExpertKind::mlp ? "mlp" : kind == ExpertKind::fixed ? "fixed" : "swiglu";
}

/// Distinct choices of each token.
inline at::Tensor choices(int64_t tokens, int64_t k, int64_t experts, uint64_t seed) {
    return std::get<1>(randn({tokens, experts}, seed).topk(k, -1)).contiguous();
}

/// h, weight and the tensors of a bank: everything an operator has a gradient for.
inline std::vector<at::Tensor> expert_inputs(ExpertKind kind, const ExpertCase& c,
                                             at::ScalarType type = at::kDouble) {
    std::vector<at::Tensor> in{randn({c.tokens, c.k}, 2, type)};
    if (kind == ExpertKind::fixed) {
        in.push_back(randn({c.experts, c.d}, 5, type));
        return in;
    }
    in.push_back(randn({c.tokens, c.d}, 1, type));
    const double scale = 1.5 / std::sqrt(static_cast<double>(c.d));
    for (uint64_t seed = 3; seed < (kind == ExpertKind::mlp ? 5U : 6U); ++seed)
        in.push_back(randn({c.experts, c.rank, c.d}, seed, type) * scale);
    return in;
}

inline ExpertBank bank_of(ExpertKind kind, const std::vector<at::Tensor>& in) {
    if (kind == ExpertKind::fixed) return {kind, {}, {}, {}, in[1]};
    if (kind == ExpertKind::mlp) return {kind, {}, in[2], in[3], {}};
    return {kind, in[4], in[2], in[3], {}};
}

inline at::Tensor compose(ExpertKind kind, const at::Tensor& idx, const std::vector<at::Tensor>& in,
                          Composition composition, kernels::Form form = kernels::Form::fused) {
    return kernels::compose(kind == ExpertKind::fixed ? at::Tensor() : in[1], idx, in[0],
                            bank_of(kind, in), composition, form);
}

/// The experts [def:experts_mlp] [def:experts_static] [def:experts_swiglu] and their compositions
/// [def:composition], number by number (fp64).
inline at::Tensor by_loops(ExpertKind kind, const at::Tensor& idx,
                           const std::vector<at::Tensor>& in, Composition composition) {
    const auto bank = bank_of(kind, in);
    const int64_t tokens = idx.size(0), k = idx.size(1), d = bank.written().size(-1);
    const auto sigmoid = [](double a) { return 1 / (1 + std::exp(-a)); };
    const auto at2 = [](const at::Tensor& x, int64_t i, int64_t j) {
        return x.const_data_ptr<double>()[i * x.size(1) + j];
    };
    auto out = at::zeros({tokens, d}, at::TensorOptions().dtype(at::kDouble));
    for (int64_t t = 0; t < tokens; ++t) {
        std::vector<std::vector<double>> u;
        for (int64_t j = 0; j < k; ++j) {
            const int64_t e = idx.const_data_ptr<int64_t>()[t * k + j];
            auto& row = u.emplace_back(static_cast<size_t>(d), 0.0);
            const int64_t rank = kind == ExpertKind::fixed ? 1 : bank.up.size(1);
            for (int64_t q = 0; q < rank; ++q) {
                const auto along = [&](const at::Tensor& w) {
                    double sum = 0;
                    for (int64_t c = 0; c < d; ++c) sum += at2(in[1], t, c) * at2(w[e], q, c);
                    return sum;
                };
                double act = 1;
                if (kind == ExpertKind::mlp) {
                    const double a = along(bank.down);
                    act = a * sigmoid(a);
                } else if (kind == ExpertKind::swiglu) {
                    const double a = along(bank.gate);
                    act = a * sigmoid(a) * along(bank.down);
                }
                for (int64_t c = 0; c < d; ++c)
                    row[static_cast<size_t>(c)] +=
                        at2(in[0], t, j) * act *
                        (kind == ExpertKind::fixed ? at2(bank.value, e, c) : at2(bank.up[e], q, c));
            }
        }
        for (int64_t c = 0; c < d; ++c) {
            double total = 0, g[4] = {}, y = 0;
            for (int64_t j = 0; j < k; ++j) {
                const double one = u[static_cast<size_t>(j)][static_cast<size_t>(c)];
                total += one;
                if (k % 4 == 0) g[j / (k / 4)] += one;
            }
            if (composition == Composition::sum) y = total;
            if (composition == Composition::grouped_silu)
                for (const double one : g) y += one * sigmoid(one);
            if (composition == Composition::grouped_gated)
                y = g[0] * sigmoid(g[1]) + g[2] * sigmoid(g[3]);
            if (composition == Composition::cross_gated)
                for (int64_t j = 0; j < k; ++j) {
                    const double one = u[static_cast<size_t>(j)][static_cast<size_t>(c)];
                    y += one * sigmoid(total - one);
                }
            out.mutable_data_ptr<double>()[t * d + c] = y;
        }
    }
    return out;
}

}  // namespace hopscope::test
