#include "actor/mailbox.h"

#include "core/check.h"

/* The packed word: bytes in the low 39 bits, messages in the next 24, and a bit that refuses all. */
#define BYTES_BITS 39
#define BYTES_MASK ((UINT64_C(1) << BYTES_BITS) - 1)
#define ONE_MESSAGE (UINT64_C(1) << BYTES_BITS)
#define MESSAGES_MASK ((UINT64_C(1) << 24) - 1)
#define REFUSING (UINT64_C(1) << 63)

/* Room is given back in lots of this many messages, or of a sixteenth of a smaller mailbox, so that the
 * owner writes the senders' cache line once a lot. */
#define LOT 32

static uint32_t messages_of(uint64_t level) { return (uint32_t)((level >> BYTES_BITS) & MESSAGES_MASK); }

static airs_component_message_t *message_at(uintptr_t head) {
    return head > AIRS_MAILBOX_CLOSED ? (airs_component_message_t *)head : NULL;
}

static airs_component_message_t *next_of(airs_component_message_t *message) {
    /* Relaxed: written before the message was published by the push that the owner's exchange read. */
    return atomic_load_explicit(&message->next, memory_order_relaxed);
}

void airs_mailbox_init(airs_mailbox_t *mailbox, airs_mailbox_limits_t limits) {
    AIRS_ASSERT(limits.messages > 0 && limits.messages <= AIRS_MAILBOX_MESSAGES_MAX);
    AIRS_ASSERT(limits.bytes <= AIRS_MAILBOX_BYTES_MAX);
    atomic_init(&mailbox->head, AIRS_MAILBOX_OWNED);
    atomic_init(&mailbox->level, 0);
    mailbox->limits = limits;
    atomic_init(&mailbox->refused, 0);
    atomic_init(&mailbox->room_waiters, 0);
    atomic_init(&mailbox->in_line, 0);
    mailbox->lock = (airs_spinlock_t){false};
    atomic_init(&mailbox->dropped, 0);
    mailbox->inbox = NULL;
    mailbox->taken_bytes = 0;
    mailbox->taken = 0;
    uint32_t lot = limits.messages / 16;
    mailbox->taken_max = lot == 0 ? 1 : lot < LOT ? lot : LOT;
    atomic_init(&mailbox->released, 0);
    atomic_init(&mailbox->signals, 0);
    mailbox->drops = limits.policy == AIRS_MAILBOX_DROP_OLDEST;
    mailbox->list = (airs_message_list_t){0};
}

static bool fits(const airs_mailbox_t *mailbox, uint64_t level, size_t bytes) {
    return messages_of(level) < mailbox->limits.messages &&
           (level & BYTES_MASK) + bytes <= mailbox->limits.bytes;
}

airs_status_t airs_mailbox_try_reserve(airs_mailbox_t *mailbox, size_t bytes) {
    /* Larger than the whole mailbox: must not even be added, it could run into the messages' bits. */
    if (bytes > mailbox->limits.bytes) {
        return AIRS_QUEUE_FULL;
    }
    if (mailbox->limits.policy == AIRS_MAILBOX_DROP_OLDEST) {
        uint64_t level = atomic_load_explicit(&mailbox->level, memory_order_relaxed);
        return (level & REFUSING) != 0 ? AIRS_NOT_RUNNING : AIRS_OK;
    }
    /* Relaxed: who comes at the moment at which a line begins may come before it. */
    if (mailbox->limits.policy == AIRS_MAILBOX_BLOCK &&
        atomic_load_explicit(&mailbox->in_line, memory_order_relaxed) != 0) {
        return AIRS_QUEUE_FULL;
    }
    uint64_t cost = ONE_MESSAGE + bytes;
    /* Relaxed: the word bounds, it publishes nothing; the push does that. */
    uint64_t before = atomic_fetch_add_explicit(&mailbox->level, cost, memory_order_relaxed);
    if ((before & REFUSING) == 0 && fits(mailbox, before, bytes)) {
        return AIRS_OK;
    }
    /* Sequentially consistent: see airs_mailbox_awaited. */
    atomic_fetch_sub_explicit(&mailbox->level, cost, memory_order_seq_cst);
    return (before & REFUSING) != 0 ? AIRS_NOT_RUNNING : AIRS_QUEUE_FULL;
}

