#include "core/memory.h"
#include "runtime/recorder_state.h"
#include "runtime/replayer_state.h"

/* Every operation answers what the journal says it was answered. The hashes of arguments are made as in
 * recorder_router.c. */

static airs_replayer_t *replayer_of(airs_message_router_t *router) {
    return AIRS_REPLAYER_OF(router, router);
}

/* What a step has besides its texts. */
typedef struct shown {
    bool has_payload;
    airs_bytes_t payload;
} shown_t;

static const shown_t no_payload = {false, {NULL, 0}};

static shown_t payload_of(airs_bytes_t payload) { return (shown_t){true, payload}; }

/* The end of every operation: the entry was read. */
static airs_status_t finish(airs_replayer_t *self, airs_entry_t *entry, airs_status_t status,
                            const airs_error_t *error, shown_t shown) {
    airs_replayer_tell_status(self, status, error);
    airs_replay_step_t step = {.has_payload = shown.has_payload, .payload = shown.payload};
    return airs_replayer_show(self, entry, &step) ? status : AIRS_STOPPED;
}

/* An operation that has nothing but a status. */
static airs_status_t plain(airs_replayer_t *self, airs_entry_kind_t kind, uint32_t arguments,
                           airs_error_t *error, shown_t shown) {
    airs_entry_t entry;
    if (!airs_replayer_expect_with(self, kind, arguments, &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    return finish(self, &entry, status, error, shown);
}

static void detail_text(airs_replayer_t *self, const char *what, airs_str_t text) {
    airs_replayer_begin_step(self);
    airs_text_append_format(&self->detail, "%s ", what);
    airs_text_append(&self->detail, text);
}

static void detail_id(airs_replayer_t *self, const char *what, airs_id_t id) {
    airs_replayer_begin_step(self);
    airs_text_append_format(&self->detail, "%s ", what);
    airs_replayer_tell_id(self, id);
}

static void detail_correlation(airs_replayer_t *self, const airs_correlation_id_t *id) {
    char text[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
    airs_correlation_id_format(id, text);
    detail_text(self, "to", airs_str(text));
}

/* The request id that comes next, when there is one; and into the outcome. */
static void read_correlation(airs_replayer_t *self, airs_entry_t *entry, airs_status_t status,
                             airs_correlation_id_t *out) {
    airs_bytes_t bytes = airs_entry_bytes(entry);
    if (status != AIRS_OK && status != AIRS_PENDING) {
        return;
    }
    if (bytes.size != sizeof out->bytes) {
        entry->broken = true;
        memset(out, 0, sizeof *out);
        return;
    }
    char text[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
    memcpy(out->bytes, bytes.data, sizeof out->bytes);
    airs_correlation_id_format(out, text);
    airs_text_append_format(&self->outcome, "%s ", text);
}

static airs_status_t send_message(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                                  const airs_id_t *target, airs_bytes_t payload, airs_error_t *error) {
    (void)sender, (void)route;
    airs_replayer_t *self = replayer_of(router);
    detail_id(self, "to", *target);
    return plain(self, AIRS_ENTRY_SEND, airs_journal_hash(airs_journal_hash_id(0, *target), payload), error,
                 payload_of(payload));
}

static airs_status_t request(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                             const airs_id_t *target, airs_bytes_t payload, uint64_t timeout_ms,
                             airs_correlation_id_t *out, airs_error_t *error) {
    (void)sender, (void)route;
    airs_replayer_t *self = replayer_of(router);
    airs_entry_t entry;
    uint32_t arguments = airs_journal_hash(airs_journal_hash_id(0, *target), payload);
    detail_id(self, "to", *target);
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_REQUEST, airs_journal_hash_number(arguments, timeout_ms),
                                   &entry)) {
        memset(out, 0, sizeof *out);
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    read_correlation(self, &entry, status, out);
    return finish(self, &entry, status, error, payload_of(payload));
}

static airs_status_t waited(airs_message_router_t *router, airs_actor_t *sender, airs_error_t *error) {
    (void)sender;
    airs_replayer_t *self = replayer_of(router);
    airs_replayer_begin_step(self);
    return plain(self, AIRS_ENTRY_WAITED, 0, error, no_payload);
}

static airs_status_t cancel_request(airs_message_router_t *router, airs_actor_t *sender,
                                    const airs_correlation_id_t *id) {
    (void)sender;
    airs_replayer_t *self = replayer_of(router);
    detail_correlation(self, id);
    return plain(self, AIRS_ENTRY_CANCEL_REQUEST,
                 airs_journal_hash(0, airs_bytes(id->bytes, sizeof id->bytes)), NULL, no_payload);
}

static airs_status_t broadcast(airs_message_router_t *router, airs_actor_t *sender, const airs_id_t *targets,
                               const uint8_t *allowed, size_t count, airs_bytes_t payload,
                               size_t *failed_first, airs_error_t *error) {
    (void)sender, (void)allowed;
    airs_replayer_t *self = replayer_of(router);
    airs_entry_t entry;
    uint32_t arguments = airs_journal_hash(0, payload);
    airs_replayer_begin_step(self);
    airs_text_append(&self->detail, airs_str("to"));
    for (size_t i = 0; i < count; i++) {
        arguments = airs_journal_hash_id(arguments, targets[i]);
        airs_text_append(&self->detail, airs_str(" "));
        airs_replayer_tell_id(self, targets[i]);
    }
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_BROADCAST, arguments, &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    uint64_t first = airs_entry_number(&entry);
    if (first >= count && first > 0) {
        entry.broken = true;
        first = 0;
    }
    if (failed_first != NULL) {
        *failed_first = (size_t)first;
    }
    return finish(self, &entry, status, error, payload_of(payload));
}

static airs_status_t defer_reply(airs_message_router_t *router, airs_actor_t *actor,
                                 airs_correlation_id_t *out, airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    airs_entry_t entry;
    airs_replayer_begin_step(self);
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_DEFER_REPLY, 0, &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    read_correlation(self, &entry, status, out);
    return finish(self, &entry, status, error, no_payload);
}

static airs_status_t reply(airs_message_router_t *router, airs_actor_t *actor,
                           const airs_correlation_id_t *to, airs_bytes_t payload, airs_str_t content_type,
                           airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    uint32_t arguments =
        airs_journal_hash(airs_journal_hash(0, airs_bytes(to->bytes, sizeof to->bytes)), payload);
    detail_correlation(self, to);
    return plain(self, AIRS_ENTRY_REPLY, airs_journal_hash_text(arguments, content_type), error,
                 payload_of(payload));
}

static airs_status_t fail(airs_message_router_t *router, airs_actor_t *actor, const airs_correlation_id_t *to,
                          airs_str_t reason, airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    uint32_t arguments = airs_journal_hash(0, airs_bytes(to->bytes, sizeof to->bytes));
    detail_correlation(self, to);
    return plain(self, AIRS_ENTRY_FAIL, airs_journal_hash_text(arguments, reason), error,
                 payload_of(airs_bytes(reason.data, reason.size)));
}

static airs_status_t subscribe(airs_message_router_t *router, airs_actor_t *actor, airs_str_t pattern,
                               airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    detail_text(self, "to", pattern);
    return plain(self, AIRS_ENTRY_SUBSCRIBE, airs_journal_hash_text(0, pattern), error, no_payload);
}

static airs_status_t unsubscribe(airs_message_router_t *router, airs_actor_t *actor, airs_str_t pattern,
                                 airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    detail_text(self, "from", pattern);
    return plain(self, AIRS_ENTRY_UNSUBSCRIBE, airs_journal_hash_text(0, pattern), error, no_payload);
}

static airs_status_t publish(airs_message_router_t *router, airs_actor_t *actor, airs_str_t topic,
                             airs_bytes_t payload, airs_str_t content_type, uint32_t *reached,
                             airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    airs_entry_t entry;
    uint32_t arguments = airs_journal_hash(airs_journal_hash_text(0, topic), payload);
    detail_text(self, "to", topic);
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_PUBLISH, airs_journal_hash_text(arguments, content_type),
                                   &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    uint32_t count = (uint32_t)airs_entry_number(&entry);
    if (reached != NULL) {
        *reached = count;
    }
    airs_text_append_format(&self->outcome, "%u reached, ", count);
    return finish(self, &entry, status, error, payload_of(payload));
}

static airs_status_t start_timer(airs_message_router_t *router, airs_actor_t *actor, uint64_t delay_ms,
                                 uint64_t period_ms, airs_bytes_t payload, uint64_t *out,
                                 airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    airs_entry_t entry;
    uint32_t arguments = airs_journal_hash_number(airs_journal_hash_number(0, delay_ms), period_ms);
    airs_replayer_begin_step(self);
    airs_text_append_format(&self->detail, "in %llu ms", (unsigned long long)delay_ms);
    if (period_ms > 0) {
        airs_text_append_format(&self->detail, ", then every %llu ms", (unsigned long long)period_ms);
    }
    *out = 0;
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_START_TIMER, airs_journal_hash(arguments, payload),
                                   &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    *out = airs_entry_number(&entry);
    airs_text_append_format(&self->outcome, "timer %llu, ", (unsigned long long)*out);
    return finish(self, &entry, status, error, payload_of(payload));
}

static bool cancel_timer(airs_message_router_t *router, airs_actor_t *actor, uint64_t id) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    airs_entry_t entry;
    airs_replayer_begin_step(self);
    airs_text_append_format(&self->detail, "timer %llu", (unsigned long long)id);
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_CANCEL_TIMER, airs_journal_hash_number(0, id), &entry)) {
        return false;
    }
    bool answer = airs_entry_number(&entry) != 0;
    airs_text_append(&self->outcome, airs_str(answer ? "yes" : "no"));
    airs_replay_step_t step = {0};
    return airs_replayer_show(self, &entry, &step) && answer;
}

