// The view of the trajectory panel: cells, ranges, depths, overlaps and bars.
#include "app/panels/trajectory/view.h"

#include <cmath>
#include <gtest/gtest.h>

#include "app/widgets/piece_text.h"

namespace hopscope::app {
namespace {

/// Two tokens, two layers with 2 and 1 hops, top-2. Token 1 halts in layer 0 after hop 0.
core::TraceResult trace() {
    core::TraceResult t;
    t.tokens.resize(2);
    const auto hop = [](std::vector<int32_t> experts, std::vector<uint8_t> executed) {
        core::TraceHop h;
        h.top_k = 2;
        h.experts = std::move(experts);
        h.weights = {0.7f, 0.3f, 0.6f, 0.4f};
        h.entropy = {1.0f, 2.0f};
        h.max_prob = {0.5f, 0.4f};
        h.update_norm = {3.0f, core::kNaN};
        h.executed = std::move(executed);
        return h;
    };
    t.layers.resize(2);
    t.layers[0].hops = {hop({1, 2, 3, 4}, {1, 1}), hop({2, 5, 9, 9}, {1, 0})};
    t.layers[1].hops = {hop({7, 8, 7, 8}, {1, 1})};
    return t;
}

// A halted cell that shows an expert claims work that was not done.
TEST(Trajectory, HaltedCellsAreEmpty) {
    const auto t = trace();
    const HopCell cell = cell_of(t, 1, 0, 1);
    EXPECT_TRUE(cell.known);
    EXPECT_FALSE(cell.executed);
    EXPECT_EQ(cell.expert, -1);
    EXPECT_TRUE(choice_of(t, 1, 0, 1).empty());
    EXPECT_EQ(cell_of(t, 1, 0, 0).expert, 3);
    EXPECT_FLOAT_EQ(cell_of(t, 1, 0, 0).weight, 0.6f);
    EXPECT_FALSE(cell_of(t, 0, 1, 1).known);
    EXPECT_FALSE(cell_of(t, -1, 0, 0).known);
    EXPECT_FALSE(cell_of(t, 9, 0, 0).known);
}

// Wrong if a cell that was halted, or has no value, looked like one with a value.
TEST(Trajectory, OnlyValuesAreFilled) {
    auto t = trace();
    for (const CellValue value : kCellValues) {
        EXPECT_EQ(look_of(cell_of(t, 1, 0, 1), value), CellLook::halted);
        EXPECT_EQ(look_of(cell_of(t, 0, 1, 1), value), CellLook::nothing);
    }
    EXPECT_EQ(look_of(cell_of(t, 1, 0, 0), CellValue::expert), CellLook::filled);
    EXPECT_EQ(look_of(cell_of(t, 0, 0, 0), CellValue::update_norm), CellLook::filled);
    EXPECT_EQ(look_of(cell_of(t, 1, 0, 0), CellValue::update_norm), CellLook::unmeasured);
    EXPECT_EQ(look_of(cell_of(t, 0, 0, 0), CellValue::halt_ratio), CellLook::unmeasured);
    t.layers[0].hops[0].experts.clear();
    EXPECT_EQ(look_of(cell_of(t, 0, 0, 0), CellValue::expert), CellLook::unmeasured);
}

// Depths and mean must count executed hops of (token, layer) pairs.
TEST(Trajectory, ShapeCountsDepths) {
    const TraceView s = trace_view(trace());
    EXPECT_EQ(s.hops, 2);
    EXPECT_EQ(s.columns.size(), 3u);
    EXPECT_EQ(s.depth, (std::vector<int64_t>{0, 3, 1}));
    EXPECT_EQ(s.pairs, 4);
    EXPECT_DOUBLE_EQ(s.mean_hops, 5.0 / 4.0);
    EXPECT_TRUE(s.halted);
    EXPECT_FLOAT_EQ(s.low[static_cast<size_t>(CellValue::entropy)], 1.0f);
    EXPECT_FLOAT_EQ(s.high[static_cast<size_t>(CellValue::entropy)], 2.0f);
    EXPECT_GT(s.low[static_cast<size_t>(CellValue::halt_ratio)],
              s.high[static_cast<size_t>(CellValue::halt_ratio)])
        << "not defined anywhere: the range must be empty";
}

// The overlap of {1, 2} and {2, 5} is one of three.
TEST(Trajectory, JaccardOfIndexSets) {
    const auto t = trace();
    EXPECT_FLOAT_EQ(jaccard_of(t, 0, 0), 1.0f / 3.0f);
    EXPECT_TRUE(std::isnan(jaccard_of(t, 1, 0)));
    EXPECT_TRUE(std::isnan(jaccard_of(t, 0, 1)));
    EXPECT_TRUE(std::isnan(jaccard_of(t, 0, 7)));
}

// Dense layers, empty traces and short arrays must not crash.
TEST(Trajectory, OddTraces) {
    EXPECT_EQ(trace_view({}).tokens, 0);
    core::TraceResult t = trace();
    t.layers[1].hops.clear();
    t.layers[0].hops[0].experts.resize(1);
    t.layers[0].hops[0].weights.clear();
    t.layers[0].hops[0].entropy.clear();
    t.layers[0].hops[1].top_k = 0;
    EXPECT_EQ(trace_view(t).columns.size(), 2u);
    EXPECT_EQ(cell_of(t, 0, 0, 0).expert, 1);
    EXPECT_EQ(cell_of(t, 1, 0, 0).expert, -1);
    EXPECT_TRUE(std::isnan(cell_of(t, 0, 0, 0).weight));
    EXPECT_EQ(choice_of(t, 0, 0, 0).size(), 1u);
    EXPECT_EQ(cell_of(t, 0, 0, 1).expert, -1);
}

// The same token in both lists is one row; one that left the top ten keeps its other value.
TEST(Trajectory, NextRowsJoinById) {
    const auto rows = next_rows({{1, "a", 0.5f}, {2, "b", 0.3f}}, {{2, "b", 0.6f}, {3, "c", 0.1f}});
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].id, 2);
    EXPECT_FLOAT_EQ(rows[0].base, 0.3f);
    EXPECT_FLOAT_EQ(rows[0].changed, 0.6f);
    EXPECT_EQ(rows[1].id, 1);
    EXPECT_TRUE(std::isnan(rows[1].changed));
    EXPECT_TRUE(std::isnan(rows[2].base));
    EXPECT_EQ(next_rows({{1, "a", 0.5f}, {2, "b", 0.3f}}, {}, 1).size(), 1u);
}

