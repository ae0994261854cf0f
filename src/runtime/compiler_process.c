#include "runtime/compiler_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Of a way through /proc to an open file. */
#define PATH_SIZE 64

static uint64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Signals as a program expects them: none blocked, none ignored. In a group of its own, so that what a terminal sends
 * to ours is not for it: we end it. */
static int describe(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes,
                    const int descriptors[3]) {
    sigset_t none;
    sigset_t all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int failed = posix_spawnattr_setsigmask(attributes, &none);
    failed = failed == 0 ? posix_spawnattr_setsigdefault(attributes, &all) : failed;
    failed = failed == 0 ? posix_spawnattr_setpgroup(attributes, 0) : failed;
    if (failed == 0) {
        failed = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                          POSIX_SPAWN_SETPGROUP);
    }
    for (int i = 0; i < 3 && failed == 0; i++) {
        failed = posix_spawn_file_actions_adddup2(files, descriptors[i], i);
    }
    return failed;
}

/* By the open file, not by its name: that could be another one by now. */
static int spawn(int program, const char *path, const posix_spawn_file_actions_t *files,
                 const posix_spawnattr_t *attributes, pid_t *out) {
    char open_path[PATH_SIZE];
    char name[] = "airssys-compile";
    char *const arguments[] = {name, NULL};
    char *const environment[] = {NULL};
    (void)snprintf(open_path, sizeof open_path, "/proc/self/fd/%d", program);
    bool has_proc = access(open_path, F_OK) == 0;
    return posix_spawn(out, has_proc ? open_path : path, files, attributes, arguments, environment);
}

static int start(int program, const char *path, const int descriptors[3], pid_t *out) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&files);
    if (failed != 0) {
        return failed;
    }
    failed = posix_spawnattr_init(&attributes);
    if (failed == 0) {
        failed = describe(&files, &attributes, descriptors);
        failed = failed == 0 ? spawn(program, path, &files, &attributes, out) : failed;
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* False: it has not ended in time. */
static bool await(int process, uint64_t timeout_ms) {
    uint64_t deadline = now_ms() + timeout_ms;
    struct pollfd end = {.fd = process, .events = POLLIN};
    for (;;) {
        uint64_t now = now_ms();
        uint64_t left = now < deadline ? deadline - now : 0;
        int ready = poll(&end, 1, left < 1000000 ? (int)left : 1000000);
        if (ready > 0) {
            return true;
        }
        if ((ready < 0 && errno != EINTR) || left == 0) {
            return false;
        }
    }
}

static void take_end(pid_t pid, airs_process_end_t *out) {
    struct rusage used;
    int status = 0;
    pid_t ended = 0;
    do {
        ended = wait4(pid, &status, 0, &used);
    } while (ended < 0 && errno == EINTR);
    /* A program that ignores SIGCHLD, or waits for whatever ends, has it that we are told nothing. */
    out->known = ended == pid;
    if (out->known) {
        out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        out->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        out->cpu_ms = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
                      (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
    }
}

airs_status_t airs_process_run(int program, const char *path, const int descriptors[3], uint64_t timeout_ms,
                               airs_process_end_t *out, airs_error_t *error) {
    pid_t pid = 0;
    *out = (airs_process_end_t){0};
    int failed = start(program, path, descriptors, &pid);
    if (failed != 0) {
        return airs_error_set(error, AIRS_COMPILER_MISSING, "%s cannot be started: %s", path,
                              strerror(failed));
    }
    int process = pidfd_open(pid, 0);
    if (process < 0 && errno == ESRCH) {
        return AIRS_OK; /* it has ended, and was forgotten already */
    }
    if (process < 0) {
        /* Without a way to wait for a while only: not at all. */
        (void)kill(pid, SIGKILL);
        out->timed_out = true;
    } else {
        out->timed_out = !await(process, timeout_ms);
        if (out->timed_out) {
            (void)pidfd_send_signal(process, SIGKILL, NULL, 0);
        }
        close(process);
    }
    take_end(pid, out);
    return AIRS_OK;
}
