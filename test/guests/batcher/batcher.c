/* Does in handle-batch what each payload says, in order, and marks nothing of its own accord. What comes of it is
 * logged. "begin N", "proceed N", "fail WHY", "who": the sender's id, "unknown": the id of no handle, "nobody": resolve
 * an id that nobody can have, "send TEXT": to the sender, "now TEXT": at once, "never TEXT": that to a handle that is none, "forged TEXT": to a handle that is none, "ask TEXT", "answer
 * TEXT": the request that the batch's first item is, "many", "flood": too many, "trap". */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "guest.h"

typedef exports_airssys_actor_batch_handler_item_t item_t;
typedef airssys_core_errors_messaging_error_t error_t;

#define NO_HANDLE 4000000000u
#define TOO_MANY 1025

static uint8_t line[256];
static size_t used;

static void say(const void *text, size_t size) {
    memcpy(line + used, text, size);
    used += size;
}

static void say_text(const char *text) { say(text, strlen(text)); }

static void say_string(guest_string_t text) { say(text.ptr, text.len); }

static void flush(void) {
    guest_string_t text = {line, used};
    airssys_core_host_services_log(2, &text, NULL);
    used = 0;
}

static void say_error(error_t *error) {
    static const char *const names[] = {"delivery-failed: ", "correlation-timeout: ", "invalid-message: ",
                                        "queue-full", "target-not-found: "};
    say_text(names[error->tag]);
    if (error->tag == AIRSSYS_CORE_ERRORS_MESSAGING_ERROR_TARGET_NOT_FOUND) {
        say_string(error->val.target_not_found.name);
    } else if (error->tag != AIRSSYS_CORE_ERRORS_MESSAGING_ERROR_QUEUE_FULL) {
        say_string(error->val.invalid_message);
    }
    airssys_core_errors_messaging_error_free(error);
}

static void say_result(bool ok, error_t *error) {
    if (ok) {
        say_text("ok");
    } else {
        say_error(error);
    }
    flush();
}

static void say_number(uint64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    say(digits + at, sizeof digits - at);
}

static void identify(uint64_t handle) {
    airssys_core_types_component_id_t id;
    airssys_actor_batch_identify(handle, &id);
    say_string(id.namespace_);
    say_text("/");
    say_string(id.name);
    say_text("/");
    say_string(id.instance);
    flush();
    airssys_core_types_component_id_free(&id);
}

static void send_to(uint64_t handle, airssys_core_types_message_payload_t payload) {
    error_t error;
    bool ok = airssys_actor_batch_send_to(handle, &payload, &error);
    say_result(ok, &error);
}

static void ask(uint64_t handle, airssys_core_types_message_payload_t payload) {
    airssys_actor_batch_request_id_t id;
    error_t error;
    bool ok = airssys_actor_batch_request_to(handle, &payload, 250, &id, &error);
    if (ok) {
        say_number(id.high);
        say_text(" ");
        say_number(id.low);
        say_text(" ");
    }
    say_result(ok, &error);
}

static void send_list(airssys_actor_batch_outgoing_t *messages, size_t count) {
    airssys_actor_batch_list_outgoing_t list = {messages, count};
    airssys_actor_batch_list_tuple2_u32_messaging_error_t refused;
    airssys_actor_batch_send_many(&list, &refused);
    say_number(refused.len);
    say_text(" refused");
    for (size_t i = 0; i < refused.len; i++) {
        say_text(" ");
        say_number(refused.ptr[i].f0);
        say_text("=");
        say_error(&refused.ptr[i].f1);
    }
    flush();
}

static void many(const item_t *item) {
    static uint8_t words[] = "firstthird";
    airssys_actor_batch_outgoing_t messages[] = {
        {.target = item->sender, .payload = {words, 5}},
        {.target = NO_HANDLE, .payload = {words, 5}},
        {.target = item->sender, .payload = {words + 5, 5}},
        {.target = 0, .payload = {words, 5}},
    };
    send_list(messages, sizeof messages / sizeof *messages);
}

static void flood(const item_t *item) {
    static airssys_actor_batch_outgoing_t messages[TOO_MANY];
    for (size_t i = 0; i < TOO_MANY; i++) {
        messages[i].target = item->sender;
    }
    send_list(messages, TOO_MANY);
}

static bool begins(const uint8_t *payload, size_t size, const char *word,
                   airssys_core_types_message_payload_t *rest) {
    size_t length = strlen(word);
    if (size < length || memcmp(payload, word, length) != 0) {
        return false;
    }
    rest->ptr = (uint8_t *)(uintptr_t)payload + length;
    rest->len = size - length;
    return true;
}

static void fail(airssys_core_types_message_payload_t why) {
    airssys_core_errors_wasm_error_t error = {.tag = AIRSSYS_CORE_ERRORS_WASM_ERROR_RUNTIME_ERROR};
    error.val.runtime_error = (guest_string_t){why.ptr, why.len};
    airssys_actor_batch_fail(&error);
}

