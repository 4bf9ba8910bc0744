// What runs is chosen here and not by LibTorch, whose order of preference depends on version and
// device. bf16: flash attention, whose backward pass has an order of sums that does not depend on
// timing, if it is asked for; LibTorch 2.11 asks cuDNN, which is faster on some devices, for none,
// so cuDNN is left alone. Else: blocks of queries, products by cuBLAS.
#ifdef HOPSCOPE_CUDA
#include "kernels/attention_device.h"

#include <ATen/Context.h>
#include <ATen/native/transformers/cuda/sdp_utils.h>
#include <ATen/ops/_scaled_dot_product_flash_attention.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_backward.h>
#include <c10/cuda/CUDAGraphsC10Utils.h>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/attention_blocks.h"
#include "kernels/attention_node.h"
#include "kernels/cuda/attention.h"
#include "kernels/types.h"

namespace hopscope::kernels::cuda {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// While OneOrder lives, cuBLAS would be refused to all threads unless its room is of this size,
/// with which it repeats its bits. It reads this at its first call, so the variable is set before
/// main; one set by the user stays.
const int kSameRoomForProducts = ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);

/// Held while a state of the whole process is another than before.
std::mutex& process_state() {
    static std::mutex mutex;
    return mutex;
}

/// As long as one lives, what LibTorch draws on the device begins at `seed`; then its generator
/// goes on where it was.
class DrawFrom {
  public:
    DrawFrom(c10::Device device, uint64_t seed)
        : held_(process_state()), generator_(at::globalContext().defaultGenerator(device)) {
        const std::lock_guard lock(generator_.mutex());
        seed_ = generator_.current_seed();
        offset_ = generator_.get_offset();
        generator_.set_current_seed(seed);
    }
    DrawFrom(const DrawFrom&) = delete;
    DrawFrom& operator=(const DrawFrom&) = delete;
    ~DrawFrom() {
        const std::lock_guard lock(generator_.mutex());
        generator_.set_current_seed(seed_);
        generator_.set_offset(offset_);
    }

  private:
    std::lock_guard<std::mutex> held_;
    at::Generator generator_;
    uint64_t seed_ = 0, offset_ = 0;
};

/// As long as one lives, LibTorch takes the forms whose sums have one order. Only for the call that
/// asks for it: with the flag set throughout, operators that have no such form would throw.
class OneOrder {
  public:
    OneOrder()
        : held_(process_state()),
          on_(context().deterministicAlgorithms()),
          only_warns_(context().deterministicAlgorithmsWarnOnly()),
          fills_(context().deterministicFillUninitializedMemory()) {
        context().setDeterministicFillUninitializedMemory(false);
        context().setDeterministicAlgorithms(true, /*warn_only=*/false);
    }
    OneOrder(const OneOrder&) = delete;
    OneOrder& operator=(const OneOrder&) = delete;
    ~OneOrder() {
        context().setDeterministicAlgorithms(on_, only_warns_);
        context().setDeterministicFillUninitializedMemory(fills_);
    }

  private:
    static at::Context& context() { return at::globalContext(); }

    std::lock_guard<std::mutex> held_;
    bool on_, only_warns_, fills_;
};

bool takes_flash(const Tensor& q, const Tensor& k, const Tensor& v, double p) {
    // Wider heads would be a copy, filled up.
    if (q.scalar_type() != at::kBFloat16 || q.size(3) % 8 != 0) return false;
    return sdp::can_use_flash_attention({q, k, v, std::nullopt, p, true, false}, /*debug=*/false);
}

/// A graph that is captured draws from the device's generator anew at each replay; a seed that is
/// a number of the host would drop the same entries each time.
bool is_captured() {
    return c10::cuda::currentStreamCaptureStatusMayInitCtx() != c10::cuda::CaptureStatus::None;
}

class FlashNode : public torch::autograd::Function<FlashNode> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& q, const Tensor& k, const Tensor& v,
                          double p, int64_t seed) {
        std::optional<DrawFrom> draw;
        if (p > 0 && !is_captured()) draw.emplace(q.device(), static_cast<uint64_t>(seed));
        const auto [out, lse, lengths_q, lengths_k, most_q, most_k, drawn_seed, drawn_offset,
                    mask] = at::_scaled_dot_product_flash_attention(q, k, v, p, /*is_causal=*/true);
        ctx->save_for_backward({q, k, v, out, lse, drawn_seed, drawn_offset});
        ctx->saved_data["p"] = p;
        return out;
    }

    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto s = ctx->get_saved_variables();
        const int64_t length = s[0].size(2);
        const OneOrder order;
        const auto [dq, dk, dv] = at::_scaled_dot_product_flash_attention_backward(
            grads[0], s[0], s[1], s[2], s[3], s[4], Tensor(), Tensor(), length, length,
            ctx->saved_data["p"].toDouble(), /*is_causal=*/true, s[5], s[6]);
        return {dq, dk, dv, Tensor(), Tensor()};
    }
};

struct ByBlocks {
    static BlocksOut forward(const Tensor& q, const Tensor& k, const Tensor& v,
                             const Dropout& dropout) {
        return attention_by_blocks({q, k, v, dropout}, kernels());
    }
    static std::array<Tensor, 3> backward(const Tensor& q, const Tensor& k, const Tensor& v,
                                          const Dropout& dropout, const Tensor& lse,
                                          const Tensor& grad) {
        return attention_by_blocks_gradient({q, k, v, dropout}, lse, grad, kernels());
    }

  private:
    static ScoreKernels kernels() { return {query_weights, query_gradient}; }
};

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Dropout& dropout) {
    const auto seed = static_cast<int64_t>(dropout.seed);
    if (takes_flash(q, k, v, dropout.p)) return FlashNode::apply(q, k, v, dropout.p, seed);
    const auto wide = wide_of(q);
    return AttentionNode<ByBlocks>::apply(q.to(wide), k.to(wide), v.to(wide), dropout.p, seed)
        .to(q.scalar_type());
}

}  // namespace hopscope::kernels::cuda
#endif
