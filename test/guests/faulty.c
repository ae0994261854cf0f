/* Takes in what its world tells it, and falls in a way that depends on all of it.
 *
 * Every message changes a state: "note TEXT", "clock", "monotonic", "random", "sleep MS", "nap MS" (through WASI), "set
 * KEY VALUE", "get KEY", "delete KEY", "exists KEY", "keys PREFIX", "usage", "send ID TEXT", "ask ID TEXT" (the end of the
 * request too), "publish TOPIC TEXT", "subscribe PATTERN", "after MS TEXT" (a message to itself), "list", "describe ID",
 * "defer", "print TEXT", "log TEXT". A request is answered with the state.
 *
 * "fall HOW" ends it, behind calls that the state chooses, so that the backtrace tells it: "trap", "divide", "bounds",
 * "call", "stack", "memory" (until there is none), "loop", "result" (a list that is nowhere), "sleep" (for a day),
 * "error" (an error, and a trap at the next message). FALL_AT in the environment has it trap in "initialize",
 * "callback" or "shutdown". */
#include <airssys.h>

#include <stdlib.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FALL_DEPTH 12

typedef int (*wrong_type_t)(double, double);

static uint64_t state = 1469598103934665603u;
static volatile int zero;
static bool falls_next;

static int right_type(int value) { return value + 1; }
static int (*volatile callee)(int) = right_type;

/* ---- the state ---- */

static void take(const void *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        state = (state ^ ((const uint8_t *)data)[i]) * 1099511628211u;
    }
}

static void take_text(const char *text) { take(text, strlen(text)); }

static void take_number(uint64_t number) { take(&number, sizeof number); }

static airs_status_t take_status(airs_status_t status) {
    take_number(status);
    if (status != AIRS_OK) {
        take_text(airs_error_text());
    }
    return status;
}

/* ---- falling ---- */

static void fall_now(const char *how);

/* The optimizer must not make one function of the three. */
#define STAIR(name, marker)                                                                     \
    __attribute__((noinline)) static void name(const char *how, unsigned depth, uint64_t way) { \
        volatile int here = marker;                                                             \
        fall(how, depth - 1, way / 3);                                                          \
        zero = here - here;                                                                     \
    }

static void fall(const char *how, unsigned depth, uint64_t way);
STAIR(left, 1)
STAIR(middle, 2)
STAIR(right, 3)

__attribute__((noinline)) static void fall(const char *how, unsigned depth, uint64_t way) {
    if (depth == 0) {
        fall_now(how);
    } else if (way % 3 == 0) {
        left(how, depth, way);
    } else if (way % 3 == 1) {
        middle(how, depth, way);
    } else {
        right(how, depth, way);
    }
    zero = 0;
}

__attribute__((noinline)) static int recurse(int depth) {
    return zero < 0 ? depth : recurse(depth + 1) + zero;
}

static void eat(void) {
    for (;;) {
        volatile char *block = malloc(1 << 20);
        if (block == NULL) {
            __builtin_trap();
        }
        block[0] = 1;
    }
}

static void fall_now(const char *how) {
    if (strcmp(how, "divide") == 0) {
        zero = 100 / zero;
    } else if (strcmp(how, "bounds") == 0) {
        zero = *(volatile int *)(uintptr_t)(0xFFFFFF00u + (unsigned)zero);
    } else if (strcmp(how, "call") == 0) {
        zero = ((wrong_type_t)(void *)callee)(0, 0);
    } else if (strcmp(how, "stack") == 0) {
        zero = recurse(zero);
    } else if (strcmp(how, "memory") == 0) {
        eat();
    } else if (strcmp(how, "loop") == 0) {
        while (zero == 0) {
        }
    } else if (strcmp(how, "sleep") == 0) {
        airs_sleep(86400000);
    }
    __builtin_trap();
}

static bool falls_at(const char *where) {
    const char *wanted = airs_env("FALL_AT");
    return wanted != NULL && strcmp(wanted, where) == 0;
}

/* ---- commands ---- */

/* The first word, cut off; what follows it is in *rest. */
static char *cut(char *text, char **rest) {
    char *space = strchr(text, ' ');
    *rest = space != NULL ? space + 1 : text + strlen(text);
    if (space != NULL) {
        *space = '\0';
    }
    return text;
}

static bool note_id(void *context, airs_id_t id) {
    (void)context;
    take(id.name.data, id.name.size);
    take(id.instance.data, id.instance.size);
    return true;
}

static void note_info(void *context, const airs_info_t *info) {
    (void)context;
    take(info->name.data, info->name.size);
    take(info->version.data, info->version.size);
    take(info->health.data, info->health.size);
}

static bool note_key(void *context, airs_str_t key) {
    size_t *count = context;
    take(key.data, key.size);
    return ++*count < 3;
}

static void note_clock(clockid_t clock) {
    struct timespec now = {0, 0};
    take_number((uint64_t)clock_gettime(clock, &now));
    take_number((uint64_t)now.tv_sec);
    take_number((uint64_t)now.tv_nsec);
}

static bool do_storage(const char *command, char *rest) {
    char *value = NULL;
    if (strcmp(command, "set") == 0) {
        const char *key = cut(rest, &value);
        take_status(airs_storage_set(airs_str(key), airs_text(value)));
    } else if (strcmp(command, "get") == 0) {
        airs_buffer_t found = {NULL, 0};
        take_status(airs_storage_get(airs_str(rest), &found));
        take(found.data, found.size);
        airs_buffer_free(&found);
    } else if (strcmp(command, "delete") == 0) {
        take_status(airs_storage_delete(airs_str(rest)));
    } else if (strcmp(command, "exists") == 0) {
        bool there = false;
        take_status(airs_storage_exists(airs_str(rest), &there));
        take_number(there);
    } else if (strcmp(command, "keys") == 0) {
        size_t count = 0;
        take_status(airs_storage_list(airs_str(rest), note_key, &count));
    } else if (strcmp(command, "usage") == 0) {
        airs_storage_usage_t usage = {0};
        take_status(airs_storage_usage(&usage));
        take_number(usage.used_bytes);
    } else {
        return false;
    }
    return true;
}

