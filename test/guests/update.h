/* What the versions of the component under update (update_*.c) have in common. A version says what it is before
 * it includes this:
 *
 *     VERSION             its version, as text
 *     STATELESS           it carries no state
 *     START, IMPORT, EXPORT   what is done first in those functions; may return
 *     MESSAGE             likewise of airs_on_message
 *
 * It counts its messages. "get" is answered with "VERSION count", "from" with the version whose state it goes on with;
 * both are not counted. "tick N" begins a timer of N milliseconds, whose message is "tock". Everything else is
 * sent on to app/sink/0, and answered with itself. */
#ifndef AIRS_TEST_UPDATE_H
#define AIRS_TEST_UPDATE_H

#include <airssys.h>

#ifndef START
#define START
#endif
#ifndef IMPORT
#define IMPORT
#endif
#ifndef EXPORT
#define EXPORT
#endif
#ifndef MESSAGE
#define MESSAGE
#endif

const airs_metadata_t airs_metadata = {.name = "updated", .version = VERSION, .stateful = true};

static uint64_t count;
static char from[32] = "nobody";

static airs_outcome_t answer_count(void) {
    char text[64] = VERSION " ";
    char digits[20];
    size_t size = 0;
    uint64_t rest = count;
    do {
        digits[size++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    size_t at = strlen(text);
    while (size > 0) {
        text[at++] = digits[--size];
    }
    return airs_answer(airs_bytes(text, at));
}

airs_outcome_t airs_on_start(void) {
    START;
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t number;
    uint64_t milliseconds;
    if (airs_is(message->payload, "get")) {
        return answer_count();
    }
    if (airs_is(message->payload, "from")) {
        return airs_answer(airs_text(from));
    }
    if (airs_starts_with(message->payload, "tick ", &number) && airs_parse_u64(number, &milliseconds)) {
        airs_status_t status = airs_send_after(milliseconds, airs_text("tock"), NULL);
        return status == AIRS_OK ? airs_done() : airs_fail_status(status);
    }
    MESSAGE;
    count++;
    airs_status_t status = airs_send(airs_id("app", "sink", "0"), message->payload);
    return status == AIRS_OK ? airs_answer(message->payload) : airs_fail_status(status);
}

#ifndef STATELESS
airs_outcome_t airs_on_export_state(void) {
    EXPORT;
    return airs_answer(airs_bytes(&count, sizeof count));
}

airs_outcome_t airs_on_import_state(airs_str_t from_version, airs_bytes_t state) {
    IMPORT;
    if (state.size != sizeof count || from_version.size >= sizeof from) {
        return airs_fail_str(airs_str("that is no state of mine"));
    }
    memcpy(&count, state.data, sizeof count);
    memcpy(from, from_version.data, from_version.size);
    from[from_version.size] = '\0';
    return airs_done();
}
#endif

#endif
