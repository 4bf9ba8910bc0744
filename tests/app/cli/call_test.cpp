// What the command line accepts, what it refuses and how, and what it hands to the laboratory.
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/api/command_registry.h"
#include "tests/app/cli/calls.h"

namespace hopscope::app::testing {
namespace {

namespace fs = std::filesystem;

class CommandLine : public Calls {};

// Fails if an option of `compare` is lost or a wrong one reaches the laboratory.
TEST_F(CommandLine, CompareHandsItsOptionsOver) {
    fake_lab().answer = R"({"margin": 0.05, "resamples": 500, "seed": 7, "pairs": [],
        "groups": [], "spread_of_means": null, "mean_within_std": null, "ratio": null,
        "seed_tost": [], "warnings": [{"code": "x", "text": "beware"}]})";
    const Outcome got = run({"compare", "a", "b", "c", "--margin", "0.05", "--block", "4,8",
                             "--resamples", "500", "--seed", "7"});
    EXPECT_EQ(got.code, 0) << got.err;
    EXPECT_NE(got.out.find("beware"), std::string::npos);
    ASSERT_TRUE(fake_lab().compare);
    EXPECT_EQ(fake_lab().compare->runs, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(fake_lab().compare->margin, 0.05);
    EXPECT_EQ(fake_lab().compare->blocks, (std::vector<int64_t>{4, 8}));
    EXPECT_EQ(fake_lab().compare->resamples, 500);
    EXPECT_EQ(fake_lab().compare->seed, 7u);
    EXPECT_EQ(run({"compare", "a", "b", "--json"}).code, 0);
    EXPECT_FALSE(fake_lab().compare->margin) << "the default depends on what is compared";
    EXPECT_EQ(fake_lab().compare->blocks, (std::vector<int64_t>{5, 10}));
    refused({"compare"}, {"RUN", "--printed"});
    refused({"compare", "a", "b", "--margin", "-1"}, {"--margin", "found -1", "0 … 1000000"});
    refused({"compare", "a", "b", "--block", "0"}, {"--block"});
    refused({"compare", "a", "b", "--resamples", "1"}, {"--resamples"});
    EXPECT_NE(run({"compare", "--help"}).out.find("difference: a - b"), std::string::npos);
}

// Fails if a file of claims does not reach the laboratory, alone or beside runs, or a claim that
// does not follow is not shown.
TEST_F(CommandLine, CompareTakesPrintedClaims) {
    fake_lab().answer = R"({"margin": 0.03, "resamples": 10000, "seed": 42, "pairs": [],
        "groups": [], "spread_of_means": null, "mean_within_std": null, "ratio": null,
        "seed_tost": [], "inputs": [], "printed": [
            {"line": 1, "label": "Hash", "follows": "no", "text": "4.5 is not 4.6"},
            {"line": 2, "follows": "yes", "text": "all is well"}],
        "warnings": [{"code": "x", "text": "beware", "a": "Hash"}]})";
    const Outcome alone = run({"compare", "--printed", "claims.jsonl"});
    EXPECT_EQ(alone.code, 0) << alone.err;
    EXPECT_TRUE(fake_lab().compare->runs.empty());
    EXPECT_EQ(fake_lab().compare->printed, "claims.jsonl");
    EXPECT_NE(alone.out.find("Hash: 4.5 is not 4.6"), std::string::npos) << alone.out;
    EXPECT_NE(alone.out.find("beware"), std::string::npos);
    EXPECT_EQ(alone.out.find("Variants"), std::string::npos) << "nothing was compared";
    EXPECT_EQ(run({"compare", "a", "b", "--printed", "claims.jsonl"}).code, 0);
    EXPECT_EQ(fake_lab().compare->runs.size(), 2u);
    EXPECT_NE(run({"compare", "--help"}).out.find("--printed"), std::string::npos);
}