static bool do_messaging(const char *command, char *rest) {
    char *text = NULL;
    airs_id_t id;
    if (strcmp(command, "send") == 0) {
        if (airs_id_parse(airs_str(cut(rest, &text)), &id)) {
            take_status(airs_send(id, airs_text(text)));
        }
    } else if (strcmp(command, "ask") == 0) {
        airs_request_id_t asked = {""};
        if (airs_id_parse(airs_str(cut(rest, &text)), &id)) {
            take_status(airs_request(id, airs_text(text), 60000, &asked));
            take_text(asked.text);
        }
    } else if (strcmp(command, "publish") == 0) {
        uint32_t reached = 0;
        const char *topic = cut(rest, &text);
        take_status(airs_publish(airs_str(topic), airs_text(text), airs_str("text/plain"), &reached));
        take_number(reached);
    } else if (strcmp(command, "subscribe") == 0) {
        take_status(airs_subscribe(airs_str(rest)));
    } else if (strcmp(command, "after") == 0) {
        airs_timer_id_t timer = 0;
        uint64_t delay = strtoull(cut(rest, &text), NULL, 10);
        take_status(airs_send_after(delay, airs_text(text), &timer));
        take_number(timer);
    } else if (strcmp(command, "list") == 0) {
        airs_list(note_id, NULL);
    } else if (strcmp(command, "describe") == 0) {
        if (airs_id_parse(airs_str(rest), &id)) {
            take_status(airs_describe(id, note_info, NULL));
        }
    } else if (strcmp(command, "defer") == 0) {
        airs_request_id_t taken = {""};
        if (take_status(airs_defer_reply(&taken)) == AIRS_OK) {
            take_text(taken.text);
            take_status(airs_reply(&taken, airs_text(rest), airs_str(NULL)));
        }
    } else {
        return false;
    }
    return true;
}

static bool do_services(const char *command, const char *rest) {
    if (strcmp(command, "clock") == 0) {
        take_number(airs_now_ns());
        note_clock(CLOCK_REALTIME);
    } else if (strcmp(command, "monotonic") == 0) {
        note_clock(CLOCK_MONOTONIC);
    } else if (strcmp(command, "random") == 0) {
        uint8_t bytes[16] = {0};
        take_number((uint64_t)getentropy(bytes, sizeof bytes));
        take(bytes, sizeof bytes);
    } else if (strcmp(command, "sleep") == 0) {
        airs_sleep(strtoull(rest, NULL, 10));
        take_number(airs_now_ns());
    } else if (strcmp(command, "nap") == 0) {
        struct timespec time = {0, (long)strtoul(rest, NULL, 10) * 1000000};
        take_number((uint64_t)nanosleep(&time, NULL));
    } else if (strcmp(command, "log") == 0) {
        airs_log(AIRS_LOG_DEBUG, "%s", rest);
    } else if (strcmp(command, "print") == 0) {
        printf("%s\n", rest);
    } else {
        return false;
    }
    return true;
}

static airs_outcome_t obey(char *text) {
    char *rest = NULL;
    const char *command = cut(text, &rest);
    if (strcmp(command, "fall") == 0) {
        fall(rest, FALL_DEPTH, state);
    }
    if (!do_storage(command, rest) && !do_messaging(command, rest)) {
        (void)do_services(command, rest);
    }
    return airs_answer_text("%016llx", (unsigned long long)state);
}

/* ---- exports ---- */

const airs_metadata_t airs_metadata = {.name = "faulty", .version = "0.3.0"};

airs_outcome_t airs_on_start(void) {
    take(airs_config().data, airs_config().size);
    note_clock(CLOCK_REALTIME);
    if (falls_at("initialize")) {
        fall("trap", FALL_DEPTH, state);
    }
    return falls_at("error") ? airs_fail("no start with state %016llx", (unsigned long long)state)
                             : airs_done();
}

airs_outcome_t airs_on_stop(void) {
    if (falls_at("shutdown")) {
        fall("divide", FALL_DEPTH, state);
    }
    return airs_done();
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    take_number((uint64_t)message->kind);
    take(message->payload.data, message->payload.size);
    take(message->correlation_id.data, message->correlation_id.size);
    if (falls_at("callback")) {
        fall("bounds", FALL_DEPTH, state);
    }
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    char text[4096];
    if (message->payload.size >= sizeof text) {
        return airs_fail_str(airs_str("the command is too long"));
    }
    memcpy(text, message->payload.data, message->payload.size);
    text[message->payload.size] = '\0';
    if (falls_next) {
        fall("trap", FALL_DEPTH, state);
    }
    take(message->sender.name.data, message->sender.name.size);
    take(text, message->payload.size);
    take_number(message->timestamp_ns);
    if (strcmp(text, "fall error") == 0) {
        falls_next = true;
        return airs_fail("state %016llx", (unsigned long long)state);
    }
    if (strcmp(text, "fall result") == 0) {
        return (airs_outcome_t){AIRS_OUTCOME_ANSWER, (uint8_t *)(uintptr_t)0xFFFFFF00u, 4096};
    }
    return obey(text);
}
