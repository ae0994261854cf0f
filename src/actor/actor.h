/* An actor as the layer knows it: what guests and native actors have in common.
 *
 * One thread at a time owns an actor: the worker that runs its turn, the run queue that holds it, the
 * outside thread that starts or stops it, or, while a call is parked, nobody until the waker comes. The
 * owner's fields need no lock. Ownership passes through the mailbox's head (idle), the run queues' locks
 * and `run_state` (parked). */
#ifndef AIRSSYS_ACTOR_ACTOR_H
#define AIRSSYS_ACTOR_ACTOR_H

#include <airssys/node.h>

#include "actor/log_limiter.h"
#include "actor/mailbox.h"
#include "actor/run_queue.h"
#include "actor/services.h"
#include "core/correlation_tracker.h"
#include "core/exit_reason.h"
#include "core/hash_table.h"
#include "core/refcount.h"
#include "core/token_bucket.h"

typedef struct airs_behaviour airs_behaviour_t;
typedef struct airs_health_monitor airs_health_monitor_t;
typedef struct airs_last_failure airs_last_failure_t;

/* The batch that the call in hand is about. Its messages are the next ones of the mailbox, but for the one in hand,
 * which was taken out: so what a batch does not come to is simply still there. */
typedef struct airs_message_batch {
    uint8_t count;  /* 0: no batch */
    uint8_t at;     /* the index of the one in hand */
    uint8_t max;    /* of the next batch */
    bool marked;    /* the guest has said which one is in hand */
    uint8_t lot;    /* of messages that it sends and that are kept back; see actor/outbox.h */
    uint16_t ticks; /* lower bits of the engine's count of slices when it began */
} airs_message_batch_t;

/* What kinds of actors do in their own way. Calls are as in core/runtime_engine.h: PENDING ones are
 * announced through airs_actor_wake and gone on with by `resume`. */
struct airs_behaviour {
    bool uses_engine; /* its calls run between the engine's activity_begin and activity_end */
    bool can_wait;    /* its calls can pend in a send, until there is room for it */
    /* Could the present incarnation be given batches? NULL: none can. */
    bool (*batches)(airs_actor_t *actor);
    /* As the engine's; then `handle_batch`, of the same messages. */
    uint32_t (*gather)(airs_actor_t *actor, const airs_component_message_t *first, uint32_t count,
                       size_t payload_bytes);
    airs_poll_t (*handle_batch)(airs_actor_t *actor, const airs_component_message_t *first,
                                airs_call_result_t *result);
    airs_poll_t (*start)(airs_actor_t *actor, airs_call_result_t *result);
    airs_poll_t (*handle)(airs_actor_t *actor, const airs_component_message_t *message,
                          airs_call_result_t *result);
    airs_poll_t (*stop)(airs_actor_t *actor, airs_call_result_t *result);
    /* Its metadata: `name` and `version` of the result. NULL: it has none. */
    airs_poll_t (*describe)(airs_actor_t *actor, airs_call_result_t *result);
    /* How well it is: `health` of the result. NULL: it cannot be asked. */
    airs_poll_t (*health)(airs_actor_t *actor, airs_call_result_t *result);
    airs_poll_t (*resume)(airs_actor_t *actor, airs_call_result_t *result);
    /* The call that pends has done so for too long: why, if that is not the guest's doing; else NULL. NULL: it never is. */
    const char *(*overdue)(const airs_actor_t *actor);
    /* AIRS_SIGNAL_ATTEND came. NULL: nobody gives it. */
    void (*attend)(airs_actor_t *actor);
    /* Drop the instance of an incarnation that goes on; `start` makes it another one. NULL: it cannot do without; see
     * actor/passivation.h. */
    void (*passivate)(airs_actor_t *actor);
    /* The incarnation is over, perhaps in the middle of a call: drop what it consists of. Called once for each;
     * after it `start` may be called again, if the actor has a keeper. */
    void (*discard)(airs_actor_t *actor);
    /* After the last discard, once. NULL: there is nothing else to drop. */
    void (*retire)(airs_actor_t *actor);
    /* The memory, with the last reference. */
    void (*release)(airs_actor_t *actor);
};

