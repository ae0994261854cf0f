#include "e2e/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/guests.h"

uint64_t now_ms(void) { return airs_clock_monotonic(airs_clock_system()) / 1000000; }

bool parse_numbers(const char *text, uint64_t *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char *end = NULL;
        out[i] = strtoull(text, &end, 10);
        if (end == text || *end != (i + 1 < count ? ' ' : '\0')) {
            return false;
        }
        text = end + 1;
    }
    return true;
}

static void nap(void) {
    const struct timespec moment = {0, 1000000};
    (void)nanosleep(&moment, NULL);
}

/* ---- the stage ---- */

void stage_open_with(stage_t *stage, airs_node_options_t options) {
    memset(stage, 0, sizeof *stage);
    airs_failing_allocator_init(&stage->memory);
    options.size = sizeof options;
    options.allocator = &stage->memory.allocator;
    if (options.log == NULL) {
        options.log = getenv("AIRS_TEST_LOG") != NULL ? airs_log_stderr() : airs_log_none();
    }
    assert_ok(airs_node_create(&options, &stage->node, &stage->error));
}

void stage_open(stage_t *stage, unsigned workers) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = workers;
    options.cache_dir = "";
    stage_open_with(stage, options);
}

void stage_close(stage_t *stage) {
    airs_node_destroy(stage->node);
    stage->node = NULL;
    assert_int_equal(stage->memory.live_blocks, 0);
}

airs_component_t stage_guest(stage_t *stage, const char *name) {
    for (size_t i = 0; i < stage->guest_count; i++) {
        if (strcmp(stage->guests[i].name, name) == 0) {
            return stage->guests[i].component;
        }
    }
    assert_true(stage->guest_count < STAGE_GUESTS);
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s.wasm", airs_test_guests(), name);
    airs_component_t component = 0;
    airs_status_t status = airs_node_load(stage->node, path, &component, &stage->error);
    if (status != AIRS_OK) {
        fail_msg("%s: %s", name, stage->error.text);
    }
    (void)snprintf(stage->guests[stage->guest_count].name, sizeof stage->guests[0].name, "%s", name);
    stage->guests[stage->guest_count++].component = component;
    return component;
}

airs_id_t id_of(const char *text) {
    airs_id_t id;
    assert_ok(airs_id_parse(airs_str(text), &id, NULL));
    return id;
}

airs_status_t stage_spawn(stage_t *stage, const char *guest, const char *id,
                          const airs_spawn_options_t *options) {
    return airs_node_spawn(stage->node, stage_guest(stage, guest), id_of(id), options, &stage->error);
}

void stage_add(stage_t *stage, const char *guest, const char *id, const char *config) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    if (config != NULL) {
        options.config = airs_bytes(config, strlen(config));
    }
    if (stage_spawn(stage, guest, id, &options) != AIRS_OK) {
        fail_msg("%s: %s", id, stage->error.text);
    }
}

void stage_add_with(stage_t *stage, const char *guest, const char *id, const char *config,
                    const airs_variable_t *variable) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.config = airs_bytes(config, strlen(config));
    options.env = variable;
    options.env_count = 1;
    if (stage_spawn(stage, guest, id, &options) != AIRS_OK) {
        fail_msg("%s: %s", id, stage->error.text);
    }
}

airs_status_t stage_send(stage_t *stage, const char *id, const char *text) {
    return airs_node_send(stage->node, id_of(id), airs_bytes(text, strlen(text)), &stage->error);
}

static void keep_answer(void *context, airs_bytes_t payload) {
    stage_t *stage = context;
    size_t size = payload.size < STAGE_ANSWER_TEXT ? payload.size : STAGE_ANSWER_TEXT - 1;
    if (size > 0) {
        memcpy(stage->answer, payload.data, size);
    }
    stage->answer[size] = '\0';
}

airs_status_t stage_call(stage_t *stage, const char *id, const char *text) {
    stage->answer[0] = '\0';
    return airs_node_call(stage->node, id_of(id), airs_bytes(text, strlen(text)), airs_str(NULL), PATIENCE_MS,
                          keep_answer, stage, &stage->error);
}

void stage_expect(stage_t *stage, const char *id, const char *text, const char *answer) {
    if (stage_call(stage, id, text) != AIRS_OK) {
        fail_msg("%s, asked \"%s\": %s", id, text, stage->error.text);
    }
    assert_string_equal(stage->answer, answer);
}

void stage_expect_error(stage_t *stage, const char *id, const char *text, const char *error) {
    if (stage_call(stage, id, text) == AIRS_OK) {
        fail_msg("%s, asked \"%s\": answered \"%s\"", id, text, stage->answer);
    }
    if (strstr(stage->error.text, error) == NULL) {
        fail_msg("%s, asked \"%s\": \"%s\" is not about \"%s\"", id, text, stage->error.text, error);
    }
}

airs_status_t stage_stop(stage_t *stage, const char *id, airs_stop_mode_t mode) {
    return airs_node_stop(stage->node, id_of(id), mode, PATIENCE_MS, &stage->error);
}

