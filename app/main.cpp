// The program: real streams, signals and the window for the command line of app/cli.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <malloc.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/cli/cli.h"
#include "app/cli/subcommand.h"
#include "core/api/lab.h"

#if HOPSCOPE_WINDOW
#include "app/laboratory.h"
#include "app/window/panel_export.h"
#include "app/window/window.h"
#endif

namespace {

using namespace hopscope;

std::atomic<int>* interrupt_flag = nullptr;

/// A second signal within this time is the same request: `timeout` and terminals signal a process
/// and its group.
constexpr int64_t kSameRequestNs = 500'000'000;
std::atomic<int64_t> first_signal_ns{0};

/// First signal: ask for a clean stop. Second: leave at once; the run folder survives any moment.
extern "C" void on_signal(int signal) {
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t ns = int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
    if (interrupt_flag->exchange(signal) == 0)
        first_signal_ns = ns;
    else if (signal != SIGXCPU && ns - first_signal_ns > kSameRequestNs)
        _exit(app::kInterrupted);
}

/// A terminal that is closed stops a run as cleanly as Ctrl-C, unless nohup asked otherwise; so do
/// the signals of job systems: time is up (said once a second from then on), or will soon be.
constexpr int kStops[] = {SIGINT,  SIGTERM, SIGHUP,    SIGXCPU, SIGUSR1,
                          SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPWR};

/// Whether a signal is somebody else's: of nohup, or of a profiler that was loaded first.
bool is_taken(int signal) {
    struct sigaction now = {};
    if (sigaction(signal, nullptr, &now) != 0) return false;
    const bool timer = signal == SIGALRM || signal == SIGVTALRM || signal == SIGPROF;
    return signal == SIGHUP ? now.sa_handler == SIG_IGN : timer && now.sa_handler != SIG_DFL;
}

/// Tensors come and go many times a second in the same sizes. By default each freed one of some
/// megabytes goes back to the system, which then hands out the next in pages of zeros: up to a
/// fifth of an operator's time. So what is freed is kept, within bounds.
void keep_freed_memory() {
    constexpr int kMapped = 32 << 20;  // a larger one is the system's own, and goes back at once
    constexpr int kKept = 256 << 20;   // at the end of the heap
    mallopt(M_MMAP_THRESHOLD, kMapped);
    mallopt(M_TRIM_THRESHOLD, kKept);
}

/// SIG_BLOCK: they wait until SIG_UNBLOCK, beyond the start of another program.
void hold_stops(int how) {
    sigset_t stops;
    sigemptyset(&stops);
    for (const int signal : kStops) sigaddset(&stops, signal);
    sigprocmask(how, &stops, nullptr);
}

void catch_signals() {
    // Fetched here, since a handler must not be the first to touch a function's static variable.
    interrupt_flag = &core::lab::interrupt_flag();
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    // No SA_RESTART: what waits for a pipe that nobody writes to must see the request.
    for (const int signal : kStops)
        if (!is_taken(signal)) sigaction(signal, &action, nullptr);
    hold_stops(SIG_UNBLOCK);
}

/// Descriptors 0 to 2 that were closed at the start would be given to the first files that are
/// opened, and messages would go into a run's files. Output that someone asked for and closed is
/// opened for reading: writing to it fails, and that is said, rather than lost.
void occupy_standard_descriptors() {
    constexpr int kModes[] = {O_RDONLY, O_RDONLY, O_WRONLY};
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (fcntl(descriptor, F_GETFD) == -1) open("/dev/null", kModes[descriptor]);
}

int terminal_columns() {
    winsize size = {};
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

/// A terminal that can redraw a line.
bool redraws() {
    const char* term = std::getenv("TERM");
    return isatty(STDERR_FILENO) && term && std::strcmp(term, "dumb") != 0;
}

#if HOPSCOPE_WINDOW
std::string program_folder() {
    std::error_code code;
    return std::filesystem::read_symlink("/proc/self/exe", code).parent_path().string();
}

int explore(const app::ExploreOptions& options) {
    app::WindowOptions window;
    window.runs = options.runs;
    window.example = options.example;
    window.config_path = options.config;
    window.start = options.start;
    window.allow_debug = options.allow_debug;
    window.record = options.record;
    window.replay = options.replay;
    window.exe_dir = program_folder();
    window.close_now = [] { return core::lab::interrupt_flag().load() != 0; };
    app::Services services = app::services_of_the_laboratory(options.allow_debug);
    // --set belongs to the configuration of the command line, the first that is read, not to those
    // opened later.
    services.read_config = [pending = options.overrides, allow = options.allow_debug](
                               const std::string& path,
                               const std::vector<std::string>& more) mutable {
        std::vector<std::string> overrides = std::exchange(pending, {});
        overrides.insert(overrides.end(), more.begin(), more.end());
        return core::lab::read_training_config(path, overrides, allow);
    };
    return app::run_window(window, std::move(services));
}

core::Status export_panel(const app::ExportOptions& options) {
    app::PanelExport what;
    what.run = options.run;
    what.panel = options.panel;
    what.layout = options.layout;
    what.front = options.front;
    what.step = options.step;
    what.png = options.png;
    what.csv = options.csv;
    what.json = options.json;
    what.width = static_cast<int>(options.width);
    what.height = static_cast<int>(options.height);
    what.scale = static_cast<float>(options.scale);
    what.dark = !options.light;
    what.prompt = options.prompt;
    what.script = options.script;
    what.beside = options.beside;
    for (const auto& [name, value] : options.view) what.view[name] = value;
    what.exe_dir = program_folder();
    what.interrupted = [] { return core::lab::interrupt_flag().load() != 0; };
    return app::export_panel(what, app::services_of_the_laboratory(/*allow_debug=*/false));
}
#endif

/// The threads of an update wait for each other by spinning, by libgomp's default for milliseconds.
/// While any other program wants a core, that takes the core from the very thread waited for, and
/// updates take several times as long (bench/results/2026-11-22-window-cost.md). libgomp reads the
/// limit when it is loaded, before main, so the program starts itself once more. Who chose a way of
/// waiting keeps it.
void wait_briefly(char** argv) {
    if (std::getenv("GOMP_SPINCOUNT") || std::getenv("OMP_WAIT_POLICY")) return;
    std::error_code code;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", code);
    // Another name: a loader or a debugging tool runs this program, and would be started instead.
    if (code || self.filename() != std::filesystem::path(argv[0]).filename()) return;
    if (setenv("GOMP_SPINCOUNT", "2000", /*overwrite=*/0) != 0) return;
    // The program is loaded for a while before it can catch them.
    hold_stops(SIG_BLOCK);
    execv(self.c_str(), argv);
    // Its file was replaced, say: slower on a busy machine, and nothing else.
}

/// Libraries put arrays of this order on the stack; below it they end without a word.
constexpr rlim_t kLeastStack = rlim_t{1} << 20;

/// Whether the stack may grow far enough; raised where only the soft limit is in the way.
bool has_stack() {
    rlimit limit = {};
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= kLeastStack) return true;
    limit.rlim_cur = std::min(limit.rlim_max, kLeastStack);
    return setrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur >= kLeastStack;
}

}  // namespace

int main(int argc, char** argv) {
    occupy_standard_descriptors();
    if (!has_stack()) {
        std::cerr << "hopscope: the limit on the stack is too small; raise it to 1024 KiB or more "
                     "(ulimit -s)"
                  << std::endl;
        return app::kFailed;
    }
    keep_freed_memory();
    // A reader that goes away must not end a training run, and a file that may grow no further
    // (ulimit -f) is a full disk: failed writes are noticed where they matter.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    app::Environment environment{std::cin, std::cout, std::cerr};
    environment.terminal = redraws();
    environment.columns = terminal_columns;
    environment.clock = [] {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        return std::chrono::duration<double>(now).count();
    };
    environment.before_computing = [argv] { wait_briefly(argv); };
    environment.catch_signals = catch_signals;
#if HOPSCOPE_WINDOW
    environment.explore = explore;
    environment.export_panel = export_panel;
#endif
    return app::run_cli(argc, argv, environment);
}