/* Where a call that is not in progress leaves the actor. */
typedef enum airs_run_state {
    AIRS_RUN_ON,       /* owned */
    AIRS_RUN_PARKED,   /* waits for airs_actor_wake */
    AIRS_RUN_NOTIFIED, /* owned, and woken before it could park */
} airs_run_state_t;

/* Which call is in progress. */
typedef enum airs_actor_step {
    AIRS_STEP_NONE,
    AIRS_STEP_START,
    AIRS_STEP_HANDLE,
    AIRS_STEP_STOP,
    AIRS_STEP_DESCRIBE,
    AIRS_STEP_HEALTH,
    AIRS_STEP_UPDATE,
    AIRS_STEP_RETURN, /* a passive actor gets its instance; see actor/passivation.h */
} airs_actor_step_t;

/* Why an incarnation ended, which decides what happens to what it leaves. */
typedef enum airs_actor_end {
    AIRS_END_DRAINED, /* stopped in line: what came behind the stop are dead letters */
    AIRS_END_DROPPED, /* stopped: what waits is dropped and counted, which was asked for */
    AIRS_END_EXITED,  /* by itself, with its shutdown call: what waits are dead letters */
    AIRS_END_KILLED,  /* likewise, and without its shutdown call */
    AIRS_END_CRASHED, /* what waits are dead letters, the message in hand too */
    AIRS_END_LINKED,  /* with one that it was linked to: as if it had crashed, but it did not */
} airs_actor_end_t;

typedef enum airs_life_event {
    AIRS_LIFE_STARTED, /* it is running */
    AIRS_LIFE_DOWN,    /* its incarnation has ended: the keeper decides whether there will be another */
    AIRS_LIFE_GONE,    /* it has ended for good */
} airs_life_event_t;

/* Who hears of an actor's life and decides whether it goes on after an incarnation: its supervisor.
 *
 * An actor with a keeper goes down when an incarnation ends, unless it was the first and did not come as far as
 * running, or its mailbox refuses messages, which is how an end for good is asked for. It keeps its id, its
 * mailbox (which goes on accepting) and its subscriptions, and is parked until airs_actor_restart begins its next
 * incarnation, or until, its mailbox refusing, AIRS_SIGNAL_STOP or AIRS_SIGNAL_KILL ends it for good: with STOP
 * what waits is dropped, and with KILL it becomes dead letters. */
typedef struct airs_keeper airs_keeper_t;
struct airs_keeper {
    /* On the actor's owner. `reason` is that of DOWN and GONE. After GONE it is not used again. */
    void (*tell)(airs_keeper_t *keeper, airs_life_event_t event, airs_reason_kind_t reason);
};

/* The senders that wait for room in an actor's mailbox, the first first; see actor/waiting_senders.h. */
typedef struct airs_waiting_send airs_waiting_send_t;
typedef struct airs_waiting_line {
    airs_waiting_send_t *first;
    airs_waiting_send_t *last;
} airs_waiting_line_t;

/* A place in the registry's list of all actors. Who reads the list puts one of its own into it
 * (`actor` NULL), to keep its place while it holds no lock. */
typedef struct airs_roster_node airs_roster_node_t;
struct airs_roster_node {
    airs_roster_node_t *next;
    airs_roster_node_t *previous;
    airs_actor_t *actor;
};

/* What an actor says of itself, in one block. */
typedef struct airs_actor_metadata airs_actor_metadata_t;
struct airs_actor_metadata {
    const char *name;
    const char *version;
    airs_actor_metadata_t *next; /* of all that the actor has said; the owner's */
};

/* The deadline of a call that is parked. */
typedef struct airs_park_timer {
    airs_timer_t timer;
    airs_actor_t *actor;
} airs_park_timer_t;