// Fails if documents are printed where a folder was asked for, or the other way round.
TEST_F(CommandLine, AnalyzeWritesToTheFolderOrToStdout) {
    fake_lab().answer = R"({"format": "hopscope.analysis/1", "name": "phases", "n": 12})";
    const Outcome printed = run({"analyze", "r", "--what", "phases"});
    EXPECT_EQ(printed.code, 0) << printed.err;
    EXPECT_EQ(nlohmann::json::parse(printed.out)["name"], "phases");
    EXPECT_EQ(fake_lab().analyze->run, "r");
    EXPECT_EQ(fake_lab().analyze->what, "phases");
    const Outcome written = run({"analyze", "r", "--out", "d", "--seed", "5"});
    EXPECT_EQ(written.code, 0);
    EXPECT_EQ(written.out, "");
    EXPECT_NE(written.err.find("d/phases.json"), std::string::npos) << written.err;
    EXPECT_EQ(fake_lab().analyze->out, "d");
    EXPECT_EQ(fake_lab().analyze->what, "all");
    EXPECT_EQ(fake_lab().analyze->seed, 5u);
    EXPECT_FALSE(run({"analyze", "r", "--out", "d", "--json"}).out.empty());
    EXPECT_FALSE(fake_lab().analyze->category_dirs.empty()) << "the program's own word lists";
    run({"analyze", "r", "--categories", "/tmp"});
    EXPECT_EQ(fake_lab().analyze->category_dirs, std::vector<std::string>{"/tmp"});
    refused({"analyze", "r", "--categories", "/dev/null/lists"}, {"/dev/null/lists"});
    refused({"analyze"}, {"RUN"});
    EXPECT_NE(run({"analyze", "--help"}).out.find("phases: where a curve"), std::string::npos);
}

// Fails if work of more than a second looks hung, or a stop request is not an exit code of its own.
TEST_F(CommandLine, LongWorkTellsHowFarItIsAndStops) {
    const std::string script =
        dir.write("script.jsonl", R"({"command": "steer", "layer": 1, "expert": 2, "lambda": 1})");
    const std::vector<std::pair<std::vector<std::string>, std::string>> calls = {
        {{"eval", "r", "--json"}, "evaluating batch 3 of 50  4 %"},
        {{"analyze", "r", "--json"}, "routing of batch 2 of 50  2 %"},
        {{"compare", "a", "b", "--json"}, "comparing pair 2 of 105  1 %"},
        {{"intervene", "r", "--script", script, "--json"}, "measuring prompts  50 %"},
        {{"tokenizer", "train", "--input", "t.txt", "--vocab-size", "300", "--out", "m.model",
          "--json"},
         "learning 300 pieces"}};
    for (const auto& [call, line] : calls) {
        fake_lab() = {};
        world.signals_caught = false;
        const Outcome got = run(call);
        EXPECT_EQ(got.code, 0) << got.err;
        EXPECT_NE(got.err.find(line), std::string::npos) << call[0] << ": " << got.err;
        EXPECT_EQ(got.out, "{}\n") << "one document and nothing else";
        EXPECT_TRUE(world.signals_caught) << call[0];
        fake_lab().error = core::Error{core::ErrorKind::interrupted, "stopped on request"};
        EXPECT_EQ(run(call).code, 130) << call[0];
    }
}

// Fails if a command that computes for long leaves its threads to wait as the library has it, or
// one that only looks, or that reads what can be read once, is started twice.
TEST_F(CommandLine, OnlyWhatComputesForLongIsAnnounced) {
    for (const std::vector<std::string>& call :
         {std::vector<std::string>{"train", "--config", "c.toml", "--out", "r"},
          {"race", "--config", "a.toml", "--config", "b.toml", "--out", "r"},
          {"batch", "--file", "b.toml", "--out", "r"},
          {"bench"},
          {"explore"},
          {"eval", "r"},
          {"trace", "r", "--split", "valid", "--batches", "1", "--out", "t.safetensors"},
          {"info", "r"},
          {"trace", "r", "--text-file", "-"},
          {"train", "--help"}}) {
        world.long_work_announced = false;
        run(call);
        const bool looks = call[0] == "info" || call.back() == "-" || call.back() == "--help";
        EXPECT_EQ(world.long_work_announced, !looks) << call[0];
    }
}

// Fails if a subcommand cannot be learned from the program itself.
TEST_F(CommandLine, EverySubcommandHasHelpWithAnExample) {
    const std::vector<std::vector<std::string>> all = {{"explore"},
                                                       {"train"},
                                                       {"race"},
                                                       {"batch"},
                                                       {"eval"},
                                                       {"halting"},
                                                       {"trace"},
                                                       {"analyze"},
                                                       {"intervene"},
                                                       {"compare"},
                                                       {"zeroshot"},
                                                       {"generate"},
                                                       {"info"},
                                                       {"bench"},
                                                       {"commands"},
                                                       {"export"},
                                                       {"tokenizer"},
                                                       {"tokenizer", "train"},
                                                       {"tokenizer", "encode"},
                                                       {"tokenizer", "decode"}};
    for (auto args : all) {
        std::string name = "hopscope";
        for (const auto& word : args) name += " " + word;
        args.push_back("--help");
        const Outcome got = run(args);
        EXPECT_EQ(got.code, 0) << got.err;
        EXPECT_NE(got.out.find("Example"), std::string::npos) << name;
        EXPECT_TRUE(got.out.ends_with("\n"));
        EXPECT_NE(got.out.find("Usage: " + name), std::string::npos) << got.out;
        EXPECT_NE(got.out.find("  hopscope " + args[0]), std::string::npos) << name;
        EXPECT_EQ(got.err, "");
    }
    const Outcome root = run({"--help"});
    EXPECT_EQ(root.code, 0);
    for (const char* word : {"train", "tokenizer", "Exit codes", "130"})
        EXPECT_NE(root.out.find(word), std::string::npos) << word;
    EXPECT_EQ(run({"--version"}).out.rfind("hopscope 0.", 0), 0u);
}

