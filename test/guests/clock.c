/* The runtime's clock and log: "nanoseconds", "milliseconds" answer the time since 1970 as decimal text;
 * "log LEVEL TEXT" logs, LEVEL from 0 to 4. */
#include <airssys.h>

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    if (airs_is(message->payload, "nanoseconds")) {
        return airs_answer_text("%llu", (unsigned long long)airs_now_ns());
    } else if (airs_is(message->payload, "milliseconds")) {
        return airs_answer_text("%llu", (unsigned long long)airs_now_ms());
    } else if (airs_starts_with(message->payload, "log ", &rest) && rest.size >= 2 && rest.data[0] >= '0' &&
               rest.data[0] <= '4') {
        airs_log_str((airs_log_level_t)(rest.data[0] - '0'),
                     airs_str_n((const char *)rest.data + 2, rest.size - 2));
        return airs_done();
    }
    return airs_fail("not a command: %.*s", AIRS_STR_ARG(message->payload));
}
