// Runs the command line in-process and keeps what came out. One thread.
#pragma once

#include <sstream>

#include "app/cli/cli.h"

namespace hopscope::app::testing {

struct Outcome {
    int code = -1;
    std::string out, err;
};

/// The world of one call: change before run().
struct World {
    std::string input;
    bool terminal = false;
    int columns = 80;
    double now = 0;  ///< what clock() says; may be moved while the command runs
    bool window = true;
    std::vector<ExploreOptions> explored;
    int window_code = 0;
    std::vector<ExportOptions> exported;
    core::Status export_status;
    bool signals_caught = false, long_work_announced = false;

    Outcome run(const std::vector<std::string>& args) {
        std::istringstream in(input);
        std::ostringstream out, err;
        Environment environment{in, out, err};
        environment.terminal = terminal;
        environment.columns = [this] { return columns; };
        environment.clock = [this] { return now; };
        environment.before_computing = [this] { long_work_announced = true; };
        environment.catch_signals = [this] { signals_caught = true; };
        if (window)
            environment.explore = [this](const ExploreOptions& options) {
                explored.push_back(options);
                return window_code;
            };
        if (window)
            environment.export_panel = [this](const ExportOptions& options) {
                exported.push_back(options);
                return export_status;
            };
        std::vector<const char*> argv = {"hopscope"};
        for (const std::string& arg : args) argv.push_back(arg.c_str());
        Outcome outcome;
        outcome.code = run_cli(static_cast<int>(argv.size()), argv.data(), environment);
        outcome.out = out.str();
        outcome.err = err.str();
        return outcome;
    }
};

}  // namespace hopscope::app::testing
