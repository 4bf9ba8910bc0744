// Dictionary, clusters, category search and cross-seed on a trained run: if these fail, a document
// lacks a field of docs/formats.md or two runs are held against each other that cannot be.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;

class Words : public SharedRuns {
  protected:
    static void train(const std::string& name, const std::vector<std::string>& more) {
        train_run(name,
                  {"train.steps=20", "train.eval_every=20", "train.checkpoint_every=20",
                   "train.threads=1"},
                  more);
    }
    static void SetUpTestSuite() {
        SharedRuns::SetUpTestSuite();
        train("run", {"moe.expert_rank=2"});
        train("other", {"moe.expert_rank=2", "train.seed=7",
                        "data.tokenizer=" + (*runs_ / "run/tokenizer.model")});
        train("larger", {"model.vocab_size=330"});
        std::filesystem::create_directories(*runs_ / "lists");
        std::ofstream(*runs_ / "lists/places.toml")
            << "words = [\"the\", \"of\", \"to\", \"a\", \"my\", \"her\", \"at\", \"from\"]\n";
        std::ofstream(*runs_ / "lists/nowhere.toml") << "words = [\"xylophone\"]\n";
    }
    static Result<std::string> analyze(const std::string& what, const std::string& against = "") {
        lab::AnalyzeOptions o;
        o.run = *runs_ / "run";
        o.what = what;
        if (!against.empty()) o.against = *runs_ / against;
        o.category_dirs = {*runs_ / "lists"};
        o.out = *runs_ / "out";
        return lab::analyze(o);
    }
};

TEST_F(Words, DictionaryShowsEachExpertOnceWithItsRows) {
    const auto got = analyze("dictionary");
    ASSERT_TRUE(got.ok()) << got.error().message;
    const auto j = json::parse(*got);
    EXPECT_EQ(j["n"], 2 * 16 * 2);
    ASSERT_EQ(j["result"]["layers"].size(), 2u);
    int64_t load = 0;
    std::set<double> purities;
    for (const auto& layer : j["result"]["layers"]) {
        ASSERT_EQ(layer["experts"].size(), 16u);
        for (size_t e = 0; e < 16; ++e) {
            const auto& expert = layer["experts"][e];
            EXPECT_EQ(expert["id"], e);
            ASSERT_EQ(expert["rows"].size(), 2u);
            EXPECT_EQ(expert["words"], expert["rows"][expert["row"].get<size_t>()]["words"]);
            ASSERT_EQ(expert["words"].size(), 10u);
            EXPECT_GE(expert["words"][0]["score"], expert["words"][9]["score"]);
            // A number always, so that a table can be sorted by it; a name only above half.
            ASSERT_TRUE(expert["purity"].is_number());
            EXPECT_EQ(expert["category"].is_null(), expert["purity"] <= 0.5);
            purities.insert(expert["purity"].get<double>());
            load += expert["load"].get<int64_t>();
        }
    }
    EXPECT_GT(purities.size(), 1u) << "some of its words are among those of some experts";
    EXPECT_EQ(load, j["result"]["tokens"].get<int64_t>() * 2 * 2 * 2) << "layers, hops, top-k";
    EXPECT_TRUE(std::filesystem::exists(*runs_ / "out/dictionary.csv"));
}

TEST_F(Words, ClustersCoverEveryExpertOnce) {
    const auto got = analyze("clusters");
    ASSERT_TRUE(got.ok()) << got.error().message;
    const auto r = json::parse(*got)["result"];
    size_t clustered = 0;
    for (const auto& c : r["all"]) {
        EXPECT_GE(c["experts"].size(), 5u);
        EXPECT_LE(c["coherence"], 1.0 + 1e-9);
        clustered += c["experts"].size();
    }
    EXPECT_NEAR(r["unclustered"].get<double>(), 1.0 - static_cast<double>(clustered) / 64, 1e-12);
}

