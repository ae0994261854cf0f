/* An actor's mailbox: many threads put in, the one that runs the actor takes out.
 *
 * Two lanes. The runtime's control is a set of signals, seen before anything else: what it asks (kill,
 * stop now) is idempotent, so a set needs no memory and cannot overflow. Messages are a list that senders
 * push onto its head, with one compare-and-exchange that also says whether the actor was idle, and that
 * the owner takes whole and turns round. (A queue with one exchange a push has a moment in which it is
 * cut in two, and a preempted sender then holds up the receiver; this one has none.)
 *
 * Two bounds, messages and bytes, in one packed word: a sender reserves with one addition, and takes it
 * back when that was too much. Callbacks (ends of requests) are exempt: they come in without a
 * reservation.
 *
 * A mailbox that drops its oldest must get at what waits: it keeps its messages in a list under a lock, and
 * its head is the readiness alone. Nothing is reserved there: a message makes its room when it is pushed.
 *
 * A mailbox may also have its senders wait: they stand in a line beside it (actor/waiting_senders.h), and
 * while anybody stands there, others who come find it full.
 *
 * The word at the list's head is also the actor's readiness: idle, or owned by a worker or a run queue.
 * Whoever turns idle into owned must see to it that the actor is run. */
#ifndef AIRSSYS_ACTOR_MAILBOX_H
#define AIRSSYS_ACTOR_MAILBOX_H

#include <airssys/node.h>

#include "actor/message_list.h"
#include "actor/spinlock.h"
#include "core/memory.h"

/* Bounds on the bounds: what fits the packed word, with room for what senders add in passing. */
#define AIRS_MAILBOX_MESSAGES_MAX ((UINT32_C(1) << 23) - 1)
#define AIRS_MAILBOX_BYTES_MAX (UINT64_C(1) << 38)

/* The control lane, most urgent first. */
typedef enum airs_signal {
    AIRS_SIGNAL_KILL = 1,         /* end without the shutdown call */
    AIRS_SIGNAL_PARK_EXPIRED = 2, /* the call in hand was parked for too long */
    AIRS_SIGNAL_STOP = 4,         /* end in order after the call in hand; drop what is queued */
    AIRS_SIGNAL_DESCRIBE = 8,     /* somebody wants to know its metadata */
    AIRS_SIGNAL_RESTART = 16,     /* begin the next incarnation of an actor that is down */
    AIRS_SIGNAL_ATTEND = 32,      /* there is something for it that is no message */
    AIRS_SIGNAL_HEALTH = 64,      /* it is to be asked how well it is */
    AIRS_SIGNAL_UPDATE = 128,     /* the updater has an order; see actor/actor_update.h */
    AIRS_SIGNAL_EXIT = 256,       /* one that it is linked to has ended */
    AIRS_SIGNAL_PASSIVATE = 512,  /* it has perhaps nothing to do; see actor/passivation.h */
} airs_signal_t;

typedef struct airs_mailbox_limits {
    uint32_t messages;
    airs_mailbox_policy_t policy;
    uint64_t bytes;
} airs_mailbox_limits_t;

typedef struct airs_mailbox {
    /* Senders write these; limits is read with every write. */
    _Alignas(AIRS_CACHE_LINE) _Atomic uintptr_t head;
    _Atomic uint64_t level;
    airs_mailbox_limits_t limits;
    _Atomic uint64_t refused;
    _Atomic uint32_t room_waiters; /* threads that wait for room; they count themselves */
    _Atomic uint32_t in_line;      /* senders that wait in line; counted by airs_waiting_senders_t */
    airs_spinlock_t lock;          /* over `list`, and over `released` of a mailbox that has one */
    _Atomic uint64_t dropped;      /* to make room */

    /* The owner's, but for a mailbox that drops. `released` is read by whoever asks for counters. */
    _Alignas(AIRS_CACHE_LINE) airs_component_message_t *inbox;
    uint64_t taken_bytes;
    uint32_t taken;
    uint32_t taken_max;
    _Atomic uint64_t released;
    _Atomic uint32_t signals;
    bool drops;               /* the oldest, by its policy: then all that waits is in `list` */
    airs_message_list_t list; /* senders take from it too */
} airs_mailbox_t;

