#include "actor/outbox.h"

#include "actor/actor.h"

/* It has ended since room was taken for them. */
static void bury(airs_actor_t *target, airs_worker_t *worker, airs_component_message_t *newest) {
    airs_services_t *services = target->services;
    airs_component_message_t *message = airs_mailbox_in_order(newest);
    while (message != NULL) {
        /* Relaxed: they are this thread's. */
        airs_component_message_t *next = atomic_load_explicit(&message->next, memory_order_relaxed);
        airs_mailbox_unreserve(&target->mailbox, message->payload.size);
        airs_dead_letters_put(services->dead_letters, AIRS_DEAD_LETTER_RECEIVER_ENDED, NULL, target->id,
                              message, airs_worker_now(worker, services->clock));
        message = next;
    }
}

static void push(airs_outbox_t *outbox, airs_worker_t *worker) {
    airs_actor_t *target = outbox->target;
    airs_services_t *services = target->services;
    airs_actor_before_push(services, worker);
    airs_push_t pushed = airs_mailbox_push_chain(&target->mailbox, outbox->newest, outbox->oldest);
    airs_actor_after_push(services, worker, target, pushed);
    if (pushed == AIRS_PUSH_CLOSED) {
        bury(target, worker, outbox->newest);
    }
}

static void give_back(airs_outbox_t *outbox, airs_worker_t *worker) {
    airs_actor_t *target = outbox->target;
    airs_mailbox_unreserve_lot(&target->mailbox, outbox->room, outbox->bytes);
    if (airs_mailbox_awaited(&target->mailbox)) {
        airs_actor_tell_of_room(target, worker);
    }
}

void airs_outbox_put_in(airs_outbox_t *outbox) {
    airs_actor_t *target = outbox->target;
    airs_worker_t *worker = airs_scheduler_worker(target->services->scheduler);
    airs_outbox_t full = *outbox;
    *outbox = (airs_outbox_t){0};
    if (full.newest != NULL) {
        push(&full, worker);
    }
    if (full.room > 0) {
        give_back(&full, worker);
    }
    airs_actor_unref(target);
}

bool airs_outbox_open(airs_outbox_t *outbox, airs_actor_t *target, size_t bytes, uint32_t lot) {
    if (outbox->target == target && outbox->room > 0 && outbox->bytes >= bytes) {
        return true;
    }
    airs_outbox_close(outbox);
    if (lot < 2 || airs_mailbox_idle(&target->mailbox) ||
        !airs_mailbox_reserve_lot(&target->mailbox, lot, lot * bytes)) {
        return false;
    }
    *outbox = (airs_outbox_t){.target = airs_actor_ref(target), .room = lot, .bytes = lot * bytes};
    return true;
}
