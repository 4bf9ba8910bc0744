// Wrong if a window shows other rows, choices or weights of an imported model than its files hold,
// or fills in what a recording has not.
#include "core/imported/picture.h"

#include <cmath>
#include <gtest/gtest.h>

#include "core/imported/import_model.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core {
namespace {

using namespace test;

/// Layer 1 of two has a router of its own, layer 3 that and another for attention.
ModelLayout layout() {
    ModelLayout out;
    out.rule.top_k = 2;
    ModelRouter own;
    own.experts = 3;
    own.width = 4;
    own.bias = "b";
    ModelRouter attention = own;
    attention.pool = "attention";
    attention.bias = "";
    out.layers = {{1, false, {own}}, {3, false, {own, attention}}, {4, true, {own}}};
    return out;
}

/// Two texts, of three tokens and of one; layer 1 with weights, layer 3 without, attention not
/// recorded.
RecordedRouting recording() {
    RecordedRouting out;
    out.sequences = 2;
    out.length = 3;
    out.tokens = {7, 8, 7, 9, -1, -1};
    RecordedLayer first{1, "mlp", 3, 2, {2, 0, 1, 0, 0, 1, 1, 2, -1, -1, -1, -1}, {}, {}, {}};
    first.weights = {0.3f, 0.7f, 0.5f, 0.5f, 0.9f, 0.1f, 0.6f, 0.4f, kNaN, kNaN, kNaN, kNaN};
    first.entropy = {1, 2, 3, 4, kNaN, kNaN};
    RecordedLayer second{3, "mlp", 3, 2, {2, 1, 1, 2, 0, 2, 0, 1, -1, -1, -1, -1}, {}, {}, {}};
    out.layers = {first, second};
    return out;
}

GeometrySnapshot empty_picture(size_t layers) {
    GeometrySnapshot out;
    out.layers.resize(layers);
    for (LayerGeometry& layer : out.layers) layer.load.assign(3, 0);
    return out;
}

TEST(Picture, RoutersHaveTheModelsOwnNumbers) {
    const auto routers = routers_of(layout());
    ASSERT_EQ(routers.size(), 4u);
    EXPECT_EQ(routers[0].name, "layer 1");
    EXPECT_EQ(routers[2].name, "layer 3 attention");
    EXPECT_EQ(routers[3].name, "layer 4 (prediction)");
    EXPECT_TRUE(routers[1].bias);
    EXPECT_FALSE(routers[2].bias);
    EXPECT_EQ(routers[1].top_k, 2);
}

TEST(Picture, ChoicesAreThoseOfTheRecordingByFallingWeight) {
    GeometrySnapshot picture = empty_picture(4);
    add_choices(picture, routers_of(layout()), recording());
    EXPECT_EQ(picture.token_ids, (std::vector<int32_t>{7, 8, 7, 9}));
    EXPECT_EQ(picture.pieces, (std::vector<std::string>{"\xE2\x96\x81"
                                                        "id 7",
                                                        "\xE2\x96\x81"
                                                        "id 8",
                                                        "\xE2\x96\x81"
                                                        "id 7",
                                                        "\xE2\x96\x81"
                                                        "id 9"}));
    const LayerGeometry& first = picture.layers[0];
    EXPECT_EQ(first.choices, (std::vector<int32_t>{0, 2, 0, 1, 0, 1, 1, 2}));
    EXPECT_EQ(first.weights[0], 0.7f);
    EXPECT_EQ(first.entropy, (std::vector<float>{1, 2, 3, 4}));
    EXPECT_FLOAT_EQ(first.load[0], 3 / 8.0f);
    EXPECT_FLOAT_EQ(first.load[1], 3 / 8.0f);
    // Without weights by number, and none is made up.
    const LayerGeometry& second = picture.layers[1];
    EXPECT_EQ(second.choices, (std::vector<int32_t>{1, 2, 1, 2, 0, 2, 0, 1}));
    for (const float weight : second.weights) EXPECT_TRUE(std::isnan(weight));
    EXPECT_TRUE(second.entropy.empty());
    EXPECT_TRUE(picture.layers[2].choices.empty());
}

TEST(Picture, ATextIsFollowedThroughTheLayers) {
    const TraceResult trace = text_trace(routers_of(layout()), recording(), 0);
    EXPECT_EQ(trace.error, "");
    ASSERT_EQ(trace.tokens.size(), 3u);
    EXPECT_EQ(trace.tokens[1].piece, "id 8");
    EXPECT_TRUE(std::isnan(trace.tokens[1].nll));
    ASSERT_EQ(trace.layers.size(), 4u);
    EXPECT_EQ(trace.layers[1].name, "layer 3");
    ASSERT_EQ(trace.layers[0].hops.size(), 1u);
    EXPECT_EQ(trace.layers[0].hops[0].experts, (std::vector<int32_t>{0, 2, 0, 1, 0, 1}));
    EXPECT_EQ(trace.layers[0].hops[0].entropy[2], 3);
    EXPECT_TRUE(std::isnan(trace.layers[0].hops[0].max_prob[0]));
    EXPECT_TRUE(trace.layers[2].hops.empty());
    // The shorter text ends where it ends.
    EXPECT_EQ(text_trace(routers_of(layout()), recording(), 1).tokens.size(), 1u);
    EXPECT_NE(text_trace(routers_of(layout()), recording(), 2).error, "");
}

TEST(Picture, WithoutIdsTokensAreNamedByTheirPlace) {
    RecordedRouting routing = recording();
    routing.tokens.clear();
    const TraceResult trace = text_trace(routers_of(layout()), routing, 0);
    EXPECT_EQ(trace.tokens[2].piece, "token 2");
    EXPECT_EQ(trace.tokens[2].id, -1);
    const ImportedTrace told = described("t", routing);
    EXPECT_FALSE(told.token_ids);
    EXPECT_TRUE(told.weights);
    EXPECT_EQ(told.tokens, 4);
}

TEST(Picture, WhatIsFilledUpInFrontIsNoToken) {
    RecordedRouting routing = recording();
    for (RecordedLayer& layer : routing.layers) layer.chosen[0] = layer.chosen[1] = -1;
    GeometrySnapshot picture = empty_picture(4);
    add_choices(picture, routers_of(layout()), routing);
    EXPECT_EQ(picture.token_ids, (std::vector<int32_t>{8, 7, 9}));
    EXPECT_EQ(text_trace(routers_of(layout()), routing, 0).tokens.size(), 2u);
}

TEST(Picture, PiecesAreSpelledWhereTheRecordingSaysHow) {
    RecordedRouting routing = recording();
    routing.pieces = {{7, " the"}, {9, "s"}};
    GeometrySnapshot picture = empty_picture(4);
    add_choices(picture, routers_of(layout()), routing);
    EXPECT_EQ(picture.pieces, (std::vector<std::string>{"\xE2\x96\x81the", "\xE2\x96\x81id 8",
                                                        "\xE2\x96\x81the", "s"}));
    EXPECT_EQ(text_trace(routers_of(layout()), routing, 0).tokens[0].piece, "\xE2\x96\x81the");
    EXPECT_TRUE(described("t", routing).pieces);
}

TEST(Picture, TokensLieAmongRowsAsTheyAreStored) {
    RecordedRouting routing = recording();
    routing.layers[0].inputs = {
        2, {3, 0, 0, 2, -1, 0, 0, 4, kNaN, kNaN, kNaN, kNaN}, {5, 0, 0, 2, 3, 4}};
    auto routers = routers_of(layout());
    GeometrySnapshot picture = empty_picture(4);
    ImportedView view;
    add_positions(picture, routers, routing, view);
    const LayerGeometry& layer = picture.layers[0];
    EXPECT_EQ(layer.d_space, 2);
    EXPECT_EQ(layer.positions, (std::vector<float>{1, 0, 0, 1, -1, 0, 0, 1}));
    EXPECT_EQ(layer.centroids, (std::vector<float>{1, 0, 0, 1, 0.6f, 0.8f}));
    EXPECT_TRUE(picture.layers[1].positions.empty());
    EXPECT_TRUE(described("t", routing).positions);
    // Behind a norm whose gain is folded into the rows they would lie elsewhere.
    routers[0].gain = true;
    GeometrySnapshot folded = empty_picture(4);
    add_positions(folded, routers, routing, view);
    EXPECT_TRUE(folded.layers[0].positions.empty());
    view.fold_gain = false;
    add_positions(folded, routers, routing, view);
    EXPECT_FALSE(folded.layers[0].positions.empty());
}

TEST(Picture, RowsAreThoseOfTheRunFolder) {
    TinyModel model;
    model.add_routers(2, "block_sparse_moe.gate.weight");
    model.add("model.layers.1.post_attention_layernorm.weight", {3}, {2, 0, 1});
    model.save();
    const std::string out = model.folder() / "out";
    ASSERT_TRUE(import_model({model.dir(), {}, out}, {}));
    const auto run = ImportedRun::open(out);
    ASSERT_TRUE(run);
    ImportedView view;
    view.fold_gain = false;
    const auto stored = rows_picture(*run, view, {});
    ASSERT_TRUE(stored) << stored.error().message;
    ASSERT_EQ(stored->layers.size(), 2u);
    const auto& rows = model.values("model.layers.1.block_sparse_moe.gate.weight");
    const LayerGeometry& layer = stored->layers[1];
    ASSERT_EQ(layer.d_space, 3);
    EXPECT_EQ(layer.name, "layer 1");
    EXPECT_EQ(layer.hops, 1);
    for (size_t i = 0; i < rows.size(); ++i)
        EXPECT_NEAR(layer.centroids[i] * layer.row_length[i / 3], rows[i], 1e-6);
    view.fold_gain = true;
    const auto folded = rows_picture(*run, view, {});
    ASSERT_TRUE(folded);
    EXPECT_EQ(folded->layers[1].centroids[1], 0);                         // the gain's zero
    EXPECT_EQ(folded->layers[0].centroids, stored->layers[0].centroids);  // no norm was found
    view.centre = true;
    const auto centred = rows_picture(*run, view, {});
    ASSERT_TRUE(centred);
    double sum = 0;
    for (size_t e = 0; e < 4; ++e)
        sum += static_cast<double>(centred->layers[0].centroids[3 * e] *
                                   centred->layers[0].row_length[e]);
    EXPECT_NEAR(sum, 0, 1e-6);
    // One router of numbers that are none leaves the others to be seen, and is told.
    model.add("model.layers.0.block_sparse_moe.gate.weight", {4, 3},
              {1, 2, kNaN, 1, 1, 1, 2, 2, 2, 3, 3, 3});
    model.save();
    const std::string bad = model.folder() / "bad";
    ASSERT_TRUE(import_model({model.dir(), {}, bad}, {}));
    const auto other = ImportedRun::open(bad);
    ASSERT_TRUE(other);
    Progress telling;
    std::string told;
    telling.note = [&](const std::string& sentence) { told += sentence; };
    const auto some = rows_picture(*other, view, telling);
    ASSERT_TRUE(some) << some.error().message;
    EXPECT_TRUE(some->layers[0].centroids.empty());
    EXPECT_FALSE(some->layers[1].centroids.empty());
    EXPECT_NE(told.find("layer 0: number 2"), std::string::npos) << told;
    Progress stopped;
    stopped.cancelled = [] { return true; };
    const auto none = rows_picture(*run, view, stopped);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::interrupted);
}

}  // namespace
}  // namespace hopscope::core
