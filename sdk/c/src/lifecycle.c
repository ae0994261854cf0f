/* The exports of the world, over the functions that the author wrote. */
#include "lifecycle.h"
#include "settings.h"

#include <stdio.h>

/* The C library's standard output, if the component has one: NULL or no such symbol otherwise. */
extern __attribute__((weak)) FILE *volatile __stdout_used;

/* Nothing would write the rest out later: a component has no exit. */
void airs_sdk_flush_output(void) {
    if (&__stdout_used != NULL && __stdout_used != NULL) {
        fflush(__stdout_used);
    }
}

/* That of the message at the end of an input. */
#define END_TYPE "application/vnd.airssys.end"

/* The payload of the message in hand, so that answering with it takes it over instead of a copy. */
static airssys_core_types_message_payload_t *in_hand;

__attribute__((weak)) const airs_metadata_t airs_metadata = {.name = "component", .version = "0.0.0"};

__attribute__((weak)) airs_outcome_t airs_on_callback(const airs_message_t *message) {
    (void)message;
    return airs_done();
}

__attribute__((weak)) airs_outcome_t airs_on_start(void) { return airs_done(); }

__attribute__((weak)) airs_outcome_t airs_on_stop(void) { return airs_done(); }

__attribute__((weak)) airs_health_t airs_on_health(void) { return AIRS_HEALTHY; }

airs_outcome_t airs_done(void) { return (airs_outcome_t){AIRS_OUTCOME_DONE, NULL, 0}; }

airs_outcome_t airs_answer(airs_bytes_t bytes) {
    airs_outcome_t outcome = {AIRS_OUTCOME_ANSWER, NULL, bytes.size};
    if (bytes.size != 0 && in_hand != NULL && bytes.data == in_hand->ptr) {
        outcome.data = in_hand->ptr;
        in_hand->len = 0; /* not to be freed with the message */
    } else if (!airs_sdk_copy(bytes.data, bytes.size, &outcome.data)) {
        __builtin_trap();
    }
    return outcome;
}

airs_outcome_t airs_fail_str(airs_str_t text) {
    airs_outcome_t outcome = {AIRS_OUTCOME_FAIL, NULL, text.size};
    if (!airs_sdk_copy(text.data, text.size, &outcome.data)) {
        __builtin_trap();
    }
    return outcome;
}

airs_outcome_t airs_fail_status(airs_status_t status) {
    char text[384];
    airs_str_t words = airs_str(airs_status_text(status));
    airs_str_t more = airs_str(airs_error_text());
    memcpy(text, words.data, words.size);
    size_t size = words.size;
    if (more.size != 0) {
        memcpy(text + size, ": ", 2);
        memcpy(text + size + 2, more.data, more.size);
        size += 2 + more.size;
    }
    return airs_fail_str(airs_str_n(text, size));
}

bool airs_is_end(const airs_message_t *message) {
    return airs_str_equal(message->content_type, airs_str(END_TYPE));
}

static airs_message_t message_of(const airssys_core_types_component_message_t *from) {
    const airssys_core_types_message_metadata_t *metadata = &from->metadata;
    airs_message_t message = {
        .sender = airs_sdk_id(from->sender),
        .payload = airs_bytes(from->payload.ptr, from->payload.len),
        .timestamp_ns = metadata->timestamp.seconds * UINT64_C(1000000000) + metadata->timestamp.nanoseconds,
    };
    if (metadata->content_type.is_some) {
        message.content_type = airs_sdk_str(metadata->content_type.val);
    }
    if (metadata->correlation_id.is_some) {
        message.correlation_id = airs_sdk_str(metadata->correlation_id.val);
        message.kind = AIRS_REQUEST;
    }
    if (metadata->reply_to.is_some) {
        message.reply_to = airs_sdk_id(metadata->reply_to.val);
    }
    return message;
}

