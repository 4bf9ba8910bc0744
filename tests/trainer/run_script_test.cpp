// What a run is given to do before it begins. If these fail, commands act in another order than
// their script says.
#include "core/trainer/run_script.h"

#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

Result<std::vector<Command>> script_of(const std::vector<std::string>& lines, int64_t steps) {
    std::vector<Command> commands;
    for (const auto& line : lines) {
        auto command = parse_command(line);
        EXPECT_TRUE(command.ok()) << (command ? "" : command.error().message);
        if (command) commands.push_back(std::move(*command));
    }
    return training_script(std::move(commands), steps);
}

std::string set_lr(const std::string& value, const std::string& from = "") {
    return R"({"command": "set", "key": "lr", "value": )" + value +
           (from.empty() ? "" : ", \"from_step\": " + from) + "}";
}

TEST(TrainingScript, GoesByStepAndWithinAStepByLine) {
    const auto script =
        script_of({set_lr("0.1", "1"), set_lr("0.2"), R"({"command": "pause"})", set_lr("0.3"),
                   set_lr("0.4", "1"), set_lr("0.5", "0"), set_lr("0.6")},
                  10);
    ASSERT_TRUE(script.ok()) << script.error().message;
    std::vector<double> values;
    for (const auto& command : *script) values.push_back(command.number("value", 0));
    EXPECT_EQ(values, (std::vector<double>{0.2, 0.3, 0.5, 0.6, 0.1, 0.4}));
}

TEST(TrainingScript, AnUpdateThatIsNeverMadeIsRefused) {
    EXPECT_TRUE(script_of({set_lr("0.1", "9")}, 10).ok());
    const auto refused = script_of({set_lr("0.1", "10")}, 10);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
    EXPECT_NE(refused.error().message.find("update 10"), std::string::npos);
    auto placed = parse_command(set_lr("0.1", "10"));
    placed->place = "script.jsonl:3: ";
    EXPECT_EQ(training_script({*placed}, 10).error().message,
              "script.jsonl:3: " + refused.error().message);
}

}  // namespace
}  // namespace hopscope::core