/* A system has many idle ones: members of less than a word stand together, and what few need is pointed to. */
struct airs_actor {
    /* Read by all, written before the actor is known to others. */
    const airs_behaviour_t *behaviour;
    airs_services_t *services;
    airs_component_id_t *id;
    airs_keeper_t *keeper;      /* NULL: nobody restarts it */
    uint64_t max_message_bytes; /* a sender looks at this and at the next */
    airs_codecs_t accepts;      /* 0: any */
    uint32_t max_requests;
    uint32_t max_timers;
    uint32_t max_subscriptions;
    uint64_t max_parked_ns; /* UINT64_MAX: no limit */
    uint64_t block_time_ms; /* how long a sender waits for room at most */
    uint64_t started_ns;    /* since 1970 */
    uint32_t max_deferred;
    uint32_t max_monitors;
    uint32_t max_links;
    bool internal; /* not one of the node's actors: not registered, not counted */

    /* Written by others, seldom. */
    atomic_bool metadata_asked;
    _Atomic uint8_t run_state; /* airs_run_state_t */
    _Atomic uint8_t state;     /* airs_actor_state_t */
    _Atomic uint8_t health;    /* airs_health_t; see actor/health_monitor.h */
    atomic_bool passive;       /* it has no instance for the time being */
    atomic_bool switched;      /* by an update that is not decided yet; its instance is as any */
    _Atomic uint8_t keeps;     /* airs_actor_kept_t: what it ever had */
    airs_refcount_t references;
    _Atomic(const airs_actor_metadata_t *) metadata; /* NULL: not known; what was known stays in memory */

    airs_last_failure_t *last_failure; /* under airs_services_t's lock `failures`; NULL: it had none */
    _Atomic(struct airs_health_ask *) health_asks; /* who waits for how well it is */
    _Atomic(struct airs_actor_switch *) update;    /* its part in an update that goes on; NULL: none */

    /* The registry's, under its locks. */
    airs_hash_entry_t registered; /* by its id */
    struct airs_actor_group *group;
    size_t group_index;
    airs_roster_node_t roster;

    /* Who waits for room in its mailbox, and what it waits with itself: under airs_waiting_senders_t's lock. */
    airs_waiting_line_t line;
    airs_waiting_send_t *waits;

    /* Its links and monitors, and others' on it, under airs_actor_links_t's lock; NULL: none. */
    struct airs_actor_watches *watches;

    /* What it awaits; see core/correlation_tracker.h. */
    airs_pending_list_t requests;

    /* The subscription service's, under its lock. */
    struct airs_topic_entry *subscriptions;
    _Atomic uint32_t subscription_count; /* read by whoever asks for it */

    /* The owner's, read by whoever asks for counters. */
    _Atomic uint32_t deferred_count;
    _Atomic uint32_t timer_count;

    /* The owner's. */
    uint64_t incarnation;                       /* counts from 1 over the whole system */
    uint32_t tickets_since;                     /* ends of requests that it hears; see is_stale */
    uint32_t tickets_void;                      /* but for this one; 0: none */
    airs_actor_metadata_t *said;                /* all its metadata, the last first */
    uint32_t id_credit;                         /* references to `id` that messages to be sent will carry */
    struct airs_deferred_replies *deferred;     /* answers it has taken over; NULL: it never did */
    struct airs_actor_timers *timers;           /* NULL: it never had one */
    struct airs_actor_clearing *clearing;       /* not NULL: it is ending, and does nothing else */
    struct airs_health_monitor *health_monitor; /* NULL: it is not asked at an interval */
    struct airs_passivable *passivable;         /* NULL: it always has its instance */
    airs_actor_t *run_next;
    airs_worker_t *worker; /* whose turn this is; NULL on an outside thread */
    airs_component_message_t *in_hand;
    uint8_t step;       /* airs_actor_step_t */
    uint8_t stop_mode;  /* airs_actor_end_t, once stopping */
    bool pending;       /* the call of `step` is to be resumed */
    bool answered;      /* the request in hand has its answer */
    bool exiting;       /* asked to end itself */
    bool at_rest;       /* there is no incarnation: one is to begin, or it is down */
    bool park_armed;    /* the timer in `park` was added */
    bool batches;       /* it can be given several messages in one call; see actor/message_batch.h */
    uint8_t long_turns; /* how many of its turns were long lately; see airs_actor_level */
    airs_message_batch_t batch;
    uint32_t owed; /* references to `owed_id` that came with messages and are to be given back */
    airs_component_id_t *owed_id; /* the sender of the last messages */
    uint64_t parked_left_ns;      /* of the call in hand */
    uint64_t parked_since_ns;
    airs_park_timer_t *park; /* NULL: its calls never pend */
    airs_log_limiter_t complaints;
    airs_token_bucket_t messages; /* that it may put into mailboxes */
    /* How it ended, read by others once the state is STOPPED, or when it is DOWN by its keeper. While it is
     * `exiting`, the reason that it gave for that. */
    char *end_reason; /* NULL: just the status */
    airs_status_t end_status;
    uint8_t end_kind; /* airs_reason_kind_t */

