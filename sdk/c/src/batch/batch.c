/* The export of airssys:actor/batch-handler, over the functions that the author wrote: each message of a batch is
 * handled as one that comes alone. */
#include "../lifecycle.h"
#include "request_text.h"

#include <stdlib.h>

/* Those who sent something, by their handles, which count from 1. They are kept as long as the actor. */
static airs_id_t *senders;
static size_t sender_capacity;

static airs_str_t keep(guest_string_t text) {
    return airs_str_n(airs_sdk_keep(airs_sdk_str(text)), text.len);
}

static void make_room_for(uint64_t handle) {
    size_t capacity = sender_capacity == 0 ? 8 : sender_capacity;
    while (capacity < handle) {
        capacity *= 2;
    }
    airs_id_t *room = realloc(senders, capacity * sizeof *senders);
    if (room == NULL) {
        __builtin_trap();
    }
    memset(room + sender_capacity, 0, (capacity - sender_capacity) * sizeof *room);
    senders = room;
    sender_capacity = capacity;
}

static airs_id_t sender_of(uint64_t handle) {
    if (handle > sender_capacity) {
        make_room_for(handle);
    }
    airs_id_t *sender = &senders[handle - 1];
    if (sender->ns.data == NULL) {
        airssys_core_types_component_id_t id;
        airssys_actor_batch_identify(handle, &id);
        *sender = (airs_id_t){keep(id.namespace_), keep(id.name), keep(id.instance)};
        airssys_core_types_component_id_free(&id);
    }
    return *sender;
}

/* ---- one message ---- */

typedef exports_airssys_actor_batch_handler_item_t item_t;

static airs_message_t message_of(const item_t *item, const uint8_t *payload,
                                 char text[AIRS_SDK_REQUEST_TEXT]) {
    static const airs_kind_t kinds[] = {AIRS_MESSAGE, AIRS_REQUEST, AIRS_RESPONSE, AIRS_FAILURE};
    airs_message_t message = {
        .kind = kinds[item->kind],
        .sender = sender_of(item->sender),
        .payload = airs_bytes(payload, item->size),
        .timestamp_ns = item->sent,
    };
    if (message.kind != AIRS_MESSAGE) {
        airs_sdk_request_text(item->correlation, text);
        message.correlation_id = airs_str_n(text, AIRS_SDK_REQUEST_TEXT);
    }
    if (message.kind == AIRS_REQUEST) {
        message.reply_to = message.sender;
    } else if (message.kind == AIRS_FAILURE) {
        message.content_type = airs_str(AIRS_SDK_FAILURE_TYPE);
    }
    return message;
}

static void fail(airs_outcome_t outcome) {
    airssys_actor_batch_wasm_error_t error = {.tag = AIRSSYS_CORE_ERRORS_WASM_ERROR_RUNTIME_ERROR};
    error.val.runtime_error = (guest_string_t){outcome.data, outcome.size};
    airssys_actor_batch_fail(&error);
}

/* The answer to the request in hand. What its requester does not take is a failure for that alone. */
static void answer(const item_t *item, airs_outcome_t outcome) {
    airssys_actor_batch_outgoing_t answers[] = {
        {.correlation = item->correlation, .payload = {outcome.data, outcome.size}}};
    airssys_actor_batch_list_outgoing_t list = {answers, 1};
    airssys_actor_batch_list_tuple2_u32_messaging_error_t refused;
    airssys_actor_batch_send_many(&list, &refused);
    airssys_actor_batch_list_tuple2_u32_messaging_error_free(&refused);
}

static void handle(const item_t *item, const uint8_t *payload) {
    char text[AIRS_SDK_REQUEST_TEXT];
    airs_message_t message = message_of(item, payload, text);
    bool is_end = message.kind == AIRS_RESPONSE || message.kind == AIRS_FAILURE;
    airs_sdk_deferred = false;
    airs_outcome_t outcome = is_end ? airs_on_callback(&message) : airs_on_message(&message);
    airs_sdk_flush_output();
    if (outcome.kind == AIRS_OUTCOME_FAIL) {
        fail(outcome);
    } else if (message.kind == AIRS_REQUEST && !airs_sdk_deferred) {
        answer(item, outcome);
    }
    airs_buffer_free(&(airs_buffer_t){outcome.data, outcome.size});
}

void exports_airssys_actor_batch_handler_handle_batch(exports_airssys_actor_batch_handler_list_item_t *items,
                                                      guest_list_u8_t *payloads) {
    const uint8_t *payload = payloads->ptr;
    for (uint32_t i = 0; i < items->len && airssys_actor_batch_proceed(i); i++) {
        const item_t *item = &items->ptr[i];
        handle(item, payload);
        payload += (item->size + 7) & ~(uint32_t)7;
    }
    exports_airssys_actor_batch_handler_list_item_free(items);
    guest_list_u8_free(payloads);
}
