// Coupling of imported models: planted experts whose alignment is known, and the sample models held
// against a plain singular value decomposition of their tensors. If these fail, a published model's
// routers are said to know their experts more or less than they do.
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

#include "core/analyses/imported_analyses.h"
#include "core/imported/import_model.h"
#include "core/measure/alignment.h"
#include "core/measure/model_space.h"
#include "core/measure/numbers.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core::analysis {
namespace {

using namespace test;
namespace fs = std::filesystem;

Result<AnalysisOutput> coupling_of(const std::string& run_dir) {
    const auto run = ImportedRun::open(run_dir);
    if (!run) return run.error();
    const ImportedContext context{*run};
    for (const ImportedAnalysis& one : imported_analyses())
        if (one.name == std::string("coupling")) return run_imported(one, context);
    return usage_error("no such analysis");
}

class ImportedCoupling : public testing::Test {
  protected:
    /// Rows e_i, and experts whose gate reads e_i, whose up reads the next one's, whose down writes
    /// along (e_i + e_next) / √2.
    ImportedCoupling() {
        for (const std::string layer : {"model.layers.0.", "model.layers.1."}) {
            model_.add(layer + "block_sparse_moe.gate.weight", {3, 3}, {2, 0, 0, 0, 3, 0, 0, 0, 4});
            for (size_t e = 0; e < 3; ++e) {
                std::vector<float> own(3), next(3);
                own[e] = next[(e + 1) % 3] = 5;
                const std::string expert =
                    layer + "block_sparse_moe.experts." + std::to_string(e) + ".";
                model_.add(expert + "w1.weight", {1, 3}, own);
                model_.add(expert + "w3.weight", {1, 3}, next);
                own[(e + 1) % 3] = 5;
                model_.add(expert + "w2.weight", {3, 1}, own);
            }
        }
        model_.add("model.layers.1.post_attention_layernorm.weight", {3}, {1, 1, 1});
    }
    Result<AnalysisOutput> result(bool experts = true) {
        model_.save();
        const auto text = import_model(
            {model_.dir(), {}, out_, experts ? AlignExperts(align_one_by_one) : AlignExperts()},
            {});
        EXPECT_TRUE(text) << text.error().message;
        return coupling_of(out_);
    }
    TinyModel model_;
    std::string out_ = model_.folder() / "run";
};

TEST_F(ImportedCoupling, IsWhatWasPlanted) {
    const auto output = result();
    ASSERT_TRUE(output) << output.error().message;
    EXPECT_EQ(output->n, 6);
    const auto json = output->result.json();
    ASSERT_EQ(json.at("layers").size(), 2u);
    EXPECT_EQ(json.at("layers")[0].at("gain_found"), false);
    EXPECT_EQ(json.at("layers")[1].at("gain_found"), true);
    EXPECT_EQ(json.at("layers")[1].at("inner"), 1);
    const auto& layer = json.at("layers")[1].at("alignment");
    ASSERT_EQ(layer.size(), 3u);
    const auto number = [](const OrderedJson& entry, const char* key) {
        const auto& found = entry.at(key);
        return (found.is_object() ? found.at("value") : found).get<double>();
    };
    const struct {
        const char* matrix;
        bool reads;
        double matched, mismatched, cosine;
    } kExpected[] = {{"gate", true, 1, 0, 1},
                     {"up", true, 0, 0.5, 0},
                     {"down", false, 0.5, 0.25, std::sqrt(0.5)}};
    for (size_t m = 0; m < 3; ++m) {
        EXPECT_EQ(layer[m].at("matrix"), kExpected[m].matrix);
        EXPECT_EQ(layer[m].at("reads"), kExpected[m].reads);
        EXPECT_EQ(layer[m].at("n"), 3);
        EXPECT_EQ(layer[m].at("k"), 1);
        EXPECT_NEAR(number(layer[m], "matched"), kExpected[m].matched, 1e-6);
        EXPECT_NEAR(number(layer[m], "mismatched"), kExpected[m].mismatched, 1e-6);
        EXPECT_NEAR(number(layer[m], "cosine"), kExpected[m].cosine, 1e-6);
        EXPECT_NEAR(number(layer[m], "random_baseline"), 1.0 / 3, 1e-12);
        EXPECT_EQ(layer[m].at("cosine").at("over"), "experts");
    }
    // The mean of the rows is (2/3, 1, 4/3), so that the first becomes (4/3, −1, −4/3).
    const double x = 2 - 2.0 / 3, length = x * x + 1 + 16.0 / 9;
    EXPECT_LT(number(layer[0].at("centred"), "matched"), 1);
    const auto run = *ImportedRun::open(out_);
    EXPECT_NEAR(run.alignment(1, "mlp", "gate", RowsTaken::centred)->matched[0], x * x / length,
                1e-6);
    ASSERT_EQ(json.at("alignment").size(), 3u);
    EXPECT_EQ(json.at("alignment")[0].at("router"), "mlp");
    EXPECT_EQ(json.at("alignment")[0].at("n"), 6) << "of both layers";
    std::string tables;
    for (const Table& table : output->tables) tables += table.csv();
    EXPECT_NE(tables.find("layer,router,matrix,rows,"), std::string::npos) << tables;
    EXPECT_NE(tables.find("\n1,mlp,2,gate,1,"), std::string::npos) << tables;
}

TEST_F(ImportedCoupling, WithoutExpertsItSaysWhatToDo) {
    EXPECT_EQ(lacks(result(false), {"experts were not read",
                                    "import the model again with "
                                    "--experts"}),
              "");
}

TEST_F(ImportedCoupling, AnExpertThatIsNotFiniteDoesNotCount) {
    model_.add("model.layers.0.block_sparse_moe.experts.1.w1.weight", {1, 3}, {NAN, 1, 1});
    const auto output = result();
    ASSERT_TRUE(output) << output.error().message;
    const auto json = output->result.json();
    const auto& gate = json.at("layers")[0].at("alignment")[0];
    EXPECT_EQ(gate.at("n"), 2);
    EXPECT_NEAR(gate.at("matched").get<double>(), 1, 1e-6);
    EXPECT_EQ(json.at("alignment")[0].at("n"), 5);
}

TEST_F(ImportedCoupling, WithoutAnyMeasuredExpertThereIsNoNumber) {
    for (const char* e : {"0", "1", "2"})
        model_.add(std::string("model.layers.0.block_sparse_moe.experts.") + e + ".w3.weight",
                   {1, 3}, {1, INFINITY, 1});
    const auto output = result();
    ASSERT_TRUE(output) << output.error().message;
    const auto up = output->result.json().at("layers")[0].at("alignment")[1];
    EXPECT_EQ(up.at("n"), 0);
    EXPECT_TRUE(up.at("matched").is_null());
    EXPECT_TRUE(up.at("cosine").at("value").is_null());
    EXPECT_EQ(output->result.json().at("alignment")[1].at("n"), 3);
}

/// A tensor of the folder, by its name.
at::Tensor tensor(const ModelFolder& model, const std::string& name) {
    const TensorView* found = model.find(name);
    if (!found) return {};
    const auto values = *model.values(*found);
    return at::from_blob(const_cast<float*>(values.data()), found->shape, at::kFloat).clone();
}

/// [E, inner, d] of gate (or nothing), up and down, by each family's own names.
struct Matrices {
    at::Tensor gate, up, down;
};
Matrices matrices_of(const ModelFolder& model, const std::string& family, const std::string& layer,
                     const std::string& pool, int64_t experts) {
    Matrices out;
    const auto half = [](const at::Tensor& both, int64_t part) {
        return both.chunk(2, 1)[static_cast<size_t>(part)];
    };
    if (family == "gpt_oss") {
        const auto both = tensor(model, layer + "mlp.experts.gate_up_proj").transpose(1, 2);
        out.gate = both.slice(1, 0, std::nullopt, 2);
        out.up = both.slice(1, 1, std::nullopt, 2);
        out.down = tensor(model, layer + "mlp.experts.down_proj");
    } else if (family == "jetmoe" && pool == "attention") {
        out.up = tensor(model, layer + "self_attention.experts.input_linear.weight");
        out.down =
            tensor(model, layer + "self_attention.experts.output_linear.weight").transpose(1, 2);
    } else if (family == "jetmoe") {
        const auto both = tensor(model, layer + "mlp.input_linear.weight");
        out.gate = half(both, 0);
        out.up = half(both, 1);
        out.down = tensor(model, layer + "mlp.output_linear.weight").transpose(1, 2);
    } else {
        const bool numbered = family == "mixtral";
        const std::string place = layer + (numbered ? "block_sparse_moe." : "mlp.") + "experts.";
        std::vector<at::Tensor> parts[3];
        for (int64_t e = 0; e < experts; ++e)
            for (size_t m = 0; m < 3; ++m) {
                const char* kNumbered[] = {"w1", "w3", "w2"};
                const char* kNamed[] = {"gate_proj", "up_proj", "down_proj"};
                parts[m].push_back(tensor(model, place + std::to_string(e) + "." +
                                                     (numbered ? kNumbered : kNamed)[m] +
                                                     ".weight"));
            }
        out.gate = at::stack(parts[0]);
        out.up = at::stack(parts[1]);
        out.down = at::stack(parts[2]).transpose(1, 2);
    }
    return out;
}

TEST(DataCoupling, OfTheSampleModelsIsThatOfAPlainDecomposition) {
    const char* data = std::getenv("HOPSCOPE_DATA");
    if (!data) GTEST_SKIP() << "skipped: HOPSCOPE_DATA not set";
    // Of small matrices one thread is faster, and beside other work by far.
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    size_t routers = 0;
    for (const auto& entry : fs::directory_iterator(std::string(data) + "/foreign")) {
        const TempFolder folder;
        const std::string dir = entry.path().string(), family = entry.path().filename();
        const auto text = import_model({dir, {}, folder / "run", align_one_by_one}, {});
        ASSERT_TRUE(text) << text.error().message;
        const auto run = *ImportedRun::open(folder / "run");
        const ModelFolder model = *ModelFolder::open(dir);
        for (const ModelLayer& layer : run.layout().layers)
            for (const ModelRouter& router : layer.routers) {
                const auto found =
                    matrices_of(model, family, "model.layers." + std::to_string(layer.index) + ".",
                                router.pool, router.experts);
                const auto rows = unit_rows(tensor(model, router.weight)).to(at::kDouble);
                for (const auto& [name, matrices] :
                     {std::pair("gate", found.gate), {"up", found.up}, {"down", found.down}}) {
                    if (!matrices.defined()) continue;
                    const auto a = run.alignment(layer.index, router.pool, name, RowsTaken::stored);
                    ASSERT_TRUE(a) << a.error().message;
                    EXPECT_EQ(matrices.size(1), router.inner) << family;
                    EXPECT_EQ(a->k, 1) << "1 % of less than 100";
                    const auto v = std::get<2>(
                        at::linalg_svd(matrices.to(at::kDouble), /*full_matrices=*/false));
                    // [j, i]: the first direction of expert j with row i.
                    const auto scores = at::matmul(v.select(1, 0), rows.t()).square();
                    const auto own = numbers(scores.diagonal());
                    const auto all = numbers(scores.sum(0));
                    for (size_t e = 0; e < own.size(); ++e) {
                        EXPECT_NEAR(a->matched[e], own[e], 1e-5) << family << " " << name;
                        EXPECT_NEAR(a->mismatched[e],
                                    (all[e] - own[e]) / static_cast<double>(own.size() - 1), 1e-5);
                    }
                }
                ++routers;
            }
        ASSERT_TRUE(coupling_of(folder / "run")) << family;
    }
    at::set_num_threads(threads);
    EXPECT_GE(routers, 15u);
}

}  // namespace
}  // namespace hopscope::core::analysis