airs_status_t airs_mailbox_reserve(airs_mailbox_t *mailbox, size_t bytes) {
    airs_status_t status = airs_mailbox_try_reserve(mailbox, bytes);
    if (status != AIRS_OK) {
        atomic_fetch_add_explicit(&mailbox->refused, 1, memory_order_relaxed);
    }
    return status;
}

bool airs_mailbox_reserve_lot(airs_mailbox_t *mailbox, uint32_t count, size_t bytes) {
    if (mailbox->limits.policy != AIRS_MAILBOX_REJECT || bytes > mailbox->limits.bytes / 2) {
        return false;
    }
    uint64_t level = atomic_load_explicit(&mailbox->level, memory_order_relaxed);
    if ((level & REFUSING) != 0 || messages_of(level) + count > mailbox->limits.messages / 2 ||
        (level & BYTES_MASK) + bytes > mailbox->limits.bytes / 2) {
        return false;
    }
    /* One try: who comes between takes room as well. Relaxed: as in airs_mailbox_try_reserve. */
    return atomic_compare_exchange_strong_explicit(&mailbox->level, &level,
                                                   level + count * ONE_MESSAGE + bytes, memory_order_relaxed,
                                                   memory_order_relaxed);
}

airs_status_t airs_mailbox_reserve_in_line(airs_mailbox_t *mailbox, size_t bytes) {
    /* Not by an addition that may have to be taken back, which others would take for a full mailbox.
     * Sequentially consistent: see airs_mailbox_settle. */
    uint64_t level = atomic_load_explicit(&mailbox->level, memory_order_seq_cst);
    do {
        if ((level & REFUSING) != 0) {
            return AIRS_NOT_RUNNING;
        }
        if (!fits(mailbox, level, bytes)) {
            return AIRS_QUEUE_FULL;
        }
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->level, &level, level + ONE_MESSAGE + bytes,
                                                    memory_order_seq_cst, memory_order_seq_cst));
    return AIRS_OK;
}

bool airs_mailbox_room(airs_mailbox_t *mailbox, size_t bytes) {
    /* Sequentially consistent: see airs_mailbox_settle. */
    uint64_t level = atomic_load_explicit(&mailbox->level, memory_order_seq_cst);
    return (level & REFUSING) != 0 || (fits(mailbox, level, bytes) &&
                                       atomic_load_explicit(&mailbox->in_line, memory_order_seq_cst) == 0);
}

void airs_mailbox_unreserve(airs_mailbox_t *mailbox, size_t bytes) {
    if (mailbox->limits.policy != AIRS_MAILBOX_DROP_OLDEST) {
        /* Sequentially consistent: see airs_mailbox_awaited. */
        atomic_fetch_sub_explicit(&mailbox->level, ONE_MESSAGE + bytes, memory_order_seq_cst);
    }
}

void airs_mailbox_unreserve_lot(airs_mailbox_t *mailbox, uint32_t count, size_t bytes) {
    /* Sequentially consistent: see airs_mailbox_awaited. */
    atomic_fetch_sub_explicit(&mailbox->level, count * ONE_MESSAGE + bytes, memory_order_seq_cst);
}

static bool somebody_waits(airs_mailbox_t *mailbox) {
    return atomic_load_explicit(&mailbox->in_line, memory_order_seq_cst) != 0 ||
           atomic_load_explicit(&mailbox->room_waiters, memory_order_seq_cst) != 0;
}

bool airs_mailbox_awaited(airs_mailbox_t *mailbox) {
    /* Sequentially consistent, all of it: as in airs_mailbox_settle. Of several threads that were in each
     * other's way the last one to take back its cost sees the room that there is. */
    return somebody_waits(mailbox) &&
           fits(mailbox, atomic_load_explicit(&mailbox->level, memory_order_seq_cst), 0);
}

