#include "core/thread.h"

#include <signal.h>

airs_status_t airs_thread_start(pthread_t *out, void *(*run)(void *argument), void *argument) {
    static const int open_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF};
    sigset_t mask;
    sigset_t before;
    sigfillset(&mask);
    for (size_t i = 0; i < sizeof open_signals / sizeof open_signals[0]; i++) {
        sigdelset(&mask, open_signals[i]);
    }
    /* A thread inherits the mask of the one that makes it. */
    if (pthread_sigmask(SIG_SETMASK, &mask, &before) != 0) {
        return AIRS_INTERNAL;
    }
    int failed = pthread_create(out, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0 ? AIRS_OK : AIRS_INTERNAL;
}
