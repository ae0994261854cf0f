#include "actor_fixture.h"

#include <stdio.h>
#include <time.h>

#include "core/check.h"

/* ---- the system ---- */

static void take_log(airs_log_t *log, const airs_log_record_t *record) {
    actor_fixture_t *self = (actor_fixture_t *)((char *)log - offsetof(actor_fixture_t, log));
    pthread_mutex_lock(&self->log_lock);
    self->logged++;
    int size = snprintf(self->last_log, sizeof self->last_log, "%.*s: %.*s", AIRS_STR_ARG(record->source),
                        AIRS_STR_ARG(record->message));
    for (size_t i = 0; i < record->field_count && size > 0 && (size_t)size < sizeof self->last_log; i++) {
        size += snprintf(self->last_log + size, sizeof self->last_log - (size_t)size, " %.*s=%.*s",
                         AIRS_STR_ARG(record->fields[i].key), AIRS_STR_ARG(record->fields[i].value));
    }
    pthread_mutex_unlock(&self->log_lock);
}

static bool jump(void *context) {
    actor_fixture_t *self = context;
    uint64_t next = airs_actor_system_next_deadline(self->system);
    if (next == UINT64_MAX) {
        return false;
    }
    uint64_t now = airs_clock_monotonic(&self->clock.clock);
    airs_fake_clock_advance(&self->clock, next > now ? next - now : 0);
    (void)airs_actor_system_advance(self->system);
    return true;
}

static void prepare(actor_fixture_t *self) {
    memset(self, 0, sizeof *self);
    airs_scripted_engine_init(&self->engine, airs_allocator_default());
    pthread_mutex_init(&self->log_lock, NULL);
    self->log = (airs_log_t){.level = AIRS_LOG_TRACE, .write = take_log};
}

void actor_fixture_open(actor_fixture_t *self, unsigned workers) {
    prepare(self);
    airs_actor_system_options_t options = {
        .engine = &self->engine.engine, .log = &self->log, .workers = workers};
    assert_ok(airs_actor_system_create(&options, &self->system, NULL));
}

static void open_stepped(actor_fixture_t *self, uint64_t seed, bool (*idle)(void *context)) {
    prepare(self);
    airs_fake_clock_init(&self->clock);
    airs_seeded_random_init(&self->random, seed);
    airs_actor_system_options_t options = {
        .engine = &self->engine.engine,
        .log = &self->log,
        .clock = &self->clock.clock,
        .random = &self->random.random,
        .stepped = true,
        .idle = idle,
        .idle_context = self,
    };
    assert_ok(airs_actor_system_create(&options, &self->system, NULL));
}

void actor_fixture_open_stepped(actor_fixture_t *self, uint64_t seed) { open_stepped(self, seed, jump); }

void actor_fixture_open_frozen(actor_fixture_t *self, uint64_t seed) { open_stepped(self, seed, NULL); }

void actor_fixture_close(actor_fixture_t *self) {
    airs_actor_system_destroy(self->system);
    assert_int_equal(atomic_load(&self->engine.live_instances), 0);
    airs_scripted_engine_free(&self->engine);
    pthread_mutex_destroy(&self->log_lock);
}

void actor_fixture_run(actor_fixture_t *self) {
    while (airs_actor_system_step(self->system)) {
    }
}

void actor_fixture_pass(actor_fixture_t *self, uint64_t nanoseconds) {
    airs_fake_clock_advance(&self->clock, nanoseconds);
    (void)airs_actor_system_advance(self->system);
    actor_fixture_run(self);
}

airs_id_t id_of(const char *text) {
    airs_id_t id;
    AIRS_ASSERT(airs_id_parse(airs_str(text), &id, NULL) == AIRS_OK);
    return id;
}

airs_component_handle_t actor_fixture_add(actor_fixture_t *self, airs_scripted_guest_t *guest,
                                          void *context) {
    return airs_scripted_engine_add(&self->engine, "script", guest, context);
}

void actor_fixture_spawn(actor_fixture_t *self, const char *id, airs_component_handle_t component) {
    airs_error_t error = {.text = ""};
    airs_status_t status =
        airs_actor_system_spawn_component(self->system, component, id_of(id), NULL, &error);
    assert_string_equal(status == AIRS_OK ? "" : error.text, "");
    assert_ok(status);
}

airs_status_t actor_fixture_send(actor_fixture_t *self, const char *target, const char *payload) {
    return airs_actor_system_send(self->system, id_of(target), airs_bytes(payload, strlen(payload)),
                                  airs_str(NULL), NULL);
}

airs_status_t actor_fixture_stop(actor_fixture_t *self, const char *id, airs_stop_mode_t mode) {
    return airs_actor_system_stop(self->system, id_of(id), mode, PATIENCE_MS, NULL);
}

