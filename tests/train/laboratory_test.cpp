// intervene and analyze on a trained run: if these fail, a document lacks what product.md promises
// or its numbers do not repeat.
#include <nlohmann/json.hpp>

#include "tests/train/run_helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::core;
using namespace hopscope::test;
using nlohmann::json;

class Laboratory : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        runs_ = new TempRuns;
        lab::TrainOptions options;
        options.config_path = write_config(*runs_ / "c.toml", write_corpus(*runs_ / "corpus.txt"));
        options.overrides = {"train.steps=20", "train.eval_every=20", "train.checkpoint_every=20",
                             "train.snapshot_every=10"};
        options.out = *runs_ / "run";
        const auto done = lab::train(options);
        ASSERT_TRUE(done.ok()) << done.error().message;
    }
    static void TearDownTestSuite() {
        delete runs_;
        runs_ = nullptr;
    }
    lab::InterveneOptions steer() const {
        lab::InterveneOptions o;
        o.run = *runs_ / "run";
        o.script = {
            *parse_command(R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 2})")};
        o.controls = 3;
        return o;
    }
    std::string prompts(const std::string& text) const {
        const auto path = *runs_ / "prompts.jsonl";
        std::ofstream(path) << text;
        return path;
    }
    static TempRuns* runs_;
};
TempRuns* Laboratory::runs_ = nullptr;

TEST_F(Laboratory, InterveneReportsEffectAndControlAndRepeatsExactly) {
    auto o = steer();
    o.prompts = prompts(R"({"text": "the baker walks to", "target": " the"})"
                        "\n"
                        R"({"text": "my sister looks at"})"
                        "\n");
    const auto first = lab::intervene(o), again = lab::intervene(o);
    ASSERT_TRUE(first.ok()) << first.error().message;
    EXPECT_EQ(*first, *again);
    const auto j = json::parse(*first);
    EXPECT_EQ(j["format"], "hopscope.intervene/1");
    EXPECT_EQ(j["step"], 20);
    ASSERT_EQ(j["prompts"].size(), 2u);
    for (const auto& p : j["prompts"]) {
        EXPECT_GT(p["kl"].get<double>(), 0.0);
        EXPECT_EQ(p["jaccard"].size(), 2u);
        EXPECT_EQ(p["control"]["draws"], 3);
        EXPECT_TRUE(p["control"]["delta_p_mean"].contains("target"));
        EXPECT_NEAR(p["base"]["nll"].get<double>(), -std::log(p["base"]["p_target"].get<double>()),
                    1e-9);
    }
    EXPECT_EQ(j["summary"]["kl"]["n"], 2);
    o.seed = 43;
    EXPECT_NE(*lab::intervene(o), *first) << "the control must depend on the seed";
}

TEST_F(Laboratory, NothingChangedMeansNoEffect) {
    auto o = steer();
    o.script = {*parse_command(R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 0})")};
    const auto got = lab::intervene(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    for (const auto& p : json::parse(*got)["prompts"]) {
        EXPECT_NEAR(p["kl"].get<double>(), 0.0, 1e-9);
        for (const auto& x : p["jaccard"]) EXPECT_EQ(x, 1.0);
        EXPECT_FALSE(p["changed"]["token_changed"].get<bool>());
    }
}

TEST_F(Laboratory, PromptFilesAreRefusedWithTheirLine) {
    for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
             {"{\"text\": \"a\"}\nnothing\n", ":2:"},
             {"{\"text\": \"a\", \"topic\": \"b\"}\n", "topic"},
             {"{\"text\": \"\"}\n", "empty"},
             {"\n\n", "no prompt"},
             {"{\"text\": \"a\", \"categories\": [\"moon\"]}\n", "moon"}}) {
        auto o = steer();
        o.prompts = prompts(text);
        const auto got = lab::intervene(o);
        ASSERT_FALSE(got.ok()) << text;
        EXPECT_EQ(got.error().kind, ErrorKind::usage);
        EXPECT_NE(got.error().message.find(word), std::string::npos) << got.error().message;
    }
}