void stage_drain(stage_t *stage) { assert_ok(airs_node_drain(stage->node, PATIENCE_MS)); }

airs_actor_counters_t stage_counters(stage_t *stage, const char *id) {
    airs_actor_counters_t counters;
    assert_ok(airs_node_counters(stage->node, id_of(id), &counters));
    return counters;
}

airs_node_counters_t stage_totals(stage_t *stage) {
    airs_node_counters_t totals;
    airs_node_totals(stage->node, &totals);
    return totals;
}

airs_request_counters_t stage_requests(stage_t *stage) {
    airs_request_counters_t requests;
    airs_node_requests(stage->node, &requests);
    return requests;
}

uint64_t stage_dead_letters(stage_t *stage, airs_dead_letter_reason_t reason) {
    uint64_t counts[AIRS_DEAD_LETTER_REASONS];
    airs_node_dead_letter_counts(stage->node, counts);
    return counts[reason];
}

void stage_await_end(stage_t *stage, const char *id) {
    airs_actor_counters_t counters;
    for (unsigned i = 0; i < PATIENCE_MS; i++) {
        if (airs_node_counters(stage->node, id_of(id), &counters) == AIRS_TARGET_NOT_FOUND) {
            return;
        }
        nap();
    }
    fail_msg("%s has not ended", id);
}

void stage_await_handled(stage_t *stage, const char *id, uint64_t count) {
    for (unsigned i = 0; i < PATIENCE_MS && stage_counters(stage, id).handled < count; i++) {
        nap();
    }
    assert_int_equal(stage_counters(stage, id).handled, count);
}

void stage_await_taken(stage_t *stage, const char *id) {
    for (unsigned i = 0; i < PATIENCE_MS && stage_counters(stage, id).queued > 0; i++) {
        nap();
    }
    assert_int_equal(stage_counters(stage, id).queued, 0);
}

/* ---- the sink ---- */

static airs_status_t sink_start(airs_actor_context_t *context, void *state) {
    (void)context;
    sink_t *sink = state;
    pthread_mutex_lock(&sink->lock);
    sink->started = true;
    pthread_mutex_unlock(&sink->lock);
    return AIRS_OK;
}

/* False: no memory. The lock is held. */
static bool keep(sink_t *sink, const airs_incoming_t *incoming) {
    if (sink->count == sink->capacity) {
        size_t capacity = sink->capacity == 0 ? 64 : 2 * sink->capacity;
        heard_t *heard = realloc(sink->heard, capacity * sizeof *heard);
        if (heard == NULL) {
            return false;
        }
        sink->heard = heard;
        sink->capacity = capacity;
    }
    heard_t one = {
        .kind = incoming->kind, .size = incoming->payload.size, .data = malloc(incoming->payload.size + 1)};
    if (one.data == NULL) {
        return false;
    }
    if (one.size > 0) {
        memcpy(one.data, incoming->payload.data, one.size);
    }
    one.data[one.size] = 0;
    (void)snprintf(one.sender, sizeof one.sender, "%.*s/%.*s/%.*s", AIRS_STR_ARG(incoming->sender.ns),
                   AIRS_STR_ARG(incoming->sender.name), AIRS_STR_ARG(incoming->sender.instance));
    if (incoming->correlation_id != NULL) {
        (void)snprintf(one.correlation_id, sizeof one.correlation_id, "%s", incoming->correlation_id);
    }
    (void)snprintf(one.content_type, sizeof one.content_type, "%.*s", AIRS_STR_ARG(incoming->content_type));
    sink->heard[sink->count++] = one;
    return true;
}

static airs_status_t sink_handle(airs_actor_context_t *context, void *state,
                                 const airs_incoming_t *incoming) {
    sink_t *sink = state;
    pthread_mutex_lock(&sink->lock);
    bool kept = keep(sink, incoming);
    pthread_cond_broadcast(&sink->changed);
    while (sink->closed) {
        pthread_cond_wait(&sink->changed, &sink->lock);
    }
    pthread_mutex_unlock(&sink->lock);
    if (!kept) {
        return AIRS_OUT_OF_MEMORY;
    }
    return sink->then != NULL ? sink->then(context, sink, incoming) : AIRS_OK;
}

static void sink_stop(airs_actor_context_t *context, void *state) {
    (void)context;
    sink_t *sink = state;
    pthread_mutex_lock(&sink->lock);
    sink->stopped = true;
    pthread_mutex_unlock(&sink->lock);
}

static void sink_destroy(void *state) {
    sink_t *sink = state;
    pthread_mutex_lock(&sink->lock);
    sink->ended = true;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
}

const airs_native_t sink_native = {
    .size = sizeof(airs_native_t),
    .start = sink_start,
    .handle = sink_handle,
    .stop = sink_stop,
    .destroy = sink_destroy,
};

