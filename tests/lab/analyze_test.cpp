// analyze on a trained run: if these fail, a document lacks what docs/formats.md promises or its
// numbers do not repeat.
#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/analyses/measured.h"
#include "core/base/utf8.h"
#include "core/trainer/open_run.h"
#include "tests/analyses/run_named.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;

class Analyze : public SharedRuns {
  protected:
    static void SetUpTestSuite() {
        SharedRuns::SetUpTestSuite();
        train_run("run", {"train.threads=1", "train.steps=20", "train.eval_every=20",
                          "train.checkpoint_every=20", "train.snapshot_every=10"});
    }
};

TEST_F(Analyze, HopsThatWriteNextToNothingAreNotProposed) {
    auto run = open_run(*runs_ / "run", Precision::fp32);
    ASSERT_TRUE(run.ok()) << run.error().message;
    run->model.weights.layers[1].up.zero_();
    analysis::Measured measured(*run, "");
    analysis::AnalysisContext context{run->folder, run->model.config};
    context.model = &*run;
    context.measured = &measured;
    const auto found = run_named("hop_knockout", context);
    ASSERT_TRUE(found.ok()) << found.error().message;
    const auto result = json::parse(found->result.json().dump());
    const double first = result["per_layer"][0][0]["value"],
                 last = result["per_layer"][0][1]["value"];
    EXPECT_GT(first, 0);
    // Up to the last hop above a tenth of the dearest of all; one hop is the least.
    EXPECT_EQ(result["proposed_hops"],
              json::array({last >= 0.1 * std::max(first, last) ? 2 : 1, 1}));
}

// Wrong if a number of the load were not that of the counts beside it.
TEST_F(Analyze, LoadIsToldOfItsCounts) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    o.what = "load";
    const auto got = lab::analyze(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    const json document = json::parse(*got);
    ASSERT_EQ(document["result"]["layers"].size(), 2u);
    for (const auto& layer : document["result"]["layers"]) {
        auto counts = layer["counts"].get<std::vector<double>>();
        std::sort(counts.rbegin(), counts.rend());
        const double n = static_cast<double>(counts.size()),
                     total = std::accumulate(counts.begin(), counts.end(), 0.0);
        ASSERT_GT(counts.size(), 5u);
        EXPECT_NEAR(layer["top5_share"],
                    std::accumulate(counts.begin(), counts.begin() + 5, 0.0) / total, 1e-12);
        EXPECT_NEAR(layer["max_over_mean"], counts.front() * n / total, 1e-12);
        EXPECT_EQ(layer["dead"], std::count(counts.begin(), counts.end(), 0.0));
    }
}

