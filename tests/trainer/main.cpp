// The tests' main, and the child process of the kill tests: `PROGRAM --train CONFIG RUN
// new|resume SCRIPT ROWS OVERRIDES`.
#include <cstdio>
#include <gtest/gtest.h>
#include <signal.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "core/api/lab.h"

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out.push_back(line);
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 8 && std::string(argv[1]) == "--train") {
        hopscope::core::lab::TrainOptions options;
        options.config_path = argv[2];
        options.out = argv[3];
        options.resume = std::string(argv[4]) == "resume";
        options.allow_debug = true;
        options.overrides = lines_of(argv[7]);
        if (!options.resume)
            for (const std::string& line : lines_of(argv[5]))
                options.script.push_back(*hopscope::core::parse_training_command(line));
        // From within, since a parent may look too late. Another thread trains, so it may be at
        // work on anything when the signal comes.
        options.on_step = [rows = std::stoll(argv[6])](const auto& record, const auto&) {
            if (record.step >= rows) kill(getpid(), SIGKILL);
        };
        const auto result = hopscope::core::lab::train(options);
        if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
        return result ? 0 : 1;
    }
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