// Fails if a slip ends with another exit code than 2, or without the way out.
TEST_F(CommandLine, SlipsAreExplained) {
    refused({"trian", "--config", "x"}, {"trian", "did you mean \"train\"", "hopscope --help"});
    refused({"train", "--confg", "x"},
            {"--confg", "did you mean \"--config\"", "hopscope train --help"});
    refused({"train", "--confg=x", "--out", "d"}, {"--confg", "did you mean \"--config\""});
    refused({"--confg", "x"}, {"--confg", "did you mean \"--config\""});
    refused({"tokenizer", "encod"}, {"encod", "did you mean \"encode\""});
    refused({"tokenizer"}, {"hopscope tokenizer"});
    refused({"info"}, {"hopscope info"});
    refused({"info", "RUN", "--config", "x.toml"}, {"hopscope info"});
    refused({"commands", "now"}, {"unexpected argument \"now\""});
    refused({"eval"}, {"RUN"});
    refused({"train", "--config"}, {"--config"});
    refused({"train"}, {"--config is missing"});
    refused({"train", "--resume"}, {"--out DIR"});
    refused({"train", "--config", "x", "--device", "tpu"}, {"--device", "tpu", "cuda"});
    refused({"eval", "R", "--batches", "0"}, {"--batches", "found 0", "1 … "});
    refused({"eval", "R", "--batches", "many"}, {"--batches", "many"});
    refused({"eval", "R", "--batches", "2.5"}, {"--batches"});
    refused({"eval", "R", "--tau", "0"}, {"--tau", "found 0", "above 0"});
    refused({"eval", "R", "--tau", "nan"}, {"--tau", "found nan"});
    refused({"eval", "R", "--halt", "-0.1"}, {"--halt", "found -0.1"});
    refused({"eval", "R", "--split", "test"}, {"--split", "test", "valid"});
    refused({"eval", "R", "--precision", "fp16"}, {"--precision", "fp16", "bf16"});
    refused({"halting"}, {"RUN"});
    refused({"halting", "R", "--eps", "0.1,-1"}, {"--eps", "found -1", "0 … 1e+30"});
    refused({"halting", "R", "--eps", "small"}, {"--eps", "small"});
    refused({"halting", "R", "--repeats", "0"}, {"--repeats", "found 0"});
    refused({"trace", "R"}, {"hopscope trace", "--text"});
    refused({"trace", "R", "--text", "a", "--text-file", "b"}, {"hopscope trace"});
    refused({"tokenizer", "train", "--input", "a", "--out", "b"}, {"--vocab-size"});
    refused({"tokenizer", "train", "--input", "a", "--out", "b", "--vocab-size", "1"},
            {"--vocab-size"});
    refused({"tokenizer", "train", "--input", "a", "--out", "b", "--vocab-size", "500", "--type",
             "word"},
            {"--type", "word", "bpe | unigram"});
    refused({"eval", "R", "--precision", "auto"}, {"--precision", "auto", "fp32 | bf16"});
    EXPECT_FALSE(fake_lab().train || fake_lab().eval || fake_lab().trace || fake_lab().tokenizer);
}

// Fails if an option is lost on its way to the laboratory.
TEST_F(CommandLine, TrainPassesItsOptions) {
    const Outcome got = run({"train", "--config", "a.toml", "--out", "runs/x", "--set",
                             "moe.hops=[1, 2]", "--set", "train.lr=1e-3", "--device", "cpu"});
    EXPECT_EQ(got.code, 0) << got.err;
    EXPECT_EQ(got.out, "");
    ASSERT_TRUE(fake_lab().train);
    EXPECT_EQ(fake_lab().train->config_path, "a.toml");
    EXPECT_EQ(fake_lab().train->out, "runs/x");
    EXPECT_EQ(fake_lab().train->overrides,
              (std::vector<std::string>{"moe.hops=[1, 2]", "train.lr=1e-3"}));
    EXPECT_EQ(fake_lab().train->device, core::DeviceKind::cpu);
    EXPECT_FALSE(fake_lab().train->resume);
    EXPECT_TRUE(world.signals_caught);
    EXPECT_EQ(run({"train", "--resume", "--out", "runs/x"}).code, 0);
    EXPECT_TRUE(fake_lab().train->resume);
    EXPECT_TRUE(fake_lab().train->config_path.empty());
}

