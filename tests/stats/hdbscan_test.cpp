// Labels of HDBSCAN against scikit-learn's: a failure means other core distances, another order of
// merges, or another choice of clusters.
#include "core/stats/hdbscan.h"

#include <map>

#include "tests/stats/reference.h"

namespace hopscope::core::stats::testing {
namespace {

/// Equal up to the numbers given to clusters; −1 is −1.
bool same_partition(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
    std::map<int32_t, int32_t> to_b, to_a;
    for (size_t i = 0; i < a.size(); ++i) {
        if ((a[i] < 0) != (b[i] < 0)) return false;
        if (to_b.emplace(a[i], b[i]).first->second != b[i]) return false;
        if (to_a.emplace(b[i], a[i]).first->second != a[i]) return false;
    }
    return true;
}

// Fails if a long clustering cannot be stopped, or does not say how far it is.
TEST(Hdbscan, TellsItsProgressAndStopsWhereItIsTold) {
    std::vector<double> data;
    for (int i = 0; i < 400; ++i) data.push_back(i % 2 ? i * 0.001 : 100 + i * 0.001);
    std::vector<double> shares;
    HdbscanOptions options;
    options.go_on = [&](double share) {
        shares.push_back(share);
        return true;
    };
    EXPECT_EQ(hdbscan(points(data, 400, 1), options).clusters(), 2);
    ASSERT_GT(shares.size(), 5u);
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
    EXPECT_LE(shares.back(), 1.0);
    options.go_on = [](double share) { return share < 0.7; };
    EXPECT_EQ(hdbscan(points(data, 400, 1), options).clusters(), 0);
}

TEST(Hdbscan, LabelsEqualScikitLearnWithAStableSort) {
    int with_clusters = 0, with_noise = 0, untouched = 0, index = 0;
    for (const Json& set : sets("hdbscan")) {
        std::vector<double> data;
        for (const Json& row : set["x"])
            for (const Json& value : row) data.push_back(value.get<double>());
        const auto expected = set["stable"].get<std::vector<int32_t>>();
        const auto found = hdbscan(points(data, static_cast<int64_t>(expected.size()),
                                          static_cast<int64_t>(set["x"][0].size())),
                                   {integer(set["min_cluster_size"]), integer(set["min_samples"])});
        EXPECT_TRUE(same_partition(found.labels, expected))
            << "set " << index << "\nfound " << Json(found.labels) << "\nthere " << set["labels"];
        // As it comes, its order of equal distances depends on the processor.
        untouched += same_partition(found.labels, set["labels"].get<std::vector<int32_t>>());
        with_clusters += found.clusters() > 1;
        with_noise += std::count(expected.begin(), expected.end(), -1) > 0;
        ++index;
    }
    // Otherwise the sets would say little.
    EXPECT_GE(untouched, 10);
    EXPECT_GE(with_clusters, 10);
    EXPECT_GE(with_noise, 10);
}

TEST(Hdbscan, FindsWellSeparatedGroupsAndLeavesTheLonelyPointOut) {
    std::vector<double> data;
    for (int group = 0; group < 3; ++group)
        for (int i = 0; i < 8; ++i) {
            data.push_back(100.0 * group + 0.1 * i);
            data.push_back(0.01 * i * i);
        }
    data.insert(data.end(), {1000.0, 1000.0});
    const auto found = hdbscan(points(data, 25, 2), {});
    ASSERT_EQ(found.clusters(), 3);
    for (int i = 0; i < 24; ++i) EXPECT_EQ(found.labels[static_cast<size_t>(i)], i / 8);
    EXPECT_EQ(found.labels[24], -1);
}

// Fails if a group counts more or fewer points than it has: of just as many as a cluster needs it
// is one, of one less it is noise.
TEST(Hdbscan, AGroupOfJustEnoughPointsIsAClusterAndOneOfLessIsNone) {
    for (const int64_t least : {2, 5, 8})
        for (int tight = 0; tight < 2; ++tight) {
            // Two groups far apart, one of them closer together, so that it is merged first.
            const auto groups = [&](int64_t first, int64_t second) {
                std::vector<double> data;
                for (int64_t i = 0; i < first; ++i)
                    data.push_back((tight == 0 ? 0.5 : 1.0) * static_cast<double>(i));
                for (int64_t i = 0; i < second; ++i)
                    data.push_back(1000 + (tight == 1 ? 0.5 : 1.0) * static_cast<double>(i));
                return hdbscan(points(data, first + second, 1), {least, 2});
            };
            const auto both = groups(least, least);
            EXPECT_EQ(both.clusters(), 2) << least << " points, group " << tight << " tighter";
            EXPECT_EQ(std::count(both.labels.begin(), both.labels.end(), -1), 0);
            EXPECT_EQ(groups(least, least - 1).clusters(), 0) << least << " and one less";
        }
}

TEST(Hdbscan, OddInputsHaveNoClusters) {
    // Crashes or endless loops here would take the window down.
    EXPECT_EQ(hdbscan(points({}, 0, 2), {}).clusters(), 0);
    const std::vector<double> one{1, 2}, broken{1, 2, 3, NAN, 5, 6, 7, 8, 9, 10, 11, 12};
    EXPECT_EQ(hdbscan(points(one, 1, 2), {}).labels, std::vector<int32_t>{-1});
    EXPECT_EQ(hdbscan(points(broken, 6, 2), {}).clusters(), 0);
    // All points in one place, and two such places.
    std::vector<double> same(40, 1.0);
    EXPECT_EQ(hdbscan(points(same, 20, 2), {}).clusters(), 0);
    std::fill(same.begin() + 20, same.end(), 5.0);
    const auto two = hdbscan(points(same, 20, 2), {});
    EXPECT_EQ(two.clusters(), 2);
    EXPECT_NE(two.labels.front(), two.labels.back());
    EXPECT_THROW(hdbscan(points(same, 20, 2), {1, 5}), std::invalid_argument);
}

}  // namespace
}  // namespace hopscope::core::stats::testing