airs_actor_counters_t actor_fixture_counters(actor_fixture_t *self, const char *id) {
    airs_actor_counters_t counters;
    assert_ok(airs_actor_system_counters(self->system, id_of(id), &counters));
    return counters;
}

airs_node_counters_t actor_fixture_totals(actor_fixture_t *self) {
    airs_node_counters_t totals;
    airs_actor_system_totals(self->system, &totals);
    return totals;
}

/* ---- probes ---- */

static airs_status_t probe_start(airs_actor_context_t *context, void *state) {
    (void)context;
    probe_t *self = state;
    pthread_mutex_lock(&self->lock);
    self->started = true;
    airs_status_t answer = self->start_answer;
    pthread_mutex_unlock(&self->lock);
    return answer;
}

static void note(probe_t *self, const airs_incoming_t *incoming) {
    static const char letters[] = "mqrfdx";
    size_t used = strlen(self->heard);
    if (incoming->kind >= AIRS_INCOMING_DOWN) {
        (void)snprintf(self->heard + used, sizeof self->heard - used, "%s%c:%.*s/%.*s=%s%s%s",
                       used > 0 ? " " : "", letters[incoming->kind], AIRS_STR_ARG(incoming->sender.name),
                       AIRS_STR_ARG(incoming->sender.instance), airs_reason_text(incoming->reason.kind),
                       incoming->reason.text[0] != '\0' ? ":" : "", incoming->reason.text);
    } else {
        (void)snprintf(self->heard + used, sizeof self->heard - used, "%s%c:%.*s", used > 0 ? " " : "",
                       letters[incoming->kind], (int)incoming->payload.size,
                       (const char *)incoming->payload.data);
    }
    (void)snprintf(self->last_correlation, sizeof self->last_correlation, "%s",
                   incoming->correlation_id != NULL ? incoming->correlation_id : "");
    (void)snprintf(self->last_sender, sizeof self->last_sender, "%.*s/%.*s/%.*s",
                   AIRS_STR_ARG(incoming->sender.ns), AIRS_STR_ARG(incoming->sender.name),
                   AIRS_STR_ARG(incoming->sender.instance));
    (void)snprintf(self->last_content_type, sizeof self->last_content_type, "%.*s",
                   AIRS_STR_ARG(incoming->content_type));
}

static airs_status_t probe_handle(airs_actor_context_t *context, void *state,
                                  const airs_incoming_t *incoming) {
    probe_t *self = state;
    pthread_mutex_lock(&self->lock);
    note(self, incoming);
    self->count++;
    pthread_cond_broadcast(&self->changed);
    while (self->blocked) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    airs_status_t answer = self->answer;
    const char *response = self->response;
    pthread_mutex_unlock(&self->lock);
    if (incoming->kind == AIRS_INCOMING_REQUEST && response != NULL) {
        AIRS_ASSERT(airs_actor_respond(context, airs_bytes(response, strlen(response))) == AIRS_OK);
    }
    return self->then != NULL ? self->then(context, self, incoming) : answer;
}

static void probe_stop(airs_actor_context_t *context, void *state) {
    (void)context;
    probe_t *self = state;
    pthread_mutex_lock(&self->lock);
    self->stopped = true;
    pthread_mutex_unlock(&self->lock);
}

static void probe_destroy(void *state) {
    probe_t *self = state;
    pthread_mutex_lock(&self->lock);
    AIRS_ASSERT(!self->destroyed);
    self->destroyed = true;
    pthread_mutex_unlock(&self->lock);
}

const airs_native_t probe_native = {
    .size = sizeof(airs_native_t),
    .start = probe_start,
    .handle = probe_handle,
    .stop = probe_stop,
    .destroy = probe_destroy,
};

void probe_init(probe_t *self) {
    memset(self, 0, sizeof *self);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
}

void probe_free(probe_t *self) {
    assert_true(self->destroyed);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
}

void probe_spawn(actor_fixture_t *fixture, probe_t *self, const char *id, const airs_actor_spec_t *spec) {
    assert_ok(airs_actor_system_spawn_native(fixture->system, &probe_native, self, id_of(id), spec, NULL));
}

void probe_block(probe_t *self, bool blocked) {
    pthread_mutex_lock(&self->lock);
    self->blocked = blocked;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

void probe_await(probe_t *self, uint64_t count) {
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    int failed = 0;
    pthread_mutex_lock(&self->lock);
    while (self->count < count && failed == 0) {
        failed = pthread_cond_timedwait(&self->changed, &self->lock, &until);
    }
    bool enough = self->count >= count;
    pthread_mutex_unlock(&self->lock);
    assert_true(enough);
}

uint64_t probe_count(probe_t *self) {
    pthread_mutex_lock(&self->lock);
    uint64_t count = self->count;
    pthread_mutex_unlock(&self->lock);
    return count;
}
