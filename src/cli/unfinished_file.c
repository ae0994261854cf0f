#include "cli/unfinished_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "core/check.h"

/* Written while the signals are held back, but for those that other threads take: `is_there` comes last, and goes
 * first. */
typedef struct place {
    char path[PATH_MAX];
    volatile sig_atomic_t is_there;
} place_t;

static place_t places[AIRS_UNFINISHED_FILES];
static bool watching;

/* What ends a process that did not ask for anything else, and that somebody does on purpose. */
static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};

void airs_unfinished_files_remove(void) {
    int failure = errno;
    for (size_t i = 0; i < AIRS_UNFINISHED_FILES; i++) {
        if (places[i].is_there) {
            (void)unlink(places[i].path);
        }
    }
    errno = failure;
}

/* Then it ends as it would have: whoever started it sees by which signal. */
static void clear_away(int number) {
    airs_unfinished_files_remove();
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* delivered when this returns */
}

/* Those that are ignored (nohup) or that a verb waits for itself stay as they are. */
static void watch(void) {
    struct sigaction before;
    struct sigaction action = {.sa_handler = clear_away};
    (void)sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL) {
            (void)sigaction(signals[i], &action, NULL);
        }
    }
    watching = true;
}

static sigset_t hold_back(void) {
    sigset_t held;
    sigset_t before;
    (void)sigemptyset(&held);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        (void)sigaddset(&held, signals[i]);
    }
    (void)pthread_sigmask(SIG_BLOCK, &held, &before);
    return before;
}

void airs_unfinished_file_expect(const char *path) {
    size_t size = strlen(path) + 1;
    if (!watching) {
        watch();
    }
    for (size_t i = 0; i < AIRS_UNFINISHED_FILES && size <= PATH_MAX; i++) {
        if (!places[i].is_there) {
            memcpy(places[i].path, path, size);
            places[i].is_there = 1;
            return;
        }
    }
    AIRS_ASSERT(size > PATH_MAX);
}

int airs_unfinished_file_create(const char *path, mode_t mode) {
    /* Between the two a signal would leave the file, or remove somebody else's. */
    sigset_t before = hold_back();
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    int failure = errno;
    if (file >= 0) {
        airs_unfinished_file_expect(path);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return file;
}

void airs_unfinished_file_settle(const char *path) {
    for (size_t i = 0; i < AIRS_UNFINISHED_FILES; i++) {
        if (places[i].is_there && strcmp(places[i].path, path) == 0) {
            places[i].is_there = 0;
        }
    }
}
