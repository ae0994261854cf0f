#include "runtime/recorder_state.h"

/* Every operation goes on to the real router, and what it answered is noted with a hash of what it was asked. There is
 * no `send_now`, so that all sends are alike. */

_Static_assert(sizeof(airs_message_router_ops_t) == 25 * sizeof(void (*)(void)),
               "a new operation of the router is recorded here, replayed in replayer_router.c, and in the "
               "journal's table");

static airs_recorder_t *recorder_of(airs_message_router_t *router) {
    return AIRS_RECORDER_OF(router, router);
}

static const airs_message_router_ops_t *real(const airs_recorder_t *self) { return self->real.router->ops; }

/* Arguments, status, text and what came with success. */
static void note(airs_recorder_t *self, airs_entry_kind_t kind, uint32_t arguments, airs_status_t status,
                 const airs_error_t *error, airs_field_t extra) {
    const airs_field_t fields[] = {airs_field_number(arguments), airs_field_number(status),
                                   airs_recorder_text(status, error), extra};
    airs_recorder_note(self, kind, fields, 4);
}

static airs_field_t correlation_field(airs_status_t status, const airs_correlation_id_t *id) {
    bool has_id = status == AIRS_OK || status == AIRS_PENDING;
    return airs_field_bytes(airs_bytes(id->bytes, has_id ? sizeof id->bytes : 0));
}

static airs_status_t send_message(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                                  const airs_id_t *target, airs_bytes_t payload, airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->send(self->real.router, sender, route, target, payload, error);
    return airs_recorder_noted(self, AIRS_ENTRY_SEND,
                               airs_journal_hash(airs_journal_hash_id(0, *target), payload), status, error);
}

static airs_status_t request(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                             const airs_id_t *target, airs_bytes_t payload, uint64_t timeout_ms,
                             airs_correlation_id_t *out, airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status =
        real(self)->request(self->real.router, sender, route, target, payload, timeout_ms, out, error);
    uint32_t arguments = airs_journal_hash(airs_journal_hash_id(0, *target), payload);
    note(self, AIRS_ENTRY_REQUEST, airs_journal_hash_number(arguments, timeout_ms), status, error,
         correlation_field(status, out));
    return status;
}

static airs_status_t waited(airs_message_router_t *router, airs_actor_t *sender, airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->waited(self->real.router, sender, error);
    return airs_recorder_noted(self, AIRS_ENTRY_WAITED, 0, status, error);
}

static airs_status_t cancel_request(airs_message_router_t *router, airs_actor_t *sender,
                                    const airs_correlation_id_t *id) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->cancel_request(self->real.router, sender, id);
    uint32_t arguments = airs_journal_hash(0, airs_bytes(id->bytes, sizeof id->bytes));
    return airs_recorder_noted(self, AIRS_ENTRY_CANCEL_REQUEST, arguments, status, NULL);
}

static airs_status_t broadcast(airs_message_router_t *router, airs_actor_t *sender, const airs_id_t *targets,
                               const uint8_t *allowed, size_t count, airs_bytes_t payload,
                               size_t *failed_first, airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    size_t first = 0;
    airs_status_t status =
        real(self)->broadcast(self->real.router, sender, targets, allowed, count, payload, &first, error);
    uint32_t arguments = airs_journal_hash(0, payload);
    for (size_t i = 0; i < count; i++) {
        arguments = airs_journal_hash_id(arguments, targets[i]);
    }
    if (failed_first != NULL) {
        *failed_first = first;
    }
    note(self, AIRS_ENTRY_BROADCAST, arguments, status, error, airs_field_number(first));
    return status;
}

static airs_status_t defer_reply(airs_message_router_t *router, airs_actor_t *actor,
                                 airs_correlation_id_t *out, airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->defer_reply(self->real.router, actor, out, error);
    note(self, AIRS_ENTRY_DEFER_REPLY, 0, status, error, correlation_field(status, out));
    return status;
}

static airs_status_t reply(airs_message_router_t *router, airs_actor_t *actor,
                           const airs_correlation_id_t *to, airs_bytes_t payload, airs_str_t content_type,
                           airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->reply(self->real.router, actor, to, payload, content_type, error);
    uint32_t arguments =
        airs_journal_hash(airs_journal_hash(0, airs_bytes(to->bytes, sizeof to->bytes)), payload);
    return airs_recorder_noted(self, AIRS_ENTRY_REPLY, airs_journal_hash_text(arguments, content_type),
                               status, error);
}

static airs_status_t fail(airs_message_router_t *router, airs_actor_t *actor, const airs_correlation_id_t *to,
                          airs_str_t reason, airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->fail(self->real.router, actor, to, reason, error);
    uint32_t arguments = airs_journal_hash(0, airs_bytes(to->bytes, sizeof to->bytes));
    return airs_recorder_noted(self, AIRS_ENTRY_FAIL, airs_journal_hash_text(arguments, reason), status,
                               error);
}

