/* Payment, which does not always know at once: a "card" is charged immediately and a "stolen-card" declined, but
 * a "transfer" takes a moment, a "slow-transfer" longer than the desk waits for its first answer, and a "cheque"
 * never comes. Meanwhile it takes other orders. */
#include "orders.h"

#include <stdlib.h>

const airs_metadata_t airs_metadata = {.name = "payment", .version = "1.0.0", .stateful = true};

#define TRANSFER_MS 20
#define SLOW_TRANSFER_MS 450

/* Money that is on its way. */
typedef struct charge {
    struct charge *next;
    airs_request_id_t reply_to; /* the desk's newest request */
    bool paid;
    size_t size;
    char order[];
} charge_t;

static charge_t *charges;

airs_outcome_t airs_on_start(void) {
    airs_status_t status = airs_subscribe(airs_str("orders.*"));
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

/* The place of the order's charge, or the end of the list. */
static charge_t **find(airs_str_t order) {
    charge_t **place = &charges;
    while (*place != NULL && !airs_str_equal(airs_str_n((*place)->order, (*place)->size), order)) {
        place = &(*place)->next;
    }
    return place;
}

static airs_status_t add(charge_t **place, airs_str_t order, airs_str_t method) {
    charge_t *charge = calloc(1, sizeof *charge + order.size);
    if (charge == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    charge->size = order.size;
    memcpy(charge->order, order.data, order.size);
    *place = charge;
    if (airs_str_equal(method, airs_str("cheque"))) {
        return AIRS_OK;
    }
    bool slow = airs_str_equal(method, airs_str("slow-transfer"));
    return airs_send_after(slow ? SLOW_TRANSFER_MS : TRANSFER_MS, airs_as_bytes(order), NULL);
}

/* The answer comes when the money does. Who asks again has given up on the answer before. */
static airs_outcome_t charge(airs_str_t order, airs_str_t method) {
    if (airs_str_equal(method, airs_str("card"))) {
        return airs_answer(airs_text("paid"));
    } else if (airs_str_equal(method, airs_str("stolen-card"))) {
        return airs_answer(airs_text("declined"));
    }
    charge_t **place = find(order);
    airs_status_t status = *place == NULL ? add(place, order, method) : AIRS_OK;
    if (status == AIRS_OK && (*place)->paid) {
        return airs_answer(airs_text("paid"));
    }
    status = status == AIRS_OK ? airs_defer_reply(&(*place)->reply_to) : status;
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

/* The money has come. If nobody waits for the answer any more, whoever asks again is told at once. */
static airs_outcome_t receive(airs_str_t order) {
    charge_t *charge = *find(order);
    if (charge != NULL) {
        charge->paid = true;
        airs_reply(&charge->reply_to, airs_text("paid"), airs_str(NULL));
    }
    return airs_done();
}

/* The order has ended, in whichever way: nobody will ask for it again. */
static airs_outcome_t forget(airs_str_t order) {
    charge_t **place = find(order);
    charge_t *charge = *place;
    if (charge != NULL) {
        *place = charge->next;
        free(charge);
    }
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_str_t text = airs_as_str(message->payload);
    if (message->kind == AIRS_REQUEST) {
        next_word(&text); /* "charge" */
        airs_str_t order = next_word(&text);
        return charge(order, text);
    } else if (airs_id_equal(message->sender, airs_self())) {
        return receive(text); /* by a timer */
    }
    return forget(next_word(&text)); /* by a topic */
}