typedef enum airs_push {
    AIRS_PUSH_QUEUED,  /* somebody owns the actor and will come to it */
    AIRS_PUSH_CLAIMED, /* it was idle: the caller owns it now and hands it to the scheduler */
    AIRS_PUSH_CLOSED,  /* the actor has ended; the message is still the caller's */
} airs_push_t;

/* Owned by the caller, empty. Limits must be within the bounds above, messages at least 1. */
void airs_mailbox_init(airs_mailbox_t *mailbox, airs_mailbox_limits_t limits);

/* Any thread: take room for a message of `bytes`. AIRS_QUEUE_FULL, or AIRS_NOT_RUNNING after
 * airs_mailbox_refuse. Without AIRS_OK nothing is taken and the refusal is counted. A mailbox that drops is
 * never full, but refuses what is larger than itself. */
airs_status_t airs_mailbox_reserve(airs_mailbox_t *mailbox, size_t bytes);

/* The same for who asks again when there is none: no refusal is counted. */
airs_status_t airs_mailbox_try_reserve(airs_mailbox_t *mailbox, size_t bytes);

/* Any thread: take room for `count` messages of together `bytes`, if half of it stays free. False: nothing is taken; also
 * of a mailbox that drops or has its senders wait. */
bool airs_mailbox_reserve_lot(airs_mailbox_t *mailbox, uint32_t count, size_t bytes);

/* The same for the first one in the line; it is not counted when there is none. */
airs_status_t airs_mailbox_reserve_in_line(airs_mailbox_t *mailbox, size_t bytes);

/* Any thread that has counted itself in room_waiters: might a message of `bytes` be accepted, or is there no
 * use in waiting because none is any more? */
bool airs_mailbox_room(airs_mailbox_t *mailbox, size_t bytes);

/* Any thread: give back what a reserve took and no push used. */
void airs_mailbox_unreserve(airs_mailbox_t *mailbox, size_t bytes);

/* The same of several. */
void airs_mailbox_unreserve_lot(airs_mailbox_t *mailbox, uint32_t count, size_t bytes);

/* Any thread whose reservation was given back, or failed, which may have kept others out for a moment: does
 * somebody wait for room, and is there any? */
bool airs_mailbox_awaited(airs_mailbox_t *mailbox);

/* Any thread: a message that is exempt from the bounds. */
airs_push_t airs_mailbox_push(airs_mailbox_t *mailbox, airs_component_message_t *message);

/* Any thread: a message with cost_slots, for whose payload's size room was taken. `*dropped` (NULL at first)
 * becomes what had to go for it: the caller's now, the oldest first, linked through `next`. */
airs_push_t airs_mailbox_push_bounded(airs_mailbox_t *mailbox, airs_component_message_t *message,
                                      airs_component_message_t **dropped);

/* The same with several for which airs_mailbox_reserve_lot took room, each linked through `next` to the one that was
 * sent before it. */
airs_push_t airs_mailbox_push_chain(airs_mailbox_t *mailbox, airs_component_message_t *newest,
                                    airs_component_message_t *oldest);

/* Messages that are linked so, the other way round. Returns the oldest. */
airs_component_message_t *airs_mailbox_in_order(airs_component_message_t *newest);

/* Any thread: add to the control lane. CLAIMED as for a push. */
airs_push_t airs_mailbox_signal(airs_mailbox_t *mailbox, airs_signal_t signal);

/* Any thread: own an actor that is idle; false when it is not. */
bool airs_mailbox_claim(airs_mailbox_t *mailbox);

/* Any thread: reservations are refused from here on. True when somebody waits for room, in vain now. */
bool airs_mailbox_refuse(airs_mailbox_t *mailbox);

