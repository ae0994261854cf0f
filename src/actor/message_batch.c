#include "actor/message_batch.h"

#include "actor/deferred_replies.h"
#include "actor/message_end.h"
#include "actor/response_router.h"
#include "core/check.h"

/* Payloads of one batch, rounded up to eight bytes each. */
#define BYTES_MAX ((size_t)64 << 10)
/* Fewer are no batch. */
#define AT_LEAST 2
/* Counts of slices that are so far apart are a slice apart. */
#define TURN_TICKS 2

void airs_message_batch_allow(airs_actor_t *actor) {
    actor->batches = actor->behaviour->batches != NULL && actor->behaviour->batches(actor);
    actor->batch = (airs_message_batch_t){.max = AIRS_BATCH_MAX, .lot = AIRS_OUTBOX_LOT_MAX};
}

/* ---- which ones ---- */

/* Can an item say all that there is to it? */
static bool can_be_item(const airs_actor_t *actor, const airs_component_message_t *message) {
    if (message->payload.size > AIRS_BATCH_PAYLOAD_MAX) {
        return false;
    }
    switch ((airs_message_kind_t)message->kind) {
    case AIRS_MESSAGE_PLAIN:
    case AIRS_MESSAGE_REQUEST:
        return message->content_type.size == 0;
    case AIRS_MESSAGE_RESPONSE:
        return message->content_type.size == 0 && !airs_response_router_is_stale(actor, message);
    case AIRS_MESSAGE_FAILURE:
        return !airs_response_router_is_stale(actor, message);
    case AIRS_MESSAGE_SYSTEM:
    case AIRS_MESSAGE_TIMER: /* a message before it may cancel it */
    case AIRS_MESSAGE_DOWN:
    case AIRS_MESSAGE_EXIT:
        break;
    }
    return false;
}

static airs_component_message_t *next_of(airs_actor_t *actor, airs_component_message_t *message) {
    /* Relaxed: what is in the owner's part of the mailbox was published to it when it came there. */
    airs_component_message_t *next = atomic_load_explicit(&message->next, memory_order_relaxed);
    return next != NULL ? next : airs_mailbox_look_behind(&actor->mailbox, message);
}

static uint32_t count_items(airs_actor_t *actor, airs_component_message_t *message, uint32_t most,
                            size_t *payload_bytes) {
    uint32_t count = 0;
    size_t bytes = 0;
    while (message != NULL && count < most && can_be_item(actor, message)) {
        bytes += (message->payload.size + 7) & ~(size_t)7;
        if (bytes > BYTES_MAX) {
            break;
        }
        *payload_bytes = bytes;
        count++;
        message = next_of(actor, message);
    }
    return count;
}

static uint16_t slice_of(const airs_actor_t *actor) {
    return actor->worker != NULL ? (uint16_t)airs_worker_slice(actor->worker) : 0;
}

static bool is_over(const airs_actor_t *actor) {
    return (uint16_t)(slice_of(actor) - actor->batch.ticks) >= TURN_TICKS;
}

/* The next message of the mailbox is in hand. */
static void take(airs_actor_t *actor) {
    airs_component_message_t *message = airs_mailbox_take(&actor->mailbox);
    if (airs_mailbox_settle_due(&actor->mailbox) && airs_mailbox_settle(&actor->mailbox)) {
        airs_actor_tell_of_room(actor, actor->worker);
    }
    if (airs_component_message_is_callback(message)) {
        airs_response_router_settle(actor);
    }
    actor->in_hand = message;
    actor->answered = false;
    actor->parked_left_ns = actor->max_parked_ns;
}

bool airs_message_batch_begin(airs_actor_t *actor, uint32_t most) {
    airs_component_message_t *first = airs_mailbox_look(&actor->mailbox);
    if (first == NULL) {
        return false;
    }
    size_t payload_bytes = 0;
    most = most < actor->batch.max ? most : actor->batch.max;
    uint32_t count = count_items(actor, first, most, &payload_bytes);
    if (count >= AT_LEAST) {
        count = actor->behaviour->gather(actor, first, count, payload_bytes);
    }
    if (count < AT_LEAST) {
        return false;
    }
    actor->batch.count = (uint8_t)count;
    actor->batch.at = 0;
    actor->batch.marked = false;
    actor->batch.ticks = slice_of(actor);
    if (actor->worker != NULL) {
        actor->worker->batch_began_ns =
            count >= AIRS_BATCH_TIMED_FROM ? airs_clock_monotonic(actor->services->clock) : 0;
    }
    take(actor);
    return true;
}