TEST_F(Analyze, EveryAnalysisRunsAndHoldsItsFields) {
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
                                                          {"router_gradient", "all_layers"},
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

    const auto& knocked = by_name["hop_knockout"]["result"]["experts"];
    ASSERT_EQ(knocked["per_layer"].size(), 2u);
    for (size_t l = 0; l < 2; ++l) {
        const auto& first = knocked["per_layer"][l];
        const double kl = first["value"], second = knocked["control"]["per_layer"][l]["value"];
        EXPECT_GT(kl, 0);
        EXPECT_GT(second, 0);
        EXPECT_EQ(first["n"], by_name["hop_knockout"]["n"]);
        EXPECT_NEAR(knocked["control"]["difference"][l]["value"].get<double>(), kl - second, 1e-12);
        EXPECT_LE(first["ci95"][0].get<double>(), kl);
        EXPECT_GE(knocked["largest"][l].get<double>(), kl);
        EXPECT_EQ(knocked["per_hop"][l].size(),
                  by_name["hop_knockout"]["result"]["per_layer"][l].size());
    }

    const auto& drift = by_name["drift"]["result"];
    EXPECT_GT(drift["intervals"][0]["angle_degrees"][0]["value"].get<double>(), 0);
    // Jaccard and the share of changed choices tell of the same pairs of sets.
    const double changed = drift["intervals"][0]["choices_changed"][0]["value"];
    const double kept = jaccard["between_steps"][0]["per_layer"][0]["value"];
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
    // The number of the run is that of its layers' experts together.
    double gradient = 0, experts = 0;
    for (const auto& layer : coupling["layers"]) {
        const auto& match = layer["gradient"]["match"];
        gradient += match["n"].get<double>() * match["cosine"]["value"].get<double>();
        experts += match["n"].get<double>();
    }
    ASSERT_GT(experts, 0);
    EXPECT_EQ(coupling["gradient"]["n"], experts);
    const auto& cosine = coupling["gradient"]["cosine"];
    EXPECT_EQ(cosine["n"], experts);
    EXPECT_NEAR(cosine["value"].get<double>(), gradient / experts, 1e-9);
    EXPECT_NE(cosine["value"], coupling["gradient"]["cosine_mismatched"]);

    const auto& amplified = by_name["amplification"]["result"];
    for (const auto& layer : amplified["layers"]) {
        const double r2 = layer["r2"]["value"];
        EXPECT_GT(r2, 0.0) << "the first hop is a part of the sum";
        EXPECT_LT(r2, 1.0) << "and not all of it";
        for (const char* name : {"a", "r2"}) {
            EXPECT_LE(layer[name]["ci95"][0], layer[name]["value"]) << name;
            EXPECT_GE(layer[name]["ci95"][1], layer[name]["value"]) << name;
        }
    }
    lab::EvalOptions one_hop;
    one_hop.run = o.run;
    one_hop.hops = 1;
    const auto evaluated = lab::eval(one_hop);
    ASSERT_TRUE(evaluated.ok()) << evaluated.error().message;
    EXPECT_NEAR(amplified["first_hop_alone"]["perplexity_first_hop"].get<double>(),
                json::parse(*evaluated)["perplexity"].get<double>(), 1e-3)
        << "a = 1 is the model with one hop";
    EXPECT_NE(amplified["perplexity_amplified"],
              amplified["first_hop_alone"]["perplexity_first_hop"]);
    EXPECT_EQ(amplified["perplexity_base"], by_name["zeroing"]["result"]["perplexity_base"]);
    const auto& norms = by_name["grad_norms"]["result"]["groups"];
    EXPECT_GT(norms["total"]["median"].get<double>(), norms["router"]["median"].get<double>());
    for (size_t l = 0; l < 2; ++l) {
        const auto& crowd = by_name["density"]["result"]["layers"][l];
        const auto& rows = by_name["collinearity"]["result"]["layers"][l];
        EXPECT_EQ(crowd["effective_rank"], rows["effective_rank"]);
        EXPECT_NEAR(crowd["per_effective_dimension"].get<double>(),
                    16 / crowd["effective_rank"].get<double>(), 1e-9);
        // Of two cosines times tau = 30, over batches that differ.
        const double margin = crowd["margin"]["value"];
        EXPECT_GT(margin, 0.01);
        EXPECT_LT(margin, 60.0);
        EXPECT_LT(crowd["margin"]["ci95"][0], margin);
        EXPECT_GT(crowd["margin"]["ci95"][1], margin);
    }

    // What was recorded while it trained is what the newest checkpoint shows.
    const auto records = records_of(*runs_ / "run");
    ASSERT_EQ(records.size(), 20u);
    for (const auto& r : records)
        for (const auto& layer : r.layers)
            for (const float recorded :
                 {layer.coupling, layer.score_spearman, layer.gradient_cosine}) {
                EXPECT_EQ(std::isnan(recorded), r.step % 10 != 0) << r.step;
                EXPECT_FALSE(std::abs(recorded) > 1) << "a correlation or a cosine";
            }
    for (size_t l = 0; l < 2; ++l) {
        const auto& seen = by_name["collinearity"]["result"]["layers"][l];
        const auto& recorded = records.back().layers[l];
        EXPECT_NEAR(seen["mean_cosine"].get<double>(), recorded.collinearity, 1e-5);
        EXPECT_NEAR(seen["nearest_cosine"].get<double>(), recorded.nearest_cosine, 1e-5);
        EXPECT_NEAR(coupling["layers"][l]["alignment"][0]["cosine"]["value"].get<double>(),
                    recorded.coupling, 1e-5);
        EXPECT_EQ(seen["model_space"].size(), 1u);
    }
}

