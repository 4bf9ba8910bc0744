// The matrix of cosines, its order and the closest pairs, computed without a window.
#include <algorithm>
#include <gtest/gtest.h>

#include "app/panels/statistics/collinearity_numbers.h"
#include "app/panels/statistics/csv.h"
#include "tests/app/panels/statistics/snapshots.h"

namespace hopscope::app {
namespace {

using gui_test::snapshot_of;

// Wrong if the rows were named after other experts than the cosines belong to.
TEST(Statistics, MatrixRowsBelongToTheirExperts) {
    const auto snapshot = snapshot_of(40);
    const auto& g = snapshot.layers[1];
    for (const RowOrder order : {RowOrder::similarity, RowOrder::load}) {
        const Collinearity c = collinearity_of(snapshot, 1, order);
        ASSERT_EQ(c.shown.size(), 40u);
        for (size_t i = 0; i < 40; i += 7)
            for (size_t j = 0; j < 40; j += 5) {
                double dot = 0;
                for (size_t d = 0; d < 8; ++d)
                    dot += static_cast<double>(g.centroids[size_t(c.shown[i]) * 8 + d]) *
                           static_cast<double>(g.centroids[size_t(c.shown[j]) * 8 + d]);
                EXPECT_NEAR(c.cosines[i * 40 + j], dot, 1e-5);
            }
    }
    const Collinearity by_load = collinearity_of(snapshot, 1, RowOrder::load);
    for (size_t i = 1; i < 40; ++i)
        EXPECT_GE(g.load[size_t(by_load.shown[i - 1])], g.load[size_t(by_load.shown[i])]);
}

// Wrong if a large layer were drawn whole, or its numbers spoke of the part that is drawn.
TEST(Statistics, LargeLayersAreShownInPart) {
    const Collinearity c = collinearity_of(snapshot_of(1024), 0, RowOrder::similarity);
    EXPECT_EQ(c.shown.size(), kMatrixRows);
    EXPECT_EQ(c.cosines.size(), kMatrixRows * kMatrixRows);
    EXPECT_EQ(c.all.pairs, 1024 * 1023 / 2);
    EXPECT_EQ(caption_of(c), "256 of 1,024 experts (every 4th by load), sorted by similarity");
    EXPECT_EQ(caption_of(collinearity_of(snapshot_of(40), 0, RowOrder::load)),
              "40 experts, sorted by load");
}

// Wrong if rows of an imported model, told by few numbers, were held against random directions of
// so few dimensions: then pairs that are far from chance look like it.
TEST(Statistics, ChanceIsThatOfTheModelsWidth) {
    const auto snapshot = snapshot_of(40);
    const Collinearity few = collinearity_of(snapshot, 1, RowOrder::load),
                       wide = collinearity_of(snapshot, 1, RowOrder::load, {}, 4096);
    EXPECT_EQ(few.directions, 8);
    EXPECT_EQ(wide.directions, 4096);
    EXPECT_GT(few.chance.median, 0.7);
    EXPECT_LT(wide.chance.median, 0.1);
    EXPECT_EQ(wide.cosines, few.cosines);
}

// Wrong if a router without centroids, or sizes that contradict each other, gave a matrix.
TEST(Statistics, NoCentroidsNoMatrix) {
    auto snapshot = snapshot_of(16);
    snapshot.layers[0].centroids.clear();
    snapshot.layers[1].centroids.resize(17);
    EXPECT_TRUE(collinearity_of(snapshot, 0, RowOrder::load).empty());
    EXPECT_TRUE(collinearity_of(snapshot, 1, RowOrder::load).empty());
    EXPECT_TRUE(collinearity_of(snapshot, 9, RowOrder::load).empty());
}

// Wrong if the order by clusters tore one apart, or put experts of none between them.
TEST(Statistics, RowsByCluster) {
    const auto snapshot = snapshot_of(12);
    std::vector<int64_t> cluster(12, -1);
    for (const size_t e : {size_t{1}, size_t{5}, size_t{9}}) cluster[e] = 2;
    for (const size_t e : {size_t{0}, size_t{11}}) cluster[e] = 0;
    const Collinearity c = collinearity_of(snapshot, 0, RowOrder::cluster, cluster);
    ASSERT_EQ(c.shown.size(), 12u);
    std::vector<int64_t> seen;
    for (const int32_t e : c.shown) seen.push_back(cluster[static_cast<size_t>(e)]);
    EXPECT_EQ(seen, (std::vector<int64_t>{0, 0, 2, 2, 2, -1, -1, -1, -1, -1, -1, -1}));
    EXPECT_EQ(caption_of(c), "12 experts, sorted by cluster");
    // The numbers went with their rows.
    const auto by_load = collinearity_of(snapshot, 0, RowOrder::load);
    const auto place = [](const Collinearity& of, int32_t expert) {
        return static_cast<size_t>(std::find(of.shown.begin(), of.shown.end(), expert) -
                                   of.shown.begin());
    };
    EXPECT_FLOAT_EQ(c.cosines[place(c, 5) * 12 + place(c, 11)],
                    by_load.cosines[place(by_load, 5) * 12 + place(by_load, 11)]);
}

// Wrong if the list were of the rows that are drawn and not of all pairs, or chance were of another
// layer: the first pair is the highest of all.
TEST(Statistics, ClosestPairsOfAllExperts) {
    const Collinearity c = collinearity_of(snapshot_of(400), 0, RowOrder::load);
    ASSERT_EQ(c.closest.size(), kClosestPairs);
    EXPECT_EQ(c.closest[0].a, c.all.a);
    EXPECT_EQ(c.closest[0].b, c.all.b);
    EXPECT_FLOAT_EQ(c.closest[0].cosine, c.all.largest);
    const viz::LargestCosine chance = viz::largest_random_cosine(400, 8);
    EXPECT_DOUBLE_EQ(c.chance.median, chance.median);
    const std::string table = csv_of(c, "layer 0");
    EXPECT_NE(table.find("\nexpert,other,cosine\n" + std::to_string(c.all.a) + "," +
                         std::to_string(c.all.b) + ","),
              std::string::npos);
}

}  // namespace
}  // namespace hopscope::app
