#include "core/model/sound.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/isfinite.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cmath>

#include "core/model/forward.h"

namespace hopscope::core {
namespace {

constexpr int64_t kTokens = 8;  ///< of the pass; overflow needs no special text

/// Its square is still far from the largest number of fp32.
constexpr double kMostInSquares = 1e18;

/// "the weights hold NaN (embed.weight)", or "".
std::string not_usable(const Weights& weights) {
    std::string out;
    weights.for_each([&](const std::string& name, Group, const at::Tensor& t) {
        if (!out.empty() || t.numel() == 0) return;
        const double most = t.abs().max().item().toDouble();
        if (most <= kMostInSquares) return;
        const char* what = std::isnan(most)   ? "NaN"
                           : std::isinf(most) ? "infinite numbers"
                                              : "numbers whose squares are infinite";
        out = std::string("the weights hold ") + what + " (" + name + ")";
    });
    return out;
}

Error unusable(const std::string& what) {
    return failure(what +
                   ": the run diverged; take an older checkpoint, or train again with a lower "
                   "train.lr or a lower train.clip");
}

}  // namespace

bool is_finite(const at::Tensor& t) {
    return at::isfinite(t).all().item().toBool();
}

Error diverged(const std::string& what) {
    return unusable(what + " is not a finite number");
}

Status check_sound(const Model& model) {
    if (const std::string what = not_usable(model.weights); !what.empty()) return unusable(what);
    const c10::AutoGradMode no_grad(false);
    const auto& m = model.config.model;
    const int64_t n = std::min({kTokens, m.vocab_size, m.max_seq_len});
    const auto ids =
        at::arange(n, at::TensorOptions().dtype(at::kLong).device(model.weights.embed.device()))
            .view({1, n});
    if (!is_finite(forward(model, ids, {}).hidden))
        return unusable("the weights are so large that their products are NaN");
    return {};
}

}  // namespace hopscope::core
