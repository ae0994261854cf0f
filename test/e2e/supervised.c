#include "e2e/supervised.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/node.h"

airs_child_spec_t child_of(stage_t *stage, const char *guest, const char *id, const airs_actor_spec_t *spec) {
    return (airs_child_spec_t){.component = stage_guest(stage, guest), .id = id_of(id), .actor = spec};
}

airs_status_t stage_supervise(stage_t *stage, const airs_child_spec_t *children, size_t count) {
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    airs_supervisor_t *supervisor = NULL;
    spec.intensity = AIRS_INTENSITY_MAX;
    spec.children = children;
    spec.child_count = count;
    stage->error.text[0] = '\0';
    return airs_actor_system_start_supervisor(airs_node_actors(stage->node), &spec, &supervisor,
                                              &stage->error);
}

typedef struct search {
    airs_id_t id;
    told_t told;
} search_t;

static bool take_told(void *context, const airs_actor_info_t *info) {
    search_t *search = context;
    if (!airs_id_equal(info->id, search->id)) {
        return true;
    }
    told_t *told = &search->told;
    told->known = true;
    told->state = info->counters.state;
    told->restarts = info->counters.restarts;
    told->timers = info->timers;
    told->subscriptions = info->subscriptions;
    told->failed_ns = info->failed_ns;
    (void)snprintf(told->health, sizeof told->health, "%s", info->health);
    (void)snprintf(told->failure, sizeof told->failure, "%s", info->failure);
    (void)snprintf(told->failure_reason, sizeof told->failure_reason, "%s", info->failure_reason);
    return false;
}

told_t stage_told(stage_t *stage, const char *id) {
    search_t search = {.id = id_of(id)};
    airs_node_list(stage->node, take_told, &search);
    return search.told;
}

told_t stage_await_restarts(stage_t *stage, const char *id, uint64_t restarts) {
    const struct timespec moment = {0, 1000000};
    told_t told = stage_told(stage, id);
    for (unsigned i = 0; i < PATIENCE_MS && (told.restarts < restarts || told.state != AIRS_ACTOR_RUNNING);
         i++) {
        (void)nanosleep(&moment, NULL);
        told = stage_told(stage, id);
    }
    if (!told.known || told.restarts != restarts || told.state != AIRS_ACTOR_RUNNING) {
        fail_msg("%s is %s after %u restarts, not %u; it failed last by %s: %s", id,
                 airs_actor_state_text(told.state), (unsigned)told.restarts, (unsigned)restarts, told.failure,
                 told.failure_reason);
    }
    return told;
}

static bool take_letter(void *context, const airs_dead_letter_t *letter) {
    letter_t *newest = context;
    newest->reason = letter->reason;
    (void)snprintf(newest->detail, sizeof newest->detail, "%s", letter->detail);
    (void)snprintf(newest->target, sizeof newest->target, "%.*s/%.*s/%.*s", AIRS_STR_ARG(letter->target.ns),
                   AIRS_STR_ARG(letter->target.name), AIRS_STR_ARG(letter->target.instance));
    (void)snprintf(newest->payload, sizeof newest->payload, "%.*s", (int)letter->payload.size,
                   (const char *)letter->payload.data);
    return true;
}

letter_t stage_newest_letter(stage_t *stage) {
    letter_t newest = {.target = ""};
    airs_node_dead_letters(stage->node, take_letter, &newest);
    assert_string_not_equal(newest.target, "");
    return newest;
}
