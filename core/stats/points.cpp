#include "core/stats/points.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace hopscope::core::stats {
namespace {

/// Σ f(a[i], b[i]) in four lanes, which the processor adds side by side.
template <class F>
double lanes(Numbers a, Numbers b, F&& f) {
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    size_t i = 0;
    for (; i + 4 <= a.size(); i += 4) {
        s0 += f(a[i], b[i]);
        s1 += f(a[i + 1], b[i + 1]);
        s2 += f(a[i + 2], b[i + 2]);
        s3 += f(a[i + 3], b[i + 3]);
    }
    for (; i < a.size(); ++i) s0 += f(a[i], b[i]);
    return (s0 + s1) + (s2 + s3);
}

double dot(Numbers a, Numbers b) {
    return lanes(a, b, [](double x, double y) { return x * y; });
}

}  // namespace

Points points(Numbers data, int64_t count, int64_t dim) {
    if (count < 0 || dim < 1 ||
        data.size() != static_cast<size_t>(count) * static_cast<size_t>(dim))
        throw std::invalid_argument("points: the array is not count × dim");
    return {data, count, dim};
}

double euclidean(Numbers a, Numbers b) {
    return std::sqrt(lanes(a, b, [](double x, double y) { return (x - y) * (x - y); }));
}

double cosine_distance(Numbers a, Numbers b) {
    const double norms = std::sqrt(dot(a, a)) * std::sqrt(dot(b, b));
    return norms > 0 ? std::clamp(1 - dot(a, b) / norms, 0.0, 2.0) : 1;
}

std::vector<double> distance_matrix(const Points& p, Metric metric) {
    const auto n = static_cast<size_t>(p.count);
    std::vector<double> out(n * n, 0.0);
    std::vector<double> norms(metric == Metric::cosine ? n : 0);
    for (size_t i = 0; i < norms.size(); ++i) {
        const Numbers row = p.row(static_cast<int64_t>(i));
        norms[i] = std::sqrt(dot(row, row));
    }
    for (size_t i = 0; i < n; ++i) {
        const Numbers a = p.row(static_cast<int64_t>(i));
        for (size_t j = 0; j < i; ++j) {
            const Numbers b = p.row(static_cast<int64_t>(j));
            double d = 1;
            if (metric == Metric::euclidean)
                d = euclidean(a, b);
            else if (norms[i] * norms[j] > 0)
                d = std::clamp(1 - dot(a, b) / (norms[i] * norms[j]), 0.0, 2.0);
            out[i * n + j] = out[j * n + i] = d;
        }
    }
    return out;
}

}  // namespace hopscope::core::stats