/* ---- others' lives ---- */

static airs_status_t spawn(airs_message_router_t *router, airs_actor_t *actor,
                           const airs_spawn_order_t *order, airs_spawned_t *out, airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    airs_entry_t entry;
    uint32_t arguments = airs_journal_hash(airs_journal_hash_id(0, order->id), order->config);
    uint64_t flags = (order->link ? 1U : 0U) | (order->monitor ? 2U : 0U) |
                     (order->config.data != NULL ? 4U : 0U);
    detail_id(self, "of", order->id);
    *out = (airs_spawned_t){.id = ""};
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_SPAWN, airs_journal_hash_number(arguments, flags),
                                   &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    airs_str_t id = airs_entry_string(&entry);
    out->monitor = airs_entry_number(&entry);
    if (id.size < sizeof out->id) {
        *(char *)airs_copy(out->id, id.data, id.size) = '\0';
    } else {
        entry.broken = true;
    }
    airs_text_append_format(&self->outcome, "%s ", out->id);
    return finish(self, &entry, status, error, payload_of(order->config));
}

static airs_status_t stop(airs_message_router_t *router, airs_actor_t *actor, airs_id_t target,
                          airs_stop_mode_t mode, airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    detail_id(self, "of", target);
    return plain(self, AIRS_ENTRY_STOP, airs_journal_hash_number(airs_journal_hash_id(0, target), mode),
                 error, no_payload);
}