    /* The owner's, read by whoever asks for counters. */
    _Atomic uint64_t handled;
    _Atomic uint64_t errors;
    _Atomic uint64_t sent;
    _Atomic uint64_t dropped;
    _Atomic uint64_t restarts;

    airs_mailbox_t mailbox;
};

/* What a kind of actor gives airs_actor_init. */
typedef struct airs_actor_setup {
    const airs_behaviour_t *behaviour;
    airs_services_t *services;
    airs_component_id_t *id; /* one reference is taken over */
    airs_mailbox_limits_t mailbox;
    uint64_t max_message_bytes;
    uint64_t max_parked_ms; /* 0: no limit */
    uint64_t block_time_ms;
    uint32_t max_requests;
    uint32_t max_timers;
    uint32_t max_subscriptions;
    uint32_t max_deferred;
    uint32_t max_monitors;
    uint32_t max_links;
    uint32_t max_messages_per_s; /* 0: no bound */
    airs_codecs_t accepts;
    airs_keeper_t *keeper;
    bool internal;
    airs_park_timer_t *park; /* to be filled; NULL: its calls never pend */
} airs_actor_setup_t;

/* ---- how long its turns are; the owner's ----
 *
 * A long turn, one in which the actor used up a time slice, weighs as much as three that end before. So a turn into which
 * the end of a slice happens to fall changes nothing by itself, and who goes on for whole slices and puts brief turns
 * in between is no better off for it. */
#define AIRS_LONG_TURN 3
#define AIRS_LONG_FROM 4
#define AIRS_LONG_MAX 6

/* A turn begins, which is brief unless airs_actor_turn_was_long is told otherwise. */
static inline void airs_actor_turn_begins(airs_actor_t *actor) {
    if (actor->long_turns > 0) {
        actor->long_turns--;
    }
}

static inline void airs_actor_turn_was_long(airs_actor_t *actor) {
    unsigned turns = actor->long_turns + AIRS_LONG_TURN;
    actor->long_turns = (uint8_t)(turns < AIRS_LONG_MAX ? turns : AIRS_LONG_MAX);
}

/* Where it waits for its next turn: those whose turns were long stand behind the others. */
static inline airs_run_level_t airs_actor_level(const airs_actor_t *actor) {
    return actor->long_turns < AIRS_LONG_FROM ? AIRS_LEVEL_BRIEF : AIRS_LEVEL_LONG;
}

/* Fill a zeroed actor: created, owned by the caller, with one reference, which airs_actor_end gives up. */
void airs_actor_init(airs_actor_t *actor, const airs_actor_setup_t *setup);

airs_actor_t *airs_actor_ref(airs_actor_t *actor);
/* NULL is fine. */
void airs_actor_unref(airs_actor_t *actor);

/* May an actor go from one state to the other? */
bool airs_actor_transition_allowed(airs_actor_state_t from, airs_actor_state_t to);

/* AIRS_INVALID_STATE when it may not; nothing has changed then. The owner's. */
airs_status_t airs_actor_transition(airs_actor_t *actor, airs_actor_state_t to);

static inline airs_actor_state_t airs_actor_state(airs_actor_t *actor) {
    /* Acquire: pairs with airs_actor_transition; whoever sees STOPPED sees how it ended. */
    return (airs_actor_state_t)atomic_load_explicit(&actor->state, memory_order_acquire);
}

