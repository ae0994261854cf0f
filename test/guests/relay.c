/* Passes requests on and their answers back. "N TEXT" with N above 0 becomes a request "N-1 TEXT" to the actor
 * that the configuration names, with TIMEOUT_MS (default 60,000); the answer to that, and a dot, is this one's
 * answer, and its failure is this one's failure. "0 TEXT" is answered with TEXT. */
#include <airssys.h>

#include <stdio.h>

#define OPEN_MAX 64

/* A request that was passed on, and the one that waits for its end. */
typedef struct passed {
    airs_request_id_t on;
    airs_request_id_t back;
} passed_t;

static airs_id_t target;
static uint64_t timeout_ms = 60000;
static passed_t open[OPEN_MAX];
static size_t open_count;

airs_outcome_t airs_on_start(void) {
    const char *timeout = airs_env("TIMEOUT_MS");
    if (timeout != NULL && !airs_parse_u64(airs_text(timeout), &timeout_ms)) {
        return airs_fail_str(airs_str("TIMEOUT_MS is not a number"));
    }
    return airs_id_parse(airs_as_str(airs_config()), &target)
               ? airs_done()
               : airs_fail_str(airs_str("the configuration is not an id"));
}

static airs_outcome_t pass_on(uint64_t hops, airs_bytes_t text) {
    char request[256];
    passed_t *passed = &open[open_count];
    size_t size =
        (size_t)snprintf(request, sizeof request, "%llu %.*s", (unsigned long long)hops, AIRS_STR_ARG(text));
    if (size >= sizeof request || open_count == OPEN_MAX) {
        return airs_fail_str(airs_str("too much to relay"));
    }
    airs_status_t status = airs_request(target, airs_bytes(request, size), timeout_ms, &passed->on);
    status = status == AIRS_OK ? airs_defer_reply(&passed->back) : status;
    if (status != AIRS_OK) {
        return airs_fail_status(status);
    }
    open_count++;
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t all = message->payload;
    const uint8_t *space = all.size != 0 ? memchr(all.data, ' ', all.size) : NULL;
    uint64_t hops = 0;
    if (space == NULL || !airs_parse_u64(airs_bytes(all.data, (size_t)(space - all.data)), &hops)) {
        return airs_fail_str(airs_str("not a command"));
    }
    airs_bytes_t text = airs_bytes(space + 1, all.size - (size_t)(space + 1 - all.data));
    return hops == 0 ? airs_answer(text) : pass_on(hops - 1, text);
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    static uint8_t answer[65536];
    size_t i = 0;
    while (i < open_count && !airs_str_equal(airs_str(open[i].on.text), message->correlation_id)) {
        i++;
    }
    size_t size = message->payload.size;
    if (i == open_count || size >= sizeof answer) {
        return airs_fail_str(airs_str("an answer to nothing"));
    }
    airs_request_id_t back = open[i].back;
    open[i] = open[--open_count];
    airs_status_t status = AIRS_OK;
    if (message->kind == AIRS_RESPONSE) {
        if (size != 0) {
            memcpy(answer, message->payload.data, size);
        }
        answer[size] = '.';
        status = airs_reply(&back, airs_bytes(answer, size + 1), message->content_type);
    } else {
        status = airs_reply_fail_str(&back, airs_failure_reason(message));
    }
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}