// Fails if the closing line hides what the run needed.
TEST_F(CommandLine, TrainTellsItsPeakMemory) {
    EXPECT_EQ(run({"train", "--config", "a.toml"}).err.find("peak memory"), std::string::npos);
    fake_lab().answer = R"({"peak_memory_bytes": 536870912})";
    const Outcome got = run({"train", "--config", "a.toml"});
    EXPECT_EQ(got.code, 0);
    EXPECT_NE(got.err.find("peak memory 512 MiB"), std::string::npos) << got.err;
}

// Fails if a second value after --set is swallowed as another override.
TEST_F(CommandLine, SetTakesOneValue) {
    refused({"train", "--config", "a.toml", "--set", "a.b=1", "c.d=2"},
            {"unexpected argument \"c.d=2\""});
}

// Fails if a forced fault is obeyed without having been allowed, or not obeyed when it is.
TEST_F(CommandLine, DebugIsAllowedByAFlagOnly) {
    const std::string config = dir.write("c.toml", "[debug]\nframe_ms = 5\n");
    run({"train", "--config", config});
    EXPECT_FALSE(fake_lab().train->allow_debug);
    run({"train", "--config", config, "--allow-debug"});
    EXPECT_TRUE(fake_lab().train->allow_debug);
    run({"race", "--config", config, "--config", config, "--out", "r", "--allow-debug"});
    EXPECT_TRUE(fake_lab().race->allow_debug);
    run({"batch", "--file", "b.toml", "--out", "r", "--allow-debug"});
    EXPECT_TRUE(fake_lab().batch->allow_debug);
    refused({"explore", "--config", config},
            {config + ": debug.frame_ms: found 5", "--allow-debug"});
    EXPECT_TRUE(world.explored.empty());
    EXPECT_EQ(run({"explore", "--config", config, "--allow-debug"}).code, 0);
    ASSERT_EQ(world.explored.size(), 1u);
    EXPECT_TRUE(world.explored[0].allow_debug);
}

// Fails if the example is not opened, or opened beside what was asked for.
TEST_F(CommandLine, TheExampleStandsAlone) {
    EXPECT_EQ(run({"explore", "--example"}).code, 0);
    ASSERT_EQ(world.explored.size(), 1u);
    EXPECT_TRUE(world.explored[0].example);
    dir.write("config.toml", "");
    refused({"explore", "--example", dir.path()}, {"--example"});
    EXPECT_EQ(world.explored.size(), 1u);
}