/* The calls below are the owner's; after GONE the actor must not be touched without a reference. */

/* Start it (created -> starting -> running, or ended with end_status), then run what waits, all on the
 * calling thread, which is no worker and has called airs_actor_before_push before the actor was known to
 * others. A call that pends goes to the workers. */
void airs_actor_start_here(airs_actor_t *actor);

/* Any thread with a reference: ask it to end for good. It accepts no messages from here on.
 * AIRS_OUT_OF_MEMORY (drain): nothing was changed. */
airs_status_t airs_actor_ask_to_stop(airs_actor_t *actor, airs_stop_mode_t mode);

/* Its keeper: let an actor that is down begin its next incarnation. */
void airs_actor_restart(airs_actor_t *actor);

/* An idle actor, claimed after airs_actor_before_push: stop it likewise. */
void airs_actor_stop_here(airs_actor_t *actor, airs_actor_end_t mode);

/* Run it for a turn. What the scheduler calls. */
airs_turn_t airs_actor_turn(airs_worker_t *worker, airs_actor_t *actor);

/* Any thread, before it pushes, signals or claims; `worker` is the calling one. A thread from outside counts as
 * activity from here on: whoever finds the actor owned by it already must not find all quiet before it has
 * counted the actor. A worker's turn counts anyway. */
static inline void airs_actor_before_push(airs_services_t *services, airs_worker_t *worker) {
    if (worker == NULL) {
        airs_tally_activate(airs_scheduler_tally(services->scheduler, NULL));
    }
}

/* And after it, with what the push answered: have the actor run if it was CLAIMED; else it is not touched. */
void airs_actor_after_push(airs_services_t *services, airs_worker_t *worker, airs_actor_t *actor,
                           airs_push_t push);

/* Any thread with a reference: it accepts no messages from here on. */
void airs_actor_refuse(airs_actor_t *actor);

/* Any thread with a reference: somebody waits for room in its mailbox, and there is some, or it takes nothing
 * any more. `worker` is the calling one. */
void airs_actor_tell_of_room(airs_actor_t *actor, airs_worker_t *worker);

/* Any thread with a reference: put into the control lane, and wake the actor if it is parked. */
void airs_actor_signal(airs_actor_t *actor, airs_signal_t signal);

/* The same, but a call that is parked sleeps on: the actor is told after it. */
void airs_actor_signal_between(airs_actor_t *actor, airs_signal_t signal);

/* An outside thread with a reference: wait until it has ended, `timeout_ms` at most. False: it has not. */
bool airs_actor_await_end(airs_actor_t *actor, uint64_t timeout_ms);

/* The owner's, in a call of the actor's: have it end for this reason once the call has returned, having handled
 * what is in hand. AIRS_INVALID_ARGUMENT, AIRS_INVALID_STATE (it is stopping), AIRS_OUT_OF_MEMORY. */
airs_status_t airs_actor_exit_for(airs_actor_t *actor, const airs_exit_reason_t *reason);

/* How it ended, borrowed, likewise. */
airs_exit_reason_t airs_actor_reason(const airs_actor_t *actor);

/* The owner's: it was asked to end, and not only behind what is queued. */
static inline bool airs_actor_is_asked_to_stop(const airs_actor_t *actor) {
    return (airs_mailbox_signals(&actor->mailbox) & (AIRS_SIGNAL_KILL | AIRS_SIGNAL_STOP)) != 0;
}

/* Any thread: its parked call may go on (airs_host_t.wake). */
void airs_actor_wake(void *actor);

/* Any thread with a reference: what it says of itself, valid as long as the reference. NULL when that is not
 * known yet: the first to ask has the actor asked, between two of its calls. */
const airs_actor_metadata_t *airs_actor_metadata(airs_actor_t *actor);

/* The same without asking. */
static inline const airs_actor_metadata_t *airs_actor_known_metadata(airs_actor_t *actor) {
    /* Acquire: pairs with airs_actor_keep_metadata. */
    return atomic_load_explicit(&actor->metadata, memory_order_acquire);
}