bool exports_airssys_core_component_lifecycle_handle_message(
    exports_airssys_core_component_lifecycle_component_message_t *from,
    exports_airssys_core_component_lifecycle_option_message_payload_t *ret,
    exports_airssys_core_component_lifecycle_wasm_error_t *error) {
    airs_message_t message = message_of(from);
    in_hand = &from->payload;
    airs_outcome_t outcome = airs_on_message(&message);
    in_hand = NULL;
    airs_sdk_flush_output();
    airssys_core_types_component_message_free(from);
    if (outcome.kind == AIRS_OUTCOME_FAIL) {
        error->tag = AIRSSYS_CORE_ERRORS_WASM_ERROR_RUNTIME_ERROR;
        error->val.runtime_error = (guest_string_t){outcome.data, outcome.size};
        return false;
    }
    ret->is_some = outcome.kind == AIRS_OUTCOME_ANSWER;
    ret->val = (airssys_core_types_message_payload_t){outcome.data, outcome.size};
    return true;
}

bool exports_airssys_core_component_lifecycle_handle_callback(
    exports_airssys_core_component_lifecycle_component_message_t *from,
    exports_airssys_core_component_lifecycle_wasm_error_t *error) {
    airs_message_t message = message_of(from);
    message.kind = airs_str_equal(message.content_type, airs_str(AIRS_SDK_FAILURE_TYPE)) ? AIRS_FAILURE
                                                                                         : AIRS_RESPONSE;
    airs_outcome_t outcome = airs_on_callback(&message);
    airs_sdk_flush_output();
    airssys_core_types_component_message_free(from);
    if (outcome.kind == AIRS_OUTCOME_FAIL) {
        error->tag = AIRSSYS_CORE_ERRORS_WASM_ERROR_RUNTIME_ERROR;
        error->val.runtime_error = (guest_string_t){outcome.data, outcome.size};
        return false;
    }
    airs_buffer_free(&(airs_buffer_t){outcome.data, outcome.size});
    return true;
}

/* The end of initialize and shutdown: `tag` is the error's case. */
static bool lifecycle_end(airs_outcome_t outcome, uint8_t tag, airssys_core_errors_component_error_t *error) {
    airs_sdk_flush_output();
    if (outcome.kind == AIRS_OUTCOME_FAIL) {
        error->tag = tag;
        error->val.initialization_failed = (guest_string_t){outcome.data, outcome.size};
        return false;
    }
    airs_buffer_free(&(airs_buffer_t){outcome.data, outcome.size});
    return true;
}

bool exports_airssys_core_component_lifecycle_initialize(
    exports_airssys_core_component_lifecycle_component_config_t *from,
    exports_airssys_core_component_lifecycle_component_error_t *error) {
    airs_sdk_settings_keep(from);
    airssys_core_types_component_config_free(from);
    return lifecycle_end(airs_on_start(), AIRSSYS_CORE_ERRORS_COMPONENT_ERROR_INITIALIZATION_FAILED, error);
}

bool exports_airssys_core_component_lifecycle_shutdown(
    exports_airssys_core_component_lifecycle_component_error_t *error) {
    return lifecycle_end(airs_on_stop(), AIRSSYS_CORE_ERRORS_COMPONENT_ERROR_SHUTDOWN_FAILED, error);
}

exports_airssys_core_component_lifecycle_health_status_t exports_airssys_core_component_lifecycle_health(
    void) {
    return (exports_airssys_core_component_lifecycle_health_status_t)airs_on_health();
}

static void copy_text(guest_string_t *out, const char *text) {
    airs_str_t from = airs_str(text);
    out->len = from.size;
    if (!airs_sdk_copy(from.data, from.size, &out->ptr)) {
        __builtin_trap();
    }
}

void exports_airssys_core_component_lifecycle_metadata(
    exports_airssys_core_component_lifecycle_component_metadata_t *ret) {
    copy_text(&ret->name, airs_metadata.name);
    copy_text(&ret->version, airs_metadata.version);
    copy_text(&ret->description, airs_metadata.description);
    copy_text(&ret->author, airs_metadata.author);
    copy_text(&ret->license, airs_metadata.license);
    ret->stateful = airs_metadata.stateful;
    ret->supported_operations = (guest_list_string_t){NULL, airs_metadata.operation_count};
    if (airs_metadata.operation_count == 0) {
        return;
    }
    ret->supported_operations.ptr = airs_sdk_alloc(airs_metadata.operation_count * sizeof(guest_string_t));
    if (ret->supported_operations.ptr == NULL) {
        __builtin_trap();
    }
    for (size_t i = 0; i < airs_metadata.operation_count; i++) {
        copy_text(&ret->supported_operations.ptr[i], airs_metadata.operations[i]);
    }
}
