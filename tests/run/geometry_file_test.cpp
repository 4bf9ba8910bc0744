#include "core/run/geometry_file.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <set>

#include "core/base/half.h"
#include "core/run/safetensors.h"
#include "core/run/safetensors_file.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

std::vector<float> ramp(size_t count, float from) {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = std::sin(from + 0.37f * static_cast<float>(i));
    return values;
}

GeometrySnapshot sample() {
    GeometrySnapshot snapshot;
    snapshot.version = 18'446'744'073'709'551'615u;
    snapshot.step = 2000;
    snapshot.seconds = 1.7e9 + 0.123456;
    snapshot.token_ids = {5, 7, 9, 11};
    snapshot.pieces = {"▁the", "\"quote\"", "\\", "<0x0A>"};
    snapshot.classes = {"function word", "", "", ""};
    snapshot.next_loss = ramp(4, 0.9f);
    for (int64_t hops : {1, 3}) {
        LayerGeometry layer;
        layer.experts = 6;
        layer.d_space = 5;
        layer.hops = hops;
        layer.top_k = 2;
        const auto tokens = static_cast<size_t>(hops) * 4;
        layer.centroids = ramp(30, 0.1f);
        layer.load = ramp(6, 0.2f);
        layer.positions = ramp(tokens * 5, 0.3f);
        layer.weights = ramp(tokens * 2, 0.4f);
        for (size_t i = 0; i < tokens * 2; ++i)
            layer.choices.push_back(static_cast<int32_t>(i % 6));
        layer.entropy = ramp(tokens, 0.8f);
        layer.jaccard = ramp(static_cast<size_t>(hops * hops), 0.5f);
        snapshot.layers.push_back(layer);
    }
    snapshot.layers.push_back({});  // a dense layer
    LayerGeometry hash;             // a router without space
    hash.experts = 6;
    hash.hops = 1;
    hash.top_k = 1;
    hash.choices = {0, 1, 2, 3};
    snapshot.layers.push_back(hash);
    return snapshot;
}

std::vector<float> as_halves(const std::vector<float>& values) {
    std::vector<float> result;
    for (const float value : values) result.push_back(float_from_half(half_from_float(value)));
    return result;
}

// Wrong if the timeline shows other experts, places or tokens than were recorded.
TEST(GeometryFile, RoundTrip) {
    const TempFolder dir;
    const GeometrySnapshot snapshot = sample();
    const std::vector<Projection> projections = {{{5, 3}, ramp(15, 0.6f)},
                                                 {{3, 5, 3}, ramp(45, 0.7f)}};
    ASSERT_TRUE(write_geometry(dir / "g", snapshot, projections));
    auto read = read_geometry(dir / "g");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->version, snapshot.version);
    EXPECT_EQ(read->step, snapshot.step);
    EXPECT_EQ(read->seconds, snapshot.seconds);
    EXPECT_EQ(read->token_ids, snapshot.token_ids);
    EXPECT_EQ(read->pieces, snapshot.pieces);
    EXPECT_EQ(read->classes, snapshot.classes);
    EXPECT_EQ(read->next_loss, snapshot.next_loss);
    ASSERT_EQ(read->layers.size(), snapshot.layers.size());
    for (size_t l = 0; l < snapshot.layers.size(); ++l) {
        const LayerGeometry &a = snapshot.layers[l], &b = read->layers[l];
        EXPECT_EQ(b.experts, a.experts);
        EXPECT_EQ(b.d_space, a.d_space);
        EXPECT_EQ(b.hops, a.hops);
        EXPECT_EQ(b.top_k, a.top_k);
        EXPECT_EQ(b.centroids, as_halves(a.centroids));
        EXPECT_EQ(b.positions, as_halves(a.positions));
        EXPECT_EQ(b.weights, as_halves(a.weights));
        EXPECT_EQ(b.entropy, as_halves(a.entropy));
        EXPECT_EQ(b.choices, a.choices);
        EXPECT_EQ(b.load, a.load);
        EXPECT_EQ(b.jaccard, a.jaccard);
    }
    auto file = SafetensorsFile::open(dir / "g");
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->expect("layers.0.projection", "F16", {5, 3}));
    EXPECT_TRUE(file->expect("layers.1.projection", "F16", {3, 5, 3}));
    EXPECT_EQ(file->find("layers.2.projection"), nullptr);
    // Wrong if the budget of the folder were planned with less than the files take.
    EXPECT_GE(geometry_bytes(snapshot, projections), std::filesystem::file_size(dir / "g"));
}

