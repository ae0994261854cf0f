/* Many requests at once: "N" makes N requests to the actor that the configuration names (itself, if there is no
 * configuration) within one call, each with its number and TIMEOUT_MS (default 60,000), and answers how many
 * were accepted. Its answer to a request of its own is that request's payload. "report" answers "RESPONSES
 * TIMEOUTS OTHERS": how many have ended in which way, of which an answer that does not belong to its request is
 * one of the others. */
#include <airssys.h>

#include <stdio.h>
#include <stdlib.h>

static airs_id_t target;
static uint64_t timeout_ms = 60000;
static airs_request_id_t *ids; /* by number, sorted by nothing: a request's number is in its answer */
static uint64_t made;
static uint64_t responses;
static uint64_t timeouts;
static uint64_t others;

airs_outcome_t airs_on_start(void) {
    const char *timeout = airs_env("TIMEOUT_MS");
    if (timeout != NULL && !airs_parse_u64(airs_text(timeout), &timeout_ms)) {
        return airs_fail_str(airs_str("TIMEOUT_MS is not a number"));
    }
    if (!airs_id_parse(airs_as_str(airs_config()), &target)) {
        target = airs_self();
    }
    return airs_done();
}

static airs_outcome_t ask(uint64_t count) {
    ids = realloc(ids, (size_t)(made + count) * sizeof *ids);
    if (ids == NULL) {
        return airs_fail_str(airs_str("no memory"));
    }
    uint64_t accepted = 0;
    while (accepted < count) {
        char text[24];
        size_t size = (size_t)snprintf(text, sizeof text, "number %llu", (unsigned long long)made);
        if (airs_request(target, airs_bytes(text, size), timeout_ms, &ids[made]) != AIRS_OK) {
            break;
        }
        accepted++;
        made++;
    }
    return airs_answer_text("%llu", (unsigned long long)accepted);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    uint64_t count = 0;
    if (airs_is(message->payload, "report")) {
        return airs_answer_text("%llu %llu %llu", (unsigned long long)responses, (unsigned long long)timeouts,
                                (unsigned long long)others);
    } else if (airs_parse_u64(message->payload, &count)) {
        return ask(count);
    }
    return airs_answer(message->payload);
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    airs_bytes_t rest;
    uint64_t number = 0;
    if (airs_failure_is(message, "timeout")) {
        timeouts++;
    } else if (message->kind == AIRS_RESPONSE && airs_starts_with(message->payload, "number ", &rest) &&
               airs_parse_u64(rest, &number) && number < made &&
               airs_str_equal(message->correlation_id, airs_str(ids[number].text))) {
        responses++;
    } else {
        others++;
    }
    return airs_done();
}