// The slider's far left is off, its far right 1, and equal ways between are equal factors.
TEST(Trajectory, ThresholdScale) {
    EXPECT_LT(epsilon_at(0), 0);
    EXPECT_DOUBLE_EQ(epsilon_at(1), 1.0);
    EXPECT_NEAR(epsilon_at(1e-6f), 1e-3, 1e-7);
    EXPECT_NEAR(epsilon_at(0.5f), std::sqrt(1e-3), 1e-7);
    EXPECT_NEAR(epsilon_at(0.75f) / epsilon_at(0.5f), std::pow(1e-3, -0.25), 1e-5);
}

// Control bytes must be visible, all other scripts must stay as they are.
TEST(Trajectory, PiecesAreReadable) {
    EXPECT_EQ(piece_text("\n"), "<0x0A>");
    EXPECT_EQ(piece_text("a\tb\x7f"), "a<0x09>b<0x7F>");
    EXPECT_EQ(piece_text("<0x0A>"), "<0x0A>");
    EXPECT_EQ(piece_text("\xE2\x96\x81"
                         "bank"),
              "\xE2\x96\x81"
              "bank");
    EXPECT_EQ(piece_text("\xE4\xB8\xAD"), "\xE4\xB8\xAD");
    EXPECT_EQ(piece_text(""), "<empty>");
}

}  // namespace
}  // namespace hopscope::app
