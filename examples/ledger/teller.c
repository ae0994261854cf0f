/* Takes transfers, a line each, has the ledger make them one after the other, and prints what it answers; at the end the
 * balances. What the ledger did not answer is asked again: the id in the line says that it is the same transfer. */
#include <airssys.h>

#include <stdio.h>

const airs_metadata_t airs_metadata = {.name = "teller", .version = "1.0.0", .stateful = true};

#define LINES_MAX 20000
#define LINE_MAX 100
#define TIMEOUT_MS 30000
#define TRIES 3

static char lines[LINES_MAX][LINE_MAX];
static size_t line_count;
static size_t current; /* the line that is worked on */
static int tries;      /* of it, so far */
static bool busy;
static bool ended; /* no more lines come */

static airs_outcome_t go_on(void) {
    if (busy || (current == line_count && !ended) || current > line_count) {
        return airs_done();
    }
    const char *what = current < line_count ? lines[current] : "balances";
    airs_status_t status = airs_request((airs_id_t){airs_self().ns, airs_str("ledger"), airs_str("0")},
                                        airs_text(what), TIMEOUT_MS, NULL);
    busy = status == AIRS_OK;
    tries++;
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    if (airs_is_end(message)) {
        ended = true;
        return go_on();
    }
    if (line_count == LINES_MAX || message->payload.size >= LINE_MAX) {
        return airs_fail_str(airs_str("a line too many, or too long"));
    }
    memcpy(lines[line_count++], message->payload.data, message->payload.size);
    return go_on();
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    busy = false;
    if (message->kind != AIRS_RESPONSE && tries < TRIES) {
        return go_on();
    }
    if (message->kind == AIRS_RESPONSE) {
        printf("%.*s\n", AIRS_STR_ARG(message->payload));
    } else {
        airs_str_t reason = airs_failure_reason(message);
        printf("%s: nobody knows: %.*s\n", current < line_count ? lines[current] : "balances",
               AIRS_STR_ARG(reason));
    }
    fflush(stdout);
    current++;
    tries = 0;
    return go_on();
}
