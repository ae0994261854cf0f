/* Answers each message with an error whose text is the payload. With FAIL_IN set to "initialize" or
 * "shutdown" that fails too; HEALTH is "degraded", "unhealthy" or "unknown" to say so. */
#include <airssys.h>

static bool fail_here(const char *where) {
    const char *wanted = airs_env("FAIL_IN");
    return wanted != NULL && strcmp(wanted, where) == 0;
}

airs_outcome_t airs_on_start(void) {
    return fail_here("initialize") ? airs_fail_str(airs_str("asked to fail")) : airs_done();
}

airs_outcome_t airs_on_stop(void) {
    return fail_here("shutdown") ? airs_fail_str(airs_str("asked to fail")) : airs_done();
}

airs_health_t airs_on_health(void) {
    const char *health = airs_env("HEALTH");
    if (health == NULL) {
        return AIRS_HEALTHY;
    }
    return strcmp(health, "degraded") == 0    ? AIRS_DEGRADED
           : strcmp(health, "unhealthy") == 0 ? AIRS_UNHEALTHY
                                              : AIRS_HEALTH_UNKNOWN;
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    return airs_fail_str(airs_as_str(message->payload));
}
