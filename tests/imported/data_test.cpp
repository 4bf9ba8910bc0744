// Small models of published families, with what the library that runs them computes: choices equal
// as sets, weights within 1e-5, rows equal to the tensors of the files, both forms of a server's
// trace equal to what the model chose. Read from HOPSCOPE_DATA/foreign.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <set>

#include "core/imported/import_model.h"
#include "core/imported/imported_run.h"
#include "core/imported/router_tensors.h"
#include "core/imported/tensor_values.h"
#include "core/run/safetensors_file.h"
#include "tests/temp_folder.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

class DataForeign : public testing::Test {
  protected:
    void SetUp() override {
        const char* data = std::getenv("HOPSCOPE_DATA");
        if (!data) GTEST_SKIP() << "skipped: HOPSCOPE_DATA not set";
        for (const auto& entry : fs::directory_iterator(std::string(data) + "/foreign"))
            folders_.push_back(entry.path().string());
        ASSERT_GE(folders_.size(), 6u);
    }
    std::vector<std::string> folders_;
};

/// expert → weight of one token.
std::map<int32_t, float> choice(const std::vector<int32_t>& experts,
                                const std::vector<float>& weights, size_t token, size_t k) {
    std::map<int32_t, float> out;
    for (size_t i = token * k; i < (token + 1) * k; ++i) out[experts[i]] = weights[i];
    return out;
}

/// Compares against [40, k] of the file; returns how many tokens were.
size_t compare(const RoutedTokens& found, const SafetensorsFile& file, const std::string& router,
               size_t k) {
    const auto experts = *integer_values(*file.find(router + ".experts"), "expected");
    const auto weights = *float_values(*file.find(router + ".weights"), "expected");
    EXPECT_EQ(found.experts.size(), experts.size()) << router;
    for (size_t t = 0; t * k < experts.size(); ++t) {
        const auto ours = choice(found.experts, found.weights, t, k),
                   theirs = choice(experts, weights, t, k);
        for (const auto& [expert, weight] : theirs) {
            EXPECT_EQ(ours.count(expert), 1u) << router << " token " << t << " expert " << expert;
            if (ours.count(expert) == 0) continue;
            EXPECT_NEAR(ours.at(expert), weight, 1e-5) << router;
        }
    }
    return experts.size() / k;
}

TEST_F(DataForeign, RulesGiveTheLibrarysChoices) {
    for (const std::string& dir : folders_) {
        const auto model = ModelFolder::open(dir);
        ASSERT_TRUE(model) << model.error().message;
        const auto layout = layout_of(*model);
        ASSERT_TRUE(layout) << layout.error().message;
        EXPECT_TRUE(layout->warnings.empty()) << dir << ": " << layout->warnings[0];
        EXPECT_EQ(layout->family, fs::path(dir).filename());
        const auto file = SafetensorsFile::open(dir + "/expected_routing.safetensors");
        ASSERT_TRUE(file);
        size_t tokens = 0, routers = 0;
        for (const ModelLayer& layer : layout->layers)
            for (const ModelRouter& router : layer.routers) {
                const std::string name = router_prefix(layer.index, router.pool);
                const auto tensors = *read_router(*model, *layout, router);
                const auto k = static_cast<size_t>(layout->rule.top_k);
                const auto input = *float_values(*file->find(name + ".input"), "expected");
                for (const auto& logits :
                     {*float_values(*file->find(name + ".logits"), "expected"),
                      router_logits(tensors.rows, tensors.bias, input, router.experts)})
                    tokens += compare(
                        apply_rule(layout->rule, logits, tensors.correction, router.experts), *file,
                        name, k);
                ++routers;
            }
        EXPECT_EQ(tokens, routers * 2 * 40) << dir;
        EXPECT_EQ(routers * 4 + 1, file->tensors().size()) << dir;
    }
}

TEST_F(DataForeign, ImportsHoldRowsAndBothTraces) {
    for (const std::string& dir : folders_) {
        const test::TempFolder folder;
        const std::string out = folder / "run";
        const auto text = import_model(
            {dir, {dir + "/trace_npy_uint8.json", dir + "/trace_raw_int32.json"}, out}, {});
        ASSERT_TRUE(text) << dir << ": " << text.error().message;
        const auto run = ImportedRun::open(out);
        ASSERT_TRUE(run) << run.error().message;
        const auto model = ModelFolder::open(dir);
        for (const ModelLayer& layer : run->layout().layers)
            for (const ModelRouter& router : layer.routers)
                EXPECT_EQ(*run->rows(layer.index, router.pool),
                          *model->values(*model->find(router.weight)))
                    << router.weight;
        const auto file = SafetensorsFile::open(dir + "/expected_routing.safetensors");
        for (const char* name : {"trace_npy_uint8", "trace_raw_int32"}) {
            const auto trace = run->trace(name);
            ASSERT_TRUE(trace) << trace.error().message;
            EXPECT_EQ(trace->length, 39);
            EXPECT_EQ(trace->layers.size(), run->layout().mixture_layers().size());
            for (const RecordedLayer& layer : trace->layers) {
                const auto experts = *integer_values(
                    *file->find(router_prefix(layer.layer, layer.pool) + ".experts"), "expected");
                const auto k = static_cast<size_t>(layer.top_k);
                for (size_t t = 0; t < 39; ++t)
                    EXPECT_EQ(std::set(layer.chosen.begin() + static_cast<int64_t>(t * k),
                                       layer.chosen.begin() + static_cast<int64_t>(t * k + k)),
                              std::set(experts.begin() + static_cast<int64_t>(t * k),
                                       experts.begin() + static_cast<int64_t>(t * k + k)))
                        << dir << " " << name << " layer " << layer.layer << " token " << t;
            }
            const auto tokens = *integer_values(*file->find("tokens"), "expected");
            // The other form does not tell the ids of the prompt.
            EXPECT_EQ(trace->tokens.size(), std::string(name) == "trace_npy_uint8" ? 39u : 0u);
            EXPECT_TRUE(std::equal(trace->tokens.begin(), trace->tokens.end(), tokens.begin()));
        }
    }
}

}  // namespace
}  // namespace hopscope::core
