#include "kernels/cpu/route_gradient.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <algorithm>
#include <vector>

#include "kernels/cpu/gradient_products.h"
#include "kernels/cpu/route_block.h"
#include "kernels/cpu/score_rows.h"

namespace hopscope::kernels::cpu {
namespace {

/// Sums over tokens are made in so many parts at most, whatever the number of threads is.
constexpr int64_t kParts = 16;
/// Blocks of a part at least: its sums are written once.
constexpr int64_t kPartBlocks = 4;

/// Gradient of y = x / norm: (g − y <y, g>) / norm, in place.
template <class T>
HOPSCOPE_INLINE void unit_row_gradient(T* g, const T* y, T norm, int64_t n) {
    const T along = dot_loop(y, g, n);
    for (int64_t i = 0; i < n; ++i) g[i] = (g[i] - y[i] * along) / norm;
}

/// From cosines to the gradient at them, a block of tokens.
template <class T>
struct ScoreGradientPass {
    Strided<T> scores;
    MaybeRows<T> bias;
    const int64_t* idx;
    const T *weight, *dweight, *dmean;
    T* room;  ///< [M]
    int64_t m, k;
    T tau;
    bool renormalise;
};
/// → Σ gradient at the score times cosine: the gradient of tau.
template <class T>
HOPSCOPE_INLINE double score_gradient_loop(const ScoreGradientPass<T>& p, int64_t lo, int64_t hi) {
    double dtau = 0;
    for (int64_t t = lo; t < hi; ++t) {
        T *cosine = p.scores.data + (t - lo) * p.scores.stride, *g = p.room;
        bias_row(g, cosine, p.bias.row(t), p.tau, p.m);
        score_gradient_row(
            g, p.m,
            {p.idx + t * p.k, p.weight + t * p.k, p.dweight ? p.dweight + t * p.k : nullptr,
             p.dmean, p.k, p.renormalise});
        dtau += static_cast<double>(dot_loop(g, cosine, p.m));
        for (int64_t i = 0; i < p.m; ++i) cosine[i] = g[i] * p.tau;
    }
    return dtau;
}
HOPSCOPE_CLONES double score_gradient_rows(const ScoreGradientPass<float>& p, int64_t lo,
                                           int64_t hi) {
    return score_gradient_loop(p, lo, hi);
}
double score_gradient_rows(const ScoreGradientPass<double>& p, int64_t lo, int64_t hi) {
    return score_gradient_loop(p, lo, hi);
}

/// Gradients at positions become those at what was projected, a block of tokens.
template <class T>
struct PositionGradientPass {
    Strided<T> g;
    const T *pos, *norm, *first_pos, *first_norm;
    int64_t s;
};
template <class T>
HOPSCOPE_INLINE void position_gradient_loop(const PositionGradientPass<T>& p, int64_t lo,
                                            int64_t hi) {
    for (int64_t t = lo; t < hi; ++t) {
        T* g = p.g.data + (t - lo) * p.g.stride;
        unit_row_gradient(g, p.pos + t * p.s, p.norm[t], p.s);
        if (p.first_pos) unit_row_gradient(g, p.first_pos + t * p.s, p.first_norm[t], p.s);
    }
}
HOPSCOPE_CLONES void position_gradient_rows(const PositionGradientPass<float>& p, int64_t lo,
                                            int64_t hi) {
    position_gradient_loop(p, lo, hi);
}
void position_gradient_rows(const PositionGradientPass<double>& p, int64_t lo, int64_t hi) {
    position_gradient_loop(p, lo, hi);
}

/// y += x.
HOPSCOPE_CLONES void add_rows(float* y, const float* x, int64_t n) {
    axpy_loop(y, 1.0f, x, n);
}
void add_rows(double* y, const double* x, int64_t n) {
    axpy_loop(y, 1.0, x, n);
}

/// Sums over tokens in parts, [parts, rows, columns]: each part is added up by one thread.
class PartSums {
  public:
    PartSums(int64_t parts, int64_t rows, int64_t columns, const at::TensorOptions& like)
        : all_(spread_rows(std::max<int64_t>(parts, 1) * rows, columns, like)),
          parts_(parts),
          rows_(rows) {
        if (parts == 0) all_.zero_();
    }

    template <class T>
    Strided<T> part(int64_t part) const {
        return {static_cast<T*>(all_.data_ptr()) + part * rows_ * all_.stride(0), all_.stride(0)};
    }
    /// The first part becomes the sum, in the order of the parts. → [rows, columns]
    template <class T>
    at::Tensor sum() const {
        at::parallel_for(0, rows_, 1, [&](int64_t lo, int64_t hi) {
            const auto first = part<T>(0);
            for (int64_t i = 1; i < parts_; ++i)
                for (int64_t row = lo; row < hi; ++row)
                    add_rows(first.data + row * first.stride, part<T>(i).data + row * first.stride,
                             all_.size(1));
        });
        return all_.narrow(0, 0, rows_);
    }