// Fails if an option of eval is lost or its default changes what is measured.
TEST_F(CommandLine, EvalPassesItsOptions) {
    ASSERT_EQ(run({"eval", "R", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().eval->run, "R");
    EXPECT_EQ(fake_lab().eval->split, core::Split::valid);
    EXPECT_EQ(fake_lab().eval->batches, 50);
    EXPECT_EQ(fake_lab().eval->hops, 0);
    EXPECT_EQ(fake_lab().eval->top_k, 0);
    EXPECT_EQ(fake_lab().eval->tau, 0);
    EXPECT_LT(fake_lab().eval->halt, 0);
    EXPECT_EQ(fake_lab().eval->precision, core::Precision::fp32);
    ASSERT_EQ(run({"eval",        "R",    "--corpus", "c.txt", "--split",          "train",
                   "--batches",   "3",    "--hops",   "2",     "--top-k",          "5",
                   "--tau",       "12.5", "--halt",   "0",     "--freeze-routing", "--no-experts",
                   "--precision", "bf16", "--json"})
                  .code,
              0);
    const core::lab::EvalOptions& o = *fake_lab().eval;
    EXPECT_EQ(o.corpus, "c.txt");
    EXPECT_EQ(o.split, core::Split::train);
    EXPECT_EQ(o.batches, 3);
    EXPECT_EQ(o.hops, 2);
    EXPECT_EQ(o.top_k, 5);
    EXPECT_EQ(o.tau, 12.5);
    EXPECT_EQ(o.halt, 0);
    EXPECT_TRUE(o.freeze_routing && o.no_experts);
    EXPECT_EQ(o.precision, core::Precision::bf16);
}

// Fails if thresholds or runs of the halting table are lost, or people get no table.
TEST_F(CommandLine, HaltingPassesItsOptionsAndShowsATable) {
    ASSERT_EQ(run({"halting", "A",           "B",    "--eps",      "0.02,0.5", "--batches",
                   "7",       "--repeats",   "2",    "--split",    "train",    "--corpus",
                   "c.txt",   "--precision", "bf16", "--controls", "4",        "--categories",
                   ".",       "--json"})
                  .code,
              0);
    const core::lab::HaltingOptions& o = *fake_lab().halting;
    EXPECT_EQ(o.controls, 4);
    EXPECT_EQ(o.category_dirs, std::vector<std::string>{"."});
    EXPECT_EQ(o.runs, (std::vector<std::string>{"A", "B"}));
    EXPECT_EQ(o.epsilons, (std::vector<double>{0.02, 0.5}));
    EXPECT_EQ(o.batches, 7);
    EXPECT_EQ(o.repeats, 2);
    EXPECT_EQ(o.split, core::Split::train);
    EXPECT_EQ(o.corpus, "c.txt");
    EXPECT_EQ(o.precision, core::Precision::bf16);

    const std::string row =
        R"("mean_hops":2.25,"saving":0.25,"perplexity":34.5,"seconds":1.5,"moe_seconds":0.5,)"
        R"("depth_histogram":[25,25,50])";
    fake_lab().answer = R"({"run":"first","step":20,"tokens":100,"repeats":3,"base":{)" + row +
                        R"(},"rows":[{"epsilon":0.05,"delta_percent":0.12,)" + row + "}]}";
    const Outcome got = run({"halting", "A"});
    ASSERT_EQ(got.code, 0) << got.err;
    for (const char* part : {"first, step 20", "0.05", "25.0%", "34.5", "+0.12%", "2.250",
                             "1: 25.0 %, 2: 25.0 %, 3: 50.0 %", "100.0%"})
        EXPECT_NE(got.out.find(part), std::string::npos) << part << "\n" << got.out;
    EXPECT_EQ(fake_lab().halting->epsilons, (std::vector<double>{0.02, 0.05, 0.1, 0.15}));
    EXPECT_EQ(fake_lab().halting->controls, 0);
    EXPECT_NE(got.err.find("timing"), std::string::npos);

    const std::string chance =
        R"(,"difference":{"mean":0.0125,"ci95":[-0.001,0.026],"n":24},)"
        R"("control":{"draws":4,"loss":3.7,"loss_std":0.01,"perplexity":40.4473})";
    fake_lab().answer = R"({"run":"first","step":20,"tokens":100,"repeats":3,"base":{)" + row +
                        R"(},"rows":[{"epsilon":0.05,"delta_percent":0.12,)" + row + chance + "}]}";
    const Outcome beside = run({"halting", "A", "--controls", "4"});
    ASSERT_EQ(beside.code, 0) << beside.err;
    EXPECT_NE(beside.out.find("loss +0.0125 [-0.0010, +0.0260], n = 24 sequences; 4 random draws: "
                              "perplexity 40.4473"),
              std::string::npos)
        << beside.out;
}

// Fails if a prompt reaches the model changed: blanks, quotes, brackets, a leading dash, nothing at
// all.
TEST_F(CommandLine, TraceTakesAnyText) {
    for (const char* text :
         {"The river bank", "", " a ", "[a,b]", "--help", "-1", "ü 漢\n", "\"q\" %s"}) {
        const Outcome got = run({"trace", "R", "--text", text, "--json"});
        EXPECT_EQ(got.code, 0) << text << got.err;
        ASSERT_TRUE(fake_lab().trace) << text;
        EXPECT_EQ(fake_lab().trace->text, text);
        fake_lab().trace.reset();
    }
}

// Fails if the last line end of a file becomes part of the prompt, or more than it is lost.
TEST_F(CommandLine, TraceReadsPromptFiles) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"a b\n", "a b"}, {"a b", "a b"}, {"a\n\n", "a\n"}, {"a\r\n", "a"}, {"", ""}, {"\n", ""}};
    for (const auto& [bytes, prompt] : cases) {
        ASSERT_EQ(run({"trace", "R", "--text-file", dir.write("p.txt", bytes), "--json"}).code, 0);
        EXPECT_EQ(fake_lab().trace->text, prompt);
    }
    world.input = "from stdin\n";
    ASSERT_EQ(run({"trace", "R", "--text-file", "-", "--positions", "--cut", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().trace->text, "from stdin");
    EXPECT_TRUE(fake_lab().trace->positions && fake_lab().trace->cut);
    refused({"trace", "R", "--text-file", dir / "none"}, {dir / "none"});
    refused({"trace", "R", "--text-file", dir.path()}, {dir.path()});
    fake_lab().error = core::usage_error("byte 3: not UTF-8");
    const std::string bad = dir.write("bad.txt", "abc\xff");
    refused({"trace", "R", "--text-file", bad}, {bad + ": byte 3"});
}

// Fails if interventions are lost, or a wrong line is not named.
TEST_F(CommandLine, TraceReadsScripts) {
    const std::string script =
        dir.write("s.jsonl",
                  "{\"command\": \"halt\", \"epsilon\": 0.05}\n\n{\"command\": "
                  "\"freeze\", \"what\": \"routing\"}\n");
    ASSERT_EQ(run({"trace", "R", "--text", "a", "--script", script, "--json"}).code, 0);
    ASSERT_EQ(fake_lab().trace->script.size(), 2u);
    EXPECT_EQ(fake_lab().trace->script[0].kind, core::CommandKind::halt);
    EXPECT_EQ(fake_lab().trace->script[0].number("epsilon", -1), 0.05);
    EXPECT_EQ(fake_lab().trace->script[1].text("what", ""), "routing");
    const std::string wrong = dir.write("w.jsonl", "\n{\"command\": \"hlt\"}\n");
    refused({"trace", "R", "--text", "a", "--script", wrong}, {wrong + ":2:", "hlt", "halt"});
    const std::string torn = dir.write("t.jsonl", "{\"command\": \n");
    refused({"trace", "R", "--text", "a", "--script", torn}, {torn + ":1:"});
    const std::string live = dir.write("l.jsonl", "{\"command\": \"pause\"}\n");
    refused({"trace", "R", "--text", "a", "--script", live}, {live + ":1:", "pause"});
}

// Fails if options of the routing of a corpus are lost, or those of a prompt are swallowed by it.
TEST_F(CommandLine, TraceWritesTheRoutingOfACorpus) {
    fake_lab().answer =
        R"({"file": "r.safetensors", "sequences": 8, "length": 32, "loss": 2.5, "bytes": 4096,
            "seconds": 1.5})";
    const Outcome got = run({"trace", "R", "--corpus", "book.txt", "--out", "r.safetensors",
                             "--positions", "--half", "--batches", "3", "--precision", "bf16"});
    ASSERT_EQ(got.code, 0) << got.err;
    ASSERT_TRUE(fake_lab().dump && !fake_lab().trace);
    EXPECT_EQ(fake_lab().dump->run, "R");
    EXPECT_EQ(fake_lab().dump->corpus, "book.txt");
    EXPECT_EQ(fake_lab().dump->out, "r.safetensors");
    EXPECT_EQ(fake_lab().dump->batches, 3);
    EXPECT_TRUE(fake_lab().dump->positions && fake_lab().dump->half);
    EXPECT_EQ(fake_lab().dump->precision, core::Precision::bf16);
    EXPECT_NE(got.err.find("routing of batch 1"), std::string::npos) << got.err;
    EXPECT_NE(got.out.find("r.safetensors: 8 sequences of 32 tokens, loss 2.5 nats"),
              std::string::npos)
        << got.out;
    const std::string script = dir.write("h.jsonl", "{\"command\": \"halt\", \"epsilon\": 0.1}\n");
    const Outcome json = run(
        {"trace", "R", "--split", "train", "--script", script, "--out", "r.safetensors", "--json"});
    ASSERT_EQ(json.code, 0) << json.err;
    EXPECT_EQ(json.out, fake_lab().answer + "\n");
    EXPECT_EQ(fake_lab().dump->split, core::Split::train);
    EXPECT_EQ(fake_lab().dump->batches, 0);
    ASSERT_EQ(fake_lab().dump->script.size(), 1u);
    fake_lab().dump.reset();
    refused({"trace", "R", "--corpus", "b"}, {"--out", "FILE.safetensors"});
    refused({"trace", "R", "--corpus", "b", "--text", "a", "--out", "o"}, {"hopscope trace"});
    refused({"trace", "R", "--corpus", "b", "--split", "train", "--out", "o"}, {"--split"});
    refused({"trace", "R", "--split", "test", "--out", "o"}, {"--split", "test", "valid"});
    refused({"trace", "R", "--batches", "-1", "--out", "o"}, {"--batches", "found -1"});
    refused({"trace", "R", "--cut", "--out", "o"}, {"--cut"});
    refused({"trace", "R", "--text", "a", "--half"}, {"--half", "prompt"});
    refused({"trace", "R", "--text", "a", "--batches", "2"}, {"--batches", "prompt"});
    EXPECT_FALSE(fake_lab().dump || fake_lab().trace);
}

