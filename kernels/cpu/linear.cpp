#include "kernels/cpu/linear.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <vector>

#include "kernels/cpu/loops.h"
#include "kernels/cpu/packed.h"

namespace hopscope::kernels::cpu {
namespace {

using c10::BFloat16;

/// Rows of a block, whose sums stay in the cache until they are rounded.
constexpr int64_t kBlockRows = 64;

HOPSCOPE_CLONES void add_to_rows(float* rows, const float* bias, int64_t count, int64_t n) {
    for (int64_t row = 0; row < count; ++row)
        for (int64_t i = 0; i < n; ++i) rows[row * n + i] += bias[i];
}

/// f(first row, rows) for each block of the thread's share.
template <class F>
void each_block_of_rows(int64_t rows, const F& f) {
    const int64_t blocks = (rows + kBlockRows - 1) / kBlockRows;
    at::parallel_for(0, blocks, 1, [&](int64_t lo, int64_t hi) {
        for (int64_t block = lo; block < hi; ++block)
            f(block * kBlockRows, std::min(kBlockRows, rows - block * kBlockRows));
        end_pair_products();
    });
}

/// Rows of numbers that a product makes in fp32: the tensor itself, or room of the thread for a
/// block that is rounded into it.
class MadeRows {
  public:
    explicit MadeRows(const at::Tensor& to)
        : wide_(to.scalar_type() == at::kFloat ? static_cast<float*>(to.data_ptr()) : nullptr),
          narrow_(wide_ ? nullptr : static_cast<BFloat16*>(to.data_ptr())),
          columns_(to.size(1)) {}

    float* block(int64_t first, std::vector<float>& room) const {
        if (wide_) return wide_ + first * columns_;
        room.resize(static_cast<size_t>(kBlockRows * columns_));
        return room.data();
    }
    void keep(const float* made, int64_t first, int64_t rows) const {
        if (narrow_)
            round_rows({made, columns_}, {narrow_ + first * columns_, columns_}, rows, columns_);
    }

  private:
    float* wide_;
    BFloat16* narrow_;
    int64_t columns_;
};

std::vector<Packed> packed(const std::vector<LinearLayer>& layers, bool turned) {
    std::vector<Packed> out;
    for (const auto& layer : layers) out.emplace_back(turned ? layer.weight.t() : layer.weight);
    return out;
}

}  // namespace

bool takes_linear_bf16(const at::Tensor& x, const std::vector<LinearLayer>& layers) {
    const auto fits = [](const LinearLayer& layer) {
        return layer.weight.scalar_type() == at::kBFloat16 &&
               (layer.weight.is_contiguous() || layer.weight.t().is_contiguous()) &&
               layer.weight.size(0) % kPackedPair == 0 && layer.weight.size(1) % kPackedPair == 0 &&
               (!layer.bias.defined() || layer.bias.scalar_type() == at::kFloat);
    };
    return x.is_cpu() && x.scalar_type() != at::kDouble && has_pair_products() &&
           std::all_of(layers.begin(), layers.end(), fits);
}

LinearOut linear_bf16(const at::Tensor& x, const std::vector<LinearLayer>& layers,
                      at::ScalarType out) {
    LinearOut made{{}, x.to(at::kBFloat16)};
    std::vector<MadeRows> to;
    for (const auto& layer : layers) {
        made.y.push_back(at::empty({x.size(0), layer.weight.size(0)}, x.options().dtype(out)));
        to.emplace_back(made.y.back());
    }
    const auto weights = packed(layers, /*turned=*/true);
    const int64_t d = x.size(1);
    const auto* read = made.read.const_data_ptr<BFloat16>();
    each_block_of_rows(x.size(0), [&](int64_t first, int64_t rows) {
        thread_local std::vector<float> room;
        for (size_t i = 0; i < layers.size(); ++i) {
            const int64_t n = weights[i].columns();
            float* c = to[i].block(first, room);
            pair_product(rows, n, d, {read + first * d, d}, weights[i].factor(), /*add=*/false,
                         {c, n});
            if (layers[i].bias.defined())
                add_to_rows(c, layers[i].bias.const_data_ptr<float>(), rows, n);
            to[i].keep(c, first, rows);
        }
    });
    return made;
}

LinearGrads linear_bf16_gradient(const at::Tensor& read, const std::vector<LinearLayer>& layers,
                                 const std::vector<at::Tensor>& grads, at::ScalarType of_x) {
    const int64_t tokens = read.size(0), d = read.size(1);
    std::vector<at::Tensor> pulls;
    for (const auto& g : grads) pulls.push_back(g.to(at::kBFloat16));
    LinearGrads out{at::empty({tokens, d}, read.options().dtype(of_x)), {}, {}};
    const MadeRows to(out.x);
    const auto weights = packed(layers, /*turned=*/false);
    each_block_of_rows(tokens, [&](int64_t first, int64_t rows) {
        thread_local std::vector<float> room;
        float* c = to.block(first, room);
        for (size_t i = 0; i < layers.size(); ++i) {
            const int64_t n = weights[i].rows();
            pair_product(rows, d, n, {pulls[i].const_data_ptr<BFloat16>() + first * n, n},
                         weights[i].factor(), /*add=*/i > 0, {c, d});
        }
        to.keep(c, first, rows);
    });
    const Packed rows(read);
    for (size_t i = 0; i < layers.size(); ++i) {
        auto weight = at::empty(layers[i].weight.sizes(), read.options().dtype(at::kFloat));
        pair_product(weight, pulls[i].t(), rows, /*add=*/false);
        out.weight.push_back(std::move(weight));
        out.bias.push_back(layers[i].bias.defined()
                               ? grads[i].sum(at::IntArrayRef{0}, /*keepdim=*/false, at::kFloat)
                               : at::Tensor());
    }
    return out;
}

}  // namespace hopscope::kernels::cpu
