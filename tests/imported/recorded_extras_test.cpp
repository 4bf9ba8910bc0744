// What only a capture holds, from its file into the run and out of it again: if this fails,
// hopscope import drops what entered the routers, or shows another text than was read.
#include <gtest/gtest.h>

#include "core/imported/import_model.h"
#include "core/imported/imported_run.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core {
namespace {

using namespace test;

class RecordedExtras : public testing::Test {
  protected:
    RecordedExtras() {
        model_.add_routers(2, "block_sparse_moe.gate.weight");
        model_.save();
    }
    /// A trace of two texts of two tokens, the second one shorter.
    std::string trace(const std::string& pieces, std::vector<int64_t> shape = {2, 2, 3},
                      int64_t width_of_rows = 3) {
        const std::vector<int32_t> experts = {0, 1, 2, 3, 1, 2, -1, -1}, tokens = {5, 9, 5, -1};
        std::vector<float> position(12, 0.5f), rows(static_cast<size_t>(4 * width_of_rows), 0.25f);
        position[4] = 7;
        size_t count = 1;
        for (const int64_t size : shape) count *= static_cast<size_t>(size);
        position.resize(count);
        std::map<std::string, std::string> metadata = {{"format", "hopscope.routing/1"}};
        if (!pieces.empty()) metadata["pieces"] = pieces;
        const std::string path = model_.folder() / "t.safetensors";
        EXPECT_TRUE(write_safetensors(
            path,
            {{"layers.1.hops.0.experts", "I32", {2, 2, 2}, experts.data(), 32},
             {"layers.1.hops.0.position", "F32", shape, position.data(), count * 4},
             {"layers.1.rows", "F32", {4, width_of_rows}, rows.data(), rows.size() * 4},
             {"tokens", "I32", {2, 2}, tokens.data(), 16}},
            metadata));
        return path;
    }
    Result<std::string> import(const std::string& file) {
        std::filesystem::remove_all(out_);
        return import_model({model_.dir(), {file}, out_}, {});
    }
    TinyModel model_;
    std::string out_ = model_.folder() / "run";
};

TEST_F(RecordedExtras, InputsAndPiecesStayInTheRun) {
    const auto made = import(trace(R"({"5": " the", "9": "\n", "77": "unused"})"));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(Json::parse(*made).at("traces")[0].at("holds"),
              Json({"experts", "position", "tokens", "pieces"}));
    const auto run = ImportedRun::open(out_);
    const auto routing = run->trace("t");
    ASSERT_TRUE(routing) << routing.error().message;
    EXPECT_EQ(routing->pieces, (TokenPieces{{5, " the"}, {9, "\n"}}));
    const RouterInputs& inputs = routing->layers[0].inputs;
    EXPECT_EQ(inputs.width, 3);
    ASSERT_EQ(inputs.position.size(), 12u);
    EXPECT_EQ(inputs.position[4], 7);
    EXPECT_EQ(inputs.rows, std::vector<float>(12, 0.25f));
    // Of a list those that occur are kept.
    ASSERT_TRUE(import(trace(R"(["0","1","2","3","4","five","6","7","8","nine"])")));
    EXPECT_EQ(ImportedRun::open(out_)->trace("t")->pieces, (TokenPieces{{5, "five"}, {9, "nine"}}));
}

TEST_F(RecordedExtras, WhatDoesNotFitIsNamed) {
    EXPECT_EQ(
        lacks(import(trace("", {2, 1, 3})), {"layers.1.hops.0.position", "[2, 1, 3]", "[2, 2, r]"}),
        "");
    EXPECT_EQ(lacks(import(trace("", {2, 2, 3}, 2)), {"layers.1.rows", "[4, 2]", "[4, 3]"}), "");
    EXPECT_EQ(lacks(import(trace("7")), {"t.safetensors", "pieces", "list of texts"}), "");
    EXPECT_EQ(lacks(import(trace("[")), {"pieces", "no JSON"}), "");
    EXPECT_EQ(lacks(import(trace(R"({"five": "x"})")), {"pieces", "no id"}), "");
    EXPECT_EQ(lacks(import(trace(R"({"5": 5})")), {"pieces", "id 5"}), "");
    EXPECT_EQ(lacks(import(trace(R"(["a", ["b"]])")), {"pieces", "id 1"}), "");
}

}  // namespace
}  // namespace hopscope::core