TEST_F(Laboratory, EveryAnalysisRunsAndHoldsItsFields) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    const auto got = lab::analyze(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    std::map<std::string, json> by_name;
    const auto all = json::parse(*got);
    for (const auto& a : all["analyses"]) by_name[a["name"]] = a;
    for (const auto& [name, field] :
         std::vector<std::pair<std::string, std::string>>{{"jaccard", "per_layer"},
                                                          {"echo", "per_layer"},
                                                          {"identity", "share_abs_under_0_2"},
                                                          {"load", "layers"},
                                                          {"confidence", "layers"},
                                                          {"norms", "mean"},
                                                          {"collinearity", "layers"},
                                                          {"zeroing", "perplexity_zeroed"},
                                                          {"frozen_routing", "jaccard_frozen"},
                                                          {"coupling", "alignment"},
                                                          {"amplification", "first_hop_alone"},
                                                          {"drift", "intervals"},
                                                          {"grad_norms", "loss_phases"},
                                                          {"density", "layers"},
                                                          {"hop_knockout", "proposed_hops"}}) {
        ASSERT_TRUE(by_name.count(name)) << name;
        ASSERT_FALSE(by_name[name].contains("skipped")) << by_name[name].dump();
        EXPECT_TRUE(by_name[name]["result"].contains(field)) << name;
        EXPECT_GT(by_name[name]["n"].get<int64_t>(), 0) << name;
        EXPECT_FALSE(by_name[name]["definition"].get<std::string>().empty());
    }
    EXPECT_EQ(by_name["frozen_routing"]["result"]["jaccard_frozen"], 1.0);
    EXPECT_EQ(by_name["load"]["result"]["layers"][0]["counts"].size(), 16u);

    const auto& jaccard = by_name["jaccard"]["result"];
    ASSERT_EQ(jaccard["between_steps"].size(), 1u);
    EXPECT_EQ(jaccard["between_steps"][0]["from"], 10);
    EXPECT_EQ(jaccard["between_layers"][0]["layers"], json::array({0, 1}));
    // Two pairs of 16, drawn evenly: Σ P(i) i / (4 − i) = (28 / 120) / 3 + (1 / 120).
    EXPECT_NEAR(jaccard["between_layers"][0]["random"].get<double>(), 28.0 / 360 + 1.0 / 120, 1e-9);

    const auto& drift = by_name["drift"]["result"];
    EXPECT_GT(drift["intervals"][0]["angle_degrees"][0].get<double>(), 0);
    // Jaccard and the share of changed choices tell of the same pairs of sets.
    const double changed = drift["intervals"][0]["choices_changed"][0];
    const double kept = jaccard["between_steps"][0]["per_layer"][0];
    EXPECT_LE(kept, 1 - changed);
    EXPECT_GE(kept, (1 - changed) / 2);

    const auto& coupling = by_name["coupling"]["result"];
    ASSERT_EQ(coupling["alignment"].size(), 2u);
    EXPECT_EQ(coupling["alignment"][0]["matrix"], "down");
    EXPECT_EQ(coupling["alignment"][0]["n"], 32);
    EXPECT_NEAR(coupling["alignment"][0]["random_baseline"].get<double>(), 1.0 / 32, 1e-12);
    EXPECT_GT(coupling["spearman"]["groups"].get<int>(), 0);
    EXPECT_EQ(coupling["deciles"].size(), 10u);
    EXPECT_EQ(coupling["ranks"].size(), 2u);
    EXPECT_GT(coupling["ranks"][0]["score_per_layer"][0],
              coupling["ranks"][1]["score_per_layer"][0]);
    EXPECT_LT(std::abs(coupling["gradient"]["cosine"].get<double>()), 1.0);

    const auto& amplified = by_name["amplification"]["result"];
    EXPECT_LE(amplified["layers"][0]["r2"].get<double>(), 1.0);
    EXPECT_EQ(amplified["perplexity_base"], by_name["zeroing"]["result"]["perplexity_base"]);
    const auto& norms = by_name["grad_norms"]["result"]["groups"];
    EXPECT_GT(norms["total"]["median"].get<double>(), norms["router"]["median"].get<double>());
    EXPECT_GE(by_name["density"]["result"]["layers"][0]["margin"]["mean"].get<double>(), 0);

    // What was recorded while it trained is what the newest checkpoint shows.
    const auto records = records_of(*runs_ / "run");
    ASSERT_EQ(records.size(), 20u);
    for (const auto& r : records)
        for (const auto& layer : r.layers)
            EXPECT_EQ(std::isnan(layer.coupling), r.step % 10 != 0) << r.step;
    for (size_t l = 0; l < 2; ++l) {
        const auto& seen = by_name["collinearity"]["result"]["layers"][l];
        const auto& recorded = records.back().layers[l];
        EXPECT_NEAR(seen["mean_cosine"].get<double>(), recorded.collinearity, 1e-5);
        EXPECT_NEAR(seen["nearest_cosine"].get<double>(), recorded.nearest_cosine, 1e-5);
        EXPECT_NEAR(coupling["layers"][l]["alignment"][0]["cosine"].get<double>(),
                    recorded.coupling, 1e-5);
        EXPECT_EQ(seen["model_space"].size(), 1u);
    }
}

TEST_F(Laboratory, CouplingSaysWhatARunLacks) {
    const auto refusal = [&](const std::string& name, std::vector<std::string> settings) {
        lab::TrainOptions options;
        options.config_path = *runs_ / "c.toml";
        options.overrides = {"train.steps=2"};
        options.overrides.insert(options.overrides.end(), settings.begin(), settings.end());
        options.out = *runs_ / name;
        const auto done = lab::train(options);
        EXPECT_TRUE(done.ok()) << (done ? "" : done.error().message);
        lab::AnalyzeOptions o;
        o.run = options.out;
        o.what = "coupling";
        const auto got = lab::analyze(o);
        return got ? std::string("nothing") : got.error().message;
    };
    EXPECT_EQ(refusal("hash", {"moe.router=\"hash\""}),
              "coupling: a hash router has no rows that could point where an expert reads");
    EXPECT_EQ(refusal("dense", {"model.ffn=\"dense\""}), "coupling: a dense model has no router");
    EXPECT_EQ(refusal("static", {"moe.expert=\"static\""}),
              "coupling: static experts read nothing");
}

}  // namespace
