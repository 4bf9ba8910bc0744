// The command line as a function of its arguments and streams, so that tests run it without a
// process. Main thread only; main.cpp gives the real streams, signals and window.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace hopscope::app {

/// What `hopscope [explore]` was asked to open.
struct ExploreOptions {
    std::vector<std::string> runs;       ///< run folders; empty: a new run
    std::string config;                  ///< "" = the window's default, first_look
    std::vector<std::string> overrides;  ///< "table.key=value"
    bool start = false;                  ///< begin training at once
    bool allow_debug = false;            ///< obey [debug] of configurations
};

/// The world around the command line.
struct Environment {
    std::istream& in;
    std::ostream& out;      ///< machine output only
    std::ostream& err;      ///< messages and progress
    bool terminal = false;  ///< `err` is a terminal that understands "\r" and "\033[K"
    std::function<int()> columns = [] { return 80; };  ///< width of the terminal now
    std::function<double()> clock = {};                ///< seconds, monotonic
    /// Called where a command is going to compute for long, before it reads or writes anything; may
    /// start the program anew.
    std::function<void()> before_computing = [] {};
    /// From here on SIGINT, SIGTERM, SIGHUP and the signals of job systems (SIGXCPU, SIGUSR1,
    /// SIGUSR2) ask for a clean stop.
    std::function<void()> catch_signals = [] {};
    /// Opens the window and returns its exit code; empty in a build without the window.
    std::function<int(const ExploreOptions&)> explore = {};
};

/// Exit codes of docs/guide.md#output-and-exit-codes.
inline constexpr int kDone = 0, kFailed = 1, kUsage = 2, kInterrupted = 130;

/// Runs the program; `argv[0]` is its name. Never throws; the exit code is returned.
int run_cli(int argc, const char* const* argv, const Environment& environment);

}  // namespace hopscope::app