/* ---- from one to the next ---- */

/* A request that was passed without an answer is answered later, or by what ends the incarnation. */
static void owe(airs_actor_t *actor) {
    airs_correlation_id_t id;
    airs_error_t error;
    error.text[0] = '\0';
    airs_status_t status = airs_router_defer_reply(NULL, actor, &id, &error);
    if (status != AIRS_OK) {
        airs_response_router_fail(actor->services->responses, actor, &actor->in_hand->correlation, status,
                                  error.text[0] != '\0' ? error.text : NULL);
        actor->answered = true;
    }
}

static void pass(airs_actor_t *actor) {
    if (actor->in_hand == NULL) {
        return; /* it has ended with an error */
    }
    if (actor->in_hand->kind == AIRS_MESSAGE_REQUEST && !actor->answered) {
        owe(actor);
    }
    airs_message_end(actor, &(airs_call_result_t){.status = AIRS_OK});
}

static void advance_to(airs_actor_t *actor, uint32_t index) {
    while (actor->batch.at < index) {
        pass(actor);
        take(actor);
        actor->batch.at++;
    }
}

/* Others are to have their turn, or something is to be done before the next message. */
static bool is_to_rest(const airs_actor_t *actor) {
    return actor->exiting || airs_mailbox_signals(&actor->mailbox) != 0 || is_over(actor);
}

static airs_status_t begin(airs_actor_t *actor, uint32_t index, bool gently) {
    if (index < actor->batch.at || index >= actor->batch.count) {
        return AIRS_INVALID_ARGUMENT;
    }
    if (gently && index > actor->batch.at && is_to_rest(actor)) {
        return AIRS_STOPPED;
    }
    actor->batch.marked = true;
    advance_to(actor, index);
    return AIRS_OK;
}

static airs_status_t fail(airs_actor_t *actor, const char *reason) {
    if (actor->in_hand == NULL) {
        return AIRS_INVALID_STATE;
    }
    airs_message_end(actor, &(airs_call_result_t){.status = AIRS_GUEST_ERROR, .reason = reason});
    return AIRS_OK;
}

static airs_status_t answer(airs_actor_t *actor, const airs_correlation_id_t *id, airs_bytes_t payload) {
    const airs_component_message_t *message = actor->in_hand;
    if (message == NULL || message->kind != AIRS_MESSAGE_REQUEST || actor->answered ||
        !airs_correlation_id_equal(&message->correlation, id)) {
        return AIRS_NOT_FOUND;
    }
    actor->answered = true;
    airs_response_router_respond(actor->services->responses, actor, id, payload, airs_str(NULL));
    return AIRS_OK;
}

const airs_batch_ops_t airs_message_batch_ops = {.begin = begin, .fail = fail, .answer = answer};

/* ---- the end ---- */

/* One that took longer than a turn is followed by a smaller one. */
static void learn(airs_actor_t *actor) {
    uint32_t done = actor->batch.at + 1U;
    uint32_t max = is_over(actor) ? done / 2 : 2U * actor->batch.max;
    max = max < AIRS_BATCH_MAX ? max : AIRS_BATCH_MAX;
    actor->batch.max = (uint8_t)(max > AT_LEAST ? max : AT_LEAST);
    if (actor->worker != NULL && actor->worker->batch_began_ns != 0) {
        uint64_t now = airs_clock_monotonic(actor->services->clock);
        actor->batch.lot = (uint8_t)airs_outbox_lot(now - actor->worker->batch_began_ns, done);
        actor->worker->batch_began_ns = 0;
    }
}

void airs_message_batch_end(airs_actor_t *actor) {
    if (!actor->batch.marked) {
        advance_to(actor, actor->batch.count - 1U);
    }
    pass(actor);
    learn(actor);
    airs_message_batch_drop(actor);
}
