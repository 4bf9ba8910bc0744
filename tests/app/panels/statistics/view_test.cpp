// What the statistics panel shows, computed without a window.
#include "app/panels/statistics/view.h"

#include <cmath>
#include <gtest/gtest.h>

#include "app/panels/statistics/csv.h"
#include "tests/app/panels/statistics/snapshots.h"
#include "tests/app/panels/statistics/tables.h"

namespace hopscope::app {
namespace {

using gui_test::expect_table, gui_test::at_step, gui_test::past_with, gui_test::snapshot_of;

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

// Wrong if a larger sample were held against the run's own, whose tokens are others.
TEST(Statistics, OverlapOfStepsIsOfOneSample) {
    auto larger = snapshot_of(8, 1);
    std::vector<core::GeometrySnapshot> snapshots;
    for (const int64_t step : {1, 2, 3}) {
        larger.layers[0].choices[0] = static_cast<int32_t>(step);
        snapshots.push_back(at_step(larger, step));
    }
    auto& choices = larger.layers[0].choices;
    choices.insert(choices.end(), choices.begin(), choices.end());
    snapshots.push_back(at_step(larger, 4));
    const StepOverlap s = step_overlap(past_with(snapshots), 0);
    EXPECT_EQ(s.steps, std::vector<int64_t>{4});
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
    const LayerOverlap o = layer_overlap(snapshot, core::MoeConfig());
    ASSERT_EQ(o.pairs, 2);
    EXPECT_FLOAT_EQ(o.jaccard[0], snapshot.layers[0].jaccard[1]);
    EXPECT_FLOAT_EQ(o.jaccard[1], snapshot.layers[0].jaccard[5]);
    EXPECT_FLOAT_EQ(o.jaccard[2], 0.25f);
    EXPECT_TRUE(std::isnan(o.jaccard[3]));
    EXPECT_EQ(layer_overlap(snapshot_of(8, 1), core::MoeConfig()).layers, 0);
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
    EXPECT_EQ(csv_of(g, {}, "layer 3", 40),
              "# Jaccard of the experts chosen at two hops, mean over the probe tokens, layer 3, "
              "step 40\nhop,0,1\n0,1,0.1\n1,0.1,1\n");
    g.top_k = 1;
    g.choices = {0, 1, 2, /**/ 0, 1, 0};
    expect_table(
        csv_of(g, hop_overlaps(g, core::MoeConfig()), "layer 3", 40),
        "# Jaccard of the experts chosen at two hops, mean over the probe tokens, layer 3, "
        "step 40\nhop,0,1\n0,1,0.1\n1,0.1,1\n# half of its 95 % interval, n 3 tokens\n"
        "hop,0,1\n0,0,0.65332133\n1,0.65332133,0\n");
    g.load = {0.0f, 1.0f};
    expect_table(csv_of(utilisation_of(g, 4), "layer 0", 5),
                 "# load of the experts, times uniform, layer 0, step 5, n 4 choices\n"
                 "rank,expert,load,load_ci95_low,load_ci95_high\n1,1,2,1.0202183,2\n"
                 "2,0,0,0,0.9797817\n");
    core::TraceResult trace;
    trace.tokens.resize(2);
    trace.layers.resize(1);
    trace.layers[0].attention_norm = {1, 2};
    expect_table(csv_of(norms_of(trace)),
                 "# mean norms over the 2 tokens of the traced prompt, step 0\n"
                 "layer,attention,experts,attention_ci95_low,attention_ci95_high,experts_ci95_low,"
                 "experts_ci95_high\n0,1.5,,0.520018,2.479982,,\n");
}

// Wrong if an interval were not that of the tokens' own overlaps, or experts of two pools met by
// the number of the layer and not by that of their pool.
TEST(Statistics, OverlapOfHopsHasItsInterval) {
    core::LayerGeometry g;
    g.experts = 8;
    g.hops = 2;
    g.top_k = 2;
    g.choices = {0, 1, 2, 3, 0, 2, /**/ 4, 5, 6, 5, 7, 5};
    core::MoeConfig moe;
    moe.experts = 8;
    moe.pools = core::Pools::unrolled;
    // {0, 1} and {0, 1}; {2, 3} and {2, 1}; {0, 2} and {3, 1}.
    const viz::SampledMean mean = hop_overlap(g, moe, 0, 1);
    EXPECT_EQ(mean.n, 3);
    EXPECT_NEAR(mean.mean, (1 + 1.0 / 3 + 0) / 3, 1e-12);
    const double m = 4.0 / 9;
    const double spread = std::pow(1 - m, 2) + std::pow(1.0 / 3 - m, 2) + m * m;
    EXPECT_NEAR(mean.half(), viz::kNormal95 * std::sqrt(spread / 2 / 3), 1e-12);
    const auto all = hop_overlaps(g, moe);
    EXPECT_DOUBLE_EQ(all[2].mean, mean.mean);
    EXPECT_DOUBLE_EQ(all[3].mean, 1);
    moe.pools = core::Pools::shared;
    EXPECT_DOUBLE_EQ(hop_overlap(g, moe, 0, 1).mean, 0);
    EXPECT_EQ(hop_overlap(g, moe, 0, 2).n, 0);
}

// Wrong if the interval of a load were that of one batch, or of all that was ever counted: the
// weights of the fading mean are summed one by one.
TEST(Statistics, LoadsHaveTheirSample) {
    core::Config config;
    config.train.batch = 2;
    config.train.seq_len = 8;
    config.train.grad_accum = 3;
    core::LayerGeometry g;
    g.hops = 2;
    g.top_k = 4;
    for (const int64_t steps : {1, 5, 400}) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < steps; ++i) {
            const double w = std::pow(0.9, static_cast<double>(i));
            sum += w;
            squares += w * w;
        }
        EXPECT_NEAR(recent_choices(config, g, steps), 2 * 8 * 3 * 2 * 4 * sum * sum / squares,
                    1e-6);
    }
    const viz::Interval ci95 = load_interval(0.25, 400, 8);
    const viz::Interval share = viz::wilson_interval(100, 400);
    EXPECT_DOUBLE_EQ(ci95.low, share.low * 8);
    EXPECT_DOUBLE_EQ(ci95.high, share.high * 8);
}

}  // namespace
}  // namespace hopscope::app
