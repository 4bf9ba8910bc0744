#include "core/text/child_work.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file_handle.h"
#include "core/base/utf8.h"

namespace hopscope::core {

namespace {

/// First byte: the kind of the error, or 'v' for a value; last byte: 'e', proof that nothing is
/// missing.
[[noreturn]] void child(int fd, int words, pid_t parent,
                        const std::function<Result<std::string>()>& work) {
    // A killed parent must not leave a worker behind that holds its locks on files.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    // What the library says before it ends the process belongs into our message. No core file of a
    // fault that is caught here.
    if (words >= 0) ::dup2(words, STDERR_FILENO);
    const struct rlimit none {};
    ::setrlimit(RLIMIT_CORE, &none);
    const auto result = work();
    std::string message =
        result ? "v" + *result
               : std::string(1, static_cast<char>('0' + static_cast<int>(result.error().kind))) +
                     result.error().message;
    message += 'e';
    ::_exit(write_all(fd, message.data(), message.size(), "the pipe") ? 0 : 1);
}

/// The last line that was written to `words`; "" where there is none.
std::string last_words(int words) {
    char text[1024];
    const off_t size = words < 0 ? 0 : ::lseek(words, 0, SEEK_END);
    const auto length = std::min<off_t>(std::max<off_t>(size, 0), sizeof text);
    const ssize_t got = ::pread(words, text, static_cast<size_t>(length), size - length);
    std::string_view said(text, got > 0 ? static_cast<size_t>(got) : 0);
    while (said.ends_with('\n')) said.remove_suffix(1);
    return std::string(said.substr(said.find_last_of('\n') + 1));
}

/// How the process ended without a result.
std::string way_of_ending(int code) {
    if (!WIFSIGNALED(code)) return "ended with exit code " + std::to_string(WEXITSTATUS(code));
    const int signal = WTERMSIG(code);
    const char* name = ::sigabbrev_np(signal);
    return "was ended by signal " + std::to_string(signal) +
           (name ? " (SIG" + std::string(name) + ")" : "");
}

}  // namespace

Result<std::string> run_in_child(const std::string& what,
                                 const std::function<Result<std::string>()>& work,
                                 const Progress& progress) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return failure(std::string("no pipe: ") + std::strerror(errno));
    const FileHandle words(::memfd_create("words", MFD_CLOEXEC));
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
        ::close(ends[0]);
        ::close(ends[1]);
        return failure(std::string("no child process: ") + std::strerror(errno));
    }
    if (pid == 0) {
        ::close(ends[0]);
        child(ends[1], words.get(), parent, work);
    }
    ::close(ends[1]);
    std::string message;
    bool cancelled = false;
    while (true) {
        struct pollfd ready {
            ends[0], POLLIN, 0
        };
        const int n = ::poll(&ready, 1, 100);
        if (n == 0 || (n < 0 && errno == EINTR)) {
            cancelled = progress.cancelled();
            if (cancelled) break;
            continue;
        }
        char buffer[65536];
        const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        message.append(buffer, static_cast<size_t>(got));
    }
    ::close(ends[0]);
    if (cancelled) ::kill(pid, SIGKILL);
    int code = 0;
    while (::waitpid(pid, &code, 0) < 0 && errno == EINTR) {
    }
    if (cancelled) return Error{ErrorKind::interrupted, "interrupted"};
    if (message.size() < 2 || message.back() != 'e') {
        if (WIFSIGNALED(code) && WTERMSIG(code) == SIGKILL)
            return failure(what +
                           " was killed; the usual reason is that memory ran out: give a shorter "
                           "text");
        const std::string said = last_words(words.get());
        return failure(what + " " + way_of_ending(code) +
                       (said.empty() ? ", and gave no reason" : "; it said last: " + shown(said)));
    }
    message.pop_back();
    const char kind = message.front();
    message.erase(0, 1);
    if (kind == 'v') return message;
    return Error{static_cast<ErrorKind>(kind - '0'), message};
}

}  // namespace hopscope::core