// Wrong if the budget of the folder were planned with much more, or less, than some part takes.
TEST(GeometryFile, PlannedBytesAreThoseOfEachPart) {
    const TempFolder dir;
    const auto expect_near = [&](const char* part, const GeometrySnapshot& snapshot,
                                 const std::vector<Projection>& projections = {}) {
        ASSERT_TRUE(write_geometry(dir / "g", snapshot, projections)) << part;
        const auto taken = static_cast<double>(std::filesystem::file_size(dir / "g")),
                   planned = static_cast<double>(geometry_bytes(snapshot, projections));
        EXPECT_GE(planned, taken) << part;
        EXPECT_LE(planned, 1.1 * taken + 4096) << part;
    };
    const auto with = [](int64_t experts, int64_t d_space, int64_t hops, int64_t top_k,
                         size_t tokens) {
        GeometrySnapshot snapshot;
        snapshot.token_ids.assign(tokens, 3);
        LayerGeometry layer;
        layer.experts = experts;
        layer.d_space = d_space;
        layer.hops = hops;
        layer.top_k = top_k;
        layer.centroids.assign(static_cast<size_t>(experts * d_space), 0.5F);
        layer.choices.assign(static_cast<size_t>(hops * top_k) * tokens, 0);
        snapshot.layers = {layer};
        return snapshot;
    };
    expect_near("tokens", with(1, 1, 1, 1, 40'000));
    expect_near("centroids", with(200, 300, 1, 1, 1));
    expect_near("choices", with(8, 1, 4, 8, 2'000));
    GeometrySnapshot load = with(50'000, 1, 1, 1, 1);
    load.layers[0].load.assign(50'000, 0.5F);
    expect_near("load", load);
    GeometrySnapshot jaccard = with(2, 1, 200, 1, 1);
    jaccard.layers[0].jaccard.assign(200 * 200, 0.5F);
    expect_near("jaccard", jaccard);
    GeometrySnapshot positions = with(2, 64, 2, 1, 500);
    positions.layers[0].positions.assign(64 * 2 * 500, 0.5F);
    expect_near("positions", positions);
    GeometrySnapshot weights = with(8, 1, 4, 8, 2'000);
    weights.layers[0].weights.assign(4 * 8 * 2'000, 0.5F);
    expect_near("weights", weights);
    expect_near("projection", with(2, 5, 1, 1, 1), {{{5, 20'000}, ramp(100'000, 0.1f)}});
    GeometrySnapshot layers = with(1, 1, 1, 1, 1);
    layers.layers.resize(400, layers.layers[0]);
    ASSERT_TRUE(write_geometry(dir / "g", layers));
    EXPECT_GE(geometry_bytes(layers, {}), std::filesystem::file_size(dir / "g"));
}

TEST(GeometryFile, ContradictingSizesAreNotWritten) {
    const TempFolder dir;
    GeometrySnapshot snapshot = sample();
    snapshot.layers[0].positions.pop_back();
    EXPECT_FALSE(write_geometry(dir / "g", snapshot));
    EXPECT_FALSE(std::filesystem::exists(dir / "g"));
}

// Wrong if a file with an expert that does not exist reaches code that indexes by it.
TEST(GeometryFile, ForeignContentIsRefused) {
    const TempFolder dir;
    const auto refused = [&](const GeometrySnapshot& snapshot, const std::string& says) {
        ASSERT_TRUE(write_geometry(dir / "g", snapshot));
        auto read = read_geometry(dir / "g");
        ASSERT_FALSE(read) << says;
        EXPECT_EQ(read.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(read.error().message, dir / "g"));
        EXPECT_TRUE(contains(read.error().message, says)) << read.error().message;
    };
    for (const int32_t expert : {-1, 6}) {
        GeometrySnapshot snapshot = sample();
        snapshot.layers[0].choices[3] = expert;
        refused(snapshot, "expert " + std::to_string(expert) + " found, 0 to 5 expected");
    }
    GeometrySnapshot snapshot = sample();
    snapshot.pieces.pop_back();
    refused(snapshot, "for 4 tokens");

    const std::map<std::string, std::string> good = {{"format", "hopscope.geometry/1"},
                                                     {"step", "1"},
                                                     {"version", "1"},
                                                     {"seconds", "1"},
                                                     {"pieces", "[]"},
                                                     {"classes", "[]"}};
    const std::vector<int32_t> none;
    const TensorView ids{"token_ids", "I32", {0}, none.data(), 0};
    const auto with = [&](const std::string& key, const std::string& value) {
        auto metadata = good;
        metadata[key] = value;
        EXPECT_TRUE(write_safetensors(dir / "m", {ids}, metadata));
        return read_geometry(dir / "m").ok();
    };
    EXPECT_TRUE(with("step", "1"));
    EXPECT_TRUE(write_safetensors(dir / "step_00000001.safetensors", {ids}, good));
    EXPECT_TRUE(read_geometry(dir / "step_00000001.safetensors").ok());
    std::filesystem::rename(dir / "step_00000001.safetensors", dir / "step_00000002.safetensors");
    const auto renamed = read_geometry(dir / "step_00000002.safetensors");
    ASSERT_FALSE(renamed.ok()) << "the picture of another step";
    EXPECT_TRUE(contains(renamed.error().message, "\"step\": found 1, that of its name expected"))
        << renamed.error().message;
    EXPECT_FALSE(with("format", "hopscope.geometry/2"));
    EXPECT_FALSE(with("step", "one"));
    EXPECT_FALSE(with("step", "1, \"v\": "));
    EXPECT_FALSE(with("version", "-1"));
    EXPECT_FALSE(with("pieces", "[1]"));
    EXPECT_FALSE(with("classes", std::string(100000, '[')));
    // Sizes beside a zero cost no bytes in the file but would cost loops.
    EXPECT_TRUE(write_safetensors(dir / "m",
                                  {ids,
                                   {"layers.0.centroids", "F16", {int64_t{1} << 40, 0}, nullptr, 0},
                                   {"layers.0.choices", "I32", {1, 0, 1}, nullptr, 0}},
                                  good));
    EXPECT_FALSE(read_geometry(dir / "m"));
}

// Wrong if the folder outgrows its budget, loses its ends, or keeps steps bunched together.
TEST(GeometryThinning, StaysUnderBudgetAndSpreadsOverTheLogarithm) {
    constexpr uint64_t kBytes = 1000, kBudget = 30 * kBytes;
    std::vector<GeometryEntry> kept;
    for (int64_t step = 0; step <= 200000; step += 50) {
        kept.push_back({step, kBytes});
        for (const int64_t gone : thin_geometry(kept, kBudget))
            std::erase_if(kept, [&](const GeometryEntry& entry) { return entry.step == gone; });
        ASSERT_LE(kept.size() * kBytes, kBudget);
        ASSERT_EQ(kept.front().step, 0);
        ASSERT_EQ(kept.back().step, step);
    }
    EXPECT_EQ(kept.size(), 30u);
    // 12 octaves from 50 to 200,000 share 30 files: no octave is empty, none has more than thrice
    // its share.
    for (double from = 50; from < 100000; from *= 2) {
        const auto count = std::count_if(kept.begin(), kept.end(), [&](const GeometryEntry& entry) {
            return entry.step >= from && entry.step < 2 * from;
        });
        EXPECT_GE(count, 1) << from;
        EXPECT_LE(count, 8) << from;
    }
}

// Wrong if the snapshot that a run's pictures are fitted to goes, so that they turn.
TEST(GeometryThinning, KeepsTheOneThatPicturesAreFittedTo) {
    for (const int64_t settled : {int64_t{1000}, int64_t{3000}}) {
        std::vector<GeometryEntry> kept;
        for (int64_t step = 50; step <= 50000; step += 50) {
            kept.push_back({step, 6});
            for (const int64_t gone : thin_geometry(kept, 256, settled))
                std::erase_if(kept, [&](const GeometryEntry& entry) { return entry.step == gone; });
            ASSERT_LE(kept.size() * 6, 256u);
            const auto first = std::find_if(
                kept.begin(), kept.end(), [&](const auto& entry) { return entry.step >= settled; });
            ASSERT_TRUE(step < settled || first->step == settled) << "at step " << step;
        }
    }
}

TEST(GeometryThinning, SmallCases) {
    EXPECT_TRUE(thin_geometry({}, 10).empty());
    EXPECT_TRUE(thin_geometry({{50, 5}, {100, 5}}, 10).empty());
    EXPECT_EQ(thin_geometry({{100, 8}, {50, 8}}, 10), std::vector<int64_t>{50});
    EXPECT_TRUE(thin_geometry({{100, 80}}, 10).empty());
    EXPECT_EQ(thin_geometry({{50, 5}, {100, 5}, {150, 5}}, 10, 100), std::vector<int64_t>{100});
    EXPECT_EQ(thin_geometry({{0, 4}, {1000, 4}, {1050, 4}, {50, 4}}, 12),
              std::vector<int64_t>{1000});
}

}  // namespace
}  // namespace hopscope::core
