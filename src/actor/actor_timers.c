#include "actor/actor_timers.h"

#include "core/check.h"
#include "core/deadline.h"
#include "core/hash_table.h"

/* It is the timer service's while it is armed, and the actor's owner's from then on: `cancel`, or the message
 * in the mailbox, hands it over. So an actor that lets go of a timer needs no reference to itself in it: after
 * its owner has cancelled it, or has taken its message, nobody else touches either. */
typedef struct airs_actor_timer {
    airs_hash_entry_t entry; /* by id */
    airs_timer_t timer;
    airs_actor_t *actor;
    uint64_t id;
    uint64_t incarnation;              /* that began it */
    uint64_t period_ns;                /* 0: once */
    airs_payload_t *payload;           /* of a repeating one */
    airs_component_message_t *message; /* for when it is due; NULL: it was, or there was no memory */
    bool cancelled;                    /* while its message waits, which keeps it here */
} airs_actor_timer_t;

/* It stays as long as the actor, so that no id is used twice. */
struct airs_actor_timers {
    airs_hash_table_t table;
    size_t cancelled; /* of those in it */
    uint64_t last_id;
};

static void tell_count(airs_actor_t *actor) {
    size_t count = actor->timers->table.count - actor->timers->cancelled;
    /* Relaxed: a mere figure, for others to read. */
    atomic_store_explicit(&actor->timer_count, (uint32_t)count, memory_order_relaxed);
}

static bool has_id(const airs_hash_entry_t *entry, const void *id) {
    return ((const airs_actor_timer_t *)entry)->id == *(const uint64_t *)id;
}

static airs_actor_timer_t *find(airs_actor_t *actor, uint64_t id) {
    return actor->timers != NULL ? (airs_actor_timer_t *)airs_hash_table_find(
                                       &actor->timers->table, airs_hash_number(id), has_id, &id)
                                 : NULL;
}

/* ---- one timer ---- */

static airs_status_t make_message(airs_actor_timer_t *self, airs_bytes_t payload) {
    airs_actor_t *actor = self->actor;
    airs_block_pool_t *pool = actor->services->pool;
    airs_message_parts_t parts = {.kind = AIRS_MESSAGE_TIMER, .sender = actor->id, .payload = payload};
    airs_status_t status =
        self->payload != NULL
            ? airs_component_message_create_shared(pool, &parts, self->payload, &self->message)
            : airs_component_message_create(pool, &parts, &self->message);
    if (status == AIRS_OK) {
        self->message->timer_id = self->id;
    }
    return status;
}

static void destroy(airs_actor_timer_t *self) {
    airs_component_message_destroy(self->message);
    airs_payload_unref(self->payload);
    airs_block_pool_free(self);
}

static void arm(airs_actor_timer_t *self) {
    airs_timer_service_t *timers = self->actor->services->timers;
    if (self->timer.deadline_ns != UINT64_MAX) {
        /* The node's timers need no memory to be armed. */
        AIRS_ASSERT(timers->add(timers, &self->timer) == AIRS_OK);
    }
}

/* False: it has fired. */
static bool disarm(airs_actor_timer_t *self) {
    airs_timer_service_t *timers = self->actor->services->timers;
    /* One that was never armed has not fired either. Looked at last: what fires may be moving the deadline on. */
    return timers->cancel(timers, &self->timer) || self->timer.deadline_ns == UINT64_MAX;
}

/* The first of its moments that has not passed. */
static void arm_next(airs_actor_timer_t *self) {
    uint64_t now = airs_clock_monotonic(self->actor->services->clock);
    uint64_t last = self->timer.deadline_ns;
    uint64_t periods = now > last ? (now - last) / self->period_ns + 1 : 1;
    uint64_t ahead = 0;
    if (__builtin_mul_overflow(periods, self->period_ns, &ahead) ||
        __builtin_add_overflow(last, ahead, &self->timer.deadline_ns)) {
        self->timer.deadline_ns = UINT64_MAX;
    }
    arm(self);
}

