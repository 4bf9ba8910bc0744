// A number with what explains it: its digits, its document, the commands that compute it.
#include "app/state/number.h"

#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/state/app_state.h"
#include "app/widgets/number.h"

namespace hopscope::app {
namespace {

using Json = nlohmann::json;

// Wrong if a digit were lost between the screen and the clipboard.
TEST(Number, DigitsReadBackToTheSameBits) {
    for (const double value : {0.1, 1.0 / 3, 1e-300, 9.876543210987654, 1240.0, -0.0})
        EXPECT_EQ(std::strtod(exact(value).c_str(), nullptr), value) << exact(value);
    EXPECT_EQ(exact(1240), "1240");
}

// Wrong if a field were missing, or made up where nothing is known.
TEST(Number, DocumentHasWhatIsKnown) {
    const Number whole = {.label = "mean \"Jaccard\"",
                          .value = 0.1,
                          .shown = "0.10",
                          .definition = "of sets",
                          .low = 0.05,
                          .high = 0.2,
                          .n = 50,
                          .over = "batches",
                          .step = 7,
                          .command = "hopscope eval r"};
    const Json all = Json::parse(json_of(whole, "statistics", "runs/a", 9));
    EXPECT_EQ(all, Json({{"format", "hopscope.number/1"},
                         {"name", "mean \"Jaccard\""},
                         {"value", 0.1},
                         {"shown", "0.10"},
                         {"ci95", {0.05, 0.2}},
                         {"n", 50},
                         {"over", "batches"},
                         {"definition", "of sets"},
                         {"panel", "statistics"},
                         {"run", "runs/a"},
                         {"step", 7},
                         {"command", "hopscope eval r"}}));
    const Json bare = Json::parse(json_of({.label = "x"}, "", "", -1));
    EXPECT_EQ(bare, Json({{"format", "hopscope.number/1"}, {"name", "x"}, {"value", nullptr}}));
    EXPECT_EQ(Json::parse(json_of({.label = "x"}, "", "", 9)).at("step"), 9);
}

// Wrong if a folder's name were read as something else by the shell.
TEST(Number, WordsAreQuotedForTheShell) {
    EXPECT_EQ(shell_word("runs/first-1_a.b"), "runs/first-1_a.b");
    EXPECT_EQ(shell_word("my run"), "'my run'");
    EXPECT_EQ(shell_word("it's $HOME"), "'it'\\''s $HOME'");
    EXPECT_EQ(shell_word(""), "''");
}

// Wrong if a command were offered before there is a folder that it could read.
TEST(Number, CommandsNameTheRun) {
    AppState state;
    EXPECT_EQ(run_command(state, "eval", "--json"), "");
    state.status.run_dir = "runs/a b";
    EXPECT_EQ(run_command(state, "eval", "--json"), "hopscope eval 'runs/a b' --json");
    EXPECT_EQ(analysis_command(state, "load"), "hopscope analyze 'runs/a b' --what load --json");
    EXPECT_EQ(panel_command(state, "curves", 120),
              "hopscope export 'runs/a b' --panel curves --step 120 --csv curves.csv");
    EXPECT_EQ(panel_command(state, "curves", -1),
              "hopscope export 'runs/a b' --panel curves --csv curves.csv");
}

// Wrong if the tooltip kept quiet about interval, n or step.
TEST(Number, ExplanationSaysHowSureItIs) {
    const Number number = {.label = "loss",
                           .value = 2.5,
                           .definition = "nats a token",
                           .low = 2.25,
                           .high = 2.75,
                           .n = 1200,
                           .over = "batches"};
    EXPECT_EQ(
        explanation(number, 40),
        "loss: 2.500\nnats a token\n95 % interval 2.250 to 2.750\nn = 1,200 batches, step 40");
    EXPECT_EQ(explanation({.label = "x"}, -1), "x");
}

}  // namespace
}  // namespace hopscope::app