// Fails if info mixes up a run and a configuration.
TEST_F(CommandLine, InfoTakesARunOrAConfiguration) {
    ASSERT_EQ(run({"info", "R", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().info_target, "R");
    EXPECT_FALSE(fake_lab().info_is_config);
    ASSERT_EQ(run({"info", "--config", "a.toml", "--set", "moe.top_k=1", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().info_target, "a.toml");
    EXPECT_TRUE(fake_lab().info_is_config);
    EXPECT_EQ(fake_lab().info_overrides, std::vector<std::string>{"moe.top_k=1"});
    refused({"info", "R", "--set", "moe.top_k=1"}, {"--set", "--config"});
}

// Fails if the tokenizer commands lose options or input.
TEST_F(CommandLine, TokenizerPassesOptionsAndInput) {
    ASSERT_EQ(
        run({"tokenizer", "train", "--input", "c.txt", "--vocab-size", "500", "--out", "m.model"})
            .code,
        0);
    EXPECT_EQ(fake_lab().tokenizer->input, "c.txt");
    EXPECT_EQ(fake_lab().tokenizer->vocab_size, 500);
    EXPECT_EQ(fake_lab().tokenizer->out, "m.model");
    EXPECT_EQ(fake_lab().tokenizer->type, core::TokenizerKind::bpe);
    EXPECT_TRUE(fake_lab().tokenizer->byte_fallback);
    ASSERT_EQ(run({"tokenizer", "train", "--input", "c.txt", "--vocab-size", "500", "--out",
                   "m.model", "--type", "unigram", "--no-byte-fallback", "--seed", "7"})
                  .code,
              0);
    EXPECT_EQ(fake_lab().tokenizer->type, core::TokenizerKind::unigram);
    EXPECT_FALSE(fake_lab().tokenizer->byte_fallback);
    EXPECT_EQ(fake_lab().tokenizer->seed, 7u);
    world.input = "one\n\ntwo\n";
    fake_lab().answer = "1 2\n\n3\n";
    Outcome got = run({"tokenizer", "encode", "--model", "m.model", "--pieces"});
    EXPECT_EQ(got.out, "1 2\n\n3\n");
    EXPECT_EQ(fake_lab().coded_text, "one\n\ntwo\n");
    EXPECT_EQ(fake_lab().coded_model, "m.model");
    EXPECT_TRUE(fake_lab().pieces);
    world.input = "1 2\n";
    fake_lab().answer = "one";
    got = run({"tokenizer", "decode", "--model", "m.model"});
    EXPECT_EQ(got.out, "one\n");
    EXPECT_EQ(fake_lab().coded_text, "1 2\n");
}

// Fails if an error of the work ends with the wrong exit code, or leaks into machine output.
TEST_F(CommandLine, ErrorsMapToExitCodes) {
    const std::vector<std::pair<core::ErrorKind, int>> kinds = {
        {core::ErrorKind::usage, 2},
        {core::ErrorKind::failed, 1},
        {core::ErrorKind::interrupted, 130}};
    const std::vector<std::vector<std::string>> calls = {
        {"train", "--config", "a.toml", "--json"},
        {"eval", "R", "--json"},
        {"trace", "R", "--text", "a", "--json"},
        {"info", "R", "--json"},
        {"tokenizer", "train", "--input", "a", "--vocab-size", "500", "--out", "m"},
        {"tokenizer", "encode", "--model", "m"},
        {"tokenizer", "decode", "--model", "m"}};
    for (const auto& [kind, code] : kinds)
        for (const auto& call : calls) {
            fake_lab().error = core::Error{kind, "the cause"};
            const Outcome got = run(call);
            EXPECT_EQ(got.code, code) << call[0];
            EXPECT_EQ(got.out, "");
            EXPECT_NE(got.err.find("hopscope: the cause"), std::string::npos);
        }
    fake_lab() = {};
    fake_lab().throws = true;
    const Outcome fault = run({"eval", "R", "--json"});
    EXPECT_EQ(fault.code, 1);
    EXPECT_NE(fault.err.find("a fault"), std::string::npos);
}

// Fails if --json prints anything beside one document, or --out leaves half a file.
TEST_F(CommandLine, JsonGoesToStdoutOrTheFile) {
    fake_lab().answer = "{\"format\": \"hopscope.eval/1\"}";
    Outcome got = run({"eval", "R", "--json"});
    EXPECT_EQ(nlohmann::json::parse(got.out)["format"], "hopscope.eval/1");
    EXPECT_EQ(got.err, "evaluating batch 3 of 50  4 %\n") << "progress and no message";
    const std::string path = dir.write("e.json", "old");
    got = run({"eval", "R", "--json", "--out", path});
    EXPECT_EQ(got.code, 0) << got.err;
    EXPECT_EQ(got.out, "");
    EXPECT_EQ(test::bytes_of(path), fake_lab().answer + "\n");
    EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator{}), 1);
    refused({"eval", "R", "--out", dir / "none/e.json"}, {dir / "none", "does not exist"});
    got = run({"train", "--config", "a.toml", "--json"});
    EXPECT_EQ(nlohmann::json::parse(got.out)["format"], "hopscope.eval/1");
}

// Fails if the registry cannot be read by a script or by a person.
TEST_F(CommandLine, CommandsListTheRegistry) {
    const Outcome json = run({"commands", "--json"});
    EXPECT_EQ(json.code, 0);
    EXPECT_EQ(nlohmann::json::parse(json.out)["format"], "hopscope.commands/1");
    const std::string text = "\n" + run({"commands"}).out;
    for (const auto& command : core::command_registry())
        EXPECT_NE(text.find("\n" + command.name + "  "), std::string::npos) << command.name;
}

// Fails if the text for people drops the number they came for.
TEST_F(CommandLine, PeopleGetText) {
    fake_lab().answer =
        R"({"parameters":{"total":84742144,"norms":12},"flops_per_token":{"total":1234567.0},"memory_bytes":{"total":1}})";
    EXPECT_NE(run({"info", "R"}).out.find("84,742,144"), std::string::npos);
    EXPECT_NE(run({"info", "R"}).out.find("1,234,567"), std::string::npos);
    fake_lab().answer =
        R"({"loss":1.2500049,"perplexity":3.49,"tokens":100,"batches":[1,2],"hops_executed":[3.0],"jaccard":[[0.5,0.25]],"seconds":1})";
    EXPECT_NE(run({"eval", "R"}).out.find("loss        1.25 nats"), std::string::npos);
    fake_lab().answer =
        R"({"tokens":[{"piece":"▁a","nll":null},{"piece":"b","nll":2.5}],"layers":[{"hops":[{"experts":[[1,2],[3,4]]}]},{"hops":[]}]})";
    const std::string trace = run({"trace", "R", "--text", "ab"}).out;
    EXPECT_NE(trace.find("\"b\"  nll 2.5\n    layer 0  [3, 4]"), std::string::npos) << trace;
}

// Fails if the program alone does not open the window, or a word is guessed wrongly.
TEST_F(CommandLine, ExploreIsTheDefault) {
    EXPECT_EQ(run({}).code, 0);
    ASSERT_EQ(world.explored.size(), 1u);
    EXPECT_TRUE(world.explored[0].runs.empty());
    EXPECT_FALSE(world.explored[0].start);
    const std::string config = std::string(HOPSCOPE_CONFIGS) + "/first_look.toml";
    EXPECT_EQ(run({"--config", config, "--start", "--set", "train.steps=5"}).code, 0);
    EXPECT_EQ(world.explored[1].config, config);
    EXPECT_TRUE(world.explored[1].start);
    EXPECT_EQ(world.explored[1].overrides, std::vector<std::string>{"train.steps=5"});
    dir.write("config.toml", "");
    EXPECT_EQ(run({dir.path()}).code, 0);
    EXPECT_EQ(world.explored[2].runs, std::vector<std::string>{dir.path()});
    EXPECT_EQ(run({"explore", dir.path(), dir.path()}).code, 0);
    EXPECT_EQ(world.explored[3].runs.size(), 2u);
    world.window_code = 2;
    EXPECT_EQ(run({"explore"}).code, 2);
    EXPECT_TRUE(world.signals_caught);
}

// Fails if the window opens on nothing, or its absence is not explained.
TEST_F(CommandLine, ExploreRefusesWhatItCannotOpen) {
    refused({"explore", dir / "none"}, {dir / "none", "no run folder"});
    refused({"explore", dir.path()}, {dir.path(), "config.toml"});
    refused({"explore", "--config", dir / "none.toml"}, {"none.toml", "no such file"});
    refused({"--config", dir.write("bad.toml", "[moe]\ntopk = 3\n")}, {"bad.toml:2", "moe.top_k"});
    world.window = false;
    refused({}, {"no window", "hopscope train --config"});
    EXPECT_TRUE(world.explored.empty());
}

}  // namespace
}  // namespace hopscope::app::testing
