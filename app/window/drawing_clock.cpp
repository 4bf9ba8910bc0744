#include "app/window/drawing_clock.h"

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "app/state/own_cost.h"

namespace hopscope::app {
namespace {

/// Linux names the clock of a thread by its id (CPUCLOCK_SCHED and CPUCLOCK_PERTHREAD_MASK of the
/// kernel); pthread_getcpuclockid knows only threads of which one has the pthread_t.
clockid_t clock_of(long thread) {
    return static_cast<clockid_t>((~static_cast<unsigned long>(thread) << 3) | 6U);
}

}  // namespace

void DrawingClock::find_helpers() {
    helpers_.clear();
    std::error_code unread;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", unread)) {
        std::string name;
        std::getline(std::ifstream(thread.path() / "comm"), name);
        if (name.starts_with("llvmpipe"))
            helpers_.push_back(std::strtol(thread.path().filename().c_str(), nullptr, 10));
    }
}

double DrawingClock::seconds() const {
    double sum = thread_seconds();
    for (const long helper : helpers_) {
        timespec spent{};
        if (clock_gettime(clock_of(helper), &spent) == 0)  // one that has ended adds no more
            sum += static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
    }
    return sum;
}

}  // namespace hopscope::app
