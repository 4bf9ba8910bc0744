// If these fail, a run with commands known beforehand (train --script) is not the run that its log
// describes: one is lost, applied twice or at another update, and a log does not replay.
#include <nlohmann/json.hpp>

#include "core/run/event_log.h"
#include "core/run/run_folder.h"
#include "tests/trainer/run_helpers.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;

/// Active at every kill below, changed between them.
constexpr const char* kScript =
    R"({"command": "zero_experts", "layers": [0], "hops": 1, "from_step": 41}
{"command": "suppress", "layer": 0, "expert": 1, "neighbours": 3}
{"command": "set", "key": "lr", "value": 1e-3, "from_step": 12}
{"command": "set", "key": "lr", "value": 2e-3, "from_step": 20}
{"command": "steer", "layers": [0, 1], "expert": 5, "lambda": 1, "from_step": 20}
{"command": "move_centroid", "layer": 0, "expert": 3, "to": [1,0,0,0,0,0,0,2], "from_step": 20}
{"command": "freeze", "what": "attention", "from_step": 20}
{"command": "evaluate", "from_step": 25}
{"command": "clear", "name": "steer", "from_step": 33}
{"command": "pause", "from_step": 34}
{"command": "clear", "from_step": 50})";

std::vector<Command> commands_of(const std::string& lines) {
    std::vector<Command> out;
    std::istringstream text(lines);
    for (std::string line; std::getline(text, line);) {
        auto command = parse_training_command(line);
        EXPECT_TRUE(command.ok()) << line << ": " << (command ? "" : command.error().message);
        if (command) out.push_back(std::move(*command));
    }
    return out;
}

class Script : public OwnRuns {
  protected:
    lab::TrainOptions with_script(const std::string& name, std::vector<Command> script,
                                  bool resume = false) const {
        auto o = order(name, {}, resume);
        o.script = std::move(script);
        return o;
    }
    Result<std::string> train(const std::string& name, std::vector<Command> script,
                              bool resume = false) const {
        return lab::train(with_script(name, std::move(script), resume));
    }
    std::string trained_with(const std::string& name, std::vector<Command> script,
                             bool resume = false) const {
        return trained(with_script(name, std::move(script), resume));
    }
    static void expect_same_run(const std::string& a, const std::string& b) {
        expect_same_course(a, b);
        expect_same_checkpoint(a, b, 60);
    }
};

TEST_F(Script, CommandsComeAtTheirStepsAndTheLogReplaysOnAFreshRun) {
    const auto plain = trained_with("plain", {}), run = trained_with("run", commands_of(kScript));
    const auto log = read_event_log(run + "/events.jsonl");
    ASSERT_TRUE(log.ok());
    std::vector<std::pair<std::string, int64_t>> got;
    for (const auto& entry : *log) {
        got.push_back({entry.command.name(), entry.step});
        EXPECT_EQ(entry.by, "script");
    }
    EXPECT_EQ(got, (std::vector<std::pair<std::string, int64_t>>{{"suppress", 0},
                                                                 {"set", 12},
                                                                 {"set", 20},
                                                                 {"steer", 20},
                                                                 {"move_centroid", 20},
                                                                 {"freeze", 20},
                                                                 {"evaluate", 25},
                                                                 {"clear", 33},
                                                                 {"zero_experts", 41},
                                                                 {"clear", 50}}));
    EXPECT_NE(records_of(plain)[1].loss, records_of(run)[1].loss) << "the first update is changed";
    EXPECT_NE(records_of(run)[40].loss, records_of(run)[41].loss);

    const auto again = trained_with("again", commands_of(bytes_of(run + "/events.jsonl")));
    expect_same_run(run, again);
}

