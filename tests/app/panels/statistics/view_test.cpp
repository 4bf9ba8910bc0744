// What the statistics panel shows, computed without a window.
#include "app/panels/statistics/view.h"

#include <cmath>
#include <gtest/gtest.h>

#include "app/panels/statistics/csv.h"
#include "tests/app/fake_session.h"

namespace hopscope::app {
namespace {

core::GeometrySnapshot snapshot_of(int64_t experts, int64_t hops = 2, int64_t width = 8) {
    gui_test::FakeOptions options;
    options.layers = 2;
    options.experts = experts;
    options.hops = hops;
    options.d_space = width;
    options.tokens = 16;
    options.start_step = 10;
    gui_test::FakeSession session(options);
    return *session.geometry();
}

core::GeometrySnapshot at_step(core::GeometrySnapshot snapshot, int64_t step) {
    snapshot.step = step;
    return snapshot;
}

Past past_with(const std::vector<core::GeometrySnapshot>& snapshots) {
    Past past;
    for (const auto& snapshot : snapshots)
        past.push_back(std::make_shared<core::GeometrySnapshot>(snapshot));
    return past;
}

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

// Wrong if a router without centroids, or sizes that contradict each other, gave a matrix.
TEST(Statistics, NoCentroidsNoMatrix) {
    auto snapshot = snapshot_of(16);
    snapshot.layers[0].centroids.clear();
    snapshot.layers[1].centroids.resize(17);
    EXPECT_TRUE(collinearity_of(snapshot, 0, RowOrder::load).empty());
    EXPECT_TRUE(collinearity_of(snapshot, 1, RowOrder::load).empty());
    EXPECT_TRUE(collinearity_of(snapshot, 9, RowOrder::load).empty());
}

// Wrong if the load were not relative to the uniform one, or an unused expert had a place on a
// logarithmic axis.
TEST(Statistics, SortedLoads) {
    core::LayerGeometry g;
    g.load = {0.25f, 0.0f, 0.5f, 0.25f};
    const Utilisation u = utilisation_of(g);
    EXPECT_EQ(u.experts, (std::vector<int32_t>{2, 0, 3, 1}));
    EXPECT_DOUBLE_EQ(u.loads[0], 2);
    EXPECT_DOUBLE_EQ(u.loads[1], 1);
    EXPECT_TRUE(std::isnan(u.loads[3]));
    EXPECT_EQ(u.unused, 1);
    EXPECT_DOUBLE_EQ(u.max_over_mean, 2);
    EXPECT_NEAR(u.cv, std::sqrt((1 + 0 + 0 + 1) / 4.0), 1e-12);
}

// Wrong if a run that was only opened shows every expert as unused.
TEST(Statistics, WithoutATrainedBatchThereAreNoLoads) {
    auto snapshot = snapshot_of(4);
    for (auto& layer : snapshot.layers) layer.load.assign(4, 0.0f);
    EXPECT_TRUE(utilisation_of(snapshot.layers[0]).experts.empty());
    EXPECT_TRUE(load_map(past_with({snapshot}), 0).empty());
    // Nor has the run of one that was trained later.
    auto trained = at_step(snapshot, 10);
    for (auto& layer : trained.layers) layer.load.assign(4, 0.25f);
    const LoadMap map = load_map(past_with({snapshot, trained}), 0);
    EXPECT_EQ(map.first_step, 10);
}

// Wrong if the map mixed up experts or times: one expert's load is known at each step.
TEST(Statistics, LoadMapFollowsTheRun) {
    Past past;
    auto snapshot = snapshot_of(4);
    for (int64_t step = 0; step <= 100; step += 10) {
        snapshot.step = step;
        for (auto& g : snapshot.layers) g.load = {0.0f, 0.25f, 0.75f, 0.0f};
        if (step >= 50) snapshot.layers[1].load = {0.5f, 0.25f, 0.125f, 0.125f};
        past.push_back(std::make_shared<core::GeometrySnapshot>(snapshot));
    }
    const LoadMap map = load_map(past, 1, 101);
    ASSERT_EQ(map.columns, 101);
    EXPECT_EQ(map.order.front(), 0);  // most used now
    const auto value = [&](int64_t row, int64_t column) {
        return map.values[static_cast<size_t>(row * map.columns + column)];
    };
    EXPECT_EQ(value(0, 20), LoadMap::kUnused);
    EXPECT_FLOAT_EQ(value(0, 80), 1);  // log2(0.5 · 4)
    EXPECT_FLOAT_EQ(value(0, 100), 1);
    EXPECT_FLOAT_EQ(value(1, 20), 0);
    EXPECT_FLOAT_EQ(value(2, 20), std::log2(3.0f));
    EXPECT_EQ(map.first_step, 0);
    EXPECT_EQ(map.last_step, 100);
}

// Wrong if the order within a choice counted, or steps without new choices were compared.
TEST(Statistics, OverlapOfSteps) {
    auto snapshot = snapshot_of(8, 1);
    auto& g = snapshot.layers[0];
    g.top_k = 2;
    g.choices = {0, 1, /**/ 2, 3};
    // At step 2 the same choices: the sample was not routed anew.
    std::vector<core::GeometrySnapshot> snapshots = {at_step(snapshot, 1), at_step(snapshot, 2)};
    g.choices = {1, 0, /**/ 3, 4};
    snapshots.push_back(at_step(snapshot, 3));
    const StepOverlap s = step_overlap(past_with(snapshots), 0);
    ASSERT_EQ(s.steps, (std::vector<int64_t>{1, 3}));
    EXPECT_FLOAT_EQ(s.jaccard[1], (1.0f + 1.0f / 3) / 2);
    EXPECT_EQ(s.tokens, 2);
}

// Wrong if a long run gave a table that nobody can read, or one without its ends.
TEST(Statistics, OverlapOfALongRunIsASmallTable) {
    std::vector<core::GeometrySnapshot> snapshots;
    auto snapshot = snapshot_of(8, 2);
    for (int64_t step = 1; step <= 300; ++step) {
        snapshot.layers[0].choices[0] = static_cast<int32_t>(step % 8);
        snapshots.push_back(at_step(snapshot, step));
    }
    const StepOverlap s = step_overlap(past_with(snapshots), 0);
    EXPECT_LE(s.steps.size(), kOverlapSteps + 1);
    EXPECT_GT(s.steps.size(), kOverlapSteps / 2);
    EXPECT_EQ(s.steps.front(), 1);
    EXPECT_EQ(s.steps.back(), 300);
}

// Wrong if layers of fewer hops lost their place, or one hop gave a table.
TEST(Statistics, OverlapOfLayers) {
    auto snapshot = snapshot_of(8, 3);
    snapshot.layers[1].hops = 2;
    snapshot.layers[1].jaccard = {1, 0.25f, 0.25f, 1};
    const LayerOverlap o = layer_overlap(snapshot);
    ASSERT_EQ(o.pairs, 2);
    EXPECT_FLOAT_EQ(o.jaccard[0], snapshot.layers[0].jaccard[1]);
    EXPECT_FLOAT_EQ(o.jaccard[1], snapshot.layers[0].jaccard[5]);
    EXPECT_FLOAT_EQ(o.jaccard[2], 0.25f);
    EXPECT_TRUE(std::isnan(o.jaccard[3]));
    EXPECT_EQ(layer_overlap(snapshot_of(8, 1)).layers, 0);
}

// Wrong if a mean took in updates of long ago, or an update that was not measured.
TEST(Statistics, MeansAreOfTheNewestUpdates) {
    History history;
    for (int64_t step = 1; step <= 40; ++step) {
        core::ScalarRecord record;
        record.step = step;
        core::LayerScalars layer;
        layer.entropy = step <= 20 ? 100.0f : step == 30 ? core::kNaN : static_cast<float>(step);
        record.layers = {layer};
        history.append(record);
    }
    const LayerMeans m = entropy_by_layer(history);
    ASSERT_EQ(m.mean.size(), 1u);
    EXPECT_EQ(m.updates, 19);
    EXPECT_NEAR(m.mean[0], (30.5 * 20 - 30) / 19, 1e-9);
    EXPECT_EQ(m.low[0], 21);
    EXPECT_EQ(m.high[0], 40);
    EXPECT_FALSE(max_prob_by_layer(history).any());
}

// Wrong if a table could not be read back: header, one line a row, values as exact as they are.
TEST(Statistics, TablesForExport) {
    core::LayerGeometry g;
    g.hops = 2;
    g.jaccard = {1, 0.1f, 0.1f, 1};
    EXPECT_EQ(csv_of(g, 3, 40),
              "# Jaccard of the experts chosen at two hops, mean over the probe tokens, layer 3, "
              "step 40\nhop,0,1\n0,1,0.1\n1,0.1,1\n");
    g.load = {0.0f, 1.0f};
    EXPECT_EQ(csv_of(utilisation_of(g), 0, 5),
              "# load of the experts, times uniform, layer 0, step 5\nrank,expert,load\n1,1,2\n"
              "2,0,0\n");
    core::TraceResult trace;
    trace.tokens.resize(2);
    trace.layers.resize(1);
    trace.layers[0].attention_norm = {1, 2};
    EXPECT_EQ(csv_of(norms_of(trace)),
              "# mean norms over the 2 tokens of the traced prompt, step 0\n"
              "layer,attention,experts\n0,1.5,\n");
}

}  // namespace
}  // namespace hopscope::app
