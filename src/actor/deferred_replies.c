#include "actor/deferred_replies.h"

#include "actor/response_router.h"
#include "core/hash_table.h"

/* As many are kept without a look at whether they have ended. */
#define SWEEP_AT_LEAST 256
/* At a limit beyond that, so many are looked at for each that is to be taken over. */
#define LOOK_AT 16
/* And so many where nothing is to be taken over. */
#define FORGET_AT_ONCE 1024

typedef struct airs_deferred_reply airs_deferred_reply_t;
struct airs_deferred_reply {
    airs_hash_entry_t entry;
    airs_correlation_id_t id;
    uint64_t incarnation; /* that took it over */
    airs_deferred_reply_t *next;
    airs_deferred_reply_t *previous;
};

struct airs_deferred_replies {
    airs_hash_table_t table;
    airs_deferred_reply_t *first; /* the next to be looked at; all are in this list */
    airs_deferred_reply_t *last;
    size_t added; /* since the last sweep */
    size_t kept;  /* by it */
};

typedef struct airs_deferred_replies deferred_t;

/* For others to read. Relaxed: a mere figure. */
static void tell_count(airs_actor_t *actor) {
    atomic_store_explicit(&actor->deferred_count, (uint32_t)actor->deferred->table.count,
                          memory_order_relaxed);
}

static uint64_t hash_of(const airs_correlation_id_t *id) {
    uint64_t hash = 0;
    memcpy(&hash, id->bytes, 6);
    return hash; /* it is random */
}

static bool has_id(const airs_hash_entry_t *entry, const void *id) {
    return airs_correlation_id_equal(&((const airs_deferred_reply_t *)entry)->id, id);
}

static airs_deferred_reply_t *find(airs_actor_t *actor, const airs_correlation_id_t *id) {
    deferred_t *deferred = actor->deferred;
    return deferred != NULL
               ? (airs_deferred_reply_t *)airs_hash_table_find(&deferred->table, hash_of(id), has_id, id)
               : NULL;
}

/* ---- the list ---- */

static void append(deferred_t *deferred, airs_deferred_reply_t *reply) {
    reply->next = NULL;
    reply->previous = deferred->last;
    *(deferred->last != NULL ? &deferred->last->next : &deferred->first) = reply;
    deferred->last = reply;
}

static void take_out(deferred_t *deferred, airs_deferred_reply_t *reply) {
    *(reply->previous != NULL ? &reply->previous->next : &deferred->first) = reply->next;
    *(reply->next != NULL ? &reply->next->previous : &deferred->last) = reply->previous;
}

static void forget(airs_actor_t *actor, airs_deferred_reply_t *reply) {
    airs_hash_table_remove(&actor->deferred->table, &reply->entry);
    take_out(actor->deferred, reply);
    airs_block_pool_free(reply);
    tell_count(actor);
}

/* ---- taking over ---- */

static bool has_ended(airs_actor_t *actor, const airs_deferred_reply_t *reply) {
    return !airs_response_router_awaited(actor->services->responses, &reply->id);
}

static bool free_if_ended(airs_hash_entry_t *entry, void *context) {
    airs_actor_t *actor = context;
    airs_deferred_reply_t *reply = (airs_deferred_reply_t *)entry;
    bool ended = has_ended(actor, reply);
    if (ended) {
        take_out(actor->deferred, reply);
        airs_block_pool_free(reply);
    }
    return ended;
}

static void sweep(airs_actor_t *actor) {
    deferred_t *deferred = actor->deferred;
    airs_hash_table_sweep(&deferred->table, free_if_ended, actor);
    deferred->kept = deferred->table.count;
    deferred->added = 0;
    tell_count(actor);
}

/* In turn, so that all are looked at before one is again. */
static void look_at_some(airs_actor_t *actor) {
    deferred_t *deferred = actor->deferred;
    for (unsigned i = 0; i < LOOK_AT && deferred->first != NULL; i++) {
        airs_deferred_reply_t *reply = deferred->first;
        if (has_ended(actor, reply)) {
            forget(actor, reply);
        } else {
            take_out(deferred, reply);
            append(deferred, reply);
        }
    }
}

static airs_status_t make_room(airs_actor_t *actor, airs_error_t *error) {
    deferred_t *deferred = actor->deferred;
    size_t count = deferred->table.count;
    bool full = count >= actor->max_deferred;
    if (full && count > SWEEP_AT_LEAST) {
        look_at_some(actor);
    } else if (full || (count >= SWEEP_AT_LEAST && deferred->added >= deferred->kept)) {
        /* The table has doubled, or is small. */
        sweep(actor);
    }
    deferred->added++;
    if (deferred->table.count < actor->max_deferred) {
        return AIRS_OK;
    }
    return airs_error_set(error, AIRS_TOO_MANY_REQUESTS,
                          "%s has taken over %u answers, which is its limit (max-deferred)",
                          airs_component_id_text(actor->id), actor->max_deferred);
}

