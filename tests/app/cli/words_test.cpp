// Words of a call that a parser of options takes for something else: nothing at all, numbers of
// other bases, a value that looks like an option.
#include <cerrno>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <streambuf>

#include "tests/app/cli/calls.h"

namespace hopscope::app::testing {
namespace {

class Words : public Calls {};

const std::vector<std::string> kSubcommands = {
    "explore", "train",    "race",     "batch",     "eval",    "halting",
    "trace",   "generate", "analyze",  "intervene", "compare", "zeroshot",
    "info",    "bench",    "commands", "tokenizer", "export"};

// Fails if an empty word, as an unset variable of a script gives it, hangs or means something.
TEST_F(Words, EmptyOnesAreRefusedEverywhere) {
    refused({""}, {"empty word"});
    refused({"", "--json"}, {"empty word"});
    for (const std::string& name : kSubcommands) {
        refused({name, ""}, {"hopscope " + name, "empty word"});
        refused({name, "R", "", "--json"}, {"hopscope " + name, "empty word"});
        refused({name, "--", ""}, {name == "tokenizer" ? "a subcommand is due" : "empty word"});
    }
    for (const char* option : {"--out", "--corpus", "--batches", "--precision", "--script"}) {
        refused({"trace", "R", option, ""}, {option, "empty word"});
        refused({"trace", "R", std::string(option) + "=", "--json"}, {option, "empty word"});
    }
    refused({"tokenizer", "encode", "--model", ""}, {"hopscope tokenizer encode", "--model"});
    EXPECT_FALSE(fake_lab().trace || fake_lab().dump);
}

// Fails if `--name=` takes the word behind it, or a prompt of nothing is not nothing.
TEST_F(Words, AnEmptyValueTakesNothingElse) {
    for (const std::vector<std::string>& call :
         {std::vector<std::string>{"trace", "R", "--text=", "--json"},
          {"trace", "R", "--json", "--text="},
          {"trace", "R", "--text", "", "--json"}}) {
        fake_lab().trace.reset();
        const Outcome got = run(call);
        EXPECT_EQ(got.code, 0) << got.err;
        ASSERT_TRUE(fake_lab().trace);
        EXPECT_EQ(fake_lab().trace->text, "");
        EXPECT_EQ(got.out, "{}\n") << "--json is still an option";
    }
    EXPECT_EQ(run({"trace", "R", "--text=--json", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().trace->text, "--json");
    // A value that was forgotten does not swallow the option behind it; a text may look like one.
    refused({"eval", "R", "--out", "--json"},
            {"--out: its value is missing", "\"--json\"", "--out=--json"});
    refused({"train", "--config", "c.toml", "--out", "--set=train.steps=3"},
            {"--out: its value is missing"});
    EXPECT_EQ(run({"trace", "R", "--text", "\ufeffriver", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().trace->text, "river") << "a byte-order mark is no text";
    refused({"eval", "R", "--json=yes"}, {"--json", "found a value", "\"yes\""});
    refused({"eval", "R", "--json="}, {"--json", "found a value"});
}

// Fails if a name with one dash means something: -hops was -h, and a script went on without its
// result.
TEST_F(Words, NamesOfOptionsHaveTwoDashes) {
    for (const char* word : {"-hops", "-help", "-json", "-hops=1"})
        refused({"eval", "R", word, "--json"}, {"hopscope eval", word, "two dashes"});
    refused({"-version"}, {"two dashes"});
    EXPECT_EQ(run({"trace", "R", "--text", "-hops", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().trace->text, "-hops");
    EXPECT_EQ(run({"eval", "-h"}).code, 0);
    fake_lab().trace.reset();
    EXPECT_EQ(run({"trace", "--text", "a", "--json", "--", "-R"}).code, 0);
    EXPECT_EQ(fake_lab().trace->run, "-R");
}

// Fails if an option behind "--" is read as a name or silently as nothing, or a name is none there.
TEST_F(Words, BehindTheEndOfOptionsStandNames) {
    for (const std::string& name : kSubcommands) {
        if (name == "tokenizer") continue;
        for (const char* option : {"--help", "-h"})
            for (const std::vector<std::string>& call :
                 {std::vector<std::string>{name, "--", option}, {name, "R", "--", "S", option}})
                refused(call, {"hopscope " + name + ": " + option + " stands behind \"--\"",
                               "what follows that is names", "put options before it"});
    }
    for (const std::vector<std::string>& call : {std::vector<std::string>{"eval", "--", "R"},
                                                 {"info", "--", "R"},
                                                 {"info", "R", "--"},
                                                 {"halting", "--", "A", "B"},
                                                 {"compare", "--", "A", "B"},
                                                 {"compare", "A", "--", "B"}})
        for (const char* option : {"--json", "--out=f"}) {
            auto with = call;
            with.emplace_back(option);
            refused(with, {std::string(option).substr(0, 5), " stands behind \"--\"",
                           "put options before it"});
        }
    refused({"--", "R", "--start"}, {"--start stands behind \"--\""});
    refused({"tokenizer", "--", "encode"},
            {"hopscope tokenizer: found \"--\"", "a subcommand is due"});
    refused({"tokenizer", "encode", "--model", "m", "--", "--out", "f"}, {"--out stands behind"});
    refused({"eval", "R", "--out", "--", "S"}, {"--out: its value is missing", "\"--\""});

    EXPECT_EQ(run({"trace", "--text", "a", "--json", "--", "-R"}).code, 0);
    EXPECT_EQ(fake_lab().trace->run, "-R");
    EXPECT_EQ(run({"trace", "R", "--json", "--text", "--"}).code, 0);
    EXPECT_EQ(fake_lab().trace->text, "--") << "a text may be anything";
    refused({"eval", "--", "R", "--josn"}, {"--josn"});
    for (const std::string& name : {std::string("eval"), std::string("info")}) {
        const Outcome got = run({name, "--", "R", std::string(3000, 'y')});
        EXPECT_EQ(got.code, 2);
        EXPECT_NE(got.err.find("hopscope " + name + ": unexpected argument \"yyy"),
                  std::string::npos)
            << got.err;
        EXPECT_LT(got.err.size(), 400u);
    }
}

// Fails if a prompt without its option is explained as a subcommand.
TEST_F(Words, WhatIsTooMuchIsExplained) {
    refused({"trace", "R", "The river"}, {"unexpected argument \"The river\"", "--text"});
    refused({"generate", "R", "--text", "a", "b"}, {"unexpected argument \"b\"", "--text"});
    refused({"eval", "R", "S"}, {"unexpected argument \"S\""});
    refused({"trace", "R", "--txt", "a"}, {"unknown option --txt", "did you mean \"--text\""});
    refused({"info"}, {"neither RUN nor --config"});
    refused({"info", "R", "--config", "c.toml"}, {"both RUN and --config"});
    refused({"trace", "R", "--text", "a", "--text-file", "f"}, {"--text", "excludes"});
}

// Fails if input of any size or bytes reaches a terminal as it is.
TEST_F(Words, WhatIsFoundIsCutAndEscaped) {
    for (const std::string& found : {std::string(100'000, 'x'), std::string("\x1b[31m\xff")})
        for (const std::vector<std::string>& call :
             {std::vector<std::string>{"eval", "R", "--batches", found},
              {"generate", "R", "--text", "a", "--seed", found},
              {"eval", "R", "--split", found},
              {"eval", "R", "--json=" + found},
              {"eval", "R", "--" + found},
              {"eval", "R", found},
              {"analyze", "R", "--categories", found},
              {found},
              {"./" + found}}) {
            const Outcome got = run(call);
            EXPECT_EQ(got.code, 2) << call[0];
            EXPECT_LT(got.err.size(), 600u) << got.err.substr(0, 700);
            EXPECT_EQ(got.err.find('\x1b'), std::string::npos);
            EXPECT_EQ(got.err.find('\xff'), std::string::npos);
        }
}

// Fails if a number is read in another base, wraps, saturates, or is taken beyond its range.
TEST_F(Words, NumbersAreDecimalAndWithinTheirRange) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> options = {
        {{"generate", "R", "--text", "a", "--seed"}, "0 … 18446744073709551615"},
        {{"intervene", "R", "--script", "s", "--seed"}, "0 … 18446744073709551615"},
        {{"analyze", "R", "--seed"}, "0 … 18446744073709551615"},
        {{"compare", "a", "b", "--seed"}, "0 … 18446744073709551615"},
        {{"tokenizer", "train", "--input", "i", "--vocab-size", "300", "--out", "o", "--seed"},
         "0 … 18446744073709551615"},
        {{"tokenizer", "train", "--input", "i", "--out", "o", "--vocab-size"}, "2 … 1048576"},
        {{"eval", "R", "--batches"}, "1 … 1000000000000"},
        {{"eval", "R", "--hops"}, "1 … 64"},
        {{"eval", "R", "--top-k"}, "1 … 1048576"},
        {{"eval", "R", "--tau"}, "above 0 and at most 1000000"},
        {{"eval", "R", "--halt"}, "0 … 1e+30"},
        {{"halting", "R", "--eps"}, "0 … 1e+30"},
        {{"halting", "R", "--repeats"}, "1 … 1000"},
        {{"trace", "R", "--out", "o", "--batches"}, "0 … 1000000000000"},
        {{"generate", "R", "--text", "a", "--tokens"}, "1 … 1000000000"},
        {{"generate", "R", "--text", "a", "--temperature"}, "0 … 1000000"},
        {{"generate", "R", "--text", "a", "--top-p"}, "above 0 and at most 1"},
        {{"intervene", "R", "--script", "s", "--controls"}, "0 … 10000"},
        {{"intervene", "R", "--script", "s", "--doses"}, "-1000000 … 1000000"},
        {{"compare", "a", "b", "--margin"}, "0 … 1000000"},
        {{"compare", "a", "b", "--block"}, "1 … 1000000000"},
        {{"compare", "a", "b", "--resamples"}, "100 … 10000000"},
        {{"zeroshot", "R", "--task", "arc_easy", "--file", "f", "--items"}, "1 … 1000000000000"},
        {{"bench", "--repeats"}, "1 … 100000"}};
    for (const auto& [option, range] : options)
        for (const char* value :
             {"010", " 5", "5 ", "+5", "0x10", "5x", "five", "nan", "inf", "-18446744073709551616",
              "99999999999999999999999999999999", "1e39", "-1e39", "1,000,", "1_000"}) {
            auto call = option;
            call.emplace_back(value);
            refused(call, {option.back(), "found ", range, "decimal digits"});
        }
    for (const char* whole : {"--batches", "--hops", "--top-k"})
        for (const char* value : {"1e3", "2.5", "5.", "0", "-1"})
            refused({"eval", "R", whole, value}, {whole, std::string("found ") + value});
    EXPECT_EQ(
        run({"generate", "R", "--text", "a", "--seed", "18446744073709551615", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().generate->seed, 18446744073709551615u);
    refused({"generate", "R", "--text", "a", "--seed", "-1"}, {"--seed", "found -1"});
    refused({"halting", "R", "--eps", "0.1,,0.2"}, {"--eps", "found nothing"});
    refused({"halting", "R", "--eps", ",", "--json"}, {"--eps", "found nothing"});
    EXPECT_EQ(run({"halting", "R", "--eps", "0.1", "0.2", "--eps", "1e-3,3", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().halting->epsilons, (std::vector<double>{0.1, 0.2, 1e-3, 3}));
}

/// A stream that takes so many bytes; then its writes fail as the system says.
class Broken : public std::streambuf {
  public:
    Broken(size_t takes, int reason) : left_(takes), reason_(reason) {}

  protected:
    int_type overflow(int_type c) override {
        if (left_ == 0) {
            errno = reason_;
            return traits_type::eof();
        }
        --left_;
        return c;
    }

  private:
    size_t left_;
    int reason_;
};

// Fails if a reader that had enough is called a full disk, or a full disk is not told.
TEST_F(Words, AReaderThatGoesIsNoFailureAndAFullDiskIsOne) {
    fake_lab().answer = std::string(5000, '1');
    for (const std::vector<std::string>& call : {std::vector<std::string>{"--help"},
                                                 {"--version"},
                                                 {"train", "--help"},
                                                 {"commands"},
                                                 {"commands", "--json"},
                                                 {"eval", "R", "--json"},
                                                 {"train", "--config", "c.toml", "--json"}})
        for (const bool left : {true, false}) {
            Broken buffer(3, left ? EPIPE : ENOSPC);
            std::ostream out(&buffer);
            std::istringstream in;
            std::ostringstream err;
            std::vector<const char*> argv = {"hopscope"};
            for (const std::string& arg : call) argv.push_back(arg.c_str());
            Environment environment{in, out, err};
            environment.clock = [] { return 0.0; };
            const int code = run_cli(static_cast<int>(argv.size()), argv.data(), environment);
            EXPECT_EQ(code, left ? 0 : 1) << call[0];
            EXPECT_EQ(err.str().find("could not be written") != std::string::npos, !left)
                << call[0] << err.str();
        }
}

// Fails if a full stdout is answered with an option that the command does not have, or that was
// given.
TEST_F(Words, AWayOutIsNamedWhereThereIsOne) {
    const auto told = [&](std::vector<std::string> call) {
        Broken buffer(3, ENOSPC);
        std::ostream out(&buffer);
        std::istringstream in("a\n");
        std::ostringstream err;
        call.insert(call.begin(), "hopscope");
        std::vector<const char*> argv;
        for (const std::string& word : call) argv.push_back(word.c_str());
        Environment environment{in, out, err};
        environment.clock = [] { return 0.0; };
        EXPECT_EQ(run_cli(static_cast<int>(argv.size()), argv.data(), environment), 1);
        EXPECT_NE(err.str().find("check the disk"), std::string::npos) << err.str();
        return err.str().find("give --out FILE") != std::string::npos;
    };
    fake_lab().answer = R"({"name": "phases", "n": 1, "tokens": [], "layers": []})";
    EXPECT_TRUE(told({"eval", "R", "--json"}));
    EXPECT_TRUE(told({"commands"}));
    EXPECT_TRUE(told({"generate", "R", "--text", "a"}));
    EXPECT_TRUE(told({"trace", "R", "--text", "a", "--json"}));
    EXPECT_TRUE(told({"tokenizer", "encode", "--model", "m"}));
    EXPECT_TRUE(told({"tokenizer", "decode", "--model", "m"}));
    EXPECT_FALSE(told({"--help"}));
    EXPECT_FALSE(told({"train", "--config", "c.toml", "--json"}));
    EXPECT_FALSE(told({"batch", "--file", "b.toml", "--out", "d", "--json"}));
    EXPECT_FALSE(told({"race", "--config", "c.toml", "--out", "d", "--json"}));
    EXPECT_FALSE(told({"analyze", "R", "--json"}));
    EXPECT_FALSE(told({"trace", "R", "--out", dir / "t.safetensors", "--json"}));
    EXPECT_FALSE(told({"tokenizer", "train", "--input", "i", "--vocab-size", "300", "--out",
                       dir / "m.model", "--json"}));
}

/// Input without an end.
class Endless : public std::streambuf {
  protected:
    int_type underflow() override {
        for (char& c : block_) c = 'x';
        setg(block_, block_, block_ + sizeof block_);
        return 'x';
    }

  private:
    char block_[4096];
};

// Fails if input without an end is read until memory is gone, or a signal does not end the wait.
TEST_F(Words, StdinHasALimitAndIsInterrupted) {
    const auto call = [](std::atomic<int>* signal) {
        Endless endless;
        std::istream in(&endless);
        std::ostringstream out, err;
        Environment environment{in, out, err};
        environment.catch_signals = [signal] {
            if (signal) *signal = 15;
        };
        const char* argv[] = {"hopscope", "trace", "R", "--text-file", "-", "--json"};
        const int code = run_cli(std::size(argv), argv, environment);
        return Outcome{code, out.str(), err.str()};
    };
    const Outcome endless = call(nullptr);
    EXPECT_EQ(endless.code, 2);
    EXPECT_NE(endless.err.find("stdin: more than 67108864 bytes"), std::string::npos)
        << endless.err;
    EXPECT_EQ(call(&core::lab::interrupt_flag()).code, 130);
    core::lab::interrupt_flag() = 0;
    EXPECT_FALSE(fake_lab().trace);
}

}  // namespace
}  // namespace hopscope::app::testing
