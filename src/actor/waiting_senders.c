#include "actor/waiting_senders.h"

#include <stdio.h>

#include "actor/message_broker.h"
#include "actor/response_router.h"
#include "core/check.h"
#include "core/deadline.h"

/* A send that waits; its sender's. Everything below `all` is under the lock. */
struct airs_waiting_send {
    airs_timer_t timer;
    airs_waiting_senders_t *all;
    airs_actor_t *sender;
    airs_actor_t *target; /* a reference */
    airs_waiting_send_t *next;
    airs_waiting_send_t *previous;
    airs_component_message_t *message; /* NULL once it is in the mailbox */
    airs_status_t status;              /* AIRS_PENDING: in line */
    airs_status_t at_deadline;         /* what it becomes then */
    bool parked;                       /* its sender was told to park */
};

struct airs_waiting_senders {
    airs_services_t *services;
    pthread_mutex_t lock;
};

airs_status_t airs_waiting_senders_create(airs_services_t *services, airs_waiting_senders_t **out) {
    airs_waiting_senders_t *self = airs_alloc_zeroed(services->allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    if (pthread_mutex_init(&self->lock, NULL) != 0) {
        airs_release(services->allocator, self);
        return AIRS_OUT_OF_MEMORY;
    }
    self->services = services;
    *out = self;
    return AIRS_OK;
}

void airs_waiting_senders_destroy(airs_waiting_senders_t *self) {
    if (self != NULL) {
        pthread_mutex_destroy(&self->lock);
        airs_release(self->services->allocator, self);
    }
}

/* ---- the line; the lock is held ---- */

static void enter_line(airs_waiting_send_t *send) {
    airs_waiting_line_t *line = &send->target->line;
    send->status = AIRS_PENDING;
    send->previous = line->last;
    send->next = NULL;
    if (line->last != NULL) {
        line->last->next = send;
    } else {
        line->first = send;
    }
    line->last = send;
    send->sender->waits = send;
    /* Sequentially consistent: pairs with airs_mailbox_settle, airs_mailbox_refuse and airs_mailbox_awaited.
     * Either they see that somebody stands in line, or who stands there sees their room. */
    atomic_fetch_add_explicit(&send->target->mailbox.in_line, 1, memory_order_seq_cst);
}

/* What it waited for has come, or will not. */
static void leave_line(airs_waiting_send_t *send, airs_status_t status) {
    airs_waiting_line_t *line = &send->target->line;
    send->status = status;
    *(send->previous != NULL ? &send->previous->next : &line->first) = send->next;
    *(send->next != NULL ? &send->next->previous : &line->last) = send->previous;
    atomic_fetch_sub_explicit(&send->target->mailbox.in_line, 1, memory_order_seq_cst);
    if (send->parked) {
        airs_actor_wake(send->sender);
    }
}

/* Give the message to the mailbox. AIRS_QUEUE_FULL: there is no room yet. */
static airs_status_t try_first(airs_waiting_send_t *send, airs_worker_t *worker) {
    airs_actor_t *target = send->target;
    airs_component_message_t *message = send->message;
    AIRS_ASSERT(message != NULL); /* it is given away only with the place in line */
    size_t size = message->payload.size;
    airs_status_t status = airs_mailbox_reserve_in_line(&target->mailbox, size);
    if (status != AIRS_OK) {
        return status == AIRS_NOT_RUNNING && airs_mailbox_closed(&target->mailbox) ? AIRS_TARGET_NOT_FOUND
                                                                                   : status;
    }
    airs_component_message_t *dropped = NULL;
    airs_services_t *services = send->all->services;
    airs_actor_before_push(services, worker);
    airs_push_t push = airs_mailbox_push_bounded(&target->mailbox, message, &dropped);
    airs_actor_after_push(services, worker, target, push);
    if (push == AIRS_PUSH_CLOSED) {
        airs_mailbox_unreserve(&target->mailbox, size);
        return AIRS_TARGET_NOT_FOUND;
    }
    send->message = NULL;
    return AIRS_OK;
}

static void admit(airs_actor_t *target, airs_worker_t *worker) {
    while (target->line.first != NULL) {
        airs_status_t status = try_first(target->line.first, worker);
        if (status == AIRS_QUEUE_FULL) {
            return;
        }
        leave_line(target->line.first, status);
    }
    /* Threads from outside come after the line. */
    airs_gate_notify(&target->services->room);
}

void airs_waiting_senders_admit(airs_waiting_senders_t *self, airs_actor_t *target, airs_worker_t *worker) {
    /* Sequentially consistent: as in airs_mailbox_settle. */
    if (atomic_load_explicit(&target->mailbox.in_line, memory_order_seq_cst) == 0) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    admit(target, worker);
    pthread_mutex_unlock(&self->lock);
}

/* Its place becomes free for those behind it. */
static void give_up(airs_waiting_send_t *send, airs_status_t status, airs_worker_t *worker) {
    leave_line(send, status);
    admit(send->target, worker);
}

static void expire(airs_timer_t *timer) {
    airs_waiting_send_t *send = (airs_waiting_send_t *)((char *)timer - offsetof(airs_waiting_send_t, timer));
    airs_waiting_senders_t *self = send->all;
    pthread_mutex_lock(&self->lock);
    if (send->status == AIRS_PENDING) {
        give_up(send, send->at_deadline, airs_scheduler_worker(self->services->scheduler));
    }
    pthread_mutex_unlock(&self->lock);
}

/* ---- rings; the lock is held ---- */

/* Whom this actor waits for; NULL: for nobody. */
static airs_actor_t *awaited_by(const airs_actor_t *actor) {
    const airs_waiting_send_t *send = actor->waits;
    return send != NULL && send->status == AIRS_PENDING ? send->target : NULL;
}

static bool is_ring(const airs_actor_t *sender) {
    const airs_actor_t *actor = awaited_by(sender);
    while (actor != NULL && actor != sender) {
        actor = awaited_by(actor);
    }
    return actor == sender;
}

static airs_status_t deadlock(const airs_actor_t *sender, airs_error_t *error) {
    const airs_actor_t *actor = awaited_by(sender);
    if (actor == sender) {
        return airs_error_set(error, AIRS_DEADLOCK, "%s waits for itself: only it could make room",
                              airs_component_id_text(sender->id));
    }
    /* Longer than an error, which marks that it was cut. */
    char text[AIRS_ERROR_TEXT_MAX + 1];
    size_t used = (size_t)snprintf(text, sizeof text, "%s waits for %s", airs_component_id_text(sender->id),
                                   airs_component_id_text(actor->id));
    while (actor != sender && used < sizeof text) {
        actor = awaited_by(actor);
        used += (size_t)snprintf(text + used, sizeof text - used, ", which waits for %s",
                                 airs_component_id_text(actor->id));
    }
    return airs_error_set(error, AIRS_DEADLOCK, "%s", text);
}

/* ---- waiting ---- */

static void set_deadline(airs_waiting_send_t *send, const airs_wait_t *wait) {
    uint64_t limit_ms = wait->target->block_time_ms;
    send->at_deadline = AIRS_QUEUE_FULL;
    if (wait->message->kind == AIRS_MESSAGE_REQUEST && wait->request_timeout_ms < limit_ms) {
        limit_ms = wait->request_timeout_ms;
        send->at_deadline = AIRS_TIMEOUT;
    }
    send->timer.deadline_ns = airs_deadline_in(send->all->services->clock, limit_ms);
    send->timer.fire = expire;
}

static airs_status_t arm(airs_waiting_senders_t *self, airs_waiting_send_t *send) {
    airs_timer_service_t *timers = self->services->timers;
    return send->timer.deadline_ns == UINT64_MAX ? AIRS_OK : timers->add(timers, &send->timer);
}

/* Enter the line; answers PENDING if it has to stay there. */
static airs_status_t line_up(airs_waiting_senders_t *self, airs_waiting_send_t *send, airs_error_t *error) {
    airs_actor_t *sender = send->sender;
    enter_line(send);
    admit(send->target, sender->worker);
    if (send->status != AIRS_PENDING) {
        return send->status;
    }
    airs_status_t status = is_ring(sender) ? deadlock(sender, error) : arm(self, send);
    if (status != AIRS_OK) {
        give_up(send, status, sender->worker);
        return status;
    }
    send->parked = true;
    return AIRS_PENDING;
}

static void destroy_send(airs_waiting_senders_t *self, airs_waiting_send_t *send) {
    airs_component_message_destroy(send->message);
    airs_actor_unref(send->target);
    airs_release(self->services->allocator, send);
}

airs_status_t airs_waiting_senders_wait(airs_waiting_senders_t *self, const airs_wait_t *wait,
                                        airs_error_t *error) {
    airs_actor_t *sender = wait->sender;
    if (sender->waits != NULL) {
        return airs_error_set(error, AIRS_INVALID_STATE, "an earlier send of %s still waits",
                              airs_component_id_text(sender->id));
    }
    if (airs_actor_is_asked_to_stop(sender)) {
        return AIRS_QUEUE_FULL;
    }
    airs_waiting_send_t *send = airs_alloc_zeroed(self->services->allocator, sizeof *send);
    if (send == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    send->all = self;
    send->sender = sender;
    send->target = airs_actor_ref(wait->target);
    send->message = wait->message;
    set_deadline(send, wait);
    /* What it has taken itself counts as room, or it might seem to be part of a ring. */
    if (airs_mailbox_settle(&sender->mailbox)) {
        airs_actor_tell_of_room(sender, sender->worker);
    }
    pthread_mutex_lock(&self->lock);
    airs_status_t status = line_up(self, send, error);
    if (status != AIRS_PENDING) {
        sender->waits = NULL;
    }
    pthread_mutex_unlock(&self->lock);
    if (status != AIRS_PENDING) {
        send->message = NULL; /* the mailbox's, or the caller's again */
        destroy_send(self, send);
    }
    return status;
}

/* ---- ends ---- */

/* Take the sender's wait away from it; NULL when it goes on. If it still stands in line it leaves that with
 * `otherwise`, unless that is PENDING. */
static airs_waiting_send_t *take(airs_waiting_senders_t *self, airs_actor_t *sender,
                                 airs_status_t otherwise) {
    pthread_mutex_lock(&self->lock);
    airs_waiting_send_t *send = sender->waits;
    if (send->status == AIRS_PENDING && otherwise != AIRS_PENDING) {
        send->parked = false; /* its owner is awake */
        give_up(send, otherwise, sender->worker);
    }
    bool over = send->status != AIRS_PENDING;
    if (over) {
        sender->waits = NULL;
    }
    pthread_mutex_unlock(&self->lock);
    if (!over) {
        return NULL;
    }
    /* Not under the lock, which `expire` takes. */
    airs_timer_service_t *timers = self->services->timers;
    (void)timers->cancel(timers, &send->timer);
    return send;
}

/* The message did not get in. */
static airs_status_t fail(airs_waiting_senders_t *self, airs_waiting_send_t *send, airs_error_t *error) {
    airs_actor_t *sender = send->sender;
    const airs_component_message_t *message = send->message;
    /* A request that ended before its message was in the mailbox counts as sent, for its end is heard. */
    if (send->status == AIRS_TIMEOUT) {
        airs_response_router_count_unsent(self->services->responses, sender->worker);
        return AIRS_OK;
    }
    airs_request_parts_t request = {.requester = sender, .worker = sender->worker};
    if (message->kind == AIRS_MESSAGE_REQUEST &&
        !airs_response_router_abandon(self->services->responses, &request, &message->correlation)) {
        return AIRS_OK;
    }
    atomic_fetch_add_explicit(&send->target->mailbox.refused, 1, memory_order_relaxed);
    if (send->status == AIRS_QUEUE_FULL) {
        return airs_error_set(error, AIRS_QUEUE_FULL, "%s had no room for %llu ms",
                              airs_component_id_text(send->target->id),
                              (unsigned long long)send->target->block_time_ms);
    }
    if (send->status == AIRS_STOPPED) {
        return airs_error_set(error, AIRS_STOPPED, "%s was stopped while it waited for room in %s",
                              airs_component_id_text(sender->id), airs_component_id_text(send->target->id));
    }
    return send->status;
}

airs_status_t airs_waiting_senders_outcome(airs_waiting_senders_t *self, airs_actor_t *sender,
                                           airs_error_t *error) {
    /* Only the owner writes it. */
    if (sender->waits == NULL) {
        return AIRS_INVALID_STATE;
    }
    airs_waiting_send_t *send =
        take(self, sender, airs_actor_is_asked_to_stop(sender) ? AIRS_STOPPED : AIRS_PENDING);
    if (send == NULL) {
        return AIRS_PENDING;
    }
    airs_status_t status = send->status == AIRS_OK ? AIRS_OK : fail(self, send, error);
    if (status == AIRS_OK) {
        airs_message_broker_count(sender, 1);
    }
    destroy_send(self, send);
    return status;
}

void airs_waiting_senders_withdraw(airs_waiting_senders_t *self, airs_actor_t *sender) {
    if (sender->waits == NULL) {
        return;
    }
    airs_waiting_send_t *send = take(self, sender, AIRS_STOPPED);
    AIRS_ASSERT(send != NULL);
    if (send->message != NULL && send->status != AIRS_TIMEOUT) {
        atomic_fetch_add_explicit(&send->target->mailbox.refused, 1, memory_order_relaxed);
    }
    destroy_send(self, send);
}
