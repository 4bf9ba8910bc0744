#include "viz/similarity.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace hopscope::viz {
namespace {

using RowMatrixF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr Eigen::Index kRowBlock = 128;  ///< rows whose cosines with all others are held at once

/// Unit rows; `usable[i]` false and a row of zeros where it has no direction.
RowMatrixF unit_rows(std::span<const float> rows, int64_t width, std::vector<bool>& usable) {
    const auto n = static_cast<Eigen::Index>(rows.size()) / width;
    RowMatrixF unit(n, width);
    usable.assign(static_cast<size_t>(n), true);
    for (Eigen::Index i = 0; i < n; ++i) {
        const float* from = rows.data() + i * width;
        double sum = 0;
        for (int64_t d = 0; d < width; ++d) sum += static_cast<double>(from[d]) * from[d];
        const double length = std::sqrt(sum);
        const bool good = std::isfinite(length) && length > 0;
        usable[static_cast<size_t>(i)] = good;
        for (int64_t d = 0; d < width; ++d)
            unit(i, d) = good ? static_cast<float>(from[d] / length) : 0.0f;
    }
    return unit;
}

float effective_rank(const RowMatrixF& unit) {
    const bool wide = unit.cols() > unit.rows();
    const RowMatrixF square =
        wide ? RowMatrixF(unit * unit.transpose()) : RowMatrixF(unit.transpose() * unit);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> solver(square, Eigen::EigenvaluesOnly);
    if (solver.info() != Eigen::Success) return kNone;
    const Eigen::VectorXf values = solver.eigenvalues().cwiseMax(0.0f);
    const double total = values.cast<double>().sum();
    if (!(total > 0)) return kNone;
    double entropy = 0;
    for (const float v : values)
        if (const double p = v / total; p > 0) entropy -= p * std::log(p);
    return static_cast<float>(std::exp(entropy));
}

/// take(row, its cosines with all rows), some rows' products at a time.
template <class Take>
void each_row(const RowMatrixF& unit, Take take) {
    for (Eigen::Index from = 0; from < unit.rows(); from += kRowBlock) {
        const Eigen::Index count = std::min(kRowBlock, unit.rows() - from);
        const RowMatrixF block = unit.middleRows(from, count) * unit.transpose();
        for (Eigen::Index i = 0; i < count; ++i) take(from + i, block.row(i));
    }
}

}  // namespace

SimilaritySummary summarise_similarity(std::span<const float> rows, int64_t width) {
    SimilaritySummary out;
    out.mean = out.mean_size = out.nearest = out.largest = out.effective_rank = kNone;
    if (width <= 0 || rows.empty()) return out;
    std::vector<bool> usable;
    const RowMatrixF unit = unit_rows(rows, width, usable);
    const Eigen::Index n = unit.rows();
    out.rows = std::count(usable.begin(), usable.end(), true);
    out.pairs = out.rows * (out.rows - 1) / 2;
    out.nearest_of.assign(static_cast<size_t>(n), kNone);
    if (out.rows > 0) out.effective_rank = effective_rank(unit);
    if (out.pairs == 0) return out;

    double sum = 0, size = 0, nearest = 0;
    out.largest = -2;
    each_row(unit, [&](Eigen::Index i, const auto& cosines) {
        const auto row = static_cast<size_t>(i);
        if (!usable[row]) return;
        float best = -2;
        for (Eigen::Index j = 0; j < n; ++j) {
            if (j == i || !usable[static_cast<size_t>(j)]) continue;
            const float cosine = cosines(j);
            sum += cosine;
            size += std::fabs(cosine);
            if (cosine <= best) continue;
            best = cosine;
            if (cosine > out.largest && j > i) {
                out.largest = cosine;
                out.a = static_cast<int32_t>(row);
                out.b = static_cast<int32_t>(j);
            }
        }
        out.nearest_of[row] = best;
        nearest += best;
    });
    const double both = static_cast<double>(2 * out.pairs);
    out.mean = static_cast<float>(sum / both);
    out.mean_size = static_cast<float>(size / both);
    out.nearest = static_cast<float>(nearest / static_cast<double>(out.rows));
    return out;
}

std::vector<RowPair> closest_pairs(std::span<const float> rows, int64_t width, size_t most) {
    if (width <= 0 || most == 0) return {};
    std::vector<bool> usable;
    const RowMatrixF unit = unit_rows(rows, width, usable);
    const auto before = [](const RowPair& x, const RowPair& y) {
        return x.cosine != y.cosine ? x.cosine > y.cosine
                                    : std::pair(x.a, x.b) < std::pair(y.a, y.b);
    };
    std::vector<RowPair> heap;  // the least of those that are kept in front
    each_row(unit, [&](Eigen::Index i, const auto& cosines) {
        if (!usable[static_cast<size_t>(i)]) return;
        for (Eigen::Index j = i + 1; j < unit.rows(); ++j) {
            if (!usable[static_cast<size_t>(j)]) continue;
            const RowPair pair{static_cast<int32_t>(i), static_cast<int32_t>(j), cosines(j)};
            if (heap.size() == most) {
                if (!before(pair, heap.front())) continue;
                std::pop_heap(heap.begin(), heap.end(), before);
                heap.pop_back();
            }
            heap.push_back(pair);
            std::push_heap(heap.begin(), heap.end(), before);
        }
    });
    std::sort_heap(heap.begin(), heap.end(), before);
    return heap;
}

