#include "core/text/child_work.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hopscope::core {

namespace {

bool write_all(int fd, const std::string& data) {
    for (size_t at = 0; at < data.size();) {
        const ssize_t n = ::write(fd, data.data() + at, data.size() - at);
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) at += static_cast<size_t>(n);
    }
    return true;
}

/// First byte: the kind of the error, or 'v' for a value; last byte: 'e', proof that nothing is
/// missing.
[[noreturn]] void child(int fd, pid_t parent, const std::function<Result<std::string>()>& work) {
    // A killed parent must not leave a worker behind that holds its locks on files.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const auto result = work();
    std::string message =
        result ? "v" + *result
               : std::string(1, static_cast<char>('0' + static_cast<int>(result.error().kind))) +
                     result.error().message;
    message += 'e';
    ::_exit(write_all(fd, message) ? 0 : 1);
}

}  // namespace

Result<std::string> run_in_child(const std::function<Result<std::string>()>& work,
                                 const Progress& progress) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return failure(std::string("no pipe: ") + std::strerror(errno));
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
        ::close(ends[0]);
        ::close(ends[1]);
        return failure(std::string("no child process: ") + std::strerror(errno));
    }
    if (pid == 0) {
        ::close(ends[0]);
        child(ends[1], parent, work);
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
            return failure(
                "the process that trained the tokenizer was killed; the usual reason is that "
                "memory ran out: give a shorter text");
        return usage_error("SentencePiece gave up on this text (its reason stands above).");
    }
    message.pop_back();
    const char kind = message.front();
    message.erase(0, 1);
    if (kind == 'v') return message;
    return Error{static_cast<ErrorKind>(kind - '0'), message};
}

}  // namespace hopscope::core
