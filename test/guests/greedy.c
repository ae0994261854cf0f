/* Takes as much as it can get of one thing: "THING N [WHAT]" tries N times and answers "DONE REFUSED WHY", WHY being
 * what it was told the first time that it was refused, "-" when it never was.
 *
 *   send|request|broadcast N ID    publish N TOPIC    large SIZE ID (once)
 *   log N    print N (lines on its standard output)
 *   timer N (each in an hour)    subscribe N (different patterns)    spawn N COMPONENT
 *   write N (different keys, 1,000 bytes each)
 *
 * Others are echoed. */
#include <airssys.h>

#include <stdio.h>
#include <stdlib.h>

#define HOUR_MS 3600000

typedef struct attempt {
    airs_str_t what;
    airs_id_t id; /* the same, where it is one */
    uint64_t number;
} attempt_t;

static airs_status_t send_one(const attempt_t *attempt) { return airs_send(attempt->id, airs_text("x")); }

static airs_status_t request_one(const attempt_t *attempt) {
    return airs_request(attempt->id, airs_text("x"), HOUR_MS, NULL);
}

static airs_status_t broadcast_one(const attempt_t *attempt) {
    return airs_broadcast(&attempt->id, 1, airs_text("x"));
}

static airs_status_t publish_one(const attempt_t *attempt) {
    return airs_publish(attempt->what, airs_text("x"), airs_str(NULL), NULL);
}

static airs_status_t log_one(const attempt_t *attempt) {
    airs_log(AIRS_LOG_INFO, "line %llu", (unsigned long long)attempt->number);
    return AIRS_OK;
}

static airs_status_t print_one(const attempt_t *attempt) {
    printf("line %llu\n", (unsigned long long)attempt->number);
    return fflush(stdout) == 0 ? AIRS_OK : AIRS_FAILED;
}

static airs_status_t timer_one(const attempt_t *attempt) {
    (void)attempt;
    return airs_send_after(HOUR_MS, airs_text("x"), NULL);
}

static airs_status_t subscribe_one(const attempt_t *attempt) {
    char pattern[48];
    int size = snprintf(pattern, sizeof pattern, "news.%llu", (unsigned long long)attempt->number);
    return airs_subscribe(airs_str_n(pattern, (size_t)size));
}

static airs_status_t spawn_one(const attempt_t *attempt) { return airs_spawn(attempt->what, NULL, NULL); }

static airs_status_t write_one(const attempt_t *attempt) {
    static const uint8_t value[1000];
    char key[48];
    int size = snprintf(key, sizeof key, "key-%llu", (unsigned long long)attempt->number);
    return airs_storage_set(airs_str_n(key, (size_t)size), airs_bytes(value, sizeof value));
}

static const struct {
    const char *name;
    airs_status_t (*try)(const attempt_t *attempt);
    bool names_actor;
} things[] = {
    {"send ", send_one, true},
    {"request ", request_one, true},
    {"broadcast ", broadcast_one, true},
    {"publish ", publish_one, false},
    {"log ", log_one, false},
    {"print ", print_one, false},
    {"timer ", timer_one, false},
    {"subscribe ", subscribe_one, false},
    {"spawn ", spawn_one, false},
    {"write ", write_one, false},
};

/* "N WHAT": the number, and *rest becomes what follows it. */
static bool number_of(airs_bytes_t *rest, uint64_t *out) {
    const uint8_t *space = rest->size > 0 ? memchr(rest->data, ' ', rest->size) : NULL;
    size_t digits = space != NULL ? (size_t)(space - rest->data) : rest->size;
    if (!airs_parse_u64(airs_bytes(rest->data, digits), out)) {
        return false;
    }
    size_t skip = space != NULL ? digits + 1 : digits;
    *rest = airs_bytes(rest->data + skip, rest->size - skip);
    return true;
}

static airs_outcome_t be_greedy(airs_status_t (*try)(const attempt_t *attempt), attempt_t attempt,
                                uint64_t count) {
    char why[300] = "-";
    uint64_t done = 0;
    for (uint64_t i = 0; i < count; i++) {
        attempt.number = i;
        airs_status_t status = try(&attempt);
        if (status != AIRS_OK && done == i) {
            snprintf(why, sizeof why, "%s: %s", airs_status_text(status), airs_error_text());
        }
        done += status == AIRS_OK;
    }
    return airs_answer_text("%llu %llu %s", (unsigned long long)done, (unsigned long long)(count - done),
                            why);
}

static airs_outcome_t send_large(airs_bytes_t rest) {
    uint64_t size = 0;
    airs_id_t id;
    if (!number_of(&rest, &size) || size > SIZE_MAX || !airs_id_parse(airs_as_str(rest), &id)) {
        return airs_fail("not a command");
    }
    uint8_t *data = calloc(1, (size_t)size);
    if (data == NULL) {
        return airs_fail("no memory");
    }
    airs_status_t status = airs_send(id, airs_bytes(data, (size_t)size));
    free(data);
    return status == AIRS_OK ? airs_answer(airs_text("1 0 -"))
                             : airs_answer_text("0 1 %s: %s", airs_status_text(status), airs_error_text());
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    if (airs_starts_with(message->payload, "large ", &rest)) {
        return send_large(rest);
    }
    for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
        attempt_t attempt = {0};
        uint64_t count = 0;
        if (!airs_starts_with(message->payload, things[i].name, &rest)) {
            continue;
        }
        if (!number_of(&rest, &count) ||
            (things[i].names_actor && !airs_id_parse(airs_as_str(rest), &attempt.id))) {
            return airs_fail("not a command");
        }
        attempt.what = airs_as_str(rest);
        return be_greedy(things[i].try, attempt, count);
    }
    return airs_answer(message->payload);
}
