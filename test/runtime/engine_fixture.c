#include "runtime/engine_fixture.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>

#include "core/check.h"
#include "core/log.h"
#include "core/memory.h"
#include "storage/memory_backend.h"

#define FROM(pointer, member) ((fixture_t *)(void *)((char *)(pointer) - offsetof(fixture_t, member)))

/* Resumes of one call: more would be a guest that never ends. */
#define RESUMES_MAX 1000000

static void keep_text(char *to, airs_bytes_t bytes) {
    size_t size = bytes.size < FIXTURE_TEXT ? bytes.size : FIXTURE_TEXT - 1;
    *(char *)airs_copy(to, bytes.data, size) = '\0';
}

static void append(char *to, airs_str_t text) {
    size_t used = strlen(to);
    snprintf(to + used, FIXTURE_TEXT - used, "%.*s", AIRS_STR_ARG(text));
}

static void keep_target(fixture_t *fixture, airs_id_t target) {
    snprintf(fixture->last_target, sizeof fixture->last_target, "%.*s/%.*s/%.*s", AIRS_STR_ARG(target.ns),
             AIRS_STR_ARG(target.name), AIRS_STR_ARG(target.instance));
}

static void keep_payload(fixture_t *fixture, airs_bytes_t payload) {
    keep_text(fixture->last_payload, payload);
    fixture->last_payload_size = payload.size;
}

static airs_status_t answer(const fixture_t *fixture, airs_error_t *error) {
    bool silent = fixture->answer == AIRS_OK || fixture->answer_without_text;
    return silent ? fixture->answer : airs_error_set(error, fixture->answer, "as the test said");
}

static airs_status_t take_send(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                               const airs_id_t *target, airs_bytes_t payload, airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    (void)sender;
    (void)route;
    fixture->sends++;
    keep_target(fixture, *target);
    keep_payload(fixture, payload);
    return answer(fixture, error);
}

static airs_status_t take_request(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                                  const airs_id_t *target, airs_bytes_t payload, uint64_t timeout_ms,
                                  airs_correlation_id_t *out, airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    (void)sender;
    (void)route;
    fixture->requests++;
    fixture->last_timeout = timeout_ms;
    keep_target(fixture, *target);
    keep_payload(fixture, payload);
    memset(out->bytes, 0x5a, sizeof out->bytes);
    return answer(fixture, error);
}

static airs_status_t take_cancel(airs_message_router_t *router, airs_actor_t *sender,
                                 const airs_correlation_id_t *id) {
    fixture_t *fixture = FROM(router, router);
    (void)sender;
    fixture->cancels++;
    fixture->last_cancelled = *id;
    return fixture->answer;
}

static airs_status_t take_broadcast(airs_message_router_t *router, airs_actor_t *sender,
                                    const airs_id_t *targets, const uint8_t *allowed, size_t count,
                                    airs_bytes_t payload, size_t *failed_first, airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    (void)sender;
    fixture->broadcasts++;
    fixture->broadcast_targets = count;
    keep_payload(fixture, payload);
    size_t denied = count;
    for (size_t i = 0; i < count; i++) {
        keep_target(fixture, targets[i]);
        append(fixture->broadcast_ids, airs_str(fixture->last_target));
        append(fixture->broadcast_ids, airs_str("\n"));
        append(fixture->broadcast_allowed, airs_str(allowed[i] ? "1" : "0"));
        denied = !allowed[i] && denied == count ? i : denied;
    }
    *failed_first = denied < count ? denied : 0;
    if (denied < count) {
        return airs_error_set(error, AIRS_CAPABILITY_DENIED, "target %zu of %zu", denied, count);
    }
    return answer(fixture, error);
}

static airs_status_t end_wait(airs_message_router_t *router, airs_actor_t *sender, airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    (void)sender;
    fixture->waits++;
    fixture->answer = fixture->wait_answer;
    return answer(fixture, error);
}