std::vector<float> cosines_of(std::span<const float> rows, int64_t width,
                              std::span<const int32_t> which) {
    const size_t n = which.size();
    if (width <= 0) return std::vector<float>(n * n, kNone);
    std::vector<float> chosen;
    chosen.reserve(n * static_cast<size_t>(width));
    for (const int32_t i : which) {
        const auto row =
            rows.subspan(static_cast<size_t>(i) * static_cast<size_t>(width), size_t(width));
        chosen.insert(chosen.end(), row.begin(), row.end());
    }
    std::vector<bool> usable;
    const RowMatrixF unit = unit_rows(chosen, width, usable);
    const RowMatrixF all = unit * unit.transpose();
    std::vector<float> out(all.data(), all.data() + all.size());
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j)
            if (!usable[i] || !usable[j]) out[i * n + j] = kNone;
    return out;
}

namespace {

/// Average linkage by chains of nearest neighbours; each cluster keeps its leaves in order.
class Linkage {
  public:
    Linkage(std::span<const float> cosines, size_t n) : cosines_(cosines), n_(n) {
        distance_.resize(n * n);
        for (size_t i = 0; i < n * n; ++i)
            distance_[i] = std::isfinite(cosines[i]) ? 1.0f - cosines[i] : 2.0f;
        for (size_t i = 0; i < n; ++i) leaves_.push_back({static_cast<int32_t>(i)});
    }

    std::vector<int32_t> order() {
        std::vector<size_t> chain;
        for (size_t merges = 0; merges + 1 < n_;) {
            if (chain.empty()) chain.push_back(first_left());
            const size_t last = chain.back();
            const size_t before = chain.size() > 1 ? chain[chain.size() - 2] : n_;
            const size_t near = nearest(last, before);
            if (near != before) {
                chain.push_back(near);
                continue;
            }
            chain.resize(chain.size() - 2);
            merge(std::min(last, near), std::max(last, near));
            ++merges;
        }
        return n_ == 0 ? std::vector<int32_t>{} : leaves_[first_left()];
    }

  private:
    float& distance(size_t i, size_t j) { return distance_[i * n_ + j]; }

    size_t first_left() const {
        size_t i = 0;
        while (leaves_[i].empty()) ++i;
        return i;
    }
    /// The nearest other cluster; `preferred` where it is as near, so that a chain ends.
    size_t nearest(size_t i, size_t preferred) {
        size_t best = preferred;
        for (size_t j = 0; j < n_; ++j) {
            if (j == i || leaves_[j].empty()) continue;
            if (best == n_ || distance(i, j) < distance(i, best)) best = j;
        }
        return best;
    }
    void merge(size_t a, size_t b) {
        const float na = static_cast<float>(leaves_[a].size());
        const float nb = static_cast<float>(leaves_[b].size());
        for (size_t k = 0; k < n_; ++k)
            distance(a, k) = distance(k, a) =
                (na * distance(a, k) + nb * distance(b, k)) / (na + nb);
        join(leaves_[a], leaves_[b]);
        leaves_[b].clear();
    }
    float cosine(int32_t i, int32_t j) const {
        const float c = cosines_[static_cast<size_t>(i) * n_ + static_cast<size_t>(j)];
        return std::isfinite(c) ? c : -1.0f;
    }
    /// Appends b to a, both turned so that the ends that meet are the most alike.
    void join(std::vector<int32_t>& a, std::vector<int32_t>& b) const {
        const float plain = cosine(a.back(), b.front()), turned_b = cosine(a.back(), b.back());
        const float turned_a = cosine(a.front(), b.front()),
                    turned_both = cosine(a.front(), b.back());
        const float best = std::max({plain, turned_b, turned_a, turned_both});
        if (best != plain && best != turned_b) std::reverse(a.begin(), a.end());
        if (best != plain && (best == turned_b || best != turned_a))
            std::reverse(b.begin(), b.end());
        a.insert(a.end(), b.begin(), b.end());
    }

    std::span<const float> cosines_;
    size_t n_;
    std::vector<float> distance_;
    std::vector<std::vector<int32_t>> leaves_;  ///< [n]; empty: merged into another
};

}  // namespace

std::vector<int32_t> order_by_similarity(std::span<const float> cosines, size_t n) {
    if (cosines.size() < n * n) return {};
    return Linkage(cosines, n).order();
}

std::vector<int32_t> spread_over_ranks(std::span<const float> keys, size_t most) {
    std::vector<int32_t> order(keys.size());
    std::iota(order.begin(), order.end(), 0);
    const auto key = [&](int32_t i) {
        const float k = keys[static_cast<size_t>(i)];
        return std::isfinite(k) ? k : -std::numeric_limits<float>::infinity();
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](int32_t a, int32_t b) { return key(a) > key(b); });
    if (order.size() <= most) return order;
    std::vector<int32_t> out;
    for (size_t i = 0; i < most; ++i) out.push_back(order[i * order.size() / most]);
    return out;
}

}  // namespace hopscope::viz
