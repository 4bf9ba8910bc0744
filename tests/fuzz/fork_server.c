// Preloaded into the program by fuzz_processes.py: most of a short call's time is the loading of LibTorch, so it is loaded once,
// and each case runs in a fork made just before main. Everything a process has of its own (arguments, streams, folder, threads)
// is the child's alone; only what happens before main and after it is not tried (--plain does). Speaks over the descriptor that HOPSCOPE_FORK_SERVER names; one request at a time, no threads.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int (*Main)(int, char**, char**);
typedef int (*Start)(Main, int, char**, void (*)(void), void (*)(void), void (*)(void), void*);

// What comes back twice: first the process number, then how it ended.
struct Answer {
    int64_t pid, status, peak_kib;
};

static Main real_main;

static int read_all(int fd, void* to, size_t bytes) {
    for (char* at = to; bytes > 0;) {
        const ssize_t got = read(fd, at, bytes);
        if (got <= 0) return 0;
        at += got;
        bytes -= (size_t)got;
    }
    return 1;
}

static void put_stream(int fd, const char* path, int flags) {
    const int opened = open(path, flags, 0600);
    if (opened < 0 || dup2(opened, fd) < 0) _exit(99);
    if (opened != fd) close(opened);
}

// A request is a number of bytes and texts that end with NUL: folder, stdin, stdout, stderr, TMPDIR, arguments.
static int serve(int control) {
    uint32_t length;
    while (read_all(control, &length, sizeof length)) {
        char* texts = malloc((size_t)length + 1);
        if (!texts || !read_all(control, texts, length)) return 1;
        texts[length] = 0;
        struct Answer answer = {fork(), 0, 0};
        if (answer.pid == 0) {
            char* part[5];
            char* at = texts;
            for (int i = 0; i < 5; ++i, at += strlen(at) + 1) part[i] = at;
            int count = 0;
            for (char* word = at; word < texts + length; word += strlen(word) + 1) ++count;
            char** arguments = calloc((size_t)count + 1, sizeof *arguments);
            for (int i = 0; i < count; ++i, at += strlen(at) + 1) arguments[i] = at;
            close(control);
            setsid();
            put_stream(0, part[1], O_RDONLY);
            put_stream(1, part[2], O_WRONLY | O_CREAT | O_TRUNC);
            put_stream(2, part[3], O_WRONLY | O_CREAT | O_TRUNC);
            if (chdir(part[0]) != 0 || setenv("TMPDIR", part[4], 1) != 0) _exit(99);
            const int code = real_main(count, arguments, environ);
            // Not exit: LibTorch takes its tables of operators apart one by one, for longer than most calls take.
            fflush(NULL);
            _exit(code);
        }
        free(texts);
        if (answer.pid < 0 || write(control, &answer, sizeof answer) != sizeof answer) return 1;
        struct rusage usage;
        int status = 0;
        wait4((pid_t)answer.pid, &status, 0, &usage);
        answer.status = status;
        answer.peak_kib = usage.ru_maxrss;
        if (write(control, &answer, sizeof answer) != sizeof answer) return 1;
    }
    return 0;
}

static int main_or_serve(int argc, char** argv, char** env) {
    const char* named = getenv("HOPSCOPE_FORK_SERVER");
    if (!named) return real_main(argc, argv, env);
    const int control = atoi(named);
    unsetenv("HOPSCOPE_FORK_SERVER");
    unsetenv("LD_PRELOAD");
    return serve(control);
}

int __libc_start_main(Main main, int argc, char** argv, void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
                      void* stack_end) {
    real_main = main;
    const Start start = (Start)dlsym(RTLD_NEXT, "__libc_start_main");
    return start(main_or_serve, argc, argv, init, fini, rtld_fini, stack_end);
}
