#include "actor/supervisor_internal.h"
#include "core/exit_reason.h"

const char *airs_child_state_text(airs_child_state_t state) {
    static const char *const texts[] = {"ended", "starting", "running", "stopping", "restarting"};
    return (size_t)state < sizeof texts / sizeof texts[0] ? texts[state] : "unknown";
}

static airs_child_state_t state_of(const airs_supervisor_t *self) {
    switch (self->state) {
    case AIRS_SUPERVISOR_ROUND:
        return self->starting ? AIRS_CHILD_STARTING : AIRS_CHILD_UP;
    case AIRS_SUPERVISOR_RUNNING:
        return AIRS_CHILD_UP;
    case AIRS_SUPERVISOR_ENDING:
        return AIRS_CHILD_STOPPING;
    case AIRS_SUPERVISOR_ENDED:
        break;
    }
    return AIRS_CHILD_ENDED;
}

static uint64_t restarts_of(const airs_child_t *child) {
    if (child->nested != NULL) {
        return child->nested->restarts;
    }
    /* Relaxed: for display. */
    return child->actor != NULL ? atomic_load_explicit(&child->actor->restarts, memory_order_relaxed) : 0;
}

static bool walk_child(const airs_child_t *child, unsigned depth, const airs_supervisor_walk_t *walk) {
    const airs_child_info_t info = {
        .name = child->name,
        .supervisor = airs_supervisor_name(child->owner),
        .depth = depth,
        .is_supervisor = child->nested != NULL,
        .strategy = child->nested != NULL ? child->nested->strategy : AIRS_ONE_FOR_ONE,
        .state = child->state,
        .restarts = restarts_of(child),
        .restart = child->restart,
        .significant = child->significant,
        .ended_ns = child->end != NULL ? child->end->ended_ns : 0,
        .end = child->end != NULL ? airs_reason_text(child->end->kind) : "",
        .end_reason = child->end != NULL ? child->end->text : "",
    };
    return walk->each(walk->context, &info) &&
           (child->nested == NULL || airs_supervisor_walk(child->nested, depth, walk));
}

bool airs_supervisor_walk(const airs_supervisor_t *self, unsigned depth, const airs_supervisor_walk_t *walk) {
    bool go_on = true;
    for (const airs_child_t *child = self->first; child != NULL && go_on; child = child->next) {
        go_on = child->dormant || walk_child(child, depth + 1, walk);
    }
    return go_on;
}

bool airs_supervisor_walk_root(const airs_supervisor_t *self, const airs_supervisor_walk_t *walk) {
    const airs_child_info_t info = {
        .name = airs_supervisor_name(self),
        .supervisor = "",
        .is_supervisor = true,
        .strategy = self->strategy,
        .state = state_of(self),
        .restarts = self->restarts,
        .end = "",
        .end_reason = "",
    };
    return walk->each(walk->context, &info) && airs_supervisor_walk(self, 0, walk);
}

airs_supervisor_t *airs_supervisor_below(const airs_supervisor_t *self, const char *name) {
    airs_supervisor_t *found = NULL;
    for (const airs_child_t *child = self->first; child != NULL && found == NULL; child = child->next) {
        if (child->nested != NULL && !child->dormant) {
            found = strcmp(child->name, name) == 0 ? child->nested
                                                   : airs_supervisor_below(child->nested, name);
        }
    }
    return found;
}
