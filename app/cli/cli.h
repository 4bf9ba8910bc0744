// The command line as a function of its arguments and streams, so that tests run it without a
// process. Main thread only; main.cpp gives the real streams, signals and window.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/api/base.h"
#include "core/api/command.h"

namespace hopscope::app {

/// What `hopscope [explore]` was asked to open.
struct ExploreOptions {
    std::vector<std::string> runs;       ///< run folders; empty: a new run
    bool example = false;                ///< open the one that comes with the program
    std::string config;                  ///< "" = the window's default, first_look
    std::vector<std::string> overrides;  ///< "table.key=value"
    bool start = false;                  ///< begin training at once
    bool allow_debug = false;            ///< obey [debug] of configurations
    std::string record;                  ///< file that the input is written into, "" = none
    std::string replay;                  ///< one that is done again, likewise
};

/// What `hopscope export` was asked for: one panel of a run as a picture, its numbers, or both.
struct ExportOptions {
    std::string run;
    std::string panel, layout;           ///< one of them: what is drawn
    std::optional<int64_t> step;         ///< the newest kept snapshot up to it; else the newest
    std::vector<std::string> front;      ///< panels in front of others, with a layout
    std::string png, csv, json;          ///< files to write; "" is left out
    int64_t width = 1280, height = 800;  ///< of the picture, before `scale`
    double scale = 1;                    ///< of everything in it: 2 doubles its pixels
    bool light = false;
    std::string prompt;                 ///< what is traced; "" as the panel says itself
    std::vector<core::Command> script;  ///< what acts on the prompt
    std::vector<std::string> beside;    ///< runs, races and folders of runs
    std::vector<std::pair<std::string, std::string>> view;  ///< name and value
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
    /// Draws a panel without a display and writes what was asked for; empty likewise.
    std::function<core::Status(const ExportOptions&)> export_panel = {};
};

/// Exit codes of docs/guide.md#output-and-exit-codes.
inline constexpr int kDone = 0, kFailed = 1, kUsage = 2, kInterrupted = 130;

/// Runs the program; `argv[0]` is its name. Never throws; the exit code is returned.
int run_cli(int argc, const char* const* argv, const Environment& environment);

}  // namespace hopscope::app