TEST_F(Script, KilledWithInterventionsActiveItResumesBitForBit) {
    const auto whole = trained_with("whole", commands_of(kScript)), broken = dir_ / "broken";
    for (const int64_t rows : {5, 15, 21, 34, 45, 52})
        ASSERT_TRUE(train_and_kill(config_, broken, is_run_folder(broken), rows, kScript))
            << "at row " << rows;
    trained_with("broken", {}, /*resume=*/true);
    expect_same_run(whole, broken);
    EXPECT_EQ(read_event_log(broken + "/events.jsonl")->size(),
              read_event_log(whole + "/events.jsonl")->size());
}

// Wrong if a line that cannot be carried out is told in the middle of the training.
TEST_F(Script, ARefusalComesBeforeTheFirstUpdate) {
    auto script = commands_of(kScript);
    auto wrong = commands_of(R"({"command": "force", "layer": 7, "expert": 1, "from_step": 30})");
    wrong[0].place = "script.jsonl:4: ";
    script.insert(script.begin() + 3, wrong[0]);
    const auto refused = train("a", script);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
    EXPECT_EQ(refused.error().message,
              "script.jsonl:4: command \"force\": layer 7 does not exist; allowed 0 … 1");
    EXPECT_FALSE(std::filesystem::exists(dir_ / "a"));

    // What a fork is given is rehearsed, too.
    const std::pair<const char*, const char*> forks[] = {
        {R"({"command": "fork", "with": "{\"command\": \"force\", \"layer\": 7, \"expert\": 1}"})",
         "layer 7 does not exist"},
        {R"({"command": "fork", "with": "not json"})", "\"with\""},
        {R"({"command": "fork", "with": "{\"command\": \"clear\"}"})", "no intervention is active"},
        {R"({"command": "fork", "end": true})", "there is none to end"}};
    for (const auto& [line, why] : forks) {
        auto one = commands_of(line);
        one[0].place = "script.jsonl:9: ";
        const auto wrong_fork = train("a", one);
        ASSERT_FALSE(wrong_fork.ok()) << line;
        EXPECT_EQ(wrong_fork.error().kind, ErrorKind::usage);
        EXPECT_EQ(wrong_fork.error().message.rfind("script.jsonl:9: ", 0), 0u)
            << wrong_fork.error().message;
        EXPECT_NE(wrong_fork.error().message.find(why), std::string::npos)
            << wrong_fork.error().message;
        EXPECT_FALSE(std::filesystem::exists(dir_ / "a"));
    }

    const auto late = train("b", commands_of(R"({"command": "evaluate", "from_step": 60})"));
    ASSERT_FALSE(late.ok());
    EXPECT_NE(late.error().message.find("update 60, the run ends after 60"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "b"));
}

// One that was fine and is not any more, since somebody edited run.json.
TEST_F(Script, ARefusalAtItsUpdateEndsTheRunAndSaysWhy) {
    const auto run = dir_ / "a";
    const std::string fine = R"({"command": "force", "layer": 0, "expert": 1, "from_step": 5})";
    ASSERT_TRUE(train_and_kill(config_, run, /*resume=*/false, 3, fine));
    std::string info = bytes_of(run + "/run.json");
    const size_t layer = info.find("\\\"layer\\\":0");
    ASSERT_NE(layer, std::string::npos) << info;
    info[layer + 10] = '7';
    std::ofstream(run + "/run.json") << info;
    const auto refused = train("a", {}, /*resume=*/true);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
    EXPECT_NE(refused.error().message.find("script: force: expert 1"), std::string::npos)
        << refused.error().message;
    EXPECT_NE(refused.error().message.find("layer 7"), std::string::npos);
    EXPECT_EQ(records_of(run).size(), 5u) << "the updates before it stay";
    EXPECT_NE(bytes_of(run + "/run.json").find("failed: script: force"), std::string::npos);

    const auto twice = train("a", commands_of(R"({"command": "evaluate"})"), /*resume=*/true);
    ASSERT_FALSE(twice.ok());
    EXPECT_NE(twice.error().message.find("--script belongs to a new run"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::core
