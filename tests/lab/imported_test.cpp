// Published models through the subcommands: if these fail, route says other numbers than its rule,
// a refusal does not tell what to give, or an imported run is taken for one that trains.
#include <gtest/gtest.h>
#include <set>

#include "core/api/lab.h"
#include "core/base/files.h"
#include "core/base/json.h"
#include "core/run/safetensors_file.h"
#include "tests/imported/replies.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core::lab {
namespace {

using namespace test;

class Imported : public testing::Test {
  protected:
    Imported() {
        model_.config["model_type"] = "jetmoe";
        for (const char* router :
             {"mlp.router.layer.weight", "self_attention.experts.router.layer.weight"})
            model_.add_routers(2, router);
        model_.add("model.layers.0.mlp.router.layer.weight", {4, 3},
                   {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0});
        model_.save();
        options_.model = model_.dir();
    }
    std::string inputs(const std::string& name, std::vector<int64_t> shape,
                       const std::vector<float>& values) {
        const std::string path = model_.folder() / (name + ".safetensors");
        EXPECT_TRUE(write_safetensors(
            path, {{name, "F32", std::move(shape), values.data(), values.size() * 4}}, {}));
        return path;
    }
    Result<std::string> routed(const std::string& file) {
        options_.inputs = file;
        return route(options_);
    }
    TinyModel model_;
    RouteOptions options_;
};

TEST_F(Imported, RouteFromInputAndFromLogitsIsTheSame) {
    const auto from_input = routed(inputs("input", {2, 3}, {2, 1, 0, 0, 0, 5}));
    ASSERT_TRUE(from_input) << from_input.error().message;
    const auto told = Json::parse(*from_input);
    EXPECT_EQ(told.at("format"), "hopscope.route/1");
    EXPECT_EQ(told.at("rule"), "top_k_softmax");
    EXPECT_EQ(told.at("pool"), "mlp");
    // Logits 2, 1, 0, 3 and 0, 0, 5, 0.
    EXPECT_EQ(told.at("experts"), Json({{3, 0}, {2, 0}}));
    EXPECT_NEAR(told.at("weights")[0][0].get<double>(), 1 / (1 + std::exp(-1.0)), 1e-6);
    const auto from_logits = routed(inputs("logits", {2, 4}, {2, 1, 0, 3, 0, 0, 5, 0}));
    ASSERT_TRUE(from_logits) << from_logits.error().message;
    EXPECT_EQ(*from_logits, *from_input);
    options_.out = model_.folder() / "out.safetensors";
    const auto written = routed(inputs("input", {2, 3}, {2, 1, 0, 0, 0, 5}));
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(Json::parse(*written).at("file"), options_.out);
    const auto file = SafetensorsFile::open(options_.out);
    ASSERT_TRUE(file->expect("experts", "I32", {2, 2}));
    ASSERT_TRUE(file->expect("weights", "F32", {2, 2}));
    const auto* experts = static_cast<const int32_t*>(file->find("experts")->data);
    EXPECT_EQ(std::vector<int32_t>(experts, experts + 4), (std::vector<int32_t>{3, 0, 2, 0}));
}

TEST_F(Imported, RouteSaysWhatItCannotTake) {
    const std::string good = inputs("input", {1, 3}, {1, 2, 3});
    options_.layer = 7;
    EXPECT_EQ(lacks(routed(good), {"--layer", "found 7", "0, 1"}), "");
    options_.layer = 1;
    options_.pool = "other";
    EXPECT_EQ(lacks(routed(good), {"--pool", "other", "mlp, attention"}), "");
    options_.pool = "attention";
    EXPECT_TRUE(routed(good));
    EXPECT_EQ(lacks(routed(inputs("input", {1, 4}, {1, 2, 3, 4})), {"[1, 4]", "[tokens, 3]"}), "");
    EXPECT_EQ(lacks(routed(inputs("other", {1, 3}, {1, 2, 3})), {"neither", "input", "logits"}),
              "");
    EXPECT_EQ(lacks(routed(inputs("input", {0, 3}, {})), {"[0, 3]"}), "");
    EXPECT_EQ(lacks(routed(inputs("input", {2, 3}, {1, 2, 3, 4, NAN, 6})),
                    {"input", "token 1, place 1", "nan"}),
              "");
    EXPECT_EQ(lacks(routed(inputs("logits", {1, 4}, {1, INFINITY, 3, 4})), {"place 1", "inf"}), "");
    options_.layer = 0;
    options_.pool = "";
    EXPECT_EQ(lacks(routed(inputs("input", {1, 3}, {3e38f, 3e38f, 0})),
                    {"logits from input", "place 3", "inf"}),
              "");
    options_.out = model_ / "model.safetensors";
    EXPECT_EQ(lacks(routed(inputs("input", {1, 3}, {1, 2, 3})), {"--out", "model.safetensors"}),
              "");
    options_.out = "";
    model_.config.erase("num_experts_per_tok");
    model_.save();
    EXPECT_EQ(lacks(route(options_), {"layer 0", "number of experts a token is not known"}), "");
    model_.config["model_type"] = "new_moe";
    model_.save();
    // Of a family that is not known the pools are called as their tensors.
    options_.pool = "mlp.router.layer";
    EXPECT_EQ(lacks(route(options_), {"unknown", "rule"}), "");
}

TEST_F(Imported, NothingThatTrainsTakesIt) {
    const std::string out = model_.folder() / "run";
    ImportOptions import;
    import.model = model_.dir();
    import.traces = {model_.folder().write("t.json", sglang_reply({0, 1, 2, 3, 1, 0, 3, 1}))};
    import.out = out;
    ASSERT_TRUE(import_model(import));
    const std::vector<std::string> says = {"imported model", "hopscope analyze"};
    EvalOptions eval_options;
    eval_options.run = out;
    EXPECT_EQ(lacks(eval(eval_options), says), "");
    TraceOptions trace_options;
    trace_options.run = out;
    trace_options.text = "a";
    EXPECT_EQ(lacks(trace(trace_options), says), "");
    TrainOptions train_options;
    train_options.out = out;
    train_options.resume = true;
    EXPECT_EQ(lacks(train(train_options), says), "");
    HaltingOptions halting_options;
    halting_options.runs = {out};
    EXPECT_EQ(lacks(halting(halting_options), says), "");
    InterveneOptions intervene_options;
    intervene_options.run = out;
    EXPECT_EQ(lacks(intervene(intervene_options), says), "");
    CompareOptions compare_options;
    compare_options.runs = {out, out};
    EXPECT_EQ(lacks(compare(compare_options), says), "");
    EXPECT_FALSE(look_at_run(out));
}

// Wrong if a model of very many experts takes memory by their square.
TEST_F(Imported, PairsOfTooManyExpertsAreRefusedByName) {
    TinyModel many;
    many.config["num_local_experts"] = 8193;
    many.config["hidden_size"] = 1;
    many.config["num_hidden_layers"] = 1;
    many.add_routers(1, "mlp.gate.weight", 8193, 1);
    ImportOptions import;
    import.model = many.save();
    import.traces = {many.folder().write("t.json", sglang_reply({0, 8192, 2, 3}))};
    import.out = many.folder() / "run";
    const auto made = import_model(import);
    ASSERT_TRUE(made) << made.error().message;
    AnalyzeOptions options;
    options.run = import.out;
    for (const char* what :
         {"coactivation", "collinearity", "density", "succession", "gate_against_use"}) {
        options.what = what;
        EXPECT_EQ(lacks(analyze(options), {what, "layers.0", "8193", "8192"}), "");
    }
    options.what = "all";
    const auto all = analyze(options);
    ASSERT_TRUE(all) << all.error().message;
    for (const auto& one : Json::parse(*all).at("analyses"))
        EXPECT_EQ(one.contains("skipped"), one.at("name") != "load" && one.at("name") != "jaccard")
            << one.at("name");
}

TEST_F(Imported, AnalyzeAndInfoTakeIt) {
    ImportOptions import;
    import.model = model_.dir();
    import.traces = {model_.folder().write("t.json", sglang_reply({0, 1, 2, 3, 1, 0, 3, 1}))};
    import.out = model_.folder() / "run";
    ASSERT_TRUE(import_model(import));
    AnalyzeOptions options;
    options.run = import.out;
    options.out = model_.folder() / "analysis";
    const auto all = analyze(options);
    ASSERT_TRUE(all) << all.error().message;
    const auto documents = Json::parse(*all);
    // What choices of one short text without ids, and one model alone, cannot tell.
    const std::set<std::string> skipped = {"saturation", "confidence", "cross_seed",
                                           "contexts",   "domains",    "gate_against_use",
                                           "coupling"};
    EXPECT_EQ(documents.at("analyses").size(), 16u);
    for (const auto& one : documents.at("analyses")) {
        EXPECT_EQ(one.at("run"), "run");
        EXPECT_EQ(one.contains("skipped"), skipped.contains(one.at("name"))) << one.at("name");
    }
    EXPECT_TRUE(file_exists(options.out + "/load.csv"));
    options.out = "";
    options.what = "load";
    EXPECT_EQ(Json::parse(*analyze(options)).at("traces"), Json({"t"}));
    options.what = "echo";
    EXPECT_EQ(lacks(analyze(options), {"echo", "imported model", "collinearity"}), "");
    options.what = "successoin";
    EXPECT_EQ(lacks(analyze(options), {"did you mean", "succession"}), "");
    options.what = "load";
    options.against = import.out;
    EXPECT_EQ(lacks(analyze(options), {"--against", "leave it out"}), "");
    options.what = "cross_seed";
    const auto itself = analyze(options);
    ASSERT_TRUE(itself) << itself.error().message;
    EXPECT_EQ(Json::parse(*itself).at("against").at("run"), "run");
    options.against = model_.dir();
    EXPECT_EQ(lacks(analyze(options), {"run"}), "");
    for (const std::string& target : {import.out, model_.dir()}) {
        const auto told = info(target, false, {});
        ASSERT_TRUE(told) << told.error().message;
        const auto document = Json::parse(*told);
        EXPECT_EQ(document.at("format"), "hopscope.info/1");
        EXPECT_EQ(document.at("family"), "jetmoe");
        EXPECT_EQ(document.at("router_parameters"), 48);
        EXPECT_EQ(document.contains("run_info"), target == import.out);
    }
}

TEST_F(Imported, ExpertsAreReadWhereTheyAreAskedFor) {
    for (const char* layer : {"model.layers.0.", "model.layers.1."}) {
        const std::string before = layer;
        model_.add(before + "mlp.input_linear.weight", {4, 10, 3});
        model_.add(before + "mlp.output_linear.weight", {4, 3, 5});
        model_.add(before + "self_attention.experts.input_linear.weight", {4, 2, 3});
        model_.add(before + "self_attention.experts.output_linear.weight", {4, 3, 2});
    }
    model_.save();
    AnalyzeOptions options;
    options.what = "coupling";
    for (const bool experts : {false, true}) {
        ImportOptions import;
        import.model = model_.dir();
        import.experts = experts;
        import.out = model_.folder() / (experts ? "with" : "without");
        const auto made = import_model(import);
        ASSERT_TRUE(made) << made.error().message;
        EXPECT_EQ(Json::parse(*info(import.out, false, {})).at("experts_read"), experts);
        options.run = import.out;
        const auto found = analyze(options);
        if (!experts) {
            EXPECT_EQ(lacks(found, {import.out, "coupling", "--experts"}), "");
            continue;
        }
        ASSERT_TRUE(found) << found.error().message;
        const auto document = Json::parse(*found);
        EXPECT_EQ(document.at("n"), 16);
        EXPECT_FALSE(document.contains("traces")) << "it rests on none";
        // Gate, up and down of each layer's own experts, up and down of those of attention.
        EXPECT_EQ(document.at("result").at("alignment").size(), 5u);
        EXPECT_EQ(document.at("result").at("layers").at(1).at("router"), "attention");
    }
}

}  // namespace
}  // namespace hopscope::core::lab
