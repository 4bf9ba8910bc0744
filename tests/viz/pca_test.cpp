// Principal axes, their alignment, and the places and colours made from them, against values that
// are known by construction.
#include "viz/pca.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "viz/places.h"

namespace hopscope::viz {
namespace {

/// Normal points in `dim` dimensions, standard deviation `spread[j]` along coordinate j.
std::vector<float> cloud(size_t n, const std::vector<float>& spread, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> out;
    for (size_t i = 0; i < n; ++i)
        for (const float s : spread) out.push_back(s * normal(random));
    return out;
}

/// Four points whose covariance is diag(4, 1, 0.25) · 2/6 … exactly: ± along each axis.
std::vector<float> cross() {
    return {5, 1, 1, 1, 1, 1, 3, 3, 1, 3, -1, 1, 3, 1, 2, 3, 1, 0};
}

// Wrong axes or variances make every picture wrong.
TEST(Pca, ExactAxesOfACross) {
    const Basis b = fit_pca(cross(), 3);
    ASSERT_TRUE(b.valid());
    EXPECT_NEAR(b.mean[0], 3, 1e-12);
    EXPECT_NEAR(b.mean[1], 1, 1e-12);
    EXPECT_NEAR(b.total_variance, (8.0 + 8.0 + 2.0) / 6.0, 1e-12);
    EXPECT_NEAR(b.share[0] + b.share[1], 16.0 / 18.0, 1e-12);
    EXPECT_NEAR(b.share[2], 2.0 / 18.0, 1e-12);
    EXPECT_NEAR(b.axis(2)[2], 1.0, 1e-12);
}

// The sign of an axis must not depend on the solver: the largest component is positive.
TEST(Pca, SignsAreFixed) {
    for (unsigned seed = 0; seed < 8; ++seed) {
        const Basis b = fit_pca(cloud(200, {1, 3, 2, 0.5f}, seed), 4);
        for (int i = 0; i < kAxes; ++i) {
            double largest = 0;
            for (const double v : b.axis(i))
                if (std::abs(v) > std::abs(largest)) largest = v;
            EXPECT_GT(largest, 0);
        }
        EXPECT_GT(b.axis(0)[1], 0.9);
        EXPECT_GT(b.axis(1)[2], 0.9);
    }
}

// A weight of two must count like the point given twice.
TEST(Pca, WeightsCountAsRepetitions) {
    const auto once = cloud(50, {1, 2, 3}, 3);
    auto doubled = once;
    doubled.insert(doubled.end(), once.begin(), once.begin() + 30);
    std::vector<float> weights(50, 1.0f);
    for (int i = 0; i < 10; ++i) weights[static_cast<size_t>(i)] = 2;
    const Basis a = fit_pca(doubled, 3), b = fit_pca(once, 3, weights);
    for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(a.axes[i], b.axes[i], 1e-9);
    EXPECT_NEAR(a.share[0], b.share[0], 1e-9);
}

// The block iteration of wide spaces must agree with the full solution.
TEST(Pca, WideSpacesAgreeWithTheFullSolution) {
    std::vector<float> spread(200, 0.3f);
    spread[17] = 5;
    spread[90] = 3;
    spread[150] = 2;
    const Basis b = fit_pca(cloud(2000, spread, 5), 200);
    double total = 0;
    for (const float s : spread) total += s * s;
    EXPECT_NEAR(b.share[0], 25 / total, 0.03);
    EXPECT_GT(b.axis(0)[17], 0.99);
    EXPECT_GT(b.axis(1)[90], 0.99);
    EXPECT_GT(b.axis(2)[150], 0.99);
    double dot = 0;
    for (size_t j = 0; j < 200; ++j) dot += b.axis(0)[j] * b.axis(1)[j];
    EXPECT_NEAR(dot, 0, 1e-12);
}

// One broken row must not spoil the basis, and no degenerate input may crash.
TEST(Pca, OddInputs) {
    auto points = cross();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    points.insert(points.end(), {nan, 0, 0});
    EXPECT_NEAR(fit_pca(points, 3).total_variance, 3.0, 1e-12);
    EXPECT_FALSE(fit_pca({}, 3).valid());
    EXPECT_FALSE(fit_pca(points, 0).valid());
    EXPECT_FALSE(fit_pca(std::vector<float>(30, 1.0f), 3).valid());
    EXPECT_FALSE(fit_pca(points, 3, std::vector<float>(2, 1.0f)).valid());
    const Basis flat = fit_pca(std::vector<float>{0, 0, 1, 0, 2, 0}, 2);
    EXPECT_NEAR(flat.share[0], 1, 1e-12);
    EXPECT_EQ(flat.share[2], 0);
    EXPECT_TRUE(project(Basis{}, points).empty());
}

// Coordinates must be distances along the axes from the mean.
TEST(Pca, ProjectionsAreCoordinates) {
    const Basis b = fit_pca(cross(), 3);
    const auto p = project(b, std::vector<float>{3, 1, 3.5f, 3, 1, 1});
    EXPECT_NEAR(p[2], 2.5, 1e-5);
    for (size_t i = 3; i < 6; ++i) EXPECT_NEAR(p[i], 0, 1e-6);
}

// A refit that flips or turns axes looks like movement of the experts.
TEST(Pca, AlignmentUndoesFlipsAndTurns) {
    const auto points = cloud(400, {3, 2, 1, 0.1f}, 11);
    const Basis old = fit_pca(points, 4);
    Basis fresh = old;
    const double c = std::cos(2.0), s = std::sin(2.0);
    for (size_t j = 0; j < 4; ++j) {  // turned by 2 rad and mirrored; third axis flipped
        const double x = old.axis(0)[j], y = old.axis(1)[j];
        fresh.axes[j] = c * x - s * y;
        fresh.axes[4 + j] = -(s * x + c * y);
        fresh.axes[8 + j] = -old.axis(2)[j];
    }
    const Basis back = aligned(fresh, old);
    for (size_t i = 0; i < 12; ++i) EXPECT_NEAR(back.axes[i], old.axes[i], 1e-9);
    EXPECT_NEAR(back.share[0] + back.share[1], fresh.share[0] + fresh.share[1], 1e-12);
}

// The shares after alignment must be the variances really measured along the turned axes.
TEST(Pca, AlignedSharesAreMeasuredVariances) {
    const auto points = cloud(500, {3, 2, 1}, 2);
    Basis old = fit_pca(points, 3);
    const double c = std::cos(0.7), s = std::sin(0.7);
    for (size_t j = 0; j < 3; ++j) {
        const double x = old.axes[j], y = old.axes[3 + j];
        old.axes[j] = c * x - s * y;
        old.axes[3 + j] = s * x + c * y;
    }
    const Basis b = aligned(fit_pca(points, 3), old);
    const auto p = project(b, points);
    double sum = 0;
    for (size_t i = 0; i < 500; ++i) sum += double(p[i * 3]) * p[i * 3];
    EXPECT_NEAR(sum / 500 / b.total_variance, b.share[0], 1e-5);
}

core::GeometrySnapshot snapshot(int64_t step, uint64_t version, float sign) {
    core::GeometrySnapshot snap;
    snap.step = step;
    snap.version = version;
    core::LayerGeometry g;
    g.experts = 20;
    g.d_space = 4;
    g.hops = 1;
    g.centroids = cloud(20, {3, 2, 1, 0.2f}, 4);
    for (float& v : g.centroids) v *= sign;
    g.positions = cloud(40, {3, 2, 1, 0.2f}, 9);
    g.load.assign(20, 0.05f);
    snap.layers = {g, g, core::LayerGeometry{}};
    return snap;
}

/// All that one snapshot gives.
void show(Places& places, const core::GeometrySnapshot& snap, const Anchors& anchors) {
    while (places.update(snap, anchors, 0)) {
    }
}

// A provisional basis must follow the data, a frozen one must not.
TEST(Places, FreezesToTheSettledSnapshot) {
    Places places;
    EXPECT_TRUE(places.update(snapshot(0, 1, 1), {}, 1));  // layer 0 remains to be fitted
    EXPECT_TRUE(places.layer(1).basis.valid());
    EXPECT_FALSE(places.layer(0).basis.valid());
    EXPECT_FALSE(places.update(snapshot(0, 1, 1), {}, 1));
    EXPECT_TRUE(places.layer(0).provisional);
    show(places, snapshot(50, 2, 1), {});
    EXPECT_EQ(places.layer(0).basis.step, 50);
    const auto settled = snapshot(100, 3, 1);
    show(places, snapshot(120, 4, -1), {&settled, &settled});
    EXPECT_FALSE(places.layer(0).provisional);
    const Basis frozen = places.layer(0).basis;
    EXPECT_EQ(frozen.step, 100);
    show(places, snapshot(200, 5, -1), {&settled, &settled});
    EXPECT_EQ(places.layer(0).basis.axes, frozen.axes);
    places.refit(snapshot(200, 5, -1), 0);
    EXPECT_EQ(places.layer(0).basis.step, 200);
    EXPECT_FALSE(places.layer(2).basis.valid());
}

// Wrong if a run has other axes and colours when it is opened later than it had live, because of
// what a window happened to see before.
TEST(Places, TheSameAnchorsGiveTheSamePlaces) {
    const auto first = snapshot(10, 1, -1), settled = snapshot(100, 2, 1),
               newest = snapshot(900, 3, 1);
    Places watched, opened;
    show(watched, snapshot(0, 4, 1), {});
    show(watched, snapshot(20, 5, -1), {&first, nullptr});
    show(watched, snapshot(120, 6, -1), {&first, &settled});
    for (Places* each : {&watched, &opened}) show(*each, newest, {&first, &settled});
    for (int64_t layer : {0, 1}) {
        EXPECT_EQ(watched.layer(layer).basis.axes, opened.layer(layer).basis.axes);
        EXPECT_EQ(watched.layer(layer).scale, opened.layer(layer).scale);
        EXPECT_EQ(watched.layer(layer).centroids, opened.layer(layer).centroids);
    }
    EXPECT_EQ(watched.expert_color(0, 3, true), opened.expert_color(0, 3, true));
}

// Wrong if the variance in the caption is that of the step of the fit, or of axes since turned.
TEST(Places, VarianceIsThatOfThePointsShown) {
    const auto fitted = snapshot(100, 1, 1).layers[0];
    const Basis basis = fit_layer(fitted, 100);
    const auto own = variance_along(basis, fitted);
    for (size_t i = 0; i < own.size(); ++i) EXPECT_NEAR(own[i], basis.share[i], 1e-6);
    // Other points: all spread lies along what is the second axis of the basis.
    auto other = fitted;
    other.positions.clear();
    for (size_t e = 0; e < 20; ++e)
        for (size_t d = 0; d < 4; ++d)
            other.centroids[4 * e + d] =
                static_cast<float>(basis.axis(1)[d] * (e % 2 == 0 ? 1.0 : -1.0));
    const auto along = variance_along(basis, other);
    EXPECT_NEAR(along[0], 0, 1e-6);
    EXPECT_NEAR(along[1], 1, 1e-6);
    EXPECT_EQ(variance_along(basis, core::LayerGeometry{})[0], 0);
}

/// A layer of `experts` centroids [x, y, z] and of positions.
core::LayerGeometry layer_of(std::vector<float> centroids, std::vector<float> positions) {
    core::LayerGeometry g;
    g.experts = static_cast<int64_t>(centroids.size()) / 3;
    g.d_space = 3;
    g.hops = 1;
    g.centroids = std::move(centroids);
    g.positions = std::move(positions);
    return g;
}

// A picture must show the space of all tokens, and its axes those of experts as much as of tokens,
// however many tokens there are.
TEST(Places, AllPositionsAndCentroidsAreFittedTo) {
    // Every second position alone is off the origin.
    std::vector<float> positions;
    for (int i = 0; i < 40; ++i)
        positions.insert(positions.end(), {0, i % 2 == 0 ? 0.0f : i % 4 == 1 ? -1.0f : 1.0f, 0});
    const Basis all = fit_layer(layer_of(std::vector<float>(6), positions), 1);
    ASSERT_TRUE(all.valid());
    EXPECT_NEAR(all.axis(0)[1], 1, 1e-9);
    // Variance 4 of the centroids, 1 of twenty times as many positions.
    for (const int n : {40, 400}) {
        positions.clear();
        for (int i = 0; i < n; ++i)
            positions.insert(positions.end(), {0, 0, i % 2 == 0 ? -1.0f : 1.0f});
        const Basis both = fit_layer(layer_of({2, 0, 0, -2, 0, 0}, positions), 1);
        ASSERT_TRUE(both.valid());
        EXPECT_NEAR(both.axis(0)[0], 1, 1e-6);
        EXPECT_NEAR(both.share[0], 0.8, 1e-6);
        EXPECT_NEAR(both.share[1], 0.2, 1e-6);
    }
}

// More positions than a frame has time for are taken in even steps.
TEST(Places, OfManyPositionsEvenStepsAreTaken) {
    constexpr int kMost = 4096;
    const auto fitted = [](int n, int step) {
        std::vector<float> positions;
        for (int i = 0; i < n; ++i) {
            const float side = i / step % 2 == 0 ? 1.0f : -1.0f;
            positions.insert(positions.end(),
                             {0, i % step == 0 ? 0.0f : side, i % step == 0 ? side : 0.0f});
        }
        return fit_layer(layer_of(std::vector<float>(6), positions), 1);
    };
    for (const int step : {2, 3}) {
        const Basis some = fitted(step * kMost, step);
        ASSERT_TRUE(some.valid());
        EXPECT_NEAR(some.axis(0)[2], 1, 1e-6) << "each of " << step;
        EXPECT_NEAR(some.share[0], 1, 1e-6);
    }
    EXPECT_NEAR(fitted(kMost, 2).share[0], 0.5, 1e-6) << "as many as are taken";
}

// A few experts far out must not shrink all others to a dot.
TEST(Places, AllButTheOutermostFillTheUnitBall) {
    std::vector<float> centroids = {2, 0, 0};  // of 101 the third from outside
    for (int e = 1; e <= 98; ++e)
        centroids.insert(centroids.end(),
                         {(e % 2 == 0 ? 0.01f : -0.01f) * static_cast<float>(e), 0, 0});
    centroids.insert(centroids.end(), {5, 0, 0, -6, 0, 0});
    core::GeometrySnapshot snap;
    snap.step = 1;
    snap.version = 1;
    snap.layers = {layer_of(centroids, {})};
    Places places;
    show(places, snap, {});
    const auto& p = places.layer(0).centroids;
    ASSERT_EQ(p.size(), centroids.size());
    EXPECT_NEAR(std::abs(p[0]), 1, 1e-5);
    int outside = 0;
    for (size_t e = 0; e < 101; ++e) outside += std::hypot(p[3 * e], p[3 * e + 1]) > 1.001f;
    EXPECT_EQ(outside, 2);
}

// What cannot be fitted must not keep the window busy.
TEST(Places, WithoutSpreadNothingRemainsToBeDone) {
    auto flat = snapshot(100, 1, 1);
    for (auto& layer : flat.layers) std::fill(layer.centroids.begin(), layer.centroids.end(), 1.f);
    for (auto& layer : flat.layers) std::fill(layer.positions.begin(), layer.positions.end(), 1.f);
    Places places;
    for (int call = 0; call < 3; ++call) places.update(flat, {&flat, &flat}, 0);
    EXPECT_FALSE(places.update(flat, {&flat, &flat}, 0));
}

// The same expert must keep its colour in all panels, with and without a space.
TEST(Places, ColoursFollowPlaces) {
    Places places;
    const auto snap = snapshot(0, 1, 1);
    show(places, snap, {});
    const auto& p = places.layer(0).centroids;
    ASSERT_EQ(p.size(), 60u);
    EXPECT_EQ(places.expert_color(0, 7, true), place_color(p[21], p[22], p[23], true));
    EXPECT_NE(places.expert_color(2, 1, true), places.expert_color(2, 2, true));
    EXPECT_NE(places.expert_color(99, 1, true), places.expert_color(99, 2, true));
}

}  // namespace
}  // namespace hopscope::viz