static airs_status_t subscribe(airs_message_router_t *router, airs_actor_t *actor, airs_str_t pattern,
                               airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->subscribe(self->real.router, actor, pattern, error);
    return airs_recorder_noted(self, AIRS_ENTRY_SUBSCRIBE, airs_journal_hash_text(0, pattern), status, error);
}

static airs_status_t unsubscribe(airs_message_router_t *router, airs_actor_t *actor, airs_str_t pattern,
                                 airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->unsubscribe(self->real.router, actor, pattern, error);
    return airs_recorder_noted(self, AIRS_ENTRY_UNSUBSCRIBE, airs_journal_hash_text(0, pattern), status,
                               error);
}

static airs_status_t publish(airs_message_router_t *router, airs_actor_t *actor, airs_str_t topic,
                             airs_bytes_t payload, airs_str_t content_type, uint32_t *reached,
                             airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    uint32_t count = 0;
    airs_status_t status =
        real(self)->publish(self->real.router, actor, topic, payload, content_type, &count, error);
    uint32_t arguments = airs_journal_hash(airs_journal_hash_text(0, topic), payload);
    if (reached != NULL) {
        *reached = count;
    }
    note(self, AIRS_ENTRY_PUBLISH, airs_journal_hash_text(arguments, content_type), status, error,
         airs_field_number(count));
    return status;
}

static airs_status_t start_timer(airs_message_router_t *router, airs_actor_t *actor, uint64_t delay_ms,
                                 uint64_t period_ms, airs_bytes_t payload, uint64_t *out,
                                 airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    uint64_t id = 0;
    airs_status_t status =
        real(self)->start_timer(self->real.router, actor, delay_ms, period_ms, payload, &id, error);
    uint32_t arguments = airs_journal_hash_number(airs_journal_hash_number(0, delay_ms), period_ms);
    *out = id;
    note(self, AIRS_ENTRY_START_TIMER, airs_journal_hash(arguments, payload), status, error,
         airs_field_number(id));
    return status;
}

static bool cancel_timer(airs_message_router_t *router, airs_actor_t *actor, uint64_t id) {
    airs_recorder_t *self = recorder_of(router);
    bool answer = real(self)->cancel_timer(self->real.router, actor, id);
    const airs_field_t fields[] = {airs_field_number(airs_journal_hash_number(0, id)),
                                   airs_field_number(answer)};
    airs_recorder_note(self, AIRS_ENTRY_CANCEL_TIMER, fields, 2);
    return answer;
}

/* ---- others' lives ---- */

static uint32_t hash_order(const airs_spawn_order_t *order) {
    uint32_t arguments = airs_journal_hash(airs_journal_hash_id(0, order->id), order->config);
    uint64_t flags = (order->link ? 1U : 0U) | (order->monitor ? 2U : 0U) |
                     (order->config.data != NULL ? 4U : 0U);
    return airs_journal_hash_number(arguments, flags);
}

static airs_status_t spawn(airs_message_router_t *router, airs_actor_t *actor,
                           const airs_spawn_order_t *order, airs_spawned_t *out, airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->spawn(self->real.router, actor, order, out, error);
    bool made = status == AIRS_OK;
    const airs_field_t fields[] = {
        airs_field_number(hash_order(order)),
        airs_field_number(status),
        airs_recorder_text(status, error),
        airs_field_text(made ? airs_str(out->id) : airs_str(NULL)),
        airs_field_number(made ? out->monitor : 0),
    };
    airs_recorder_note(self, AIRS_ENTRY_SPAWN, fields, sizeof fields / sizeof *fields);
    return status;
}

static airs_status_t stop(airs_message_router_t *router, airs_actor_t *actor, airs_id_t target,
                          airs_stop_mode_t mode, airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->stop(self->real.router, actor, target, mode, error);
    return airs_recorder_noted(self, AIRS_ENTRY_STOP,
                               airs_journal_hash_number(airs_journal_hash_id(0, target), mode), status,
                               error);
}

static airs_status_t exit_for(airs_message_router_t *router, airs_actor_t *actor,
                              const airs_exit_reason_t *reason) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->exit(self->real.router, actor, reason);
    uint32_t arguments = airs_journal_hash_number(0, reason->kind);
    return airs_recorder_noted(self, AIRS_ENTRY_EXIT,
                               airs_journal_hash_text(arguments, airs_str(reason->text)), status, NULL);
}

static airs_status_t monitor(airs_message_router_t *router, airs_actor_t *actor, airs_id_t target,
                             uint64_t *out, airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    uint64_t number = 0;
    airs_status_t status = real(self)->monitor(self->real.router, actor, target, &number, error);
    *out = number;
    note(self, AIRS_ENTRY_MONITOR, airs_journal_hash_id(0, target), status, error, airs_field_number(number));
    return status;
}

