#include "core/model/forward.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/silu.h>
#include <c10/core/GradMode.h>
#include <chrono>
#include <cstdlib>

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

struct NormWeights {
    at::Tensor weight, bias;
};

/// The residual stream and the norms of the layers that read it.
class Stream {
  public:
    Stream(const ModelConfig& model, const ForwardOptions& options)
        : model_(model), options_(options) {}

    /// Adds what a layer wrote, dropped as at `place`, and norms the sum for the layer behind it.
    void add(const at::Tensor& written, DropoutPlace place, const NormWeights& next) {
        const double p = dropout(model_, place, options_.train);
        const auto made = kernels::add_norm(sum, written, next.weight, next.bias, kNormEps, p,
                                            dropout_seed(p), options_.form);
        sum = made.sum;
        normed = made.normed;
    }

    at::Tensor sum;     ///< [B·T, d]; undefined: nothing was written yet
    at::Tensor normed;  ///< [B·T, d]

  private:
    const ModelConfig& model_;
    const ForwardOptions& options_;
};

}  // namespace

at::Tensor final_norm(const Weights& w, const at::Tensor& x) {
    return kernels::add_norm(x, {}, w.final_norm_weight, w.final_norm_bias, kNormEps).normed;
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
    const auto flat = ids.reshape({-1});
    // Where there are gradients, widened before rows are taken: those of a token's many places are
    // added up in fp32.
    auto embedded = c10::GradMode::is_enabled()
                        ? at::embedding(w.embed.to(wide), flat)
                        : at::embedding(w.embed, flat).to(wide);  // [B·T, d]
    if (m.embedding_norm)
        embedded = kernels::add_norm(embedded, {}, w.embed_norm_weight, w.embed_norm_bias, kNormEps,
                                     /*p=*/0, /*seed=*/0, options.form)
                       .normed;
    const auto attention_norm = [&](size_t layer) -> NormWeights {
        if (layer == w.layers.size()) return {w.final_norm_weight, w.final_norm_bias};
        return {w.layers[layer].attn_norm_weight, w.layers[layer].attn_norm_bias};
    };
    Stream stream(m, options);
    stream.add(embedded, DropoutPlace::embedding, attention_norm(0));

    const TokenBatch tokens{flat, {ids.size(1), options.past ? options.past->length() : 0}};
    const auto turn = rotation(m, tokens.at.first, tokens.at.length, embedded.options());
    ForwardOut out;
    out.stats.resize(options.statistics ? w.layers.size() : 0);
    for (size_t l = 0; l < w.layers.size(); ++l) {
        const auto& y = w.layers[l];
        const auto layer = static_cast<int64_t>(l);
        const auto a = attention(m, y, stream.normed,
                                 {batch, turn, layer, options.past, options.train, options.form});
        if (options.probe) options.probe->attention(layer, a);
        stream.add(a, DropoutPlace::residual, {y.ffn_norm_weight, y.ffn_norm_bias});
        const auto& normed = stream.normed;
        if (options.probe) options.probe->stream(layer, stream.sum, normed);
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
        stream.add(update, DropoutPlace::residual, attention_norm(l + 1));
    }
    for (auto* term : {&out.balance, &out.z})
        if (term->defined()) *term = *term / static_cast<double>(m.n_layers);
    if (options.past) options.past->advance(tokens.at.length);
    out.hidden = stream.normed;
    return out;
}

}  // namespace hopscope::core