TEST_F(Words, CategorySearchSaysWhyNothingWasFound) {
    const auto got = analyze("category_search");
    ASSERT_TRUE(got.ok()) << got.error().message;
    const auto categories = json::parse(*got)["result"]["categories"];
    ASSERT_EQ(categories.size(), 2u);
    EXPECT_EQ(categories[0]["name"], "nowhere");
    EXPECT_TRUE(categories[0]["best"].empty());
    EXPECT_TRUE(categories[0].contains("reason"));
    EXPECT_GT(categories[1]["seeds"], 0);
    EXPECT_LE(categories[1]["best"].size(), 5u);
    EXPECT_FALSE(categories[1].contains("truth")) << "only the synthetic corpus knows the truth";
}

// Wrong if what was found were not held against the words that were held out.
TEST_F(Words, CategorySearchIsHeldAgainstTheTruthOfASyntheticText) {
    train("synthetic", {"data.source=\"synthetic\"", "model.vocab_size=512"});
    lab::AnalyzeOptions o;
    o.run = *runs_ / "synthetic";
    o.what = "category_search";
    const auto got = lab::analyze(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    const auto result = json::parse(*got)["result"];
    int64_t with_truth = 0;
    for (const auto& category : result["categories"]) {
        if (!category.contains("truth")) continue;
        ++with_truth;
        const auto& truth = category["truth"];
        const double held_out = truth["held_out"], hits = truth["hits"],
                     found = truth["found_beyond_seeds"], seeds = category["seeds"],
                     vocabulary = result["vocabulary"];
        EXPECT_GE(held_out, seeds - 1) << "half of the words, rounded up, are seeds";
        EXPECT_LE(held_out, seeds);
        EXPECT_LE(hits, std::min(held_out, found));
        if (held_out > 0) {
            EXPECT_NEAR(truth["recall"].get<double>(), hits / held_out, 1e-12);
        }
        EXPECT_NEAR(truth["chance"].get<double>(), held_out / (vocabulary - seeds), 1e-12);
        if (found > 0) {
            EXPECT_NEAR(truth["precision"]["value"].get<double>(), hits / found, 1e-12);
        }
        EXPECT_GE(truth["recall_with_seeds"].get<double>() * (held_out + seeds), hits - 1e-9)
            << "found seeds count as found there";
    }
    EXPECT_GT(with_truth, 3);
}

TEST_F(Words, ARunMatchesItselfPerfectlyAndItsTwinSeedLess) {
    const auto self = analyze("cross_seed", "run"), twin = analyze("cross_seed", "other");
    ASSERT_TRUE(self.ok()) << self.error().message;
    ASSERT_TRUE(twin.ok()) << twin.error().message;
    const auto a = json::parse(*self)["result"], b = json::parse(*twin)["result"];
    EXPECT_EQ(a["jaccard"], 1.0);
    EXPECT_NEAR(a["cosine"].get<double>(), 1.0, 1e-6);
    EXPECT_EQ(a["best_jaccard"].size(), 64u);
    EXPECT_TRUE(a["warnings"].empty()) << "a run is like itself";
    for (const auto& warning : b["warnings"]) EXPECT_EQ(warning["code"], "best_match_is_chance");
    // Directions that have hardly moved from their random start match as random ones do.
    EXPECT_FALSE(b["warnings"].empty()) << b["jaccard"] << b["jaccard_random_best"];
    EXPECT_LT(b["jaccard"], 1.0);
    EXPECT_LT(b["cosine"], 0.99);
    for (const char* field : {"jaccard_random_pair", "jaccard_random_best", "cosine_random"}) {
        EXPECT_GT(b[field], 0.0) << field;
        EXPECT_LT(b[field], 1.0) << field;
    }
    EXPECT_LT(b["jaccard_random_pair"], b["jaccard_random_best"]);
    EXPECT_NEAR(b["cosine_random_drawn"]["value"].get<double>(), b["cosine_random"].get<double>(),
                0.25);
}

TEST_F(Words, RunsOfOtherVocabulariesAreRefusedInASentence) {
    const auto got = analyze("cross_seed", "larger");
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().kind, ErrorKind::usage);
    EXPECT_NE(got.error().message.find("320 and 330"), std::string::npos) << got.error().message;
    const auto alone = analyze("cross_seed");
    ASSERT_FALSE(alone.ok());
    EXPECT_NE(alone.error().message.find("second run"), std::string::npos) << alone.error().message;
}

}  // namespace
}  // namespace hopscope::core
