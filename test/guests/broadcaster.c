/* Sends each message to all the actors that its configuration names, an id a line, and answers "ok" or what
 * the runtime said. */
#include <airssys.h>

#define TARGETS_MAX 1100

static airs_id_t targets[TARGETS_MAX];
static size_t target_count;

airs_outcome_t airs_on_start(void) {
    airs_str_t rest = airs_as_str(airs_config());
    while (rest.size != 0) {
        const char *end = memchr(rest.data, '\n', rest.size);
        airs_str_t line = {rest.data, end != NULL ? (size_t)(end - rest.data) : rest.size};
        if (target_count == TARGETS_MAX || !airs_id_parse(line, &targets[target_count++])) {
            return airs_fail_str(airs_str("the configuration is not a list of ids"));
        }
        size_t used = line.size + (end != NULL ? 1 : 0);
        rest = airs_str_n(rest.data + used, rest.size - used);
    }
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_status_t status = airs_broadcast(targets, target_count, message->payload);
    return status == AIRS_OK ? airs_answer(airs_text("ok")) : airs_fail_status(status);
}
