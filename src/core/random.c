#include <airssys/random.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#include "core/check.h"

/* A system call costs more than the bytes of an id, so each thread fetches this many at once. */
#define BUFFER_SIZE 1024

typedef struct buffer {
    size_t left; /* at the end of `bytes` */
    unsigned char bytes[BUFFER_SIZE];
} buffer_t;

static _Thread_local buffer_t buffer;

static void fetch(void *out, size_t size) {
    char *at = out;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        AIRS_ASSERT(got > 0 || errno == EINTR); /* every supported kernel has it */
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        }
    }
}

/* A forked child would hand out the bytes that its parent hands out. It has one thread, the one that
 * called fork, and this runs on it. */
static void forget_after_fork(void) {
    buffer.left = 0;
    memset(buffer.bytes, 0, sizeof buffer.bytes);
}

static void watch_forks(void) {
    int result = pthread_atfork(NULL, NULL, forget_after_fork);
    AIRS_ASSERT(result == 0);
}

static void refill(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, watch_forks);
    fetch(buffer.bytes, sizeof buffer.bytes);
    buffer.left = sizeof buffer.bytes;
}

/* Bytes are wiped as they are handed out: what leaks of this memory later tells nothing of the past. */
static void system_fill(airs_random_t *random, void *out, size_t size) {
    (void)random;
    if (size == 0) {
        return;
    }
    if (size > BUFFER_SIZE / 4) {
        fetch(out, size);
        return;
    }
    if (size > buffer.left) {
        refill();
    }
    unsigned char *from = buffer.bytes + (BUFFER_SIZE - buffer.left);
    memcpy(out, from, size);
    memset(from, 0, size);
    buffer.left -= size;
}

airs_random_t *airs_random_system(void) {
    static airs_random_t system = {system_fill};
    return &system;
}
