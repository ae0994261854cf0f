/* Takes lines "A / B", has the divider divide, then the average reckon with the quotient, and prints what came of
 * it. One line after the other: the next is begun when the last has ended, well or not. */
#include <airssys.h>

#include <stdio.h>

const airs_metadata_t airs_metadata = {.name = "teller", .version = "1.0.0", .stateful = true};

#define LINES_MAX 100
#define LINE_MAX 80
#define TIMEOUT_MS 10000

static char lines[LINES_MAX][LINE_MAX];
static size_t line_count;
static size_t current;          /* the line that is worked on */
static char quotient[LINE_MAX]; /* of the current line; "": not known yet */
static bool busy;

static airs_status_t ask(const char *whom, const char *what) {
    busy = true;
    return airs_request((airs_id_t){airs_self().ns, airs_str(whom), airs_str("0")}, airs_text(what),
                        TIMEOUT_MS, NULL);
}

static airs_outcome_t begin_line(void) {
    if (busy || current == line_count) {
        return airs_done();
    }
    airs_status_t status = ask("divider", lines[current]);
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    if (airs_is_end(message)) {
        return airs_done();
    }
    if (line_count == LINES_MAX || message->payload.size >= LINE_MAX) {
        return airs_fail_str(airs_str("a line too many, or too long"));
    }
    memcpy(lines[line_count++], message->payload.data, message->payload.size);
    return begin_line();
}

/* Whoever was asked has crashed: it has been started again, or is about to be. The answer is lost, and asking again
 * would only crash it once more. */
static void say_failure(const airs_message_t *message) {
    airs_str_t reason = airs_failure_reason(message);
    printf("%-8s   the divider ended: %.*s\n", lines[current], AIRS_STR_ARG(reason));
}

static void say_answer(const airs_message_t *message) {
    printf("%-8s = %-3s average %.*s\n", lines[current], quotient, AIRS_STR_ARG(message->payload));
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    busy = false;
    if (message->kind == AIRS_RESPONSE && quotient[0] == '\0') {
        snprintf(quotient, sizeof quotient, "%.*s", AIRS_STR_ARG(message->payload));
        airs_status_t status = ask("average", quotient);
        return status == AIRS_OK ? airs_done() : airs_fail_status(status);
    }
    if (message->kind == AIRS_RESPONSE) {
        say_answer(message);
    } else {
        say_failure(message);
    }
    quotient[0] = '\0';
    current++;
    return begin_line();
}