void sink_init(sink_t *sink) {
    memset(sink, 0, sizeof *sink);
    pthread_condattr_t monotonic;
    pthread_mutex_init(&sink->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&sink->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void sink_free(sink_t *sink) {
    for (size_t i = 0; i < sink->count; i++) {
        free(sink->heard[i].data);
    }
    free(sink->heard);
    pthread_cond_destroy(&sink->changed);
    pthread_mutex_destroy(&sink->lock);
}

void sink_spawn(stage_t *stage, sink_t *sink, const char *id, const airs_spawn_options_t *options) {
    airs_spawn_options_t wide = AIRS_SPAWN_OPTIONS_INIT;
    wide.mailbox_messages = 1000000;
    wide.mailbox_bytes = UINT64_C(1) << 32;
    wide.max_message_bytes = UINT64_C(1) << 32;
    assert_ok(airs_node_spawn_native(stage->node, &sink_native, sink, id_of(id),
                                     options != NULL ? options : &wide, &stage->error));
}

void sink_close(sink_t *sink, bool closed) {
    pthread_mutex_lock(&sink->lock);
    sink->closed = closed;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
}

size_t sink_spawn_full(stage_t *stage, sink_t *sink, const char *id) {
    airs_spawn_options_t narrow = AIRS_SPAWN_OPTIONS_INIT;
    narrow.mailbox_messages = 1;
    narrow.mailbox_policy = AIRS_MAILBOX_BLOCK;
    narrow.block_time_ms = PATIENCE_MS;
    sink_spawn(stage, sink, id, &narrow);
    sink_close(sink, true);
    assert_ok(stage_send(stage, id, "in hand"));
    sink_await(sink, 1);
    size_t sent = 1;
    airs_status_t status = stage_send(stage, id, "queued");
    for (; status == AIRS_OK; status = stage_send(stage, id, "queued")) {
        sent++;
    }
    assert_status(status, AIRS_QUEUE_FULL);
    return sent;
}

/* Until it has heard at least so much; how much it has. */
static size_t await_heard(sink_t *sink, size_t count) {
    struct timespec deadline;
    (void)clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += PATIENCE_MS / 1000;
    int result = 0;
    pthread_mutex_lock(&sink->lock);
    while (sink->count < count && result == 0) {
        result = pthread_cond_timedwait(&sink->changed, &sink->lock, &deadline);
    }
    size_t heard = sink->count;
    pthread_mutex_unlock(&sink->lock);
    return heard;
}

void sink_await(sink_t *sink, size_t count) { assert_int_equal(await_heard(sink, count), count); }

size_t sink_count(sink_t *sink) {
    pthread_mutex_lock(&sink->lock);
    size_t count = sink->count;
    pthread_mutex_unlock(&sink->lock);
    return count;
}

heard_t sink_heard(sink_t *sink, size_t nth) {
    assert_true(nth < sink_count(sink));
    pthread_mutex_lock(&sink->lock);
    heard_t heard = sink->heard[nth];
    pthread_mutex_unlock(&sink->lock);
    return heard;
}

void sink_expect(sink_t *sink, size_t nth, const char *sender, const char *text) {
    assert_true(await_heard(sink, nth + 1) > nth);
    heard_t heard = sink_heard(sink, nth);
    assert_string_equal(heard.sender, sender);
    assert_string_equal((const char *)heard.data, text);
}

airs_status_t sink_ask(airs_actor_context_t *context, sink_t *sink, const airs_incoming_t *incoming) {
    if (incoming->kind != AIRS_INCOMING_MESSAGE) {
        return AIRS_OK;
    }
    airs_str_t all = {(const char *)incoming->payload.data, incoming->payload.size};
    const char *space = memchr(all.data, ' ', all.size);
    airs_id_t target;
    if (space == NULL ||
        airs_id_parse((airs_str_t){all.data, (size_t)(space - all.data)}, &target, NULL) != AIRS_OK) {
        return AIRS_INVALID_ARGUMENT;
    }
    airs_bytes_t text = airs_bytes(space + 1, (size_t)(all.data + all.size - space - 1));
    return airs_actor_request(context, target, text, PATIENCE_MS, sink->user);
}

/* ---- requesters ---- */

airs_status_t stage_add_requester(stage_t *stage, const char *id, const char *target,
                                  const char *timeout_ms) {
    const airs_variable_t variables[] = {{"REPORT_TO", "app/sink/0"}, {"TIMEOUT_MS", timeout_ms}};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.env = variables;
    options.env_count = 2;
    options.config = airs_bytes(target, strlen(target));
    return stage_spawn(stage, "requester", id, &options);
}

void stage_ask(stage_t *stage, const char *requester, const char *text) {
    assert_ok(stage_call(stage, requester, text));
    assert_int_equal(strlen(stage->answer), 36);
    memcpy(stage->request, stage->answer, 37);
}

void sink_expect_report(stage_t *stage, sink_t *sink, size_t nth, const char *kind, const char *text) {
    sink_await(sink, nth + 1);
    heard_t heard = sink_heard(sink, nth);
    char head[80];
    (void)snprintf(head, sizeof head, "%s %s ", kind, stage->request);
    const char *report = (const char *)heard.data;
    if (strncmp(report, head, strlen(head)) != 0 || strstr(report + strlen(head), text) == NULL) {
        fail_msg("\"%s\" is not \"%s\" with \"%s\"", report, head, text);
    }
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

bool is_sanitized(void) { return SANITIZED; }
