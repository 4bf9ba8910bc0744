// An import that reads experts: what is measured, kept, named and left out. If these fail, a run
// folder tells other alignments than were measured, or is left half made.
#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>
#include <limits>

#include "core/imported/import_model.h"
#include "core/imported/imported_run.h"
#include "core/run/safetensors_file.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core {
namespace {

using namespace test;
namespace fs = std::filesystem;

/// One matrix that was measured: the sets of rows, and what each expert has.
struct Asked {
    std::vector<std::vector<float>> row_sets;
    std::vector<std::vector<float>> matrices;
};

class ImportExperts : public testing::Test {
  protected:
    ImportExperts() {
        model_.add_routers(2, "block_sparse_moe.gate.weight");
        model_.add("model.layers.1.post_attention_layernorm.weight", {3}, {2, 3, 4});
        for (const char* layer : {"0", "1"})
            for (int e = 0; e < 4; ++e) {
                const std::string expert = expert_name(layer, e);
                for (const char* name : {"w1", "w3"}) model_.add(expert + name + ".weight", {2, 3});
                model_.add(expert + "w2.weight", {3, 2});
            }
    }
    static std::string expert_name(const std::string& layer, int expert) {
        return "model.layers." + layer + ".block_sparse_moe.experts." + std::to_string(expert) +
               ".";
    }
    /// In place of the measure: notes what it is given, and answers numbers that are told apart.
    AlignExperts noting() {
        return [this](const std::vector<std::vector<float>>& row_sets, int64_t experts,
                      const MatrixOfExpert& matrix) -> Result<std::vector<Alignment>> {
            Asked one{row_sets, {}};
            for (int64_t e = 0; e < experts; ++e) {
                auto values = matrix(e);
                if (!values) return values.error();
                one.matrices.push_back(*std::move(values));
            }
            asked_.push_back(std::move(one));
            std::vector<Alignment> out(row_sets.size());
            for (size_t set = 0; set < out.size(); ++set) {
                out[set].k = 7;
                double number = static_cast<double>(asked_.size() * 100 + set * 50);
                for (const auto& [name, list] : kAlignmentLists)
                    for (int64_t e = 0; e < experts; ++e) (out[set].*list).push_back(number++);
            }
            return out;
        };
    }
    Result<std::string> run(const Progress& progress = {}) {
        model_.save(2);
        return import_model({model_.dir(), {}, out_, noting()}, progress);
    }
    TinyModel model_;
    std::string out_ = model_.folder() / "out";
    std::vector<Asked> asked_;
};

TEST_F(ImportExperts, EachMatrixIsMeasuredAgainstRowsAndCentredRows) {
    const auto text = run();
    ASSERT_TRUE(text) << text.error().message;
    ASSERT_EQ(asked_.size(), 6u);  // gate, up and down of two layers
    const auto rows = model_.values("model.layers.1.block_sparse_moe.gate.weight");
    const std::vector<float> gain = {2, 3, 4};
    for (size_t matrix = 0; matrix < 3; ++matrix) {
        const Asked& one = asked_[3 + matrix];
        ASSERT_EQ(one.row_sets.size(), 2u);
        EXPECT_EQ(one.row_sets[0], rows) << "as they are stored";
        const bool writes = matrix == 2;
        for (size_t d = 0; d < 3; ++d) {
            float mean = 0;
            for (size_t e = 0; e < 4; ++e) mean += rows[e * 3 + d] / 4;
            for (size_t e = 0; e < 4; ++e)
                EXPECT_NEAR(one.row_sets[1][e * 3 + d],
                            (rows[e * 3 + d] - mean) * (writes ? gain[d] : 1), 1e-5)
                    << matrix;
        }
        const char* names[] = {"w1", "w3", "w2"};
        for (int e = 0; e < 4; ++e) {
            auto stored = model_.values(expert_name("1", e) + names[matrix] + ".weight");
            if (writes) stored = {stored[0], stored[2], stored[4], stored[1], stored[3], stored[5]};
            EXPECT_EQ(one.matrices[static_cast<size_t>(e)], stored) << names[matrix] << e;
        }
    }
}

TEST_F(ImportExperts, WhatWasMeasuredReadsBack) {
    const auto text = run();
    ASSERT_TRUE(text) << text.error().message;
    const auto opened = ImportedRun::open(out_);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_TRUE(opened->has_experts());
    const ModelRouter& router = *opened->layout().find(1, "mlp");
    EXPECT_EQ(router.expert_matrices, (std::vector<std::string>{"gate", "up", "down"}));
    EXPECT_EQ(router.inner, 2);
    EXPECT_EQ(router.directions, 7);
    // Layer 1's up was the fifth; its centred rows are the second set.
    const auto found = opened->alignment(1, "mlp", "up", RowsTaken::centred);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->k, 7);
    EXPECT_NEAR(found->baseline, 7.0 / 3, 1e-12);
    EXPECT_EQ(found->matched, (std::vector<double>{550, 551, 552, 553}));
    EXPECT_EQ(found->top10, (std::vector<double>{574, 575, 576, 577}));
    EXPECT_EQ(opened->alignment(0, "mlp", "gate", RowsTaken::stored)->matched[0], 100);
    EXPECT_EQ(*opened->rows(1, "mlp"),
              model_.values("model.layers.1.block_sparse_moe.gate.weight"));
    EXPECT_EQ(lacks(opened->alignment(0, "mlp", "query", RowsTaken::stored), {"query"}), "");
    const auto json = Json::parse(*text);
    EXPECT_EQ(json.at("experts_read"), true);
    EXPECT_EQ(json.at("layers")[0].at("routers")[0].at("experts_read"),
              Json::parse(R"({"matrices": ["gate", "up", "down"], "inner": 2, "directions": 7})"));
    const auto file = SafetensorsFile::open(imported_rows_path(out_));
    // Two routers, a gain, and of each router three matrices, two sets of rows, seven numbers.
    EXPECT_EQ(file->tensors().size(), 3u + 2 * 3 * 2 * 7);
}

