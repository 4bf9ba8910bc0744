#include "core/stats/points.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace hopscope::core::stats {
namespace {

/// In four lanes, which the processor adds side by side.
double dot(Numbers a, Numbers b) {
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    size_t i = 0;
    for (; i + 4 <= a.size(); i += 4) {
        s0 += a[i] * b[i];
        s1 += a[i + 1] * b[i + 1];
        s2 += a[i + 2] * b[i + 2];
        s3 += a[i + 3] * b[i + 3];
    }
    for (; i < a.size(); ++i) s0 += a[i] * b[i];
    return (s0 + s1) + (s2 + s3);
}

}  // namespace

Points points(Numbers data, int64_t count, int64_t dim) {
    if (count < 0 || dim < 1 ||
        data.size() != static_cast<size_t>(count) * static_cast<size_t>(dim))
        throw std::invalid_argument("points: the array is not count × dim");
    return {data, count, dim};
}

EuclideanRows::EuclideanRows(const Points& points)
    : count_(static_cast<size_t>(points.count)), dim_(static_cast<size_t>(points.dim)) {
    columns_.resize(count_ * dim_);
    for (size_t i = 0; i < count_; ++i)
        for (size_t k = 0; k < dim_; ++k) columns_[k * count_ + i] = points.data[i * dim_ + k];
}

void EuclideanRows::from(int64_t i, std::vector<double>& out) const {
    out.assign(count_, 0.0);
    // Blocks whose sums stay in the nearest cache.
    constexpr size_t kBlock = 1024;
    for (size_t begin = 0; begin < count_; begin += kBlock) {
        const size_t length = std::min(kBlock, count_ - begin);
        double* sums = out.data() + begin;
        for (size_t k = 0; k < dim_; ++k) {
            const double* column = columns_.data() + k * count_;
            const double own = column[i];
            const double* others = column + begin;
            for (size_t j = 0; j < length; ++j) sums[j] += (others[j] - own) * (others[j] - own);
        }
        for (size_t j = 0; j < length; ++j) sums[j] = std::sqrt(sums[j]);
    }
}

std::vector<double> distance_matrix(const Points& p, Metric metric) {
    const auto n = static_cast<size_t>(p.count);
    std::vector<double> out(n * n, 0.0);
    if (metric == Metric::euclidean) {
        const EuclideanRows rows(p);
        std::vector<double> row;
        for (size_t i = 0; i < n; ++i) {
            rows.from(static_cast<int64_t>(i), row);
            std::copy(row.begin(), row.end(), out.begin() + static_cast<int64_t>(i * n));
        }
        return out;
    }
    std::vector<double> norms(n);
    for (size_t i = 0; i < n; ++i) {
        const Numbers row = p.row(static_cast<int64_t>(i));
        norms[i] = std::sqrt(dot(row, row));
    }
    for (size_t i = 0; i < n; ++i) {
        const Numbers a = p.row(static_cast<int64_t>(i));
        for (size_t j = 0; j < i; ++j) {
            const double norm = norms[i] * norms[j];
            const double cosine = norm > 0 ? dot(a, p.row(static_cast<int64_t>(j))) / norm : 0;
            out[i * n + j] = out[j * n + i] = std::clamp(1 - cosine, 0.0, 2.0);
        }
    }
    return out;
}

}  // namespace hopscope::core::stats
