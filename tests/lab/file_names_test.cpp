// Names that are not UTF-8, as old disks have them: if these fail, a command ends in an exception
// of the JSON library, or writes a document that nobody can read.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/utf8.h"
#include "core/run/safetensors_file.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;

class AnyNames : public SharedRuns {
  protected:
    static void SetUpTestSuite() {
        SharedRuns::SetUpTestSuite();
        train_run("r\xe9sum\xe9", {"train.threads=1", "train.steps=4", "train.eval_every=4",
                                   "train.checkpoint_every=4", "train.eval_batches=2"});
        run_ = *runs_ / "r\xe9sum\xe9";
        std::filesystem::copy_file(*runs_ / "c.toml", *runs_ / "c\xe9.toml");
        std::filesystem::copy_file(*runs_ / "corpus.txt", *runs_ / "t\xe9.txt");
    }
    /// The document is there, and another program reads it.
    static json read(const Result<std::string>& document) {
        EXPECT_TRUE(document.ok()) << document.error().message;
        if (!document) return {};
        EXPECT_FALSE(find_bad_utf8(*document));
        return json::parse(*document, nullptr, false);
    }
    static inline std::string run_;
};

constexpr const char* kName = "r\ufffdsum\ufffd";

TEST_F(AnyNames, DocumentsOfARun) {
    EXPECT_EQ(read(lab::info(run_, false, {})).at("run"), kName);
    lab::EvalOptions eval;
    eval.run = run_;
    eval.batches = 1;
    EXPECT_EQ(read(lab::eval(eval)).at("run"), kName);
    eval.corpus = *runs_ / "t\xe9.txt";
    EXPECT_TRUE(read(lab::eval(eval)).at("corpus").get<std::string>().ends_with("t\ufffd.txt"));
    lab::HaltingOptions halting;
    halting.runs = {run_};
    halting.epsilons = {0.1};
    halting.batches = halting.repeats = 1;
    EXPECT_EQ(read(lab::halting(halting)).at("run"), kName);
    halting.runs = {run_, run_};
    EXPECT_EQ(read(lab::halting(halting)).at("runs").size(), 2u);
    lab::TraceOptions trace;
    trace.run = run_;
    trace.text = "the baker";
    EXPECT_EQ(read(lab::trace(trace)).at("run").at("name"), kName);
    lab::GenerateOptions generate;
    generate.run = run_;
    generate.text = "the";
    generate.tokens = 1;
    EXPECT_EQ(read(lab::generate(generate)).at("run"), kName);
    lab::InterveneOptions intervene;
    intervene.run = run_;
    intervene.script = {*parse_command(R"({"command": "zero_experts"})")};
    intervene.controls = 0;
    EXPECT_EQ(read(lab::intervene(intervene)).at("run"), kName);
    lab::AnalyzeOptions analyze;
    analyze.run = run_;
    analyze.what = "load";
    analyze.out = *runs_ / "out\xe9";
    EXPECT_EQ(read(lab::analyze(analyze)).at("run"), kName);
    EXPECT_FALSE(read(bytes_of(analyze.out + "/load.json")).empty()) << "the folder is found";
    lab::CompareOptions compare;
    compare.runs = {run_, run_};
    compare.resamples = 100;
    EXPECT_TRUE(read(lab::compare(compare)).contains("pairs"));
}

TEST_F(AnyNames, RoutingOfACorpus) {
    lab::RoutingDumpOptions dump;
    dump.run = run_;
    dump.out = *runs_ / "d\xe9.safetensors";
    dump.batches = 1;
    EXPECT_EQ(read(lab::trace_corpus(dump)).at("run"), kName);
    const auto file = SafetensorsFile::open(dump.out);
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_EQ(file->metadata().at("run"), kName);
}

TEST_F(AnyNames, Configurations) {
    const std::string config = *runs_ / "c\xe9.toml";
    EXPECT_EQ(read(lab::info(config, true, {})).at("name"), "c_");
    lab::BenchOptions bench;
    bench.what = "route";
    bench.config = config;
    bench.repeats = 1;
    EXPECT_TRUE(read(lab::bench(bench)).at("config").get<std::string>().ends_with("c\ufffd.toml"));
    lab::TokenizerTrainOptions tokenizer;
    tokenizer.input = *runs_ / "t\xe9.txt";
    tokenizer.out = *runs_ / "m\xe9.model";
    tokenizer.vocab_size = 320;
    EXPECT_TRUE(read(lab::tokenizer_train(tokenizer))
                    .at("model")
                    .get<std::string>()
                    .ends_with("m\ufffd.model"));
    EXPECT_TRUE(lab::tokenizer_encode(tokenizer.out, "a", false).ok());
}

// Wrong if a race cannot be found again under the names that its file gives.
TEST_F(AnyNames, ARaceGoesOn) {
    lab::RaceOptions race;
    race.config_paths = {*runs_ / "c\xe9.toml", *runs_ / "c.toml"};
    race.out = *runs_ / "race\xe9";
    race.overrides = {"train.threads=1", "train.steps=2", "train.eval_every=2",
                      "train.checkpoint_every=2", "train.eval_batches=2"};
    const auto j = read(lab::race(race));
    ASSERT_EQ(j.at("lanes").size(), 2u);
    EXPECT_EQ(j["lanes"][0].at("run"), "c_");
    EXPECT_TRUE(std::filesystem::exists(race.out + "/c_/run.json"));
    race.config_paths.clear();
    race.resume = true;
    race.overrides = {"train.steps=3"};
    EXPECT_EQ(read(lab::race(race)).at("lanes").at(0).at("step"), 3);
}

}  // namespace
}  // namespace hopscope::core
