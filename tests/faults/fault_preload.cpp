// A library that stands before the C library (LD_PRELOAD) and makes what changes files fail, or the
// process die, at a chosen call: what a full disk, a broken one and a power cut do, at every place
// where they can. Calls are counted over all threads; only files below one folder count. Test code
// alone.
//
//   HOPSCOPE_FAULT_UNDER=DIR      which files count
//   HOPSCOPE_FAULT=kill:N         SIGKILL at the Nth such call, a write half done
//                  full:N         from the Nth on no room (ENOSPC), until the end
//                  broken:N       the Nth alone fails (EIO)
//   HOPSCOPE_FAULT_COUNT=FILE     at the end the number of calls goes there
//   HOPSCOPE_CLOCK=SECONDS        the time of day jumps by so much, once a second forth and back
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

enum class Fault { none, kill, full, broken };

struct Order {
    Fault fault = Fault::none;
    long at = LONG_MAX;
    const char* under = std::getenv("HOPSCOPE_FAULT_UNDER");

    Order() {
        const char* text = std::getenv("HOPSCOPE_FAULT");
        if (!text) return;
        const char* number = std::strchr(text, ':');
        if (!number) return;
        at = std::atol(number + 1);
        fault = *text == 'k' ? Fault::kill : *text == 'f' ? Fault::full : Fault::broken;
    }
};

const Order& order() {
    static const Order the;
    return the;
}

std::atomic<long> calls{0};

bool counts(const char* path) {
    return order().under && path &&
           std::strncmp(path, order().under, std::strlen(order().under)) == 0;
}

/// The path of an open file, null where it is no file with a name.
bool counts(int file) {
    if (!order().under) return false;
    char link[64], path[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return false;
    path[size] = 0;
    return counts(path);
}

enum class Call { needs_room, frees_or_moves };

/// What to do with a call that counts: 0 goes on; else the errno it fails with. Does not return
/// where the process dies.
template <class Half>
int meet(Call call, Half half) {
    const long number = ++calls;
    const Order& o = order();
    if (o.fault == Fault::kill && number == o.at) {
        half();
        kill(getpid(), SIGKILL);
        pause();
    }
    if (o.fault == Fault::full && number >= o.at && call == Call::needs_room) return ENOSPC;
    if (o.fault == Fault::broken && number == o.at) return EIO;
    return 0;
}

int meet(Call call) {
    return meet(call, [] {});
}

template <class Result, class Do>
Result unless_faulty(bool counted, Call call, Do go_on) {
    if (const int error = counted ? meet(call) : 0) {
        errno = error;
        return Result(-1);
    }
    return go_on();
}

struct AtEnd {
    ~AtEnd() {
        const char* name = std::getenv("HOPSCOPE_FAULT_COUNT");
        if (!name) return;
        if (std::FILE* file = std::fopen(name, "w")) {
            std::fprintf(file, "%ld\n", calls.load());
            std::fclose(file);
        }
    }
} at_end;

/// What the file has on disk already can be written again on a full one.
Call call_of(int file, size_t size, off64_t at) {
    struct stat64 info {};
    const bool has = fstat64(file, &info) == 0 && at >= 0 &&
                     at + static_cast<off64_t>(size) <= info.st_blocks * off64_t{512};
    return has ? Call::frees_or_moves : Call::needs_room;
}

bool makes(int flags) {
    return (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
    auto* go = real<ssize_t(int, const void*, size_t)>("write");
    if (!counts(file)) return go(file, bytes, size);
    if (const int error = meet(Call::needs_room, [&] { go(file, bytes, size / 2); })) {
        errno = error;
        return -1;
    }
    return go(file, bytes, size);
}

ssize_t writev(int file, const iovec* parts, int count) {
    auto* go = real<ssize_t(int, const iovec*, int)>("writev");
    return unless_faulty<ssize_t>(counts(file), Call::needs_room,
                                  [&] { return go(file, parts, count); });
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
    auto* go = real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
    return unless_faulty<ssize_t>(counts(file), call_of(file, size, at),
                                  [&] { return go(file, bytes, size, at); });
}

int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const auto mode = makes(flags) ? va_arg(more, mode_t) : 0;
    va_end(more);
    auto* go = real<int(const char*, int, ...)>("open64");
    return unless_faulty<int>(makes(flags) && counts(path), Call::needs_room,
                              [&] { return go(path, flags, mode); });
}

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const auto mode = makes(flags) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open64(path, flags, mode);
}

std::FILE* fopen64(const char* path, const char* how) {
    auto* go = real<std::FILE*(const char*, const char*)>("fopen64");
    const int error = *how != 'r' && counts(path) ? meet(Call::needs_room) : 0;
    if (!error) return go(path, how);
    errno = error;
    return nullptr;
}

int mkdir(const char* path, mode_t mode) {
    auto* go = real<int(const char*, mode_t)>("mkdir");
    return unless_faulty<int>(counts(path), Call::needs_room, [&] { return go(path, mode); });
}

int rename(const char* from, const char* to) {
    auto* go = real<int(const char*, const char*)>("rename");
    return unless_faulty<int>(counts(to), Call::frees_or_moves, [&] { return go(from, to); });
}

int unlink(const char* path) {
    auto* go = real<int(const char*)>("unlink");
    return unless_faulty<int>(counts(path), Call::frees_or_moves, [&] { return go(path); });
}

int unlinkat(int folder, const char* path, int flags) {
    auto* go = real<int(int, const char*, int)>("unlinkat");
    return unless_faulty<int>(*path == '/' ? counts(path) : counts(folder), Call::frees_or_moves,
                              [&] { return go(folder, path, flags); });
}

int ftruncate64(int file, off64_t size) {
    auto* go = real<int(int, off64_t)>("ftruncate64");
    return unless_faulty<int>(counts(file), Call::frees_or_moves, [&] { return go(file, size); });
}

int fsync(int file) {
    auto* go = real<int(int)>("fsync");
    struct stat64 info {};
    const off64_t size = fstat64(file, &info) == 0 ? info.st_size : 0;
    return unless_faulty<int>(counts(file), call_of(file, 0, size), [&] { return go(file); });
}

int clock_gettime(clockid_t clock, timespec* time) {
    static auto* go = real<int(clockid_t, timespec*)>("clock_gettime");
    static const char* jump = std::getenv("HOPSCOPE_CLOCK");
    const int rc = go(clock, time);
    if (jump && rc == 0 && clock == CLOCK_REALTIME && time->tv_sec % 2 == 0)
        time->tv_sec += std::atol(jump);
    return rc;
}

}  // extern "C"
