/* Takes over the answers to requests that say "later TEXT", and gives each its TEXT when it is told: "answer"
 * the oldest, "newest" the newest, "fail REASON" the oldest with that failure. "later MS TEXT" with a number is
 * answered by itself after so long. "again" answers the last one once more, "twice" takes a request over two
 * times; these, and "later" without a request, answer what the runtime says to that. "trap" traps. */
#include <airssys.h>

#include <stdlib.h>

typedef struct owed {
    struct owed *next;
    airs_request_id_t to;
    size_t size;
    uint8_t text[];
} owed_t;

static owed_t *oldest;
static owed_t **end = &oldest;
static airs_request_id_t answered;

static airs_outcome_t said(airs_status_t status) {
    return status == AIRS_OK ? airs_answer(airs_text("ok")) : airs_fail_status(status);
}

static airs_status_t answer(owed_t **place) {
    owed_t *owed = *place;
    if (owed == NULL) {
        return AIRS_NOT_FOUND;
    }
    airs_status_t status = airs_reply(&owed->to, airs_bytes(owed->text, owed->size), airs_str("text/plain"));
    if (status == AIRS_UNSUPPORTED_CODEC) {
        return status; /* it is still to be answered */
    }
    *place = owed->next;
    end = owed->next == NULL ? place : end;
    answered = owed->to;
    free(owed);
    return status;
}

static owed_t **newest(void) {
    owed_t **place = &oldest;
    while (*place != NULL && (*place)->next != NULL) {
        place = &(*place)->next;
    }
    return place;
}

/* "MS TEXT": the number, and *text becomes what follows it. */
static bool delay_of(airs_bytes_t *text, uint64_t *out) {
    const uint8_t *space = text->size != 0 ? memchr(text->data, ' ', text->size) : NULL;
    if (space == NULL || !airs_parse_u64(airs_bytes(text->data, (size_t)(space - text->data)), out)) {
        return false;
    }
    *text = airs_bytes(space + 1, text->size - (size_t)(space + 1 - text->data));
    return true;
}

static airs_outcome_t defer(airs_bytes_t text) {
    uint64_t delay_ms = 0;
    bool delayed = delay_of(&text, &delay_ms);
    owed_t *owed = malloc(sizeof *owed + text.size);
    if (owed == NULL) {
        return airs_fail_str(airs_str("no memory"));
    }
    airs_status_t status = airs_defer_reply(&owed->to);
    if (status != AIRS_OK) {
        free(owed);
        return airs_fail_status(status);
    }
    owed->next = NULL;
    owed->size = text.size;
    memcpy(owed->text, text.data, text.size);
    *end = owed;
    end = &owed->next;
    return delayed ? said(airs_send_after(delay_ms, airs_text("answer"), NULL)) : airs_done();
}

static airs_outcome_t fail_oldest(airs_str_t reason) {
    owed_t *owed = oldest;
    if (owed == NULL) {
        return airs_fail_status(AIRS_NOT_FOUND);
    }
    oldest = owed->next;
    end = oldest == NULL ? &oldest : end;
    airs_status_t status = airs_reply_fail(&owed->to, "%.*s", AIRS_STR_ARG(reason));
    free(owed);
    return said(status);
}

static airs_outcome_t defer_twice(void) {
    airs_request_id_t id;
    airs_status_t first = airs_defer_reply(&id);
    if (first != AIRS_OK) {
        return airs_fail_status(first);
    }
    airs_status_t second = airs_defer_reply(&id);
    return said(airs_reply(&id, airs_text(airs_status_text(second)), airs_str(NULL)));
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest = {NULL, 0};
    if (airs_starts_with(message->payload, "later ", &rest)) {
        return defer(rest);
    } else if (airs_is(message->payload, "answer")) {
        return said(answer(&oldest));
    } else if (airs_is(message->payload, "newest")) {
        return said(answer(newest()));
    } else if (airs_starts_with(message->payload, "fail ", &rest)) {
        return fail_oldest(airs_as_str(rest));
    } else if (airs_is(message->payload, "again")) {
        return said(airs_reply(&answered, airs_text("again"), airs_str(NULL)));
    } else if (airs_is(message->payload, "twice")) {
        return defer_twice();
    } else if (airs_is(message->payload, "trap")) {
        __builtin_trap();
    }
    return airs_answer(message->payload);
}