/* Something came. An idle actor becomes the caller's; an owned one is kept from becoming idle, by a mark
 * unless there are messages in `head`. */
static airs_push_t poke(airs_mailbox_t *mailbox) {
    uintptr_t head = atomic_load_explicit(&mailbox->head, memory_order_seq_cst);
    for (;;) {
        if (head == AIRS_MAILBOX_CLOSED) {
            return AIRS_PUSH_CLOSED;
        }
        if (head != AIRS_MAILBOX_IDLE && head != AIRS_MAILBOX_OWNED) {
            return AIRS_PUSH_QUEUED;
        }
        uintptr_t next = head == AIRS_MAILBOX_IDLE ? AIRS_MAILBOX_OWNED : AIRS_MAILBOX_POKED;
        if (atomic_compare_exchange_weak_explicit(&mailbox->head, &head, next, memory_order_seq_cst,
                                                  memory_order_seq_cst)) {
            return head == AIRS_MAILBOX_IDLE ? AIRS_PUSH_CLAIMED : AIRS_PUSH_QUEUED;
        }
    }
}

/* ---- a mailbox that drops ---- */

static uint64_t cost_of(const airs_component_message_t *message) {
    return message->cost_slots != 0 ? ONE_MESSAGE + message->payload.size : 0;
}

/* A message came in or has left; the lock is held. The level counts what is in the list and nothing else. */
static void count_listed(airs_mailbox_t *mailbox, const airs_component_message_t *message) {
    atomic_fetch_add_explicit(&mailbox->level, cost_of(message), memory_order_relaxed);
}

static void count_unlisted(airs_mailbox_t *mailbox, const airs_component_message_t *message) {
    uint64_t released = atomic_load_explicit(&mailbox->released, memory_order_relaxed);
    atomic_store_explicit(&mailbox->released, released + 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&mailbox->level, cost_of(message), memory_order_relaxed);
}

/* An empty list has room for what airs_mailbox_reserve let through. */
static airs_component_message_t *make_room(airs_mailbox_t *mailbox, size_t bytes) {
    airs_message_list_t dropped = {0};
    while (!fits(mailbox, atomic_load_explicit(&mailbox->level, memory_order_relaxed), bytes)) {
        airs_component_message_t *message = airs_message_list_take_droppable(&mailbox->list);
        AIRS_ASSERT(message != NULL);
        count_unlisted(mailbox, message);
        atomic_fetch_add_explicit(&mailbox->dropped, 1, memory_order_relaxed);
        airs_message_list_append(&dropped, message);
    }
    return dropped.first;
}

static airs_push_t push_listed(airs_mailbox_t *mailbox, airs_component_message_t *message,
                               airs_component_message_t **dropped) {
    airs_spinlock_lock(&mailbox->lock);
    airs_push_t push = AIRS_PUSH_CLOSED;
    if (!airs_mailbox_closed(mailbox)) {
        if (message->cost_slots != 0) {
            *dropped = make_room(mailbox, message->payload.size);
        }
        count_listed(mailbox, message);
        airs_message_list_append(&mailbox->list, message);
        /* Under the lock, so that nobody takes the message, or closes, before it is known to be there. */
        push = poke(mailbox);
    }
    airs_spinlock_unlock(&mailbox->lock);
    return push;
}

static airs_component_message_t *take_listed(airs_mailbox_t *mailbox, size_t max) {
    airs_message_list_t taken = {0};
    airs_spinlock_lock(&mailbox->lock);
    for (size_t count = 0; count < max && mailbox->list.first != NULL; count++) {
        airs_component_message_t *message = airs_message_list_take(&mailbox->list);
        count_unlisted(mailbox, message);
        airs_message_list_append(&taken, message);
    }
    airs_spinlock_unlock(&mailbox->lock);
    return taken.first;
}

static bool is_listed_empty(airs_mailbox_t *mailbox) {
    airs_spinlock_lock(&mailbox->lock);
    bool empty = mailbox->list.first == NULL;
    airs_spinlock_unlock(&mailbox->lock);
    return empty;
}