static void nobody(void) {
    airssys_core_types_component_id_t id = {.name = {(uint8_t *)"a/b", 3}};
    uint64_t handle = 0;
    error_t error;
    bool ok = airssys_actor_batch_resolve(&id, &handle, &error);
    say_result(ok, &error);
}

static void obey(const item_t *items, const item_t *item, const uint8_t *payload) {
    airssys_core_types_message_payload_t rest;
    if (begins(payload, item->size, "begin ", &rest)) {
        airssys_actor_batch_begin((uint32_t)(rest.ptr[0] - '0'));
    } else if (begins(payload, item->size, "proceed ", &rest)) {
        say_text(airssys_actor_batch_proceed((uint32_t)(rest.ptr[0] - '0')) ? "goes on" : "rests");
        flush();
    } else if (begins(payload, item->size, "fail ", &rest)) {
        fail(rest);
    } else if (begins(payload, item->size, "who", &rest)) {
        identify(item->sender);
    } else if (begins(payload, item->size, "unknown", &rest)) {
        identify(NO_HANDLE);
    } else if (begins(payload, item->size, "nobody", &rest)) {
        nobody();
    } else if (begins(payload, item->size, "send ", &rest)) {
        send_to(item->sender, rest);
    } else if (begins(payload, item->size, "now ", &rest)) {
        say_text(airssys_actor_batch_send_now(item->sender, &rest) ? "sent" : "not sent");
        flush();
    } else if (begins(payload, item->size, "never ", &rest)) {
        say_text(airssys_actor_batch_send_now(NO_HANDLE, &rest) ? "sent" : "not sent");
        flush();
    } else if (begins(payload, item->size, "forged ", &rest)) {
        send_to(NO_HANDLE, rest);
    } else if (begins(payload, item->size, "ask ", &rest)) {
        ask(item->sender, rest);
    } else if (begins(payload, item->size, "answer ", &rest)) {
        airssys_actor_batch_outgoing_t answer = {.correlation = items[0].correlation, .payload = rest};
        send_list(&answer, 1);
    } else if (begins(payload, item->size, "many", &rest)) {
        many(item);
    } else if (begins(payload, item->size, "flood", &rest)) {
        flood(item);
    } else if (begins(payload, item->size, "trap", &rest)) {
        __builtin_trap();
    } else {
        say_number(item->kind);
        say_text(" ");
        say_number(item->correlation.high);
        say_text(" ");
        say_number(item->correlation.low);
        say_text(" ");
        say_number(item->sent);
        say_text(" ");
        say(payload, item->size);
        flush();
    }
}

void exports_airssys_actor_batch_handler_handle_batch(exports_airssys_actor_batch_handler_list_item_t *items,
                                                      guest_list_u8_t *payloads) {
    const uint8_t *payload = payloads->ptr;
    for (size_t i = 0; i < items->len; i++) {
        obey(items->ptr, &items->ptr[i], payload);
        payload += (items->ptr[i].size + 7) & ~(uint32_t)7;
    }
    exports_airssys_actor_batch_handler_list_item_free(items);
    guest_list_u8_free(payloads);
}

/* ---- one by one: the same without a batch ---- */

bool exports_airssys_core_component_lifecycle_handle_message(
    exports_airssys_core_component_lifecycle_component_message_t *message,
    exports_airssys_core_component_lifecycle_option_message_payload_t *ret,
    exports_airssys_core_component_lifecycle_wasm_error_t *error) {
    (void)error;
    item_t item = {.sender = NO_HANDLE, .size = (uint32_t)message->payload.len};
    obey(&item, &item, message->payload.ptr);
    airssys_core_types_component_message_free(message);
    ret->is_some = false;
    return true;
}

bool exports_airssys_core_component_lifecycle_handle_callback(
    exports_airssys_core_component_lifecycle_component_message_t *message,
    exports_airssys_core_component_lifecycle_wasm_error_t *error) {
    (void)error;
    airssys_core_types_component_message_free(message);
    return true;
}

bool exports_airssys_core_component_lifecycle_initialize(
    exports_airssys_core_component_lifecycle_component_config_t *config,
    exports_airssys_core_component_lifecycle_component_error_t *error) {
    (void)error;
    airssys_core_types_component_config_free(config);
    return true;
}

bool exports_airssys_core_component_lifecycle_shutdown(
    exports_airssys_core_component_lifecycle_component_error_t *error) {
    (void)error;
    return true;
}

exports_airssys_core_component_lifecycle_health_status_t exports_airssys_core_component_lifecycle_health(
    void) {
    return AIRSSYS_CORE_TYPES_HEALTH_STATUS_HEALTHY;
}

void exports_airssys_core_component_lifecycle_metadata(
    exports_airssys_core_component_lifecycle_component_metadata_t *metadata) {
    memset(metadata, 0, sizeof *metadata);
}
