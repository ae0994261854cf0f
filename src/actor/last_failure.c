#include "actor/last_failure.h"

#include "core/memory.h"
#include "core/utf8.h"

/* Of its text; what is longer is cut after a line. */
#define TEXT_MAX 1000

struct airs_last_failure {
    uint64_t failed_ns; /* since 1970 */
    const char *what;
    char text[];
};

static const char *what_of(const airs_actor_t *actor) {
    return actor->end_status != AIRS_OK ? airs_status_name(actor->end_status)
                                        : airs_reason_text((airs_reason_kind_t)actor->end_kind);
}

void airs_last_failure_keep(airs_actor_t *actor) {
    airs_exit_reason_t reason = airs_actor_reason(actor);
    if (reason.kind != AIRS_REASON_CRASH && reason.kind != AIRS_REASON_ERROR) {
        return;
    }
    airs_services_t *services = actor->services;
    size_t size = airs_utf8_cut_lines(airs_str(reason.text), TEXT_MAX);
    airs_last_failure_t *failure = airs_alloc(services->allocator, sizeof *failure + size + 1);
    if (failure == NULL) {
        return;
    }
    *failure = (airs_last_failure_t){.failed_ns = airs_worker_now(actor->worker, services->clock),
                                     .what = what_of(actor)};
    *(char *)airs_copy(failure->text, reason.text, size) = '\0';
    airs_spinlock_lock(&services->failures);
    airs_last_failure_t *before = actor->last_failure;
    actor->last_failure = failure;
    airs_spinlock_unlock(&services->failures);
    airs_release(services->allocator, before);
}

uint64_t airs_last_failure_copy(airs_actor_t *actor, const char **what, char *text, size_t size) {
    uint64_t failed_ns = 0;
    *what = "";
    text[0] = '\0';
    airs_spinlock_lock(&actor->services->failures);
    const airs_last_failure_t *failure = actor->last_failure;
    if (failure != NULL) {
        failed_ns = failure->failed_ns;
        *what = failure->what;
        size_t shown = airs_utf8_cut_lines(airs_str(failure->text), size - 1);
        *(char *)airs_copy(text, failure->text, shown) = '\0';
    }
    airs_spinlock_unlock(&actor->services->failures);
    return failed_ns;
}

void airs_last_failure_free(airs_actor_t *actor) {
    airs_release(actor->services->allocator, actor->last_failure);
}
