// The fast cosine silhouette against the general one, and on groups that are planted: if these
// fail, a grouping of routing positions is called order where there is none, or the reverse.
#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "core/stats/permutation.h"
#include "core/stats/silhouette.h"

namespace hopscope::core::stats {
namespace {

/// `count` unit rows around each of two axes of R^dim; spread 0: on them.
std::vector<double> two_groups(int64_t count, int64_t dim, double spread, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    std::vector<double> out;
    for (int64_t i = 0; i < 2 * count; ++i) {
        std::vector<double> row(static_cast<size_t>(dim));
        for (double& x : row) x = spread * normal(random);
        row[i < count ? 0 : 1] += 1;
        double norm = 0;
        for (const double x : row) norm += x * x;
        for (const double x : row) out.push_back(x / std::sqrt(norm));
    }
    return out;
}

TEST(CosineSilhouette, IsTheGeneralOneOfUnitRowsAndTheirCopies) {
    const int64_t n = 40, dim = 5;
    const auto data = two_groups(n / 2, dim, 0.8, 3);
    std::vector<int32_t> labels, times;
    for (int32_t i = 0; i < n; ++i) {
        labels.push_back(i % 7 == 0 ? -1 : i % 3);
        times.push_back(i % 4);
    }
    const auto units = points(data, n, dim);
    EXPECT_NEAR(cosine_silhouette(units, labels, std::vector<int32_t>(labels.size(), 1)),
                silhouette(units, labels, Metric::cosine).mean, 1e-12);
    std::vector<double> copies;
    std::vector<int32_t> copied_labels;
    for (int64_t i = 0; i < n; ++i)
        for (int32_t c = 0; c < times[static_cast<size_t>(i)]; ++c) {
            const auto row = units.row(i);
            copies.insert(copies.end(), row.begin(), row.end());
            copied_labels.push_back(labels[static_cast<size_t>(i)]);
        }
    const auto many = points(copies, static_cast<int64_t>(copied_labels.size()), dim);
    EXPECT_NEAR(cosine_silhouette(units, labels, times),
                silhouette(many, copied_labels, Metric::cosine).mean, 1e-12);
}

TEST(CosineSilhouette, PlantedGroupsAreNearOneAndTheirPIsTheSmallest) {
    const int64_t n = 60;
    const auto data = two_groups(n / 2, 8, 0.01, 5);
    const auto units = points(data, n, 8);
    std::vector<int32_t> labels;
    for (int32_t i = 0; i < n; ++i) labels.push_back(i < n / 2 ? 0 : 1);
    const std::vector<int32_t> ones(labels.size(), 1);
    EXPECT_GT(cosine_silhouette(units, labels, ones), 0.99);
    const auto null = permute_labels(
        labels,
        [&](std::span<const int32_t> moved) { return cosine_silhouette(units, moved, ones); },
        {200, 1});
    EXPECT_DOUBLE_EQ(null.p_greater, 1.0 / 201);
    EXPECT_TRUE(std::isnan(cosine_silhouette(units, std::vector<int32_t>(labels.size(), 0), ones)))
        << "one group has no other";
}

}  // namespace
}  // namespace hopscope::core::stats
