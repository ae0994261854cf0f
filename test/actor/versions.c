#include "versions.h"

#include <stdlib.h>

char heard[8192];

static bool concerns(const version_t *self, const airs_scripted_call_t *call) {
    return self->only == NULL ||
           airs_str_equal(airs_component_id_view(call->host->id).instance, airs_str(self->only));
}

static void hear(const version_t *self, const airs_scripted_call_t *call) {
    size_t used = strlen(heard);
    airs_bytes_t payload = call->message->payload;
    (void)snprintf(heard + used, sizeof heard - used, "%s:%.*s ", self->version, (int)payload.size,
                   (const char *)payload.data);
}

static void copy_payload(const airs_scripted_call_t *call, char out[64]) {
    airs_bytes_t payload = call->message->payload;
    (void)snprintf(out, 64, "%.*s", (int)payload.size, (const char *)payload.data);
}

static airs_scripted_next_t start_timer(airs_scripted_call_t *call, uint64_t delay_ms, uint64_t period_ms) {
    const airs_host_t *host = call->host;
    uint64_t id = 0;
    airs_status_t status = host->router->ops->start_timer(host->router, host->self, delay_ms, period_ms,
                                                          airs_bytes("tick", 4), &id, call->error);
    return status == AIRS_OK ? airs_scripted_ok(call) : airs_scripted_error(call, "no timer");
}

static airs_scripted_next_t answer_owed(airs_scripted_call_t *call) {
    const airs_host_t *host = call->host;
    airs_correlation_id_t owed;
    memcpy(owed.bytes, &call->memory[1], sizeof owed.bytes);
    airs_status_t status = host->router->ops->reply(host->router, host->self, &owed, airs_bytes("late", 4),
                                                    airs_str(NULL), call->error);
    return status == AIRS_OK ? airs_scripted_ok(call) : airs_scripted_error(call, "nothing is owed");
}

static airs_scripted_next_t handle(version_t *self, airs_scripted_call_t *call) {
    char text[64];
    copy_payload(call, text);
    const airs_host_t *host = call->host;
    if (strcmp(text, "count") == 0) {
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)call->memory[0]);
        return airs_scripted_respond(call, text);
    }
    hear(self, call);
    call->memory[0]++;
    if (strncmp(text, "timer ", 6) == 0) {
        return start_timer(call, strtoull(text + 6, NULL, 10), 0);
    }
    if (strncmp(text, "every ", 6) == 0) {
        uint64_t period = strtoull(text + 6, NULL, 10);
        return start_timer(call, period, period);
    }
    if (strncmp(text, "ask ", 4) == 0) {
        airs_status_t status = airs_scripted_request(call, text + 4, "question", 60000, NULL);
        return status == AIRS_OK ? airs_scripted_ok(call) : airs_scripted_error(call, "cannot ask");
    }
    if (strcmp(text, "defer") == 0) {
        airs_correlation_id_t owed;
        airs_status_t status = host->router->ops->defer_reply(host->router, host->self, &owed, call->error);
        memcpy(&call->memory[1], owed.bytes, sizeof owed.bytes);
        return status == AIRS_OK ? airs_scripted_ok(call) : airs_scripted_error(call, "cannot defer");
    }
    return strcmp(text, "owed") == 0 ? answer_owed(call) : airs_scripted_ok(call);
}

/* The count and what is owed, as bytes: a response is text, so each is made printable. */
static airs_scripted_next_t export_state(airs_scripted_call_t *call) {
    char text[128];
    (void)snprintf(text, sizeof text, "%llu %llu %llu", (unsigned long long)call->memory[0],
                   (unsigned long long)call->memory[1], (unsigned long long)call->memory[2]);
    return airs_scripted_respond(call, text);
}

static airs_scripted_next_t import_state(version_t *self, airs_scripted_call_t *call) {
    char text[128];
    (void)snprintf(text, sizeof text, "%.*s", (int)call->state.size, (const char *)call->state.data);
    char *at = text;
    for (int i = 0; i < 3; i++) {
        call->memory[i] = strtoull(at, &at, 10);
    }
    (void)snprintf(self->from, sizeof self->from, "%.*s", AIRS_STR_ARG(call->from_version));
    self->imported++;
    return airs_scripted_ok(call);
}

airs_scripted_next_t version_guest(airs_scripted_call_t *call) {
    version_t *self = call->context;
    self->initialized += call->kind == AIRS_CALL_INITIALIZE && call->round == 0;
    if (call->kind == self->parks_in && concerns(self, call)) {
        return airs_scripted_wait(call);
    }
    bool fails = call->kind == self->fails_in && concerns(self, call);
    if (fails && (call->kind != AIRS_CALL_HANDLE_MESSAGE || airs_scripted_payload_is(call, "boom"))) {
        return self->failure == AIRS_GUEST_ERROR ? airs_scripted_error(call, "no")
                                                 : airs_scripted_crash(call, self->failure, "bad luck");
    }
    switch (call->kind) {
    case AIRS_CALL_HANDLE_MESSAGE:
        return handle(self, call);
    case AIRS_CALL_HANDLE_CALLBACK:
        hear(self, call);
        return airs_scripted_ok(call);
    case AIRS_CALL_METADATA:
        (void)airs_scripted_ok(call);
        call->result->name = "versioned";
        call->result->version = self->version;
        return AIRS_SCRIPTED_DONE;
    case AIRS_CALL_HEALTH:
        (void)airs_scripted_ok(call);
        call->result->health = concerns(self, call) ? self->health : AIRS_HEALTHY;
        return AIRS_SCRIPTED_DONE;
    case AIRS_CALL_EXPORT_STATE:
        return export_state(call);
    case AIRS_CALL_IMPORT_STATE:
        return import_state(self, call);
    default:
        return airs_scripted_ok(call);
    }
}

airs_component_handle_t version_add(airs_scripted_engine_t *engine, version_t *version) {
    airs_component_handle_t handle =
        airs_scripted_engine_add(engine, version->version, version_guest, version);
    if (version->migrates) {
        airs_scripted_engine_set_migrates(engine, handle);
    }
    return handle;
}
