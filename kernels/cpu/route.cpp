#include "kernels/cpu/route.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/row_product.h"
#include "kernels/cpu/score_rows.h"
#include "kernels/ops.h"

namespace hopscope::kernels::cpu {
namespace {

/// Tokens of a block.
constexpr int64_t kBlock = 64;
/// Sums over tokens are made in so many parts at most, whatever the number of threads is.
constexpr int64_t kParts = 16;
/// Blocks of a part at least: its sums are written once.
constexpr int64_t kPartBlocks = 4;

int64_t blocks_of(int64_t tokens) {
    return (tokens + kBlock - 1) / kBlock;
}

template <class T>
Strided<const T> rows_of(const at::Tensor& x) {
    return {x.const_data_ptr<T>(), x.stride(0)};
}

/// Null where there is none.
template <class T>
T* data_of(const at::Tensor& x) {
    return x.defined() ? static_cast<T*>(x.data_ptr()) : nullptr;
}

/// A row for all tokens or one for each.
template <class T>
struct MaybeRows {
    const T* data;
    int64_t stride;

    explicit MaybeRows(const at::Tensor& x)
        : data(data_of<const T>(x)), stride(x.defined() && x.dim() == 2 ? x.stride(0) : 0) {}
    const T* row(int64_t t) const { return data ? data + t * stride : nullptr; }
};

/// to = x / max(‖x‖, ε), → the divisor.
template <class T>
HOPSCOPE_INLINE T unit_row(T* x, int64_t n) {
    const T norm = std::max(std::sqrt(dot_loop(x, x, n)), static_cast<T>(kNormEps));
    for (int64_t i = 0; i < n; ++i) x[i] /= norm;
    return norm;
}

/// Gradient of y = x / norm: (g − y <y, g>) / norm, in place.
template <class T>
HOPSCOPE_INLINE void unit_row_gradient(T* g, const T* y, T norm, int64_t n) {
    const T along = dot_loop(y, g, n);
    for (int64_t i = 0; i < n; ++i) g[i] = (g[i] - y[i] * along) / norm;
}

template <class T>
struct PositionPass {
    T *pos, *norm, *first_pos, *first_norm;
    MaybeRows<T> delta;
    int64_t s;
};
template <class T>
HOPSCOPE_INLINE void position_loop(const PositionPass<T>& p, int64_t lo, int64_t hi) {
    for (int64_t t = lo; t < hi; ++t) {
        T* pos = p.pos + t * p.s;
        p.norm[t] = unit_row(pos, p.s);
        const T* delta = p.delta.row(t);
        if (!delta) continue;
        p.first_norm[t] = p.norm[t];
        std::copy_n(pos, p.s, p.first_pos + t * p.s);
        for (int64_t i = 0; i < p.s; ++i) pos[i] += delta[i];
        p.norm[t] = unit_row(pos, p.s);
    }
}
HOPSCOPE_CLONES void position_rows(const PositionPass<float>& p, int64_t lo, int64_t hi) {
    position_loop(p, lo, hi);
}
void position_rows(const PositionPass<double>& p, int64_t lo, int64_t hi) {
    position_loop(p, lo, hi);
}

/// From scores to choices, a block of tokens.
template <class T>
struct ChoicePass {
    Strided<T> scores;  ///< cosines of the block; used up
    MaybeRows<T> bias;
    int64_t* idx;
    T *weight, *entropy, *max_p;
    T* sum_p;  ///< [M] of the block
    T* room;   ///< [M]
    int64_t m, k;
    T tau;
    bool renormalise;
};
template <class T>
HOPSCOPE_INLINE void bias_row(T* to, const T* cosine, const T* bias, T tau, int64_t m) {
    for (int64_t i = 0; i < m; ++i) to[i] = tau * cosine[i];
    for (int64_t i = 0; bias && i < m; ++i) to[i] += bias[i];
}
template <class T>
HOPSCOPE_INLINE void choice_loop(const ChoicePass<T>& p, int64_t lo, int64_t hi) {
    std::fill_n(p.sum_p, p.m, T(0));
    for (int64_t t = lo; t < hi; ++t) {
        T *s = p.scores.data + (t - lo) * p.scores.stride, *weight = p.weight + t * p.k;
        int64_t* idx = p.idx + t * p.k;
        bias_row(s, s, p.bias.row(t), p.tau, p.m);
        top_k_row(s, p.m, p.k, idx, weight);
        const auto spread = softmax_row(s, p.room, p.m);
        p.entropy[t] = spread.entropy;
        p.max_p[t] = spread.max_p;
        T sum = 0;
        for (int64_t j = 0; j < p.k; ++j) sum += weight[j] = s[idx[j]];
        for (int64_t j = 0; p.renormalise && j < p.k; ++j) weight[j] /= sum;
        for (int64_t i = 0; i < p.m; ++i) p.sum_p[i] += s[i];
    }
}
HOPSCOPE_CLONES void choice_rows(const ChoicePass<float>& p, int64_t lo, int64_t hi) {
    choice_loop(p, lo, hi);
}
void choice_rows(const ChoicePass<double>& p, int64_t lo, int64_t hi) {
    choice_loop(p, lo, hi);
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

/// to [n, rows] = the transpose of from [rows, n].
template <class T>
void turn(Strided<const T> from, int64_t rows, int64_t n, Strided<T> to) {
    for (int64_t i = 0; i < n; ++i)
        for (int64_t r = 0; r < rows; ++r)
            to.data[i * to.stride + r] = from.data[r * from.stride + i];
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

/// Sizes of a pass, and what a thread has of its own.
struct Sizes {
    int64_t tokens, d, s, m;
    bool projects;

    explicit Sizes(const CosineInput& in)
        : tokens(in.h.size(0)),
          d(in.h.size(1)),
          s(in.unit.size(1)),
          m(in.unit.size(0)),
          projects(in.proj.defined()) {}
};

template <class T>
CosineRows forward(const CosineInput& in) {
    const Sizes n(in);
    const auto like = in.h.options();
    CosineRows out;
    out.idx = at::empty({n.tokens, in.k}, like.dtype(at::kLong));
    out.weight = at::empty({n.tokens, in.k}, like);
    out.entropy = at::empty({n.tokens}, like);
    out.max_p = at::empty({n.tokens}, like);
    out.norm = at::empty({n.tokens, 1}, like);
    out.pos = n.projects ? at::empty({n.tokens, n.s}, like) : in.h.clone();
    if (in.pos_delta.defined()) {
        out.first_pos = at::empty({n.tokens, n.s}, like);
        out.first_norm = at::empty({n.tokens, 1}, like);
    }
    const auto proj = n.projects ? spread_rows(in.proj.t()) : at::Tensor();
    const auto unit = spread_rows(in.unit.t());
    const int64_t blocks = blocks_of(n.tokens);
    const auto sums = at::empty({blocks, n.m}, like);

    const PositionPass<T> positions{data_of<T>(out.pos),        data_of<T>(out.norm),
                                    data_of<T>(out.first_pos),  data_of<T>(out.first_norm),
                                    MaybeRows<T>(in.pos_delta), n.s};
    const T tau = in.tau.item<T>();
    at::parallel_for(0, blocks, 1, [&](int64_t first, int64_t last) {
        const auto made = spread_rows(kBlock, n.m, like);
        std::vector<T> room(static_cast<size_t>(n.m));
        const Strided<T> scores{static_cast<T*>(made.data_ptr()), made.stride(0)};
        for (int64_t block = first; block < last; ++block) {
            const int64_t lo = block * kBlock, hi = std::min(lo + kBlock, n.tokens);
            T* pos = positions.pos + lo * n.s;
            if (n.projects)
                row_product<T>({hi - lo, n.s, n.d}, {in.h.const_data_ptr<T>() + lo * n.d, n.d},
                               rows_of<T>(proj), /*add=*/false, {pos, n.s});
            position_rows(positions, lo, hi);
            row_product<T>({hi - lo, n.m, n.s}, {pos, n.s}, rows_of<T>(unit), /*add=*/false,
                           scores);
            choice_rows(
                ChoicePass<T>{scores, MaybeRows<T>(in.score_bias), data_of<int64_t>(out.idx),
                              data_of<T>(out.weight), data_of<T>(out.entropy),
                              data_of<T>(out.max_p), data_of<T>(sums) + block * n.m, room.data(),
                              n.m, in.k, tau, in.renormalise},
                lo, hi);
        }
    });
    out.mean_p = sums.sum(0).div_(n.tokens);
    return out;
}

template <class T>
CosineGradient backward(const CosineInput& in, const CosineRows& rows, const at::Tensor& dweight,
                        const at::Tensor& dmean) {
    const Sizes n(in);
    const auto like = in.h.options();
    const int64_t blocks = blocks_of(n.tokens);
    const int64_t each = std::max(kPartBlocks, (blocks + kParts - 1) / kParts);  // blocks of a part
    const int64_t parts = (blocks + each - 1) / each;

    CosineGradient out;
    out.h = at::empty({n.tokens, n.d}, like);
    const auto turned_unit = spread_rows(in.unit.t()), unit = spread_rows(in.unit),
               proj = n.projects ? spread_rows(in.proj) : at::Tensor();
    const PartSums unit_sums(parts, n.s, n.m, like),
        proj_sums(parts, n.projects ? n.s : 0, n.d, like);
    std::vector<double> dtau(static_cast<size_t>(parts));
    const auto mean = dmean.defined() ? dmean.div(n.tokens).contiguous() : dmean;
    const auto behind = dweight.defined() ? dweight.contiguous() : dweight;
    const T tau = in.tau.item<T>();

    at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
        const auto made = spread_rows(kBlock, n.m, like), turned = spread_rows(n.s, kBlock, like),
                   made_dz = n.projects ? at::empty({kBlock, n.s}, like) : at::Tensor();
        const Strided<T> scores{static_cast<T*>(made.data_ptr()), made.stride(0)};
        const Strided<T> across{static_cast<T*>(turned.data_ptr()), turned.stride(0)};
        std::vector<T> room(static_cast<size_t>(n.m));
        for (int64_t part = first; part < last; ++part)
            for (int64_t block = part * each; block < std::min((part + 1) * each, blocks);
                 ++block) {
                const bool add = block > part * each;
                const int64_t lo = block * kBlock, hi = std::min(lo + kBlock, n.tokens);
                const T *pos = rows.pos.const_data_ptr<T>(), *h = in.h.const_data_ptr<T>();
                T* dh = data_of<T>(out.h) + lo * n.d;
                const Strided<T> dz{n.projects ? data_of<T>(made_dz) : dh, n.s};
                row_product<T>({hi - lo, n.m, n.s}, {pos + lo * n.s, n.s}, rows_of<T>(turned_unit),
                               /*add=*/false, scores);
                dtau[static_cast<size_t>(part)] += score_gradient_rows(
                    ScoreGradientPass<T>{
                        scores, MaybeRows<T>(in.score_bias), rows.idx.const_data_ptr<int64_t>(),
                        rows.weight.const_data_ptr<T>(), data_of<const T>(behind),
                        data_of<const T>(mean), room.data(), n.m, in.k, tau, in.renormalise},
                    lo, hi);
                const Strided<const T> dscores{scores.data, scores.stride},
                    left{across.data, across.stride};
                turn<T>({pos + lo * n.s, n.s}, hi - lo, n.s, across);
                row_product<T>({n.s, n.m, hi - lo}, left, dscores, add, unit_sums.part<T>(part));
                row_product<T>({hi - lo, n.s, n.m}, dscores, rows_of<T>(unit), /*add=*/false, dz);
                position_gradient_rows(
                    PositionGradientPass<T>{dz, pos, rows.norm.const_data_ptr<T>(),
                                            data_of<const T>(rows.first_pos),
                                            data_of<const T>(rows.first_norm), n.s},
                    lo, hi);
                if (!n.projects) continue;
                row_product<T>({hi - lo, n.d, n.s}, {dz.data, n.s}, rows_of<T>(proj),
                               /*add=*/false, {dh, n.d});
                turn<T>({dz.data, n.s}, hi - lo, n.s, across);
                row_product<T>({n.s, n.d, hi - lo}, left, {h + lo * n.d, n.d}, add,
                               proj_sums.part<T>(part));
            }
    });
    if (n.projects) out.proj = proj_sums.sum<T>();
    out.unit = unit_sums.sum<T>().t();
    double sum = 0;
    for (const double part : dtau) sum += part;
    out.tau = at::full({}, sum, like);
    return out;
}

template <class T>
at::Tensor choose_rows(const at::Tensor& keys, int64_t k) {
    constexpr int64_t kGrain = 16;
    const int64_t tokens = keys.size(0), m = keys.size(1);
    auto out = at::empty({tokens, k}, keys.options().dtype(at::kLong));
    const T* s = keys.const_data_ptr<T>();
    auto* idx = out.mutable_data_ptr<int64_t>();
    at::parallel_for(0, tokens, kGrain, [&](int64_t lo, int64_t hi) {
        std::vector<T> best(static_cast<size_t>(k));
        for (int64_t t = lo; t < hi; ++t) top_k_row(s + t * m, m, k, idx + t * k, best.data());
    });
    return out;
}

}  // namespace

CosineRows route(const CosineInput& input) {
    return input.h.scalar_type() == at::kDouble ? forward<double>(input) : forward<float>(input);
}

CosineGradient route_gradient(const CosineInput& input, const CosineRows& rows,
                              const at::Tensor& dweight, const at::Tensor& dmean) {
    return input.h.scalar_type() == at::kDouble ? backward<double>(input, rows, dweight, dmean)
                                                : backward<float>(input, rows, dweight, dmean);
}

at::Tensor top_k(const at::Tensor& keys, int64_t k) {
    return keys.scalar_type() == at::kDouble ? choose_rows<double>(keys, k)
                                             : choose_rows<float>(keys, k);
}

}  // namespace hopscope::kernels::cpu
