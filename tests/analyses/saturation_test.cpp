// Saturation on snapshots whose overlap is known: if these fail, a run is called settled when its
// tokens still change experts.
#include <algorithm>
#include <gtest/gtest.h>
#include <optional>

#include "core/analyses/saved_snapshots.h"
#include "tests/analyses/run_named.h"

namespace hopscope::core::analysis {
namespace {

using test::empty_run;
using test::run_named;
using test::TempFolder;

/// Two tokens, one layer, k = 2 of 4 experts.
GeometrySnapshot snapshot(int64_t step, std::vector<int32_t> choices) {
    GeometrySnapshot s;
    s.step = step;
    s.token_ids = {1, 2};
    s.pieces = {"a", "b"};
    s.classes = {"", ""};
    LayerGeometry layer;
    layer.experts = 4;
    layer.hops = 1;
    layer.top_k = 2;
    layer.choices = std::move(choices);
    layer.weights.assign(4, 0.5F);
    layer.jaccard = {1.0F};
    layer.load.assign(4, 0.25F);
    s.layers.push_back(layer);
    return s;
}

struct Timeline {
    explicit Timeline(const TempFolder& dir) {
        folder.emplace(empty_run(dir));
        config.moe.experts = 4;
        config.moe.top_k = 2;
        config.moe.hops = {1};
    }
    void add(const GeometrySnapshot& s) {
        const auto saved = folder->save_geometry(s);
        ASSERT_TRUE(saved) << saved.error().message;
    }
    Result<AnalysisOutput> result() const { return run_named("saturation", {*folder, config}); }
    std::optional<RunFolder> folder;
    Config config;
};

TEST(Saturation, IsTheShareOfFinalExpertsThatWereChosenAlready) {
    const TempFolder dir;
    Timeline run(dir);
    run.add(snapshot(10, {2, 3, 2, 3}));  // nothing in common
    run.add(snapshot(20, {0, 3, 1, 0}));  // half, then all but in another order
    run.add(snapshot(30, {0, 1, 0, 1}));  // as in the end
    run.add(snapshot(40, {0, 1, 0, 1}));
    const auto found = run.result();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->n, 2);
    const auto& rows = found->result.json()["snapshots"];
    ASSERT_EQ(rows.size(), 4u);
    EXPECT_EQ(rows[0]["mean"]["value"], 0.0);
    EXPECT_EQ(rows[1]["mean"]["value"], 0.75);
    EXPECT_EQ(rows[1]["layers"][0]["first"], 0.5);
    EXPECT_EQ(rows[2]["mean"]["value"], 1.0);
    EXPECT_EQ(rows[3]["mean"]["value"], 1.0);
    EXPECT_EQ(rows[2]["step"], 30);
    EXPECT_EQ(found->result.json()["chance"], 0.5);
}

TEST(Saturation, OfManySnapshotsTakesSomeEvenlyFromTheFirstToTheLast) {
    // Wrong if the curve of a long run begins late, ends early, has holes, or takes for ever.
    const TempFolder dir;
    Timeline run(dir);
    const auto steps = [&] {
        const auto found = run.result();
        EXPECT_TRUE(found) << found.error().message;
        std::vector<int64_t> out;
        for (const auto& row : found->result.json()["snapshots"]) out.push_back(row["step"]);
        return out;
    };
    for (int64_t step = 100; step < 140; ++step) run.add(snapshot(step, {0, 1, 0, 1}));
    EXPECT_EQ(steps().size(), 40u) << "all of 40";
    for (int64_t step = 140; step < 160; ++step) run.add(snapshot(step, {0, 1, 0, 1}));
    const auto taken = steps();
    EXPECT_GE(taken.size(), 35u);
    EXPECT_LE(taken.size(), 40u);
    EXPECT_EQ(taken.front(), 100);
    EXPECT_EQ(taken.back(), 159);
    for (size_t i = 1; i < taken.size(); ++i) EXPECT_LE(taken[i] - taken[i - 1], 2) << taken[i];
    // Even steps of the logarithm are shorter ones of the step at the begin.
    const auto early = std::count_if(taken.begin(), taken.end(), [](int64_t s) { return s < 130; });
    EXPECT_GT(2 * static_cast<size_t>(early), taken.size());
}

TEST(SavedSnapshots, ThinnedOnesAreLeftOutAndDamagedOnesNamed) {
    // A live run thins its timeline while it is read; a torn file must not cost the others.
    const TempFolder dir;
    Timeline run(dir);
    run.add(snapshot(10, {0, 3, 1, 0}));
    run.add(snapshot(20, {0, 1, 0, 1}));
    run.add(snapshot(30, {0, 1, 0, 1}));
    SavedSnapshots saved(*run.folder);
    EXPECT_TRUE(saved.read(10).has_value());
    EXPECT_FALSE(saved.read(15).has_value());
    EXPECT_TRUE(saved.damaged().empty()) << "gone is not damaged";
    test::put_bytes(run.folder->geometry_path(30), "torn");
    EXPECT_FALSE(saved.read(30).has_value());
    ASSERT_EQ(saved.damaged().size(), 1u);
    EXPECT_EQ(saved.damaged()[0].step, 30);
    // The newest that can be read is the last one.
    const auto found = run.result();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->result.json()["last_step"], 20);
    EXPECT_EQ(found->result.json()["damaged"][0]["step"], 30);
    EXPECT_EQ(found->result.json()["snapshots"].size(), 2u);
    for (const int64_t step : {10, 20}) test::put_bytes(run.folder->geometry_path(step), "torn");
    const auto none = run.result();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::usage);
}

TEST(Saturation, SaysWhatIsMissing) {
    const TempFolder dir;
    Timeline run(dir);
    run.add(snapshot(10, {0, 1, 0, 1}));
    const auto few = run.result();
    ASSERT_FALSE(few);
    EXPECT_NE(few.error().message.find("snapshot_every"), std::string::npos);
    auto other = snapshot(20, {0, 1, 0, 1});
    other.token_ids = {1, 3};
    run.add(other);
    const auto foreign = run.result();
    ASSERT_FALSE(foreign);
    EXPECT_NE(foreign.error().message.find("other tokens"), std::string::npos);
    run.config.moe.router = RouterKind::hash;
    EXPECT_NE(run.result().error().message.find("hash"), std::string::npos);
    run.config.model.ffn = FfnKind::dense;
    EXPECT_NE(run.result().error().message.find("dense"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::core::analysis