/* Any thread: has the actor ended? */
static inline bool airs_mailbox_closed(airs_mailbox_t *mailbox);

/* Does nobody own the actor? Any thread, at once out of date. */
static inline bool airs_mailbox_idle(airs_mailbox_t *mailbox);

/* How many messages wait, those exempt from the bounds not included. Any thread, at once out of date. */
uint32_t airs_mailbox_waiting(airs_mailbox_t *mailbox);

/* How many messages came in so far, likewise. */
uint64_t airs_mailbox_received(airs_mailbox_t *mailbox);

/* What follows is the owner's alone. */

/* The signals that came, one or more of airs_signal_t; they stay until cleared. */
static inline uint32_t airs_mailbox_signals(const airs_mailbox_t *mailbox) {
    /* Relaxed: a signal is looked at before each message and again by airs_mailbox_release_ownership,
     * which is what makes sure of it. */
    return atomic_load_explicit(&mailbox->signals, memory_order_relaxed);
}

/* Returns those of them that had come; what who gave them did before is seen afterwards. */
uint32_t airs_mailbox_clear_signals(airs_mailbox_t *mailbox, uint32_t signals);

/* Does it refuse everything from here on? */
bool airs_mailbox_refuses(airs_mailbox_t *mailbox);

/* The next message in order, now the owner's; NULL when there is none. Its room is given back now or
 * with the next few (airs_mailbox_settle). */
airs_component_message_t *airs_mailbox_take(airs_mailbox_t *mailbox);

/* The next message in order, which stays in the mailbox, with what it took of the bounds; those after it are linked
 * through `next` and stay likewise. NULL: there is none, or this mailbox drops, and what waits may be dropped. */
airs_component_message_t *airs_mailbox_look(airs_mailbox_t *mailbox);

/* What came meanwhile, behind the `last` one of those; NULL: nothing. */
airs_component_message_t *airs_mailbox_look_behind(airs_mailbox_t *mailbox, airs_component_message_t *last);

/* Up to `max` messages in one go, linked through `next`; NULL when there is none. */
airs_component_message_t *airs_mailbox_take_many(airs_mailbox_t *mailbox, size_t max);

/* Give back the room of what was taken. True when somebody waits for room: in line, or a thread, and then only
 * if there is room worth waking it for every time. */
bool airs_mailbox_settle(airs_mailbox_t *mailbox);

/* Has so much been taken that its room should be given back? */
static inline bool airs_mailbox_settle_due(const airs_mailbox_t *mailbox) {
    return mailbox->taken >= mailbox->taken_max || mailbox->taken_bytes > mailbox->limits.bytes / 16;
}

/* Become idle. False when a message or signal came meanwhile: the caller still owns the actor. After
 * true the caller must not touch the actor again, for it may be gone. */
bool airs_mailbox_release_ownership(airs_mailbox_t *mailbox);

/* Accept nothing from here on. Returns what was left, in order, linked through `next`. */
airs_component_message_t *airs_mailbox_close(airs_mailbox_t *mailbox);

/* The values of `head` that are not messages. */
#define AIRS_MAILBOX_IDLE ((uintptr_t)0)   /* empty, nobody runs the actor */
#define AIRS_MAILBOX_OWNED ((uintptr_t)1)  /* nothing new, a worker or run queue has the actor */
#define AIRS_MAILBOX_POKED ((uintptr_t)2)  /* the same, and a signal came */
#define AIRS_MAILBOX_CLOSED ((uintptr_t)3) /* ended */

static inline bool airs_mailbox_idle(airs_mailbox_t *mailbox) {
    return atomic_load_explicit(&mailbox->head, memory_order_relaxed) == AIRS_MAILBOX_IDLE;
}

static inline bool airs_mailbox_closed(airs_mailbox_t *mailbox) {
    /* Acquire: pairs with the exchange in close, so that what the end wrote before it is seen. */
    return atomic_load_explicit(&mailbox->head, memory_order_acquire) == AIRS_MAILBOX_CLOSED;
}

#endif