static airs_status_t demonitor(airs_message_router_t *router, airs_actor_t *actor, uint64_t number) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->demonitor(self->real.router, actor, number);
    return airs_recorder_noted(self, AIRS_ENTRY_DEMONITOR, airs_journal_hash_number(0, number), status, NULL);
}

static airs_status_t link_with(airs_message_router_t *router, airs_actor_t *actor, airs_id_t target,
                               airs_error_t *error) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->link(self->real.router, actor, target, error);
    return airs_recorder_noted(self, AIRS_ENTRY_LINK, airs_journal_hash_id(0, target), status, error);
}

static void unlink_from(airs_message_router_t *router, airs_actor_t *actor, airs_id_t target) {
    airs_recorder_t *self = recorder_of(router);
    real(self)->unlink(self->real.router, actor, target);
    (void)airs_recorder_noted(self, AIRS_ENTRY_UNLINK, airs_journal_hash_id(0, target), AIRS_OK, NULL);
}

static airs_status_t trap_exits(airs_message_router_t *router, airs_actor_t *actor, bool traps) {
    airs_recorder_t *self = recorder_of(router);
    airs_status_t status = real(self)->trap_exits(self->real.router, actor, traps);
    return airs_recorder_noted(self, AIRS_ENTRY_TRAP_EXITS, airs_journal_hash_number(0, traps), status, NULL);
}

/* ---- other actors ---- */

typedef struct peers {
    airs_recorder_t *recorder;
    bool (*each)(void *context, const airs_peer_info_t *info);
    void *context;
} peers_t;

static bool note_peer(void *context, const airs_peer_info_t *info) {
    peers_t *peers = context;
    const airs_field_t fields[] = {
        airs_field_text(airs_str(airs_component_id_text(info->id))),
        airs_field_text(airs_str(info->name)),
        airs_field_text(airs_str(info->version)),
        airs_field_text(airs_str(info->health)),
    };
    airs_recorder_note(peers->recorder, AIRS_ENTRY_PEER, fields, 4);
    return peers->each(peers->context, info);
}

static void list(airs_message_router_t *router, bool (*each)(void *context, const airs_peer_info_t *info),
                 void *context) {
    airs_recorder_t *self = recorder_of(router);
    peers_t peers = {self, each, context};
    airs_recorder_note(self, AIRS_ENTRY_LIST, NULL, 0);
    real(self)->list(self->real.router, note_peer, &peers);
    const airs_field_t fields[] = {airs_field_number(AIRS_OK), airs_field_text(airs_str(NULL))};
    airs_recorder_note(self, AIRS_ENTRY_LIST_END, fields, 2);
}

typedef struct description {
    airs_recorder_t *recorder;
    uint32_t arguments;
    void (*take)(void *context, const airs_peer_info_t *info);
    void *context;
} description_t;

static void note_description(void *context, const airs_peer_info_t *info) {
    description_t *description = context;
    const airs_field_t fields[] = {
        airs_field_number(description->arguments),
        airs_field_number(AIRS_OK),
        airs_field_text(airs_str(NULL)),
        airs_field_text(airs_str(airs_component_id_text(info->id))),
        airs_field_text(airs_str(info->name)),
        airs_field_text(airs_str(info->version)),
        airs_field_text(airs_str(info->health)),
    };
    airs_recorder_note(description->recorder, AIRS_ENTRY_DESCRIBE, fields, sizeof fields / sizeof *fields);
    description->take(description->context, info);
}

static airs_status_t describe(airs_message_router_t *router, airs_id_t id,
                              void (*take)(void *context, const airs_peer_info_t *info), void *context) {
    airs_recorder_t *self = recorder_of(router);
    description_t description = {self, airs_journal_hash_id(0, id), take, context};
    airs_status_t status = real(self)->describe(self->real.router, id, note_description, &description);
    return status == AIRS_OK
               ? status
               : airs_recorder_noted(self, AIRS_ENTRY_DESCRIBE, description.arguments, status, NULL);
}

/* Of the instance's own doing. */
static void route_release(airs_message_router_t *router, airs_route_t *route) {
    airs_recorder_t *self = recorder_of(router);
    real(self)->route_release(self->real.router, route);
}

const airs_message_router_ops_t airs_recorder_router_ops = {
    .send = send_message,
    .request = request,
    .waited = waited,
    .cancel_request = cancel_request,
    .broadcast = broadcast,
    .defer_reply = defer_reply,
    .reply = reply,
    .fail = fail,
    .subscribe = subscribe,
    .unsubscribe = unsubscribe,
    .publish = publish,
    .start_timer = start_timer,
    .cancel_timer = cancel_timer,
    .spawn = spawn,
    .stop = stop,
    .exit = exit_for,
    .monitor = monitor,
    .demonitor = demonitor,
    .link = link_with,
    .unlink = unlink_from,
    .trap_exits = trap_exits,
    .list = list,
    .describe = describe,
    .route_release = route_release,
};
