#include "messaging_error.h"

#ifdef AIRS_SDK_BATCHES
#include "batch/request_text.h"
#include "batch/targets.h"
#endif

/* Between two tries of a send that waits, others have their turn: often that is all that it takes, since a mailbox empties
 * in microseconds. Then there are pauses, short at first. */
#define YIELDS 8
#define WAIT_FIRST_MS 1
#define WAIT_MOST_MS 16

airs_status_t airs_send(airs_id_t target, airs_bytes_t payload) {
    airssys_core_types_message_payload_t bytes = airs_sdk_payload(payload);
    airssys_core_errors_messaging_error_t error;
#ifdef AIRS_SDK_BATCHES
    uint64_t handle = airs_sdk_target(target);
    if (handle != 0) {
        bool sent = airssys_actor_batch_send_now(handle, &bytes) ||
                    airssys_actor_batch_send_to(handle, &bytes, &error);
        return sent ? AIRS_OK : airs_sdk_messaging_failed(&error);
    }
#endif
    airssys_core_types_component_id_t id = airs_sdk_component_id(target);
    return airssys_core_host_messaging_send(&id, &bytes, &error) ? AIRS_OK
                                                                 : airs_sdk_messaging_failed(&error);
}

airs_status_t airs_send_wait(airs_id_t target, airs_bytes_t payload, uint64_t timeout_ms) {
    uint64_t pause = WAIT_FIRST_MS;
    for (unsigned tries = 0;; tries++) {
        airs_status_t status = airs_send(target, payload);
        if (status != AIRS_QUEUE_FULL || timeout_ms == 0) {
            return status;
        }
        if (tries < YIELDS) {
            airs_sleep(0);
            continue;
        }
        pause = pause < timeout_ms ? pause : timeout_ms;
        airs_sleep(pause);
        timeout_ms -= pause;
        pause = pause * 2 < WAIT_MOST_MS ? pause * 2 : WAIT_MOST_MS;
    }
}

airs_status_t airs_request(airs_id_t target, airs_bytes_t payload, uint64_t timeout_ms,
                           airs_request_id_t *out) {
    airssys_core_types_message_payload_t bytes = airs_sdk_payload(payload);
    airssys_core_errors_messaging_error_t error;
#ifdef AIRS_SDK_BATCHES
    uint64_t handle = airs_sdk_target(target);
    airssys_actor_batch_request_id_t number;
    if (handle != 0) {
        if (!airssys_actor_batch_request_to(handle, &bytes, timeout_ms, &number, &error)) {
            return airs_sdk_messaging_failed(&error);
        }
        if (out != NULL) {
            airs_sdk_request_text(number, out->text);
            out->text[AIRS_SDK_REQUEST_TEXT] = '\0';
        }
        return AIRS_OK;
    }
#endif
    airssys_core_types_component_id_t id = airs_sdk_component_id(target);
    airssys_core_types_correlation_id_t correlation;
    if (!airssys_core_host_messaging_request(&id, &bytes, timeout_ms, &correlation, &error)) {
        return airs_sdk_messaging_failed(&error);
    }
    if (out != NULL) {
        *out = airs_sdk_request_id(correlation);
    }
    airssys_core_types_correlation_id_free(&correlation);
    return AIRS_OK;
}

airs_status_t airs_cancel_request(const airs_request_id_t *id) {
    guest_string_t text = airs_sdk_string(airs_str(id->text));
    airssys_core_errors_messaging_error_t error;
    return airssys_core_host_messaging_cancel_request(&text, &error) ? AIRS_OK
                                                                     : airs_sdk_messaging_failed(&error);
}

airs_status_t airs_broadcast(const airs_id_t *targets, size_t count, airs_bytes_t payload) {
    airssys_core_types_component_id_t *ids = NULL;
    size_t size = 0;
    if (__builtin_mul_overflow(count, sizeof *ids, &size) ||
        (size != 0 && (ids = airs_sdk_alloc(size)) == NULL)) {
        return airs_sdk_fail(AIRS_OUT_OF_MEMORY, airs_str(NULL));
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = airs_sdk_component_id(targets[i]);
    }
    airssys_core_host_messaging_list_component_id_t list = {ids, count};
    airssys_core_types_message_payload_t bytes = airs_sdk_payload(payload);
    airssys_core_errors_messaging_error_t error;
    bool sent = airssys_core_host_messaging_broadcast(&list, &bytes, &error);
    airs_sdk_free(ids);
    return sent ? AIRS_OK : airs_sdk_messaging_failed(&error);
}

static airs_str_t keep(guest_string_t text) {
    return airs_str_n(airs_sdk_keep(airs_sdk_str(text)), text.len);
}

airs_id_t airs_self(void) {
    static airs_id_t self;
    if (self.ns.data == NULL) {
        airssys_core_types_component_id_t id;
        airssys_core_host_messaging_self_id(&id);
        self = (airs_id_t){keep(id.namespace_), keep(id.name), keep(id.instance)};
        airssys_core_types_component_id_free(&id);
    }
    return self;
}
