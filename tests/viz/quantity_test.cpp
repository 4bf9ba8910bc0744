// Quantities against sums done by hand, and on snapshots whose parts do not fit together.
#include "viz/quantity.h"

#include <cmath>
#include <gtest/gtest.h>
#include <set>

namespace hopscope::viz {
namespace {

/// Two experts on the axes of a plane, a third between; two tokens, two hops.
core::GeometrySnapshot snapshot() {
    core::LayerGeometry g;
    g.experts = 3;
    g.d_space = 2;
    g.hops = 2;
    g.top_k = 2;
    const float d = std::sqrt(0.5f);
    g.centroids = {1, 0, 0, 1, -d, -d};
    g.positions = {1, 0, 0, 1, d, d, 0.8f, 0.6f};
    g.choices = {0, 1, 1, 0, 0, 1, 0, 1};
    g.weights = {0.9f, 0.1f, 0.8f, 0.2f, 0.5f, 0.5f, 0.6f, 0.4f};
    g.load = {0.5f, 0.5f, 0};
    core::GeometrySnapshot s;
    s.layers = {g};
    s.pieces = {"a", "b"};
    s.classes = {"noun", ""};
    return s;
}

QuantityValues values(const char* name, const core::GeometrySnapshot& s = snapshot()) {
    const Quantity* q = find_quantity(name);
    EXPECT_NE(q, nullptr) << name;
    return q ? q->of(s, 0) : QuantityValues{};
}

PointItem token(int64_t index, int64_t hop) {
    return {false, index, hop};
}

TEST(Quantities, AreWhatTheirDefinitionsSay) {
    const auto margin = values("margin");
    EXPECT_NEAR(margin.of(token(0, 0)), 1, 1e-6);
    EXPECT_NEAR(margin.of(token(0, 1)), 0, 1e-6) << "on the border";
    EXPECT_NEAR(margin.of(token(1, 1)), 0.2, 1e-6);
    EXPECT_TRUE(std::isnan(margin.of({true, 0, 0})));
    EXPECT_EQ(margin.n, 4);
    EXPECT_NEAR(margin.high, 1, 1e-6);

    const auto distance = values("distance");
    EXPECT_NEAR(distance.of(token(1, 0)), 0, 1e-2);
    EXPECT_NEAR(distance.of(token(0, 1)), 45, 1e-3);

    const auto load = values("load");
    EXPECT_NEAR(load.of({true, 1, 0}), 1.5, 1e-6);
    EXPECT_EQ(load.low, 0);
    EXPECT_EQ(load.n, 3);
    EXPECT_TRUE(std::isnan(load.of(token(0, 0))));

    EXPECT_EQ(values("expert").of(token(1, 0)), 1);
    EXPECT_EQ(values("expert").of({true, 2, 0}), 2);
    EXPECT_EQ(values("hop").of(token(0, 1)), 1);
    EXPECT_EQ(values("hop").counts, (std::vector<int64_t>{2, 2}));
    EXPECT_NEAR(values("weight").of(token(1, 1)), 0.6, 1e-6);

    const auto classes = values("class");
    EXPECT_EQ(classes.categories, std::vector<std::string>{"noun"});
    EXPECT_EQ(classes.of(token(0, 1)), 0);
    EXPECT_TRUE(std::isnan(classes.of(token(1, 1)))) << "a token without a label has no class";
    EXPECT_EQ(classes.n, 2);
}

// Wrong if an entropy were that of another hop or token, a loss differed between hops, or what an
// older file does not hold were given as a number, or without its reason.
TEST(Quantities, EntropyAndLossAreWhatTheSnapshotKeeps) {
    auto s = snapshot();
    s.layers[0].entropy = {0.5f, 1.5f, 2.5f, core::kNaN};
    s.next_loss = {3, 7};
    const auto entropy = values("entropy", s), loss = values("loss", s);
    EXPECT_EQ(entropy.of(token(1, 0)), 1.5f);
    EXPECT_EQ(entropy.of(token(0, 1)), 2.5f);
    EXPECT_TRUE(std::isnan(entropy.of(token(1, 1)))) << "a hop that the token did not run";
    EXPECT_EQ(entropy.n, 3);
    EXPECT_EQ(entropy.low, 0) << "none is below a router that has decided";
    for (const int64_t hop : {0, 1}) {
        EXPECT_EQ(loss.of(token(0, hop)), 3);
        EXPECT_EQ(loss.of(token(1, hop)), 7);
    }
    EXPECT_TRUE(std::isnan(loss.of({true, 0, 0})));
    EXPECT_EQ(find_quantity("entropy")->lacks(s, 0), "");
    EXPECT_EQ(find_quantity("loss")->lacks(s, 0), "");

    s.layers[0].entropy.clear();
    EXPECT_EQ(values("entropy", s).n, 0);
    EXPECT_EQ(find_quantity("entropy")->lacks(s, 0),
              "The router of this layer has no probabilities.");
    s.next_loss.clear();
    EXPECT_EQ(values("loss", s).n, 0);
    for (const char* name : {"entropy", "loss"})
        EXPECT_NE(find_quantity(name)->lacks(s, 0).find("older version"), std::string::npos);
    s.next_loss = {1, 2, 3};
    EXPECT_EQ(values("loss", s).n, 0) << "of another sample";
}

// The router does not look at the length of a row; nor must the margin.
TEST(Quantities, MarginIsOfDirections) {
    auto s = snapshot();
    for (size_t j = 0; j < 2; ++j) s.layers[0].centroids[j] *= 5;
    EXPECT_NEAR(values("margin", s).of(token(1, 1)), 0.2, 1e-6);
}

// Fails if what compares every position with every centroid is worked out within a frame, or what
// is only read off lags behind the picture.
TEST(Quantities, OnlyWhatTakesLongIsWorkedOutAside) {
    EXPECT_TRUE(find_quantity("margin")->costly());
    for (const char* name : {"expert", "hop", "class", "weight", "load"})
        EXPECT_FALSE(find_quantity(name)->costly()) << name;
}

TEST(Quantities, NamesAreUniqueAndFound) {
    std::set<std::string> names;
    for (const Quantity* q : quantities()) {
        EXPECT_TRUE(names.insert(q->name()).second) << q->name();
        EXPECT_EQ(find_quantity(q->name()), q);
        EXPECT_EQ(q->help()[std::string(q->help()).size() - 1], '.') << q->name();
    }
    EXPECT_EQ(find_quantity("nothing"), nullptr);
}

// Wrong if a value were read from beyond a list, or a number that is none spoiled the range.
TEST(Quantities, SurviveWhatDoesNotFit) {
    for (const Quantity* q : quantities()) {
        EXPECT_EQ(q->of(snapshot(), 5).n, 0);
        auto s = snapshot();
        s.layers[0].choices = {7, -3};
        s.layers[0].weights.clear();
        s.layers[0].load.assign(50, 0.1f);
        s.classes = {"x", "y", "z"};
        s.layers[0].centroids.pop_back();
        (void)q->of(s, 0);
        s = snapshot();
        s.layers[0].positions[0] = std::numeric_limits<float>::infinity();
        s.layers[0].weights[0] = core::kNaN;
        s.layers[0].load[0] = std::numeric_limits<float>::infinity();
        const auto v = q->of(s, 0);
        EXPECT_TRUE(std::isfinite(v.low) && std::isfinite(v.high)) << q->name();
        s.layers[0] = {};
        EXPECT_EQ(q->of(s, 0).n, 0) << q->name();
    }
}

// Wrong if rows of an imported model had another length than was measured, or a run's had one.
TEST(Quantities, RowsOfImportedModelsHaveLengthAndBias) {
    auto s = snapshot();
    EXPECT_NE(find_quantity("length")->lacks(s, 0), "");
    s.layers[0].row_length = {2, 3, 4};
    s.layers[0].bias = {-1, 0, 1};
    EXPECT_EQ(find_quantity("length")->lacks(s, 0), "");
    EXPECT_EQ(values("length", s).of({true, 1, 0}), 3);
    EXPECT_EQ(values("bias", s).low, -1);
    EXPECT_NE(find_quantity("correction")->lacks(s, 0), "");
    EXPECT_TRUE(find_quantity("length")->of_imported());
    EXPECT_FALSE(find_quantity("load")->of_imported());
}

TEST(Quantities, ShareLiesBetween) {
    QuantityValues v;
    v.low = 2;
    v.high = 6;
    EXPECT_EQ(v.share(3), 0.25f);
    EXPECT_EQ(v.share(9), 1);
    EXPECT_TRUE(std::isnan(v.share(core::kNaN)));
    v.high = 2;
    EXPECT_EQ(v.share(2), 0.5f);
}

}  // namespace
}  // namespace hopscope::viz