static airs_component_message_t *close_listed(airs_mailbox_t *mailbox) {
    airs_spinlock_lock(&mailbox->lock);
    /* As in airs_mailbox_close. */
    (void)atomic_exchange_explicit(&mailbox->head, AIRS_MAILBOX_CLOSED, memory_order_seq_cst);
    airs_spinlock_unlock(&mailbox->lock);
    return take_listed(mailbox, SIZE_MAX);
}

/* ---- putting in ---- */

static airs_push_t push_head(airs_mailbox_t *mailbox, airs_component_message_t *newest,
                             airs_component_message_t *oldest) {
    uintptr_t head = atomic_load_explicit(&mailbox->head, memory_order_relaxed);
    do {
        if (head == AIRS_MAILBOX_CLOSED) {
            return AIRS_PUSH_CLOSED;
        }
        atomic_store_explicit(&oldest->next, message_at(head), memory_order_relaxed);
        /* Release: publishes the message to the owner's exchange in `fetch`. Acquire, for the case that
         * the actor was idle: what its last owner wrote, up to its release in release_ownership, is seen
         * by the next one. */
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->head, &head, (uintptr_t)newest,
                                                    memory_order_acq_rel, memory_order_relaxed));
    return head == AIRS_MAILBOX_IDLE ? AIRS_PUSH_CLAIMED : AIRS_PUSH_QUEUED;
}

airs_push_t airs_mailbox_push(airs_mailbox_t *mailbox, airs_component_message_t *message) {
    AIRS_ASSERT(message->cost_slots == 0);
    airs_component_message_t *dropped = NULL;
    return mailbox->limits.policy != AIRS_MAILBOX_DROP_OLDEST ? push_head(mailbox, message, message)
                                                              : push_listed(mailbox, message, &dropped);
}

airs_push_t airs_mailbox_push_bounded(airs_mailbox_t *mailbox, airs_component_message_t *message,
                                      airs_component_message_t **dropped) {
    return mailbox->limits.policy != AIRS_MAILBOX_DROP_OLDEST ? push_head(mailbox, message, message)
                                                              : push_listed(mailbox, message, dropped);
}

airs_push_t airs_mailbox_push_chain(airs_mailbox_t *mailbox, airs_component_message_t *newest,
                                    airs_component_message_t *oldest) {
    return push_head(mailbox, newest, oldest);
}

airs_push_t airs_mailbox_signal(airs_mailbox_t *mailbox, airs_signal_t signal) {
    /* Sequentially consistent, with the loads in release_ownership: either the owner sees the signal
     * before it lets go, or this thread sees OWNED and makes its letting go fail, or IDLE and claims. */
    atomic_fetch_or_explicit(&mailbox->signals, signal, memory_order_seq_cst);
    return poke(mailbox);
}

bool airs_mailbox_claim(airs_mailbox_t *mailbox) {
    uintptr_t head = AIRS_MAILBOX_IDLE;
    /* Acquire: pairs with release_ownership, as in push. Sequentially consistent: see airs_instance_room_serve. */
    return atomic_compare_exchange_strong_explicit(&mailbox->head, &head, AIRS_MAILBOX_OWNED,
                                                   memory_order_seq_cst, memory_order_seq_cst);
}

bool airs_mailbox_refuse(airs_mailbox_t *mailbox) {
    /* Sequentially consistent, all: as in airs_mailbox_settle. An end asks for this several times, and a look is
     * cheaper than a write. */
    if ((atomic_load_explicit(&mailbox->level, memory_order_seq_cst) & REFUSING) == 0) {
        atomic_fetch_or_explicit(&mailbox->level, REFUSING, memory_order_seq_cst);
    }
    return somebody_waits(mailbox);
}

uint32_t airs_mailbox_waiting(airs_mailbox_t *mailbox) {
    return messages_of(atomic_load_explicit(&mailbox->level, memory_order_relaxed));
}

uint64_t airs_mailbox_received(airs_mailbox_t *mailbox) {
    return atomic_load_explicit(&mailbox->released, memory_order_relaxed) + airs_mailbox_waiting(mailbox);
}