static void fire(airs_timer_t *timer) {
    airs_actor_timer_t *self = (airs_actor_timer_t *)((char *)timer - offsetof(airs_actor_timer_t, timer));
    airs_actor_t *actor = self->actor;
    airs_services_t *services = actor->services;
    if (self->message == NULL && make_message(self, airs_bytes(NULL, 0)) != AIRS_OK) {
        arm_next(self);
        return;
    }
    airs_component_message_t *message = self->message;
    message->timestamp_ns = airs_clock_wall(services->clock);
    self->message = NULL;
    airs_worker_t *worker = airs_scheduler_worker(services->scheduler);
    airs_actor_before_push(services, worker);
    /* The timer may be gone with this, and the actor too unless it was idle. */
    airs_push_t push = airs_mailbox_push(&actor->mailbox, message);
    AIRS_ASSERT(push != AIRS_PUSH_CLOSED); /* timers end before the mailbox closes */
    airs_actor_after_push(services, worker, actor, push);
}

static airs_status_t make(airs_actor_t *actor, airs_bytes_t payload, bool repeats, airs_actor_timer_t **out) {
    airs_block_pool_t *pool = actor->services->pool;
    airs_actor_timer_t *self = airs_block_pool_alloc(pool, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    *self = (airs_actor_timer_t){.timer = {.fire = fire},
                                 .actor = actor,
                                 .id = actor->timers->last_id + 1,
                                 .incarnation = actor->incarnation};
    airs_status_t status = repeats ? airs_payload_create(pool, payload, airs_str(NULL), &self->payload)
                                   : AIRS_OK;
    if (status == AIRS_OK) {
        status = make_message(self, payload);
    }
    if (status != AIRS_OK) {
        destroy(self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

/* ---- for actors ---- */

static airs_status_t check(airs_actor_t *actor, airs_bytes_t payload, airs_error_t *error) {
    if (payload.size > actor->max_message_bytes) {
        return airs_error_set(error, AIRS_MESSAGE_TOO_LARGE, "%zu bytes, and %s takes %llu at most",
                              payload.size, airs_component_id_text(actor->id),
                              (unsigned long long)actor->max_message_bytes);
    }
    if (actor->timers != NULL && actor->timers->table.count >= actor->max_timers) {
        return airs_error_set(error, AIRS_QUOTA_EXCEEDED, "%s has %u timers, which is its limit (max-timers)",
                              airs_component_id_text(actor->id), actor->max_timers);
    }
    return AIRS_OK;
}

static airs_status_t make_table(airs_actor_t *actor) {
    const airs_allocator_t *allocator = actor->services->allocator;
    actor->timers = airs_alloc_zeroed(allocator, sizeof *actor->timers);
    if (actor->timers == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    airs_hash_table_init(&actor->timers->table, allocator);
    return AIRS_OK;
}

airs_status_t airs_router_start_timer(airs_message_router_t *router, airs_actor_t *self, uint64_t delay_ms,
                                      uint64_t period_ms, airs_bytes_t payload, uint64_t *out,
                                      airs_error_t *error) {
    (void)router;
    airs_actor_put_out(self);
    airs_status_t status = check(self, payload, error);
    if (status == AIRS_OK && self->timers == NULL) {
        status = make_table(self);
    }
    airs_actor_timer_t *timer = NULL;
    if (status == AIRS_OK) {
        status = make(self, payload, period_ms > 0, &timer);
    }
    if (status != AIRS_OK) {
        return status;
    }
    timer->timer.deadline_ns = airs_deadline_in(self->services->clock, delay_ms);
    if (__builtin_mul_overflow(period_ms, UINT64_C(1000000), &timer->period_ns)) {
        timer->period_ns = UINT64_MAX;
    }
    *out = self->timers->last_id = timer->id;
    airs_hash_table_insert(&self->timers->table, &timer->entry, airs_hash_number(timer->id));
    tell_count(self);
    arm(timer);
    return AIRS_OK;
}

static void forget(airs_actor_t *actor, airs_actor_timer_t *timer) {
    airs_hash_table_remove(&actor->timers->table, &timer->entry);
    tell_count(actor);
    destroy(timer);
}

bool airs_router_cancel_timer(airs_message_router_t *router, airs_actor_t *self, uint64_t id) {
    (void)router;
    airs_actor_timer_t *timer = find(self, id);
    if (timer == NULL || timer->cancelled) {
        return false;
    }
    if (disarm(timer)) {
        forget(self, timer);
        return true;
    }
    if (timer->period_ns == 0) {
        return false;
    }
    /* Its message is exempt from the mailbox's bounds: the timer counts against its own limit until that is
     * discarded. */
    timer->cancelled = true;
    self->timers->cancelled++;
    tell_count(self);
    return true;
}

uint64_t airs_actor_timers_due(airs_actor_t *actor, uint64_t id) {
    const airs_actor_timer_t *timer = find(actor, id);
    return timer != NULL && !timer->cancelled ? timer->timer.deadline_ns : UINT64_MAX;
}

bool airs_actor_timers_take(airs_actor_t *actor, const airs_component_message_t *message) {
    airs_actor_timer_t *timer = find(actor, message->timer_id);
    if (timer == NULL) {
        return false;
    }
    if (timer->period_ns == 0 || timer->cancelled) {
        bool cancelled = timer->cancelled;
        actor->timers->cancelled -= cancelled;
        forget(actor, timer);
        return !cancelled;
    }
    /* On this thread, which frees what it takes. Without memory it is tried again when it is due. */
    (void)make_message(timer, airs_bytes(NULL, 0));
    arm_next(timer);
    return true;
}

/* ---- the end ---- */

static bool end(airs_hash_entry_t *entry, void *context) {
    (void)context;
    airs_actor_timer_t *timer = (airs_actor_timer_t *)entry;
    (void)disarm(timer);
    destroy(timer);
    return true;
}

void airs_actor_timers_end(airs_actor_t *actor) {
    if (actor->timers != NULL) {
        airs_hash_table_sweep(&actor->timers->table, end, NULL);
        actor->timers->cancelled = 0;
        tell_count(actor);
    }
}

static void end_one(airs_hash_entry_t *entry, void *context) {
    airs_actor_t *actor = context;
    actor->timers->cancelled -= ((airs_actor_timer_t *)entry)->cancelled;
    (void)end(entry, NULL);
}

size_t airs_actor_timers_end_few(airs_actor_t *actor, size_t most, size_t *place) {
    if (actor->timers == NULL) {
        return 0;
    }
    size_t ended = airs_hash_table_sweep_few(&actor->timers->table, place, most, end_one, actor);
    tell_count(actor);
    return ended;
}

typedef struct airs_timers_of {
    airs_actor_t *actor;
    uint64_t incarnation;
    bool others;
} airs_timers_of_t;

static bool end_if_of(airs_hash_entry_t *entry, void *context) {
    const airs_timers_of_t *of = context;
    airs_actor_timer_t *timer = (airs_actor_timer_t *)entry;
    if ((timer->incarnation == of->incarnation) == of->others) {
        return false;
    }
    of->actor->timers->cancelled -= timer->cancelled;
    return end(entry, NULL);
}

void airs_actor_timers_end_some(airs_actor_t *actor, uint64_t incarnation, bool others) {
    if (actor->timers != NULL) {
        airs_timers_of_t of = {.actor = actor, .incarnation = incarnation, .others = others};
        airs_hash_table_sweep(&actor->timers->table, end_if_of, &of);
        tell_count(actor);
    }
}

void airs_actor_timers_free(airs_actor_t *actor) {
    if (actor->timers != NULL) {
        AIRS_ASSERT(actor->timers->table.count == 0);
        airs_hash_table_free(&actor->timers->table);
        airs_release(actor->services->allocator, actor->timers);
    }
}