/* One line of what was asked: "verb a b c". */
static void note(fixture_t *fixture, const char *verb, airs_str_t a, airs_str_t b, airs_str_t c) {
    const airs_str_t parts[] = {airs_str(verb), a, b, c};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].size > 0) {
            append(fixture->asked, airs_str(i > 0 ? " " : ""));
            append(fixture->asked, parts[i]);
        }
    }
    append(fixture->asked, airs_str("\n"));
}

static airs_str_t as_text(airs_bytes_t bytes) { return airs_str_n((const char *)bytes.data, bytes.size); }

static airs_status_t take_defer(airs_message_router_t *router, airs_actor_t *self, airs_correlation_id_t *out,
                                airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    (void)self;
    memset(out->bytes, 0xa5, sizeof out->bytes);
    note(fixture, "defer", airs_str(NULL), airs_str(NULL), airs_str(NULL));
    return answer(fixture, error);
}

static airs_status_t take_reply(airs_message_router_t *router, airs_actor_t *self,
                                const airs_correlation_id_t *to, airs_bytes_t payload,
                                airs_str_t content_type, airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    char id[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
    (void)self;
    airs_correlation_id_format(to, id);
    keep_payload(fixture, payload);
    note(fixture, "reply", airs_str(id), content_type, as_text(payload));
    return answer(fixture, error);
}

static airs_status_t take_fail(airs_message_router_t *router, airs_actor_t *self,
                               const airs_correlation_id_t *to, airs_str_t reason, airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    char id[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
    (void)self;
    airs_correlation_id_format(to, id);
    note(fixture, "fail", airs_str(id), reason, airs_str(NULL));
    return answer(fixture, error);
}

static airs_status_t take_subscribe(airs_message_router_t *router, airs_actor_t *self, airs_str_t pattern,
                                    airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    (void)self;
    note(fixture, "subscribe", pattern, airs_str(NULL), airs_str(NULL));
    return answer(fixture, error);
}

static airs_status_t take_unsubscribe(airs_message_router_t *router, airs_actor_t *self, airs_str_t pattern,
                                      airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    (void)self;
    note(fixture, "unsubscribe", pattern, airs_str(NULL), airs_str(NULL));
    return answer(fixture, error);
}

static airs_status_t take_publish(airs_message_router_t *router, airs_actor_t *self, airs_str_t topic,
                                  airs_bytes_t payload, airs_str_t content_type, uint32_t *reached,
                                  airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    (void)self;
    keep_payload(fixture, payload);
    note(fixture, "publish", topic, content_type, as_text(payload));
    *reached = fixture->reached;
    return answer(fixture, error);
}

static airs_status_t take_timer(airs_message_router_t *router, airs_actor_t *self, uint64_t delay_ms,
                                uint64_t period_ms, airs_bytes_t payload, uint64_t *out,
                                airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    char times[64];
    (void)self;
    keep_payload(fixture, payload);
    snprintf(times, sizeof times, "%" PRIu64 " %" PRIu64, delay_ms, period_ms);
    note(fixture, "timer", airs_str(times), as_text(payload), airs_str(NULL));
    *out = fixture->timer_id;
    return answer(fixture, error);
}

static bool take_cancel_timer(airs_message_router_t *router, airs_actor_t *self, uint64_t id) {
    fixture_t *fixture = FROM(router, router);
    char text[32];
    (void)self;
    snprintf(text, sizeof text, "%" PRIu64, id);
    note(fixture, "cancel", airs_str(text), airs_str(NULL), airs_str(NULL));
    return id == fixture->timer_id;
}

static airs_str_t text_of(airs_id_t id, char out[AIRS_ID_MAX + 3]) {
    (void)snprintf(out, AIRS_ID_MAX + 3, "%.*s/%.*s/%.*s", AIRS_STR_ARG(id.ns), AIRS_STR_ARG(id.name),
                   AIRS_STR_ARG(id.instance));
    return airs_str(out);
}

static void note_id(fixture_t *fixture, const char *verb, airs_id_t id, airs_str_t more) {
    char text[AIRS_ID_MAX + 3];
    note(fixture, verb, text_of(id, text), more, airs_str(NULL));
}

static airs_status_t take_spawn(airs_message_router_t *router, airs_actor_t *self,
                                const airs_spawn_order_t *order, airs_spawned_t *out, airs_error_t *error) {
    fixture_t *fixture = FROM(router, router);
    (void)self;
    note_id(fixture,
            order->link      ? "spawn-link"
            : order->monitor ? "spawn-monitor"
                             : "spawn",
            order->id, order->config.data != NULL ? as_text(order->config) : airs_str("(no config)"));
    (void)text_of(airs_id("app", "made", "s1"), out->id);
    out->monitor = fixture->timer_id;
    return answer(fixture, error);
}

static airs_status_t take_stop(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                               airs_stop_mode_t mode, airs_error_t *error) {
    static const char *const modes[] = {"drain", "drop", "kill"};
    (void)self;
    note_id(FROM(router, router), "stop", target, airs_str(modes[mode]));
    return answer(FROM(router, router), error);
}

static airs_status_t take_exit(airs_message_router_t *router, airs_actor_t *self,
                               const airs_exit_reason_t *reason) {
    (void)self;
    note(FROM(router, router), "exit", airs_str(airs_reason_text(reason->kind)), airs_str(reason->text),
         airs_str(NULL));
    return FROM(router, router)->answer;
}

static airs_status_t take_monitor(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                                  uint64_t *out, airs_error_t *error) {
    (void)self;
    note_id(FROM(router, router), "monitor", target, airs_str(NULL));
    *out = FROM(router, router)->timer_id;
    return answer(FROM(router, router), error);
}

static airs_status_t take_demonitor(airs_message_router_t *router, airs_actor_t *self, uint64_t monitor) {
    fixture_t *fixture = FROM(router, router);
    char text[32];
    (void)self;
    snprintf(text, sizeof text, "%" PRIu64, monitor);
    note(fixture, "demonitor", airs_str(text), airs_str(NULL), airs_str(NULL));
    return monitor == fixture->timer_id ? AIRS_OK : AIRS_NOT_FOUND;
}

static airs_status_t take_link(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                               airs_error_t *error) {
    (void)self;
    note_id(FROM(router, router), "link", target, airs_str(NULL));
    return answer(FROM(router, router), error);
}

static void take_unlink(airs_message_router_t *router, airs_actor_t *self, airs_id_t target) {
    (void)self;
    note_id(FROM(router, router), "unlink", target, airs_str(NULL));
}

static airs_status_t take_trap(airs_message_router_t *router, airs_actor_t *self, bool traps) {
    (void)self;
    note(FROM(router, router), traps ? "trap" : "untrap", airs_str(NULL), airs_str(NULL), airs_str(NULL));
    return FROM(router, router)->answer;
}

static void list(airs_message_router_t *router, bool (*each)(void *context, const airs_peer_info_t *info),
                 void *context) {
    fixture_t *fixture = FROM(router, router);
    airs_peer_info_t info = {fixture->id, "tested", "1.0", "healthy"};
    each(context, &info);
    info.id = fixture->sender;
    each(context, &info);
}

static airs_status_t describe(airs_message_router_t *router, airs_id_t id,
                              void (*take)(void *context, const airs_peer_info_t *info), void *context) {
    fixture_t *fixture = FROM(router, router);
    if (!airs_id_equal(id, airs_component_id_view(fixture->id))) {
        return AIRS_TARGET_NOT_FOUND;
    }
    airs_peer_info_t info = {fixture->id, "tested", "1.0", "healthy"};
    take(context, &info);
    return AIRS_OK;
}

static void route_release(airs_message_router_t *router, airs_route_t *route) {
    (void)route;
    FROM(router, router)->routes_released++;
}

static bool take_send_now(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                          const airs_id_t *target, airs_bytes_t payload) {
    fixture_t *fixture = FROM(router, router);
    fixture->sends_at_once++;
    return fixture->takes_at_once && take_send(router, sender, route, target, payload, NULL) == AIRS_OK;
}

static const airs_message_router_ops_t router_ops = {
    .send = take_send,
    .send_now = take_send_now,
    .request = take_request,
    .waited = end_wait,
    .cancel_request = take_cancel,
    .broadcast = take_broadcast,
    .defer_reply = take_defer,
    .reply = take_reply,
    .fail = take_fail,
    .subscribe = take_subscribe,
    .unsubscribe = take_unsubscribe,
    .publish = take_publish,
    .start_timer = take_timer,
    .cancel_timer = take_cancel_timer,
    .spawn = take_spawn,
    .stop = take_stop,
    .exit = take_exit,
    .monitor = take_monitor,
    .demonitor = take_demonitor,
    .link = take_link,
    .unlink = take_unlink,
    .trap_exits = take_trap,
    .list = list,
    .describe = describe,
    .route_release = route_release,
};

static void take_record(airs_log_t *log, const airs_log_record_t *record) {
    fixture_t *fixture = FROM(log, log);
    append(fixture->logged, airs_str(airs_log_level_text(record->level)));
    append(fixture->logged, airs_str(" "));
    append(fixture->logged, record->source);
    append(fixture->logged, airs_str(": "));
    append(fixture->logged, record->message);
    for (size_t i = 0; i < record->field_count; i++) {
        append(fixture->logged, airs_str(" "));
        append(fixture->logged, record->fields[i].key);
        append(fixture->logged, airs_str("="));
        append(fixture->logged, record->fields[i].value);
    }
    append(fixture->logged, airs_str("\n"));
}

static void take_output(airs_output_t *output, airs_bytes_t bytes) {
    append(FROM(output, output)->printed, airs_str_n((const char *)bytes.data, bytes.size));
}

static void wake(void *context) { atomic_fetch_add(&((fixture_t *)context)->wakes, 1); }

void fixture_open(fixture_t *fixture, const airs_wasm_engine_options_t *options) {
    airs_wasm_engine_options_t settings = {.max_instances = 16};
    airs_error_t error;
    if (options != NULL) {
        settings = *options;
    }
    if (settings.slice_us == 0) {
        settings.slice_us = FIXTURE_SLICE_US;
    }
    memset(fixture, 0, sizeof *fixture);
    airs_fake_clock_init(&fixture->clock);
    airs_manual_timers_init(&fixture->timers, &fixture->clock);
    fixture->router.ops = &router_ops;
    fixture->log = (airs_log_t){.level = AIRS_LOG_TRACE, .write = take_record};
    fixture->output.write = take_output;
    if (airs_wasm_engine_create(&settings, &fixture->engine, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    assert_ok(airs_block_pool_create(airs_allocator_default(), &fixture->pool));
    assert_ok(airs_memory_backend_create(airs_allocator_default(), &fixture->storage));
    assert_ok(airs_component_id_create(airs_allocator_default(), airs_id("app", "tested", "0"), &fixture->id,
                                       NULL));
    assert_ok(airs_component_id_create(airs_allocator_default(), airs_id("app", "sender", "3"),
                                       &fixture->sender, NULL));
}

void fixture_drop(fixture_t *fixture) {
    fixture->engine->ops->instance_destroy(fixture->instance);
    fixture->instance = NULL;
    airs_component_message_destroy(fixture->begun);
    fixture->begun = NULL;
}

void fixture_close(fixture_t *fixture) {
    fixture_drop(fixture);
    fixture->engine->ops->destroy(fixture->engine);
    fixture->storage->ops->destroy(fixture->storage);
    airs_component_id_unref(fixture->id);
    airs_component_id_unref(fixture->sender);
    airs_block_pool_destroy(fixture->pool);
    assert_int_equal(airs_manual_timers_count(&fixture->timers), 0);
    airs_manual_timers_free(&fixture->timers);
}

const char *fixture_guest(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s.wasm", AIRS_TEST_GUESTS, name);
    return path;
}

airs_component_handle_t fixture_load(fixture_t *fixture, const char *guest) {
    airs_component_source_t source = {.path = fixture_guest(guest)};
    airs_component_handle_t handle = 0;
    airs_error_t error;
    if (fixture->engine->ops->load(fixture->engine, &source, &handle, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    return handle;
}

airs_status_t fixture_load_text(fixture_t *fixture, const char *text, airs_component_handle_t *out,
                                airs_error_t *error) {
    airs_component_source_t source = {.bytes = airs_bytes(text, strlen(text)), .name = "text"};
    return fixture->engine->ops->load(fixture->engine, &source, out, error);
}

static airs_poll_t call(fixture_t *fixture, const airs_call_t *made) {
    airs_runtime_engine_t *engine = fixture->engine;
    engine->ops->activity_begin(engine);
    airs_poll_t poll = engine->ops->call(fixture->instance, made, &fixture->result);
    engine->ops->activity_end(engine);
    return poll;
}

airs_poll_t fixture_resume(fixture_t *fixture) {
    airs_runtime_engine_t *engine = fixture->engine;
    engine->ops->activity_begin(engine);
    airs_poll_t poll = engine->ops->resume(fixture->instance, &fixture->result);
    engine->ops->activity_end(engine);
    return poll;
}

/* Time stands still while guests run, and moves when one waits. */
static void await_wake(fixture_t *fixture) {
    while (atomic_load(&fixture->wakes) == 0) {
        uint64_t next = airs_manual_timers_next(&fixture->timers);
        if (next != UINT64_MAX) {
            uint64_t now = airs_clock_monotonic(&fixture->clock.clock);
            airs_manual_timers_advance(&fixture->timers, next > now ? next - now : 0);
        } else {
            sched_yield();
        }
    }
}

static airs_status_t finish(fixture_t *fixture, airs_poll_t poll) {
    for (int i = 0; poll == AIRS_POLL_PENDING; i++) {
        AIRS_ASSERT(i < RESUMES_MAX);
        await_wake(fixture);
        atomic_store(&fixture->wakes, 0);
        poll = fixture_resume(fixture);
    }
    return fixture->result.status;
}

airs_status_t fixture_call(fixture_t *fixture, airs_call_kind_t kind) {
    airs_call_t made = {.kind = kind};
    return finish(fixture, call(fixture, &made));
}

airs_status_t fixture_start(fixture_t *fixture, airs_component_handle_t component,
                            const airs_instance_limits_t *limits) {
    const airs_instance_limits_t plain = {.max_memory_bytes = (uint64_t)16 << 20,
                                          .max_execution_time_ms = 5000};
    airs_error_t error;
    airs_host_t host = {
        .id = fixture->id,
        .router = &fixture->router,
        .timers = &fixture->timers.service,
        .storage = fixture->storage,
        .storage_space = airs_str(fixture->storage_space != NULL ? fixture->storage_space : "app/tested"),
        .storage_quota = fixture->storage_quota != 0 ? fixture->storage_quota : UINT64_MAX,
        .clock = &fixture->clock.clock,
        .random = fixture->random != NULL ? fixture->random : airs_random_system(),
        .log = &fixture->log,
        .standard_output = fixture->use_output ? &fixture->output : NULL,
        .standard_error = fixture->use_errors ? &fixture->output : NULL,
        .env = fixture->env,
        .env_count = fixture->env_count,
        .settings = fixture->settings,
        .wake = wake,
        .wake_context = fixture,
        .record_bytes = fixture->record_bytes,
        .crashes = fixture->crashes,
        .capabilities = fixture->capabilities,
    };
    airs_status_t status = fixture->engine->ops->instance_create(
        fixture->engine, component, &host, limits != NULL ? limits : &plain, &fixture->instance, &error);
    return status == AIRS_OK ? fixture_call(fixture, AIRS_CALL_INSTANTIATE) : status;
}

airs_status_t fixture_initialize(fixture_t *fixture, const char *config) {
    airs_component_config_t made = {
        .env = fixture->env,
        .env_count = fixture->env_count,
        .config = airs_bytes(config, config != NULL ? strlen(config) : 0),
        .limits = {.max_memory_bytes = (uint64_t)16 << 20, .max_execution_time_ms = 5000},
    };
    airs_call_t initialize = {.kind = AIRS_CALL_INITIALIZE, .config = &made};
    return finish(fixture, call(fixture, &initialize));
}

void fixture_run(fixture_t *fixture, const char *guest, const char *config) {
    airs_component_handle_t component = fixture_load(fixture, guest);
    if (fixture_start(fixture, component, NULL) != AIRS_OK ||
        fixture_initialize(fixture, config) != AIRS_OK) {
        fail_msg("%s: %s", guest, fixture->result.reason);
    }
    fixture->engine->ops->unload(fixture->engine, component);
}

static airs_bytes_t text_bytes(const char *text) { return airs_bytes(text, strlen(text)); }

static airs_component_message_t *make_message(fixture_t *fixture, airs_message_kind_t kind,
                                              airs_bytes_t payload) {
    airs_correlation_id_t correlation = {.bytes = {1, 2, 3}};
    airs_message_parts_t parts = {
        .kind = kind,
        .sender = fixture->sender,
        .payload = payload,
        .content_type = airs_str("text/plain"),
        .timestamp_ns = UINT64_C(1234567890123456789),
        .correlation = &correlation, /* kinds without one do not show it */
    };
    airs_component_message_t *message = NULL;
    assert_ok(airs_component_message_create(fixture->pool, &parts, &message));
    return message;
}

static airs_status_t deliver(fixture_t *fixture, airs_call_kind_t call_kind, airs_message_kind_t kind,
                             airs_bytes_t payload) {
    airs_component_message_t *message = make_message(fixture, kind, payload);
    airs_call_t made = {.kind = call_kind, .message = message};
    airs_status_t status = finish(fixture, call(fixture, &made));
    airs_component_message_destroy(message);
    return status;
}

airs_status_t fixture_message(fixture_t *fixture, const char *payload) {
    return deliver(fixture, AIRS_CALL_HANDLE_MESSAGE, AIRS_MESSAGE_PLAIN, text_bytes(payload));
}

airs_status_t fixture_message_bytes(fixture_t *fixture, airs_bytes_t payload) {
    return deliver(fixture, AIRS_CALL_HANDLE_MESSAGE, AIRS_MESSAGE_PLAIN, payload);
}

airs_status_t fixture_request(fixture_t *fixture, const char *payload) {
    return deliver(fixture, AIRS_CALL_HANDLE_MESSAGE, AIRS_MESSAGE_REQUEST, text_bytes(payload));
}

airs_status_t fixture_deliver(fixture_t *fixture, airs_message_kind_t kind, const char *payload) {
    return deliver(fixture, AIRS_CALL_HANDLE_MESSAGE, kind, text_bytes(payload));
}

airs_status_t fixture_callback(fixture_t *fixture, airs_message_kind_t kind, const char *payload) {
    return deliver(fixture, AIRS_CALL_HANDLE_CALLBACK, kind, text_bytes(payload));
}

airs_poll_t fixture_begin_message(fixture_t *fixture, const char *payload) {
    airs_component_message_t *message = make_message(fixture, AIRS_MESSAGE_PLAIN, text_bytes(payload));
    airs_call_t made = {.kind = AIRS_CALL_HANDLE_MESSAGE, .message = message};
    airs_component_message_destroy(fixture->begun);
    fixture->begun = message;
    return call(fixture, &made);
}

const char *fixture_response(fixture_t *fixture) {
    static char text[FIXTURE_TEXT];
    assert_true(fixture->result.has_response);
    keep_text(text, fixture->result.response);
    return text;
}