uint32_t airs_mailbox_clear_signals(airs_mailbox_t *mailbox, uint32_t signals) {
    /* Relaxed: one that comes after this look is as one that comes after the clearing. */
    if ((atomic_load_explicit(&mailbox->signals, memory_order_relaxed) & signals) == 0) {
        return 0;
    }
    /* Acquire: pairs with airs_mailbox_signal, so that who asked for an end, having refused what comes, is not
     * overlooked by an owner who clears the signal and then looks for the refusal. */
    return atomic_fetch_and_explicit(&mailbox->signals, ~signals, memory_order_acquire) & signals;
}

bool airs_mailbox_refuses(airs_mailbox_t *mailbox) {
    return (atomic_load_explicit(&mailbox->level, memory_order_relaxed) & REFUSING) != 0;
}

/* Turn a chain round, the newest of which is `newest`, and put `after` behind its newest. */
static airs_component_message_t *reversed(airs_component_message_t *newest, airs_component_message_t *after) {
    while (newest != NULL) {
        airs_component_message_t *older = next_of(newest);
        /* What another core wrote takes longer to come than all else that is done for a message, and each says only
         * where the next one is. */
        if (older != NULL) {
            airs_component_message_prefetch(older);
            if (newest->kind == AIRS_MESSAGE_PLAIN && newest->ahead != NULL) {
                airs_component_message_prefetch(newest->ahead);
            }
        }
        atomic_store_explicit(&newest->next, after, memory_order_relaxed);
        after = newest;
        newest = older;
    }
    return after;
}

airs_component_message_t *airs_mailbox_in_order(airs_component_message_t *newest) {
    return reversed(newest, NULL);
}

/* Move what senders pushed into the inbox, which is empty. */
static void fetch(airs_mailbox_t *mailbox) {
    uintptr_t head = atomic_load_explicit(&mailbox->head, memory_order_relaxed);
    if (message_at(head) == NULL) {
        return;
    }
    /* Acquire: pairs with the release of each push. Sequentially consistent with airs_mailbox_signal,
     * which leaves no mark in `head` when it finds messages there: the look at the signals that follows
     * every fetch comes after this exchange in the one order of all. */
    head = atomic_exchange_explicit(&mailbox->head, AIRS_MAILBOX_OWNED, memory_order_seq_cst);
    mailbox->inbox = reversed(message_at(head), NULL);
}

/* Count what one message took of the bounds. */
static void account(airs_mailbox_t *mailbox, const airs_component_message_t *message) {
    if (message->cost_slots != 0) {
        mailbox->taken++;
        mailbox->taken_bytes += message->payload.size;
    } else {
        uint64_t released = atomic_load_explicit(&mailbox->released, memory_order_relaxed);
        atomic_store_explicit(&mailbox->released, released + 1, memory_order_relaxed);
    }
}

airs_component_message_t *airs_mailbox_take(airs_mailbox_t *mailbox) {
    if (mailbox->drops) {
        return take_listed(mailbox, 1);
    }
    if (mailbox->inbox == NULL) {
        fetch(mailbox);
    }
    airs_component_message_t *message = mailbox->inbox;
    if (message != NULL) {
        mailbox->inbox = next_of(message);
        account(mailbox, message);
    }
    return message;
}

airs_component_message_t *airs_mailbox_look(airs_mailbox_t *mailbox) {
    if (mailbox->inbox == NULL && !mailbox->drops) {
        fetch(mailbox);
    }
    return mailbox->inbox;
}

airs_component_message_t *airs_mailbox_look_behind(airs_mailbox_t *mailbox, airs_component_message_t *last) {
    airs_component_message_t *inbox = mailbox->inbox;
    AIRS_ASSERT(inbox != NULL && next_of(last) == NULL);
    mailbox->inbox = NULL;
    fetch(mailbox);
    airs_component_message_t *more = mailbox->inbox;
    atomic_store_explicit(&last->next, more, memory_order_relaxed);
    mailbox->inbox = inbox;
    return more;
}