TEST_F(ImportExperts, WithoutThemNothingIsSaidOfExperts) {
    model_.save(2);
    const auto text = import_model({model_.dir(), {}, out_}, {});
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_FALSE(ImportedRun::open(out_)->has_experts());
    EXPECT_EQ(Json::parse(*text).at("experts_read"), false);
    EXPECT_EQ(SafetensorsFile::open(imported_rows_path(out_))->tensors().size(), 3u);
}

TEST_F(ImportExperts, ItTellsHowFarItIsAndLeavesNothingWhenStopped) {
    std::vector<double> shares;
    Progress progress;
    progress.report = [&](const std::string& activity, double share) {
        if (activity.starts_with("reading experts")) shares.push_back(share);
    };
    progress.cancelled = [&] { return shares.size() > 9; };
    const auto stopped = run(progress);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
    EXPECT_FALSE(fs::exists(out_));
    EXPECT_EQ(contents_of(model_.folder().path()).size(), 5u) << "m and its four files";
    ASSERT_EQ(shares.size(), 10u) << "it stops before the next expert";
    EXPECT_EQ(shares.front(), 0);
    EXPECT_NEAR(shares.back(), 8.0 / 24, 1e-9);
}

TEST_F(ImportExperts, AnExpertThatIsNotFiniteIsLeftOutAndNamed) {
    model_.add(expert_name("1", 2) + "w3.weight", {2, 3},
               {1, 2, 3, std::numeric_limits<float>::infinity(), 5, 6});
    const auto text = run();
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_TRUE(asked_[4].matrices[2].empty());
    EXPECT_FALSE(asked_[4].matrices[1].empty());
    EXPECT_NE(text->find("layer 1: up of experts 2: numbers that are not finite"),
              std::string::npos)
        << *text;
}

TEST_F(ImportExperts, OfARouterThatIsNotFiniteNoExpertIsRead) {
    auto rows = model_.values("model.layers.0.block_sparse_moe.gate.weight");
    rows[4] = std::numeric_limits<float>::quiet_NaN();
    model_.add("model.layers.0.block_sparse_moe.gate.weight", {4, 3}, rows);
    double last = 0;
    Progress progress;
    progress.report = [&](const std::string&, double share) { last = std::max(last, share); };
    const auto text = run(progress);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(asked_.size(), 3u);
    EXPECT_NEAR(last, 23.0 / 24, 1e-9) << "they count as done";
    const auto opened = ImportedRun::open(out_);
    const auto found = opened->alignment(0, "mlp", "gate", RowsTaken::stored);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_TRUE(std::isnan(found->matched[0]));
}

TEST_F(ImportExperts, WhatHeadersTellIsRefusedBeforeTheWork) {
    model_.add(expert_name("1", 3) + "w2.weight", {3, 4});
    EXPECT_EQ(lacks(run(), {"experts.3.w2.weight", "F32 [3, 4]", "[3, 2] expected"}), "");
    EXPECT_TRUE(asked_.empty());
    EXPECT_FALSE(fs::exists(out_));
}

TEST_F(ImportExperts, ADamagedDocumentIsNamed) {
    const auto text = run();
    ASSERT_TRUE(text);
    const std::string file = out_ + "/imported.json";
    const auto refusal = [&](const std::string& from, const std::string& to,
                             const std::vector<std::string>& parts) {
        std::string changed = *text;
        changed.replace(changed.find(from), from.size(), to);
        put_bytes(file, changed);
        return lacks(ImportedRun::open(out_), parts);
    };
    EXPECT_EQ(refusal("\"inner\": 2", "\"inner\": 0", {"imported.json", "experts_read", "inner"}),
              "");
    EXPECT_EQ(refusal("\"up\"", "\"../x\"", {"imported.json", "matrices", "gate, up, down"}), "");
    EXPECT_EQ(refusal("\"directions\"", "\"direction\"", {"experts_read", "directions"}), "");
}

}  // namespace
}  // namespace hopscope::core