/* The owner's: what it said, kept as long as the actor; the same again is the same. NULL: no memory. */
const airs_actor_metadata_t *airs_actor_make_metadata(airs_actor_t *actor, const char *name,
                                                      const char *version);

/* The owner's: this is what others see; NULL: it is not known, and will be asked again. */
void airs_actor_show_metadata(airs_actor_t *actor, const airs_actor_metadata_t *metadata);

/* The owner's: bound the time that a call may be parked; 0: no limit. */
void airs_actor_bound_parking(airs_actor_t *actor, uint64_t max_parked_ms);

/* The owner's: from here on only ends of requests are heard that this incarnation makes; or: none of those. */
static inline void airs_actor_begin_tickets(airs_actor_t *actor) {
    actor->tickets_since = (uint32_t)actor->incarnation;
    actor->tickets_void = 0;
}
static inline void airs_actor_void_tickets(airs_actor_t *actor) {
    actor->tickets_void = (uint32_t)actor->incarnation;
}

/* The owner's: both. Without memory it stays unknown. */
void airs_actor_keep_metadata(airs_actor_t *actor, const char *name, const char *version);

/* What it is called: by its metadata, or while these are not known (NULL) by its id's name, in `buffer`. */
const char *airs_actor_name(airs_actor_t *actor, const airs_actor_metadata_t *metadata,
                            char buffer[AIRS_ID_MAX + 1]);

void airs_actor_counters(airs_actor_t *actor, airs_actor_counters_t *out);

/* Room for the texts of an airs_actor_info_t. */
typedef struct airs_actor_texts {
    char name[AIRS_ID_MAX + 1];
    char failure[1024];
} airs_actor_texts_t;

/* Any thread with a reference. The texts in it are valid as long as that and `texts`. */
void airs_actor_info(airs_actor_t *actor, airs_actor_texts_t *texts, airs_actor_info_t *out);

/* The owner's: a reference to the actor's id for a message that it sends. */
airs_component_id_t *airs_actor_lend_id(airs_actor_t *actor);

/* The owner's: destroy a message that was handled, its sender's reference with those of the next ones. */
void airs_actor_discharge(airs_actor_t *actor, airs_component_message_t *message);

/* Give those references back: before the actor is let go of. */
void airs_actor_pay(airs_actor_t *actor);

/* The owner's: what it has sent and was kept back is put into the mailbox. */
static inline void airs_actor_put_out(airs_actor_t *actor) {
    if (actor->worker != NULL) {
        airs_outbox_close(&actor->worker->outbox);
    }
}

/* The counters that the actor's owner writes. */
static inline airs_tally_t *airs_actor_tally(airs_actor_t *actor) {
    return airs_scheduler_tally(actor->services->scheduler, actor->worker);
}

/* What others keep of an actor under a lock of theirs, and clear away at its end. Most actors never have any of it, and
 * their ends need not take those locks. */
typedef enum airs_actor_kept {
    AIRS_KEPT_WATCHES = 1,       /* actor/actor_links.h */
    AIRS_KEPT_SUBSCRIPTIONS = 2, /* actor/subscription_service.h */
} airs_actor_kept_t;

/* Any thread, holding that lock, before the first of it is there. False: the actor has ended, and there may be none. */
static inline bool airs_actor_keep(airs_actor_t *actor, airs_actor_kept_t what) {
    /* Sequentially consistent, both, as the closing of the mailbox is and the look in airs_actor_keeps: either the end
     * sees this mark, and waits for the lock, or the end is seen here. */
    atomic_fetch_or_explicit(&actor->keeps, (uint8_t)what, memory_order_seq_cst);
    return atomic_load_explicit(&actor->mailbox.head, memory_order_seq_cst) != AIRS_MAILBOX_CLOSED;
}

/* The owner's: may there be any of it? */
static inline bool airs_actor_keeps(airs_actor_t *actor, airs_actor_kept_t what) {
    return (atomic_load_explicit(&actor->keeps, memory_order_seq_cst) & (uint8_t)what) != 0;
}

/* What a system message in the user lane asks. */
typedef enum airs_system_message { AIRS_SYSTEM_STOP = 1 } airs_system_message_t;

#endif