airs_component_message_t *airs_mailbox_take_many(airs_mailbox_t *mailbox, size_t max) {
    if (mailbox->drops) {
        return take_listed(mailbox, max);
    }
    if (mailbox->inbox == NULL) {
        fetch(mailbox);
    }
    airs_component_message_t *first = mailbox->inbox;
    airs_component_message_t *last = NULL;
    for (size_t count = 0; count < max && mailbox->inbox != NULL; count++) {
        last = mailbox->inbox;
        mailbox->inbox = next_of(last);
        account(mailbox, last);
    }
    if (last != NULL) {
        atomic_store_explicit(&last->next, NULL, memory_order_relaxed);
        return first;
    }
    return NULL;
}

bool airs_mailbox_settle(airs_mailbox_t *mailbox) {
    if (mailbox->taken == 0) {
        return false;
    }
    uint64_t cost = mailbox->taken * ONE_MESSAGE + mailbox->taken_bytes;
    uint64_t released = atomic_load_explicit(&mailbox->released, memory_order_relaxed);
    atomic_store_explicit(&mailbox->released, released + mailbox->taken, memory_order_relaxed);
    mailbox->taken = 0;
    mailbox->taken_bytes = 0;
    /* Sequentially consistent, both: pairs with a waiter that counts itself and then looks for room. Either
     * it finds the room, or this thread finds it. */
    uint64_t level = atomic_fetch_sub_explicit(&mailbox->level, cost, memory_order_seq_cst) - cost;
    if (!somebody_waits(mailbox)) {
        return false;
    }
    return atomic_load_explicit(&mailbox->in_line, memory_order_relaxed) != 0 ||
           (messages_of(level) <= mailbox->limits.messages / 2 &&
            (level & BYTES_MASK) <= mailbox->limits.bytes / 2);
}

bool airs_mailbox_release_ownership(airs_mailbox_t *mailbox) {
    if (mailbox->inbox != NULL || atomic_load_explicit(&mailbox->signals, memory_order_seq_cst) != 0) {
        return false;
    }
    /* What is listed after this look leaves a mark, with which the exchange below fails. */
    if (mailbox->drops && !is_listed_empty(mailbox)) {
        return false;
    }
    uintptr_t head = AIRS_MAILBOX_OWNED;
    /* Release: all that this owner wrote is seen by whoever claims the actor next. */
    if (atomic_compare_exchange_strong_explicit(&mailbox->head, &head, AIRS_MAILBOX_IDLE,
                                                memory_order_seq_cst, memory_order_relaxed)) {
        return true;
    }
    if (head == AIRS_MAILBOX_POKED) {
        /* Seen; a message may take its place meanwhile, which is as good. */
        (void)atomic_compare_exchange_strong_explicit(&mailbox->head, &head, AIRS_MAILBOX_OWNED,
                                                      memory_order_acq_rel, memory_order_relaxed);
    }
    return false;
}

airs_component_message_t *airs_mailbox_close(airs_mailbox_t *mailbox) {
    (void)airs_mailbox_refuse(mailbox);
    if (mailbox->drops) {
        return close_listed(mailbox);
    }
    /* Acquire: pairs with pushes. Release: whoever reads CLOSED sees how the actor ended. Sequentially consistent:
     * see airs_actor_keep. */
    uintptr_t head = atomic_exchange_explicit(&mailbox->head, AIRS_MAILBOX_CLOSED, memory_order_seq_cst);
    airs_component_message_t *rest = reversed(message_at(head), NULL);
    airs_component_message_t *first = mailbox->inbox;
    mailbox->inbox = NULL;
    if (first == NULL) {
        first = rest;
    } else {
        airs_component_message_t *last = first;
        while (next_of(last) != NULL) {
            last = next_of(last);
        }
        atomic_store_explicit(&last->next, rest, memory_order_relaxed);
    }
    for (airs_component_message_t *message = first; message != NULL; message = next_of(message)) {
        account(mailbox, message);
    }
    (void)airs_mailbox_settle(mailbox);
    return first;
}