  private:
    at::Tensor all_;
    int64_t parts_, rows_;
};

/// A block of tokens at a time. The scores are made again in their own type; the other products are
/// those of `Products`.
template <class T, class Products>
CosineGradient backward(const CosineInput& in, const CosineRows& rows, const at::Tensor& dweight,
                        const at::Tensor& dmean) {
    const Sizes n(in);
    const auto like = in.h.options();
    const int64_t blocks = blocks_of(n.tokens);
    const int64_t each = std::max(kPartBlocks, (blocks + kParts - 1) / kParts);  // blocks of a part
    const int64_t parts = (blocks + each - 1) / each;

    CosineGradient out;
    out.h = at::empty({n.tokens, n.d}, like);
    const auto unit = spread_rows(in.unit.t());
    const typename Products::Factors factors(in);
    const PartSums unit_sums(parts, n.s, n.m, like),
        proj_sums(parts, n.projects ? n.s : 0, n.d, like);
    std::vector<double> dtau(static_cast<size_t>(parts));
    const auto mean = dmean.defined() ? dmean.div(n.tokens).contiguous() : dmean;
    const auto behind = dweight.defined() ? dweight.contiguous() : dweight;
    const T *pos = rows.pos.const_data_ptr<T>(), *h = in.h.const_data_ptr<T>();
    const T tau = in.tau.item<T>();

    at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
        Products products(factors, n);
        const auto made = spread_rows(kRouteBlock, n.m, like),
                   made_dz = n.projects ? at::empty({kRouteBlock, n.s}, like) : at::Tensor();
        const Strided<T> scores{static_cast<T*>(made.data_ptr()), made.stride(0)};
        const Strided<const T> dscores{scores.data, scores.stride};
        std::vector<T> room(static_cast<size_t>(n.m));
        const auto visit = [&](int64_t block, int64_t part, bool add) {
            const int64_t lo = block * kRouteBlock, hi = std::min(lo + kRouteBlock, n.tokens);
            const Strided<const T> at{pos + lo * n.s, n.s};
            T* dh = data_of<T>(out.h) + lo * n.d;
            const Strided<T> dz{n.projects ? data_of<T>(made_dz) : dh, n.s};
            row_product<T>({hi - lo, n.m, n.s}, at, rows_of<T>(unit), /*add=*/false, scores);
            dtau[static_cast<size_t>(part)] += score_gradient_rows(
                ScoreGradientPass<T>{
                    scores, MaybeRows<T>(in.score_bias), rows.idx.const_data_ptr<int64_t>(),
                    rows.weight.const_data_ptr<T>(), data_of<const T>(behind),
                    data_of<const T>(mean), room.data(), n.m, in.k, tau, in.renormalise},
                lo, hi);
            products.to_positions(dscores, hi - lo, dz);
            products.to_units(dscores, at, hi - lo, add, unit_sums.part<T>(part));
            position_gradient_rows(PositionGradientPass<T>{dz, pos, rows.norm.const_data_ptr<T>(),
                                                           data_of<const T>(rows.first_pos),
                                                           data_of<const T>(rows.first_norm), n.s},
                                   lo, hi);
            if (!n.projects) return;
            products.to_input({dz.data, n.s}, hi - lo, {dh, n.d});
            products.to_projection({dz.data, n.s}, {h + lo * n.d, n.d}, hi - lo, add,
                                   proj_sums.part<T>(part));
        };
        for (int64_t part = first; part < last; ++part)
            for (int64_t block = part * each; block < std::min((part + 1) * each, blocks); ++block)
                visit(block, part, /*add=*/block > part * each);
        products.end();
    });
    if (n.projects) out.proj = proj_sums.sum<T>();
    out.unit = unit_sums.sum<T>().t();
    double sum = 0;
    for (const double part : dtau) sum += part;
    out.tau = at::full({}, sum, like);
    return out;
}

}  // namespace

CosineGradient route_gradient(const CosineInput& input, const CosineRows& rows,
                              const at::Tensor& dweight, const at::Tensor& dmean) {
    if (input.h.scalar_type() == at::kDouble)
        return backward<double, WideProducts<double>>(input, rows, dweight, dmean);
    if (input.narrow_gradient && has_pair_products())
        return backward<float, NarrowProducts>(input, rows, dweight, dmean);
    return backward<float, WideProducts<float>>(input, rows, dweight, dmean);
}

}  // namespace hopscope::kernels::cpu
