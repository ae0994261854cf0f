/* Ends badly, in the way that the message says: "trap" (an unreachable instruction), "divide" (by zero),
 * "bounds" (a load beyond the memory), "stack" and "frames" (recursion), "call" (a pointer of another type),
 * "abort". Other messages are echoed. With TRAP_IN set to "initialize", "shutdown", "health" or "callback" it
 * traps there; "request" makes a callback, from a request to itself. */
#include <airssys.h>

#include <stdlib.h>

typedef int (*wrong_type_t)(double, double);

static int right_type(int value) { return value + 1; }

/* Read anew each time, so that the compiler can neither know nor drop what is done with it. */
static volatile int zero;
static int (*volatile callee)(int) = right_type;

static bool trap_here(const char *where) {
    const char *wanted = airs_env("TRAP_IN");
    return wanted != NULL && strcmp(wanted, where) == 0;
}

/* Calls and nothing else: the engine's stack is the one that ends. */
__attribute__((noinline)) static int recurse(int depth) {
    return zero < 0 ? depth : recurse(depth + 1) + zero;
}

/* Large frames: the component's own stack in its memory ends, which is below everything else there. */
__attribute__((noinline)) static int recurse_with_frames(int depth) {
    volatile char frame[4096];
    frame[depth & 4095] = (char)depth;
    return zero < 0 ? depth : recurse_with_frames(depth + 1) + frame[depth & 4095];
}

airs_outcome_t airs_on_start(void) {
    if (trap_here("initialize")) {
        __builtin_trap();
    }
    return airs_done();
}

airs_outcome_t airs_on_stop(void) {
    if (trap_here("shutdown")) {
        __builtin_trap();
    }
    return airs_done();
}

airs_health_t airs_on_health(void) {
    if (trap_here("health")) {
        __builtin_trap();
    }
    return AIRS_HEALTHY;
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    (void)message;
    if (trap_here("callback")) {
        __builtin_trap();
    }
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t how = message->payload;
    if (airs_is(how, "trap")) {
        __builtin_trap();
    } else if (airs_is(how, "divide")) {
        zero = 100 / zero;
    } else if (airs_is(how, "bounds")) {
        zero = *(volatile int *)(uintptr_t)(0xFFFFFF00u + (unsigned)zero);
    } else if (airs_is(how, "stack")) {
        zero = recurse(zero);
    } else if (airs_is(how, "frames")) {
        zero = recurse_with_frames(zero);
    } else if (airs_is(how, "call")) {
        zero = ((wrong_type_t)(void *)callee)(0, 0);
    } else if (airs_is(how, "abort")) {
        abort();
    } else if (airs_is(how, "request")) {
        airs_status_t status = airs_request(airs_self(), airs_text("hello"), 1000, NULL);
        return status == AIRS_OK ? airs_done() : airs_fail_status(status);
    }
    return airs_answer(how);
}