static airs_status_t exit_for(airs_message_router_t *router, airs_actor_t *actor,
                              const airs_exit_reason_t *reason) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    uint32_t arguments = airs_journal_hash_number(0, reason->kind);
    detail_text(self, "for", airs_str(airs_reason_text(reason->kind)));
    return plain(self, AIRS_ENTRY_EXIT, airs_journal_hash_text(arguments, airs_str(reason->text)), NULL,
                 no_payload);
}

static airs_status_t monitor(airs_message_router_t *router, airs_actor_t *actor, airs_id_t target,
                             uint64_t *out, airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    airs_entry_t entry;
    detail_id(self, "of", target);
    *out = 0;
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_MONITOR, airs_journal_hash_id(0, target), &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    *out = airs_entry_number(&entry);
    airs_text_append_format(&self->outcome, "monitor %llu, ", (unsigned long long)*out);
    return finish(self, &entry, status, error, no_payload);
}

static airs_status_t demonitor(airs_message_router_t *router, airs_actor_t *actor, uint64_t number) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    airs_replayer_begin_step(self);
    airs_text_append_format(&self->detail, "monitor %llu", (unsigned long long)number);
    return plain(self, AIRS_ENTRY_DEMONITOR, airs_journal_hash_number(0, number), NULL, no_payload);
}