TEST_F(Analyze, CouplingSaysWhatARunLacks) {
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
    const auto of = [&](const std::string& name) {
        return shown_path(*runs_ / name) + ": coupling: ";
    };
    EXPECT_EQ(refusal("hash", {"moe.router=\"hash\""}), of("hash") + "a hash router has no rows");
    EXPECT_EQ(refusal("dense", {"model.ffn=\"dense\""}),
              of("dense") + "a dense model has no router");
    EXPECT_EQ(refusal("static", {"moe.expert=\"static\""}),
              of("static") + "static experts read nothing");
}

std::string write_function_words(const TempFolder& runs) {
    const auto dir = runs / "categories";
    std::filesystem::create_directories(dir);
    std::ofstream(dir + "/function.toml")
        << "words = [\"the\", \"a\", \"at\", \"to\", \"my\", \"from\", \"about\", \"of\", "
           "\"her\", \"before\"]\n";
    return dir;
}

TEST_F(Analyze, AnalysesOfExpertsHoldTheirFieldsAndRepeatExactly) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    o.category_dirs = {write_function_words(*runs_)};
    o.what = "saturation,grammar,logit_lens,contexts,coactivation,specialisation";
    o.out = *runs_ / "analyses";
    const auto got = lab::analyze(o), again = lab::analyze(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    EXPECT_EQ(*got, *again);
    std::map<std::string, json> by_name;
    const auto all = json::parse(*got);  // named: a range-for would outlive it
    for (const auto& a : all["analyses"]) by_name[a["name"]] = a["result"];
    ASSERT_EQ(by_name.size(), 6u);
    const auto& grammar = by_name["grammar"];
    EXPECT_NE(grammar["classes_from"].get<std::string>().find("10 words"), std::string::npos);
    ASSERT_EQ(grammar["layers"].size(), 2u);
    EXPECT_EQ(grammar["layers"][0]["experts"], 16);
    for (const auto& layer : grammar["layers"]) {
        // The words of the text alternate in kind, and so do the experts of most of them.
        ASSERT_FALSE(layer["top"].empty());
        const auto& enriched = layer["enriched"];
        EXPECT_EQ(layer["top"].size(), std::min(10L, std::lround(enriched["value"].get<double>() *
                                                                 enriched["n"].get<double>())));
        for (const auto& expert : layer["top"]) {
            const auto& odds = expert["odds_ratio"];
            EXPECT_GT(odds["value"].get<double>(), 1.5);
            EXPECT_LT(expert["q"].get<double>(), 0.05);
            EXPECT_LE(odds["ci95"][0], odds["value"]);
            EXPECT_FALSE(expert["words"].empty());
        }
    }
    const auto& lens = by_name["logit_lens"]["layers"][1];
    ASSERT_EQ(lens["stages"].size(), 3u) << "before, and after each of two hops";
    EXPECT_GT(lens["stages"][2]["p_target"]["value"].get<double>(), 0.0);
    EXPECT_GE(lens["stages"][2]["rank"]["value"].get<double>(), 1.0);
    EXPECT_GT(by_name["contexts"]["layers"][0]["experts"].size(), 0u);
    EXPECT_GT(by_name["coactivation"]["layers"][0]["pairs"].size(), 0u);
    EXPECT_EQ(by_name["specialisation"]["even_share"], 2.0 / 16);
    EXPECT_EQ(by_name["saturation"]["snapshots"].back()["mean"]["value"], 1.0);
    for (const char* file : {"grammar.csv", "contexts.csv", "coactivation.matrix.csv",
                             "specialisation.position.csv", "saturation.csv"})
        EXPECT_TRUE(std::filesystem::exists(o.out + "/" + file)) << file;
}