static airs_status_t make_table(airs_actor_t *actor) {
    const airs_allocator_t *allocator = actor->services->allocator;
    deferred_t *deferred = airs_alloc_zeroed(allocator, sizeof *deferred);
    if (deferred == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    airs_hash_table_init(&deferred->table, allocator);
    actor->deferred = deferred;
    return AIRS_OK;
}

bool airs_deferred_replies_owed(airs_actor_t *actor) {
    deferred_t *deferred = actor->deferred;
    for (unsigned i = 0; i < FORGET_AT_ONCE && deferred != NULL && deferred->first != NULL; i++) {
        if (!has_ended(actor, deferred->first)) {
            return true;
        }
        forget(actor, deferred->first);
    }
    return deferred != NULL && deferred->first != NULL;
}

airs_status_t airs_router_defer_reply(airs_message_router_t *router, airs_actor_t *self,
                                      airs_correlation_id_t *out, airs_error_t *error) {
    (void)router;
    const airs_component_message_t *message = self->in_hand;
    if (message == NULL || message->kind != AIRS_MESSAGE_REQUEST || self->answered) {
        return airs_error_set(error, AIRS_INVALID_STATE,
                              "there is no request in hand that is to be answered");
    }
    airs_status_t status = self->deferred != NULL ? AIRS_OK : make_table(self);
    if (status == AIRS_OK) {
        status = make_room(self, error);
    }
    if (status != AIRS_OK) {
        return status;
    }
    airs_deferred_reply_t *reply = airs_block_pool_alloc(self->services->pool, sizeof *reply);
    if (reply == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    reply->id = message->correlation;
    reply->incarnation = self->incarnation;
    airs_hash_table_insert(&self->deferred->table, &reply->entry, hash_of(&reply->id));
    append(self->deferred, reply);
    tell_count(self);
    self->answered = true;
    *out = reply->id;
    return AIRS_OK;
}

/* ---- answering ---- */

static airs_status_t not_found(airs_actor_t *actor, airs_error_t *error) {
    return airs_error_set(error, AIRS_NOT_FOUND, "%s has not taken over such a request, or has answered it",
                          airs_component_id_text(actor->id));
}

static airs_status_t conclude(airs_actor_t *actor, airs_deferred_reply_t *reply, airs_status_t status,
                              airs_error_t *error) {
    if (status == AIRS_TIMEOUT) {
        airs_error_set(error, status, "the answer comes too late: the request has ended");
    }
    if (status == AIRS_OK || status == AIRS_TIMEOUT) {
        forget(actor, reply);
    }
    return status;
}

airs_status_t airs_router_reply(airs_message_router_t *router, airs_actor_t *self,
                                const airs_correlation_id_t *to, airs_bytes_t payload,
                                airs_str_t content_type, airs_error_t *error) {
    (void)router;
    airs_deferred_reply_t *reply = find(self, to);
    if (reply == NULL) {
        return not_found(self, error);
    }
    airs_status_t status =
        airs_response_router_reply(self->services->responses, self, to, payload, content_type, error);
    return conclude(self, reply, status, error);
}

airs_status_t airs_router_fail(airs_message_router_t *router, airs_actor_t *self,
                               const airs_correlation_id_t *to, airs_str_t reason, airs_error_t *error) {
    (void)router;
    airs_deferred_reply_t *reply = find(self, to);
    if (reply == NULL) {
        return not_found(self, error);
    }
    airs_status_t status = airs_response_router_refuse(self->services->responses, self, to, reason);
    return conclude(self, reply, status, error);
}

/* ---- the end ---- */

typedef struct airs_leaving {
    airs_actor_t *actor;
    uint64_t incarnation; /* of whose there are some that stay */
    bool others;
    airs_status_t status;
    const char *reason;
} airs_leaving_t;

static bool leave(airs_hash_entry_t *entry, void *context) {
    const airs_leaving_t *leaving = context;
    airs_deferred_reply_t *reply = (airs_deferred_reply_t *)entry;
    airs_response_router_leave(leaving->actor->services->responses, leaving->actor, &reply->id,
                               leaving->status, leaving->reason);
    airs_block_pool_free(reply);
    return true;
}

static bool leave_if_of(airs_hash_entry_t *entry, void *context) {
    const airs_leaving_t *leaving = context;
    airs_deferred_reply_t *reply = (airs_deferred_reply_t *)entry;
    if ((reply->incarnation == leaving->incarnation) == leaving->others) {
        return false;
    }
    take_out(leaving->actor->deferred, reply);
    return leave(entry, context);
}

size_t airs_deferred_replies_end_few(airs_actor_t *actor, size_t most, airs_status_t status,
                                     const char *reason) {
    size_t ended = 0;
    deferred_t *deferred = actor->deferred;
    if (deferred == NULL) {
        return 0;
    }
    airs_leaving_t leaving = {.actor = actor, .status = status, .reason = reason};
    while (ended < most && deferred->first != NULL) {
        airs_deferred_reply_t *reply = deferred->first;
        airs_hash_table_remove(&deferred->table, &reply->entry);
        take_out(deferred, reply);
        (void)leave(&reply->entry, &leaving);
        ended++;
    }
    tell_count(actor);
    return ended;
}

void airs_deferred_replies_end_some(airs_actor_t *actor, uint64_t incarnation, bool others,
                                    airs_status_t status, const char *reason) {
    if (actor->deferred == NULL) {
        return;
    }
    airs_leaving_t leaving = {
        .actor = actor, .incarnation = incarnation, .others = others, .status = status, .reason = reason};
    airs_hash_table_sweep(&actor->deferred->table, leave_if_of, &leaving);
    tell_count(actor);
}

void airs_deferred_replies_end(airs_actor_t *actor, airs_status_t status, const char *reason) {
    deferred_t *deferred = actor->deferred;
    if (deferred == NULL) {
        return;
    }
    airs_leaving_t leaving = {.actor = actor, .status = status, .reason = reason};
    airs_hash_table_sweep(&deferred->table, leave, &leaving);
    tell_count(actor);
    airs_hash_table_free(&deferred->table);
    airs_release(actor->services->allocator, deferred);
    actor->deferred = NULL;
}
