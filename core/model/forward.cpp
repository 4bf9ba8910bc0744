#include "core/model/forward.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/native_dropout.h>
#include <ATen/ops/silu.h>
#include <chrono>
#include <cstdlib>
#include <tuple>

#include "core/model/attention.h"
#include "core/model/moe.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kNormEps = 1e-5;

/// MKL, LibTorch's BLAS on x86, else picks its loops by where in memory a matrix lies: on some
/// processors (AMD with AVX-512) two passes over equal numbers then differ in their last bits. It
/// reads this at its first call, so the variable is set before main; one set by the user stays.
const int kSameBitsEverywhere = ::setenv("MKL_CBWR", "AUTO", /*overwrite=*/0);

at::Tensor norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    return at::layer_norm(x, weight.sizes(), weight, bias, kNormEps);
}

at::Tensor drop(const ModelConfig& m, DropoutPlace place, const at::Tensor& x, bool train) {
    if (!train || !m.drops(place)) return x;
    return std::get<0>(at::native_dropout(x, m.dropout, true));
}

}  // namespace

at::Tensor final_norm(const Weights& w, const at::Tensor& x) {
    return norm(x, w.final_norm_weight, w.final_norm_bias);
}

void add_term(at::Tensor& sum, const at::Tensor& term) {
    if (term.defined()) sum = sum.defined() ? sum + term : term;
}

ForwardOut forward(const Model& model, const at::Tensor& ids, const ForwardOptions& options) {
    const auto& m = model.config.model;
    const auto& w = model.weights;
    const int64_t batch = ids.size(0);
    // The stream and everything normalised stay in the type of the norms (fp32); only matrices may
    // be bf16.
    const auto wide = w.final_norm_weight.scalar_type();
    // Widened before rows are taken: the gradients of a token's many places are added up in fp32.
    auto x = at::embedding(w.embed.to(wide), ids.reshape({-1}));  // [B·T, d]
    if (m.embedding_norm) x = norm(x, w.embed_norm_weight, w.embed_norm_bias);
    x = drop(m, DropoutPlace::embedding, x, options.train);

    const TokenBatch tokens{ids.reshape({-1}), ids.size(1)};
    ForwardOut out;
    out.stats.resize(options.statistics ? w.layers.size() : 0);
    for (size_t l = 0; l < w.layers.size(); ++l) {
        const auto& y = w.layers[l];
        const auto layer = static_cast<int64_t>(l);
        const auto a = attention(m, y, norm(x, y.attn_norm_weight, y.attn_norm_bias), batch,
                                 options.train, options.form);
        if (options.probe) options.probe->attention(layer, a);
        x = x + drop(m, DropoutPlace::residual, a, options.train);

        const auto normed = norm(x, y.ffn_norm_weight, y.ffn_norm_bias);
        if (options.probe) options.probe->stream(layer, x, normed);
        at::Tensor update;
        if (m.is_dense()) {
            const auto read = kernels::linear(normed, {{y.ffn_down, {}}}, false, options.form);
            update =
                kernels::linear(at::silu(read[0]), {{y.ffn_up.t(), {}}}, true, options.form)[0];
            if (options.probe) options.probe->update(layer, update);
        } else {
            const auto begin = options.moe_seconds ? Clock::now() : Clock::time_point();
            auto f = moe(model, layer, normed, tokens, options,
                         options.statistics ? &out.stats[l] : nullptr);
            if (options.moe_seconds)
                *options.moe_seconds += std::chrono::duration<double>(Clock::now() - begin).count();
            update = f.out;
            add_term(out.balance, f.balance);
            add_term(out.z, f.z);
            if (!f.assignments.empty()) out.assignments.push_back(std::move(f.assignments));
        }
        x = x + drop(m, DropoutPlace::residual, update, options.train);
    }
    for (auto* term : {&out.balance, &out.z})
        if (term->defined()) *term = *term / static_cast<double>(m.n_layers);
    out.hidden = final_norm(w, x);
    return out;
}

}  // namespace hopscope::core