TEST_F(Analyze, AnalysesOfExpertsSayWhatTheyLack) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    const auto refused = [&](const std::string& what, const std::string& word) {
        o.what = what;
        const auto got = lab::analyze(o);
        ASSERT_FALSE(got.ok()) << what;
        EXPECT_EQ(got.error().kind, ErrorKind::usage);
        EXPECT_NE(got.error().message.find(word), std::string::npos) << got.error().message;
    };
    refused("grammar", "word lists");
    refused("grammar", shown_path(o.run) + ": grammar: ");
    refused("polysemy", "JSON lines");
    o.category_dirs = {write_function_words(*runs_)};
    refused("silhouette", "too short");  // the text has fewer than 50 content words
    // Where the classes of words come from is named: that may be what is wrong.
    refused("silhouette", "by the word list function.toml");
    std::filesystem::create_directories(*runs_ / "no_words");
    std::ofstream(*runs_ / "no_words/function.toml") << "words = [\"xylophone\"]\n";
    o.category_dirs = {*runs_ / "no_words"};
    refused("grammar", "by the word list function.toml, 1 words");
    o.category_dirs = {write_function_words(*runs_)};
    o.prompts = runs_->write("prompts.jsonl", "{\"text\": \"a\"}\n");
    // What is wrong with a file is said before the long pass, not after it.
    bool passed = false;
    o.on_progress = [&](const std::string& activity, double) {
        passed |= activity.find("batch") != std::string::npos;
    };
    refused("polysemy", ":1:");
    EXPECT_FALSE(passed);
    o.on_progress = nullptr;
    refused("polysemy", "{\"text\", \"word\", \"meaning\"}");
    refused("polysemy", "`intervene`");
    o.prompts = runs_->write("prompts.jsonl", std::string(100'000, '[') + "\n");
    refused("polysemy", ":1: ");
    o.prompts = runs_->write(
        "prompts.jsonl", "\n{\"text\": \"the baker\", \"word\": \"king\", \"meaning\": \"a\"}\n");
    refused("polysemy", ":2: the word \"king\"");
    o.prompts = runs_->write("prompts.jsonl",
                             "{\"text\": \"the king\", \"word\": \"king\", \"meaning\": \"a\"}\n");
    refused("polysemy", "two meanings");
}

TEST_F(Analyze, PolysemyOfPromptsComparesTheirSets) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    o.what = "polysemy";
    const std::string one = R"({"text": "the old king walks", "word": "king", "meaning": "a"})",
                      other = R"({"text": "MY SISTER, THE KING", "word": "King", "meaning": "b"})";
    // In capitals the word is spelled by other tokens, so that even a hardly trained model parts
    // it.
    o.prompts = runs_->write("prompts.jsonl", one + "\n" + one + "\n" + other + "\n");
    const auto got = lab::analyze(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    const auto result = json::parse(*got)["result"];
    const auto& word = result["words"][0];
    EXPECT_EQ(word["word"], "king");
    EXPECT_EQ(word["same"], 1.0) << "the same prompt twice";
    EXPECT_LT(word["different"].get<double>(), 1.0);
    EXPECT_EQ(result["per_layer"].size(), 2u);
    EXPECT_EQ(result["words"].back()["kind"], "control");

    // A control of a frequent word is drawn from as many occurrences as two meanings would be.
    const std::string frequent = R"({"text": "the king", "word": "the", "meaning": ")";
    o.prompts = runs_->write("prompts.jsonl", frequent + "a\"}\n" + frequent + "b\"}\n");
    const auto many = lab::analyze(o);
    ASSERT_TRUE(many.ok()) << many.error().message;
    EXPECT_EQ(json::parse(*many)["result"]["words"].back()["occurrences"], 60);
}

}  // namespace
}  // namespace hopscope::core
