/* A stage's guests under a supervisor, and what is known of them once they have ended and come back. */
#ifndef AIRSSYS_TEST_E2E_SUPERVISED_H
#define AIRSSYS_TEST_E2E_SUPERVISED_H

#include "actor/supervisor.h"
#include "e2e/stage.h"

/* Who was restarted, as airs_node_list tells it; `known` false: it does not live. */
typedef struct told {
    bool known;
    airs_actor_state_t state;
    char health[16];
    uint64_t restarts;
    uint64_t timers;
    uint64_t subscriptions;
    uint64_t failed_ns;
    char failure[40];
    char failure_reason[2048];
} told_t;

/* One-for-one, immediately, as often as a test may need it. AIRS_OK, or what its start failed with, which is then in
 * stage->error. Ended by stage_close. */
airs_status_t stage_supervise(stage_t *stage, const airs_child_spec_t *children, size_t count);

/* A permanent child of this guest. `spec` may be NULL, and must live as long as the call that starts it. */
airs_child_spec_t child_of(stage_t *stage, const char *guest, const char *id, const airs_actor_spec_t *spec);

told_t stage_told(stage_t *stage, const char *id);

/* Until it runs and has been restarted so often; asserts that it was not more often. */
told_t stage_await_restarts(stage_t *stage, const char *id, uint64_t restarts);

/* The newest dead letter; asserts that there is one. Its texts are the stage's until the next call. */
typedef struct letter {
    airs_dead_letter_reason_t reason;
    char detail[4096];
    char target[64];
    char payload[256];
} letter_t;
letter_t stage_newest_letter(stage_t *stage);

#endif