static airs_status_t link_with(airs_message_router_t *router, airs_actor_t *actor, airs_id_t target,
                               airs_error_t *error) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    detail_id(self, "with", target);
    return plain(self, AIRS_ENTRY_LINK, airs_journal_hash_id(0, target), error, no_payload);
}

static void unlink_from(airs_message_router_t *router, airs_actor_t *actor, airs_id_t target) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    detail_id(self, "from", target);
    (void)plain(self, AIRS_ENTRY_UNLINK, airs_journal_hash_id(0, target), NULL, no_payload);
}

static airs_status_t trap_exits(airs_message_router_t *router, airs_actor_t *actor, bool traps) {
    (void)actor;
    airs_replayer_t *self = replayer_of(router);
    detail_text(self, traps ? "on" : "off", airs_str(NULL));
    return plain(self, AIRS_ENTRY_TRAP_EXITS, airs_journal_hash_number(0, traps), NULL, no_payload);
}

/* ---- other actors ---- */

/* The texts are zero-terminated copies, in one block that the caller releases. */
typedef struct peer {
    airs_peer_info_t info;
    char *block;
} peer_t;

static const char *put_text(char **at, airs_str_t text) {
    char *begin = *at;
    *at = airs_copy(*at, text.data, text.size);
    *(*at)++ = '\0';
    return begin;
}

static bool read_peer(airs_replayer_t *self, airs_entry_t *entry, peer_t *out) {
    *out = (peer_t){.info = {.id = airs_replayer_read_id(self, entry)}};
    airs_str_t texts[3];
    size_t size = 0;
    for (size_t i = 0; i < 3; i++) {
        texts[i] = airs_entry_string(entry);
        size += texts[i].size + 1;
    }
    out->block = out->info.id != NULL && !entry->broken ? airs_alloc(self->allocator, size) : NULL;
    if (out->block == NULL) {
        airs_component_id_unref(out->info.id);
        return false;
    }
    char *at = out->block;
    out->info.name = put_text(&at, texts[0]);
    out->info.version = put_text(&at, texts[1]);
    out->info.health = put_text(&at, texts[2]);
    return true;
}

static void free_peer(airs_replayer_t *self, peer_t *peer) {
    airs_component_id_unref(peer->info.id);
    airs_release(self->allocator, peer->block);
}

static void list(airs_message_router_t *router, bool (*each)(void *context, const airs_peer_info_t *info),
                 void *context) {
    airs_replayer_t *self = replayer_of(router);
    airs_entry_t entry;
    airs_replayer_begin_step(self);
    airs_replay_step_t step = {0};
    if (!airs_replayer_expect(self, AIRS_ENTRY_LIST, &entry) || !airs_replayer_show(self, &entry, &step)) {
        return;
    }
    bool goes_on = true;
    while (airs_replayer_follow(self, &entry) && entry.kind == AIRS_ENTRY_PEER) {
        peer_t peer;
        if (!goes_on || !read_peer(self, &entry, &peer)) {
            airs_replayer_stray(self, "the list of actors cannot be read, or has more than the guest took");
            return;
        }
        goes_on = each(context, &peer.info);
        free_peer(self, &peer);
    }
}

static airs_status_t describe(airs_message_router_t *router, airs_id_t id,
                              void (*take)(void *context, const airs_peer_info_t *info), void *context) {
    airs_replayer_t *self = replayer_of(router);
    airs_entry_t entry;
    detail_id(self, "of", id);
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_DESCRIBE, airs_journal_hash_id(0, id), &entry)) {
        return AIRS_STOPPED;
    }
    airs_status_t status = airs_replayer_answer(&entry, NULL);
    peer_t peer = {0};
    bool there = status == AIRS_OK && read_peer(self, &entry, &peer);
    if (status == AIRS_OK && !there) {
        entry.broken = true;
    }
    status = finish(self, &entry, status, NULL, no_payload);
    if (there && status == AIRS_OK) {
        take(context, &peer.info);
    }
    if (there) {
        free_peer(self, &peer);
    }
    return status;
}

static void route_release(airs_message_router_t *router, airs_route_t *route) { (void)router, (void)route; }

const airs_message_router_ops_t airs_replayer_router_ops = {
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
