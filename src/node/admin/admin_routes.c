#include "node/admin/admin_routes.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <airssys/version.h>

#include "core/thread.h"
#include "core/memory.h"
#include "node/admin/admin_parameters.h"
#include "node/admin/admin_report.h"
#include "node/admin/admin_target.h"
#include "node/admin/admin_update.h"
#include "node/nearest_name.h"

#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)
#define NS_PER_MS 1000000U
#define NS_PER_S 1e9

#define DEFAULT_CALL_MS 30000
#define DEFAULT_STOP_MS 5000
#define DEFAULT_LETTERS 100
#define LETTERS_MAX 10000
#define DEFAULT_PAYLOAD_BYTES 4096
#define PAYLOAD_BYTES_MAX ((uint64_t)16 << 20)

/* How soon a send is tried again that found the mailbox full: sooner than a person notices, and seldom enough
 * to cost nothing. */
#define AGAIN_US 2000

#define BINARY_TYPE "application/octet-stream"

typedef airs_admin_progress_t route_fn(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange);

typedef struct route {
    const char *path;
    airs_admin_method_t method;
    route_fn *run;
    const char *const *parameters; /* ends in NULL */
} route_t;

/* ---- parameters ---- */

/* False: there is none or it is wrong, which is answered. */
static bool read_target(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange, const char *name,
                        airs_id_t *out) {
    airs_error_t error;
    const char *text = airs_admin_need(exchange, name);
    if (text == NULL) {
        return false;
    }
    if (airs_admin_target_parse(airs_str(text), airs_str(scene->ns), out, &error) != AIRS_OK) {
        airs_admin_exchange_fail(exchange, error.status, "%s: %s", name, error.text);
        return false;
    }
    return true;
}

static airs_bytes_t payload_of(const airs_admin_exchange_t *exchange) {
    return airs_bytes(exchange->body, exchange->body_size);
}

/* ---- answers ---- */

static airs_text_t *answer_json(airs_admin_exchange_t *exchange, int http_status) {
    airs_admin_exchange_answer(exchange, http_status, airs_str(AIRS_ADMIN_JSON));
    return &exchange->content;
}

static airs_admin_progress_t answered(airs_admin_exchange_t *exchange) {
    if (airs_text_status(&exchange->content) != AIRS_OK || airs_text_status(&exchange->type) != AIRS_OK ||
        airs_text_status(&exchange->sender) != AIRS_OK) {
        airs_text_clear(&exchange->sender);
        airs_admin_exchange_fail(exchange, AIRS_OUT_OF_MEMORY, "there is no memory for the answer");
    }
    return AIRS_ADMIN_ANSWERED;
}

static airs_admin_progress_t failed(airs_admin_exchange_t *exchange, const airs_error_t *error) {
    airs_admin_exchange_fail(exchange, error->status, "%s", error->text);
    return AIRS_ADMIN_ANSWERED;
}

/* ---- the node ---- */

static void append_member(airs_text_t *out, const char *name, const char *value) {
    airs_text_append_format(out, "\"%s\":", name);
    airs_text_append_json(out, airs_str(value));
    airs_text_append(out, airs_str(","));
}

static airs_admin_progress_t show_node(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    airs_text_t *out = answer_json(exchange, 200);
    uint64_t now = airs_clock_wall(scene->clock);
    uint64_t age = now > scene->started_ns ? now - scene->started_ns : 0;
    airs_text_append(out, airs_str("{"));
    append_member(out, "application", scene->application);
    append_member(out, "namespace", scene->ns);
    append_member(out, "manifest", scene->manifest);
    append_member(out, "version", AIRS_VERSION);
    append_member(out, "socket", scene->socket);
    append_member(out, "stage", scene->stage(scene->context));
    airs_text_append_format(out, "\"pid\":%ld,\"workers\":%u,", (long)getpid(), scene->workers);
    airs_admin_report_time(out, "started", scene->started_ns);
    airs_text_append_format(out, ",\"uptime_seconds\":%.3f,", (double)age / NS_PER_S);
    airs_admin_report_counters(out, scene->node);
    airs_text_append(out, airs_str("}\n"));
    return answered(exchange);
}

static airs_admin_progress_t show_actors(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    airs_id_t only;
    bool all = airs_admin_exchange_parameter(exchange, "id") == NULL;
    if (!all && !read_target(scene, exchange, "id", &only)) {
        return AIRS_ADMIN_ANSWERED;
    }
    size_t count = airs_admin_report_actors(answer_json(exchange, 200), scene->node, all ? NULL : &only,
                                            airs_clock_wall(scene->clock));
    if (!all && count == 0) {
        airs_admin_exchange_fail(exchange, AIRS_TARGET_NOT_FOUND, "no actor %.*s/%.*s/%.*s",
                                 AIRS_STR_ARG(only.ns), AIRS_STR_ARG(only.name), AIRS_STR_ARG(only.instance));
        return AIRS_ADMIN_ANSWERED;
    }
    return answered(exchange);
}

static const char *reason_at(const void *names, size_t index) {
    (void)names;
    return index < AIRS_DEAD_LETTER_REASONS ? airs_dead_letter_reason_text((airs_dead_letter_reason_t)index)
                                            : NULL;
}

/* False: there is no such reason, which is answered. */
static bool read_reason(airs_admin_exchange_t *exchange, int *out) {
    const char *text = airs_admin_exchange_parameter(exchange, "reason");
    *out = -1;
    if (text == NULL) {
        return true;
    }
    for (size_t i = 0; i < AIRS_DEAD_LETTER_REASONS; i++) {
        if (strcmp(text, reason_at(NULL, i)) == 0) {
            *out = (int)i;
            return true;
        }
    }
    const char *nearest = airs_nearest_name(airs_str(text), reason_at, NULL);
    airs_admin_exchange_fail(exchange, AIRS_INVALID_ARGUMENT, "reason: there is no reason \"%.40s\"%s%s%s",
                             text, nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
                             nearest != NULL ? "\"?" : "");
    return false;
}

static airs_admin_progress_t show_letters(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    airs_admin_letters_t which = {.limit = DEFAULT_LETTERS, .payload_bytes = DEFAULT_PAYLOAD_BYTES};
    which.has_after = airs_admin_exchange_parameter(exchange, "after") != NULL;
    if (!airs_admin_read_number(exchange, "limit", LETTERS_MAX, &which.limit) ||
        !airs_admin_read_number(exchange, "after", UINT64_MAX, &which.after) ||
        !airs_admin_read_number(exchange, "payload-bytes", PAYLOAD_BYTES_MAX, &which.payload_bytes) ||
        !read_reason(exchange, &which.reason)) {
        return AIRS_ADMIN_ANSWERED;
    }
    airs_admin_report_letters(answer_json(exchange, 200), scene->node, &which);
    return answered(exchange);
}

/* ---- messages ---- */

static airs_admin_progress_t send_message(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    airs_id_t target;
    airs_error_t error;
    uint64_t wait_ms = 0;
    if (!read_target(scene, exchange, "to", &target) ||
        !airs_admin_read_number(exchange, "wait-ms", DAY_MS, &wait_ms)) {
        return AIRS_ADMIN_ANSWERED;
    }
    airs_status_t status = airs_node_send_wait(scene->node, target, payload_of(exchange),
                                               airs_str(exchange->content_type), 0, &error);
    if (status == AIRS_OK) {
        airs_text_append(answer_json(exchange, 202), airs_str("{\"accepted\":true}\n"));
        return answered(exchange);
    }
    if (status != AIRS_QUEUE_FULL || wait_ms == 0) {
        return failed(exchange, &error);
    }
    if (airs_clock_monotonic(scene->clock) - exchange->begin_ns < wait_ms * NS_PER_MS) {
        exchange->again_us = AGAIN_US;
        return AIRS_ADMIN_LATER;
    }
    airs_admin_exchange_fail(exchange, AIRS_TIMEOUT, "%s; there was no room in %" PRIu64 " ms", error.text,
                             wait_ms);
    return AIRS_ADMIN_ANSWERED;
}

static airs_admin_progress_t publish(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    airs_error_t error;
    uint32_t reached = 0;
    const char *topic = airs_admin_need(exchange, "topic");
    if (topic == NULL) {
        return AIRS_ADMIN_ANSWERED;
    }
    airs_status_t status = airs_node_publish(scene->node, airs_str(topic), payload_of(exchange),
                                             airs_str(exchange->content_type), &reached, &error);
    if (status != AIRS_OK) {
        return failed(exchange, &error);
    }
    airs_text_append_format(answer_json(exchange, 200), "{\"reached\":%" PRIu32 "}\n", reached);
    return answered(exchange);
}

/* A content type as a component gave it, if it can stand in a header. */
static airs_str_t header_type(airs_str_t type) {
    enum { LONGEST = 256 };
    for (size_t i = 0; i < type.size; i++) {
        if (type.data[i] < ' ' || type.data[i] > '~') {
            return airs_str(BINARY_TYPE);
        }
    }
    return type.size > 0 && type.size <= LONGEST ? type : airs_str(BINARY_TYPE);
}

/* On a thread of the node's. */
static void on_answer(void *context, const airs_answer_t *answer) {
    airs_admin_exchange_t *exchange = context;
    if (answer->status != AIRS_OK) {
        airs_admin_exchange_fail(exchange, answer->status, "%s", answer->message);
    } else {
        airs_admin_exchange_answer(exchange, 200, header_type(answer->content_type));
        airs_text_append_format(&exchange->sender, "%.*s/%.*s/%.*s", AIRS_STR_ARG(answer->sender.ns),
                                AIRS_STR_ARG(answer->sender.name), AIRS_STR_ARG(answer->sender.instance));
        airs_text_append(&exchange->content,
                         airs_str_n((const char *)answer->payload.data, answer->payload.size));
        (void)answered(exchange);
    }
    exchange->done(exchange->context, exchange);
}

static airs_admin_progress_t call(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    airs_id_t target;
    airs_error_t error;
    uint64_t timeout_ms = DEFAULT_CALL_MS;
    if (!read_target(scene, exchange, "to", &target) ||
        !airs_admin_read_number(exchange, "timeout-ms", DAY_MS, &timeout_ms)) {
        return AIRS_ADMIN_ANSWERED;
    }
    airs_status_t status = airs_node_request(scene->node, target, payload_of(exchange),
                                             airs_str(exchange->content_type), timeout_ms, on_answer,
                                             exchange, &exchange->id, &error);
    if (status != AIRS_OK) {
        exchange->id.text[0] = '\0'; /* it is no request */
        return failed(exchange, &error);
    }
    return AIRS_ADMIN_ELSEWHERE;
}

/* ---- stopping ---- */

/* Actors to be stopped, on a thread of its own: each may take its time. */
typedef struct stop {
    const airs_admin_scene_t *scene;
    airs_admin_exchange_t *exchange;
    airs_id_t target;
    airs_stop_mode_t mode;
    uint64_t timeout_ms;
    airs_text_t ids; /* each with a zero at its end, in the order of their start */
    size_t count;
} stop_t;

static bool note_actor(void *context, const airs_actor_info_t *info) {
    stop_t *stop = context;
    if (airs_str_equal(info->id.ns, stop->target.ns) && airs_str_equal(info->id.name, stop->target.name)) {
        airs_text_append_format(&stop->ids, "%.*s/%.*s/%.*s", AIRS_STR_ARG(info->id.ns),
                                AIRS_STR_ARG(info->id.name), AIRS_STR_ARG(info->id.instance));
        airs_text_append_char(&stop->ids, '\0');
        stop->count++;
    }
    return true;
}

/* The id before `*end`, which is moved to where it begins. */
static const char *previous_id(const stop_t *stop, size_t *end) {
    size_t at = *end - 1; /* its zero */
    while (at > 0 && stop->ids.data[at - 1] != '\0') {
        at--;
    }
    *end = at;
    return stop->ids.data + at;
}

/* Stop them all, the last started first; *stopped has a JSON array of those that did in order. The first
 * failure, in *error. An actor that has ended meanwhile is none when others were meant too. */
static airs_status_t stop_each(const stop_t *stop, airs_text_t *stopped, airs_error_t *error) {
    airs_status_t first = AIRS_OK;
    size_t done = 0;
    for (size_t end = stop->ids.size; end > 0;) {
        airs_id_t id;
        airs_error_t found;
        const char *text = previous_id(stop, &end);
        airs_status_t status = airs_id_parse(airs_str(text), &id, &found);
        if (status == AIRS_OK) {
            status = airs_node_stop(stop->scene->node, id, stop->mode, stop->timeout_ms, &found);
        }
        if (status == AIRS_OK) {
            airs_text_append(stopped, airs_str(done++ > 0 ? "," : ""));
            airs_text_append_json(stopped, airs_str(text));
        } else if (first == AIRS_OK && !(status == AIRS_TARGET_NOT_FOUND && stop->count > 1)) {
            first = airs_error_set(error, status, "%s", found.text);
        }
    }
    return first;
}

static void answer_stop(const stop_t *stop) {
    airs_admin_exchange_t *exchange = stop->exchange;
    airs_error_t error;
    airs_text_t stopped;
    airs_text_init(&stopped, exchange->allocator);
    airs_status_t status = stop_each(stop, &stopped, &error);
    if (status == AIRS_OK) {
        airs_text_append(answer_json(exchange, 200), airs_str("{"));
    } else {
        airs_admin_exchange_fail(exchange, status, "%s", error.text);
        exchange->content.size -= airs_text_status(&exchange->content) == AIRS_OK ? 2 : 0; /* the end "}\n" */
        airs_text_append(&exchange->content, airs_str(","));
    }
    airs_text_append(&exchange->content, airs_str("\"stopped\":["));
    airs_text_append(&exchange->content, airs_text_view(&stopped));
    airs_text_append(&exchange->content, airs_str("]}\n"));
    if (airs_text_status(&stopped) != AIRS_OK) {
        exchange->content.failed = true;
    }
    (void)answered(exchange);
    airs_text_free(&stopped);
}

static void release_stop(stop_t *stop) {
    const airs_allocator_t *allocator = stop->exchange->allocator;
    airs_text_free(&stop->ids);
    airs_release(allocator, stop);
}

static void *run_stop(void *argument) {
    stop_t *stop = argument;
    airs_admin_exchange_t *exchange = stop->exchange;
    answer_stop(stop);
    release_stop(stop);
    exchange->done(exchange->context, exchange);
    return NULL;
}

static bool read_mode(airs_admin_exchange_t *exchange, airs_stop_mode_t *out) {
    const char *text = airs_admin_exchange_parameter(exchange, "mode");
    if (text != NULL && strcmp(text, "drain") != 0 && strcmp(text, "drop") != 0) {
        airs_admin_exchange_fail(exchange, AIRS_INVALID_ARGUMENT, "mode: \"%.40s\" is neither drain nor drop",
                                 text);
        return false;
    }
    *out = text != NULL && strcmp(text, "drop") == 0 ? AIRS_STOP_DROP : AIRS_STOP_DRAIN;
    return true;
}

/* Which actors are meant; false: none or no memory, which is answered. */
static bool list_actors(stop_t *stop) {
    airs_id_t id = stop->target;
    if (id.instance.size > 0) {
        airs_text_append_format(&stop->ids, "%.*s/%.*s/%.*s", AIRS_STR_ARG(id.ns), AIRS_STR_ARG(id.name),
                                AIRS_STR_ARG(id.instance));
        airs_text_append_char(&stop->ids, '\0');
        stop->count = 1;
    } else {
        airs_node_list(stop->scene->node, note_actor, stop);
    }
    if (airs_text_status(&stop->ids) != AIRS_OK) {
        airs_admin_exchange_fail(stop->exchange, AIRS_OUT_OF_MEMORY, "there is no memory to stop them");
        return false;
    }
    if (stop->count == 0) {
        airs_admin_exchange_fail(stop->exchange, AIRS_TARGET_NOT_FOUND, "no actor %.*s/%.*s/",
                                 AIRS_STR_ARG(id.ns), AIRS_STR_ARG(id.name));
    }
    return stop->count > 0;
}

static airs_admin_progress_t start_stop(stop_t *stop) {
    airs_admin_exchange_t *exchange = stop->exchange;
    pthread_t thread;
    airs_status_t status = airs_thread_start(&thread, run_stop, stop);
    if (status == AIRS_OK) {
        pthread_detach(thread);
        return AIRS_ADMIN_ELSEWHERE;
    }
    airs_admin_exchange_fail(exchange, status, "cannot start a thread to stop it");
    release_stop(stop);
    return AIRS_ADMIN_ANSWERED;
}

static airs_admin_progress_t stop_actors(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    airs_id_t target;
    airs_stop_mode_t mode;
    uint64_t timeout_ms = DEFAULT_STOP_MS;
    if (!read_target(scene, exchange, "id", &target) || !read_mode(exchange, &mode) ||
        !airs_admin_read_number(exchange, "timeout-ms", DAY_MS, &timeout_ms)) {
        return AIRS_ADMIN_ANSWERED;
    }
    if (exchange->crowded) {
        airs_admin_exchange_fail(exchange, AIRS_QUOTA_EXCEEDED,
                                 "too many stops are under way already; try again later");
        return AIRS_ADMIN_ANSWERED;
    }
    stop_t *stop = airs_alloc(exchange->allocator, sizeof *stop);
    if (stop == NULL) {
        airs_admin_exchange_fail(exchange, AIRS_OUT_OF_MEMORY, "there is no memory to stop it");
        return AIRS_ADMIN_ANSWERED;
    }
    *stop = (stop_t){.scene = scene, .exchange = exchange, .target = target, .mode = mode};
    stop->timeout_ms = timeout_ms;
    airs_text_init(&stop->ids, exchange->allocator);
    if (!list_actors(stop)) {
        release_stop(stop);
        return AIRS_ADMIN_ANSWERED;
    }
    return start_stop(stop);
}

/* ---- what takes its time, on a thread of its own ---- */

typedef struct job {
    const airs_admin_scene_t *scene;
    airs_admin_exchange_t *exchange;
    void (*answer)(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange);
} job_t;

static void *run_job(void *argument) {
    job_t *job = argument;
    airs_admin_exchange_t *exchange = job->exchange;
    job->answer(job->scene, exchange);
    airs_release(exchange->allocator, job);
    exchange->done(exchange->context, exchange);
    return NULL;
}

static airs_admin_progress_t start_job(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange,
                                       void (*answer)(const airs_admin_scene_t *scene,
                                                      airs_admin_exchange_t *exchange)) {
    pthread_t thread;
    if (exchange->crowded) {
        airs_admin_exchange_fail(exchange, AIRS_QUOTA_EXCEEDED,
                                 "too many operations are under way already; try again later");
        return AIRS_ADMIN_ANSWERED;
    }
    job_t *job = airs_alloc(exchange->allocator, sizeof *job);
    airs_status_t status = AIRS_OUT_OF_MEMORY;
    if (job != NULL) {
        *job = (job_t){scene, exchange, answer};
        status = airs_thread_start(&thread, run_job, job);
    }
    if (status == AIRS_OK) {
        pthread_detach(thread);
        return AIRS_ADMIN_ELSEWHERE;
    }
    airs_admin_exchange_fail(exchange, status, "cannot start a thread for it");
    airs_release(exchange->allocator, job);
    return AIRS_ADMIN_ANSWERED;
}

/* A worker looks at them, in its turn. */
static void answer_supervisors(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    airs_admin_report_supervisors(answer_json(exchange, 200), scene->node);
    (void)answered(exchange);
}

static airs_admin_progress_t show_supervisors(const airs_admin_scene_t *scene,
                                              airs_admin_exchange_t *exchange) {
    return start_job(scene, exchange, answer_supervisors);
}

static void answer_reload(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    airs_error_t error;
    airs_text_t done;
    airs_text_init(&done, exchange->allocator);
    airs_status_t status = scene->reload(scene->context, &done, &error);
    if (status == AIRS_OK) {
        airs_text_append(answer_json(exchange, 200), airs_str("{"));
    } else {
        airs_admin_exchange_fail(exchange, status, "%s", error.text);
        exchange->content.size -= airs_text_status(&exchange->content) == AIRS_OK ? 2 : 0; /* the end "}\n" */
        airs_text_append(&exchange->content, airs_str(","));
    }
    airs_text_append(&exchange->content, airs_text_view(&done));
    airs_text_append(&exchange->content, airs_str("}\n"));
    if (airs_text_status(&done) != AIRS_OK) {
        exchange->content.failed = true;
    }
    (void)answered(exchange);
    airs_text_free(&done);
}

static airs_admin_progress_t read_manifest(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    if (scene->reload == NULL) {
        airs_admin_exchange_fail(exchange, AIRS_UNSUPPORTED, "this node has no manifest");
        return AIRS_ADMIN_ANSWERED;
    }
    return start_job(scene, exchange, answer_reload);
}

static airs_admin_progress_t shut_down(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    scene->shutdown(scene->context);
    airs_text_append(answer_json(exchange, 202), airs_str("{\"stopping\":true}\n"));
    return answered(exchange);
}

/* ---- the table ---- */

static const char *const no_parameters[] = {NULL};
static const char *const actors_parameters[] = {"id", NULL};
static const char *const send_parameters[] = {"to", "wait-ms", NULL};
static const char *const call_parameters[] = {"to", "timeout-ms", NULL};
static const char *const publish_parameters[] = {"topic", NULL};
static const char *const stop_parameters[] = {"id", "mode", "timeout-ms", NULL};
static const char *const letters_parameters[] = {"limit", "after", "reason", "payload-bytes", NULL};

static const route_t routes[] = {
    {"/v1/node", AIRS_ADMIN_GET, show_node, no_parameters},
    {"/v1/actors", AIRS_ADMIN_GET, show_actors, actors_parameters},
    {"/v1/supervisors", AIRS_ADMIN_GET, show_supervisors, no_parameters},
    {"/v1/send", AIRS_ADMIN_POST, send_message, send_parameters},
    {"/v1/call", AIRS_ADMIN_POST, call, call_parameters},
    {"/v1/publish", AIRS_ADMIN_POST, publish, publish_parameters},
    {"/v1/stop", AIRS_ADMIN_POST, stop_actors, stop_parameters},
    {"/v1/update", AIRS_ADMIN_POST, airs_admin_update, airs_admin_update_parameters},
    {"/v1/shutdown", AIRS_ADMIN_POST, shut_down, no_parameters},
    {"/v1/reload", AIRS_ADMIN_POST, read_manifest, no_parameters},
    {"/v1/dead-letters", AIRS_ADMIN_GET, show_letters, letters_parameters},
};

#define ROUTES (sizeof routes / sizeof routes[0])

static const char *path_at(const void *names, size_t index) {
    (void)names;
    return index < ROUTES ? routes[index].path : NULL;
}

/* NULL: there is none, which is answered. */
static const route_t *find_route(airs_admin_exchange_t *exchange) {
    for (size_t i = 0; i < ROUTES; i++) {
        if (strcmp(exchange->path, routes[i].path) == 0) {
            return &routes[i];
        }
    }
    const char *nearest = airs_nearest_name(airs_str(exchange->path), path_at, NULL);
    airs_admin_exchange_fail(exchange, AIRS_NOT_FOUND, "there is nothing at %.80s%s%s%s", exchange->path,
                             nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "",
                             nearest != NULL ? "?" : "");
    return NULL;
}

/* False: one is unknown or given twice, which is answered. */
static bool check_parameters(const route_t *route, airs_admin_exchange_t *exchange) {
    for (size_t i = 0; i < exchange->parameter_count; i++) {
        const char *name = exchange->parameters[i].name;
        const char *const *known = route->parameters;
        while (*known != NULL && strcmp(*known, name) != 0) {
            known++;
        }
        if (*known == NULL) {
            const char *nearest = airs_nearest_name(airs_str(name), airs_name_at_in_list, route->parameters);
            airs_admin_exchange_fail(exchange, AIRS_INVALID_ARGUMENT, "%s has no parameter \"%.40s\"%s%s%s",
                                     route->path, name, nearest != NULL ? "; did you mean \"" : "",
                                     nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
            return false;
        }
        if (airs_admin_exchange_parameter(exchange, name) != exchange->parameters[i].value) {
            airs_admin_exchange_fail(exchange, AIRS_INVALID_ARGUMENT, "the parameter \"%s\" is given twice",
                                     name);
            return false;
        }
    }
    return true;
}

airs_admin_progress_t airs_admin_route(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    const route_t *route = find_route(exchange);
    if (route == NULL) {
        return AIRS_ADMIN_ANSWERED;
    }
    if (exchange->method != route->method) {
        exchange->allow = route->method == AIRS_ADMIN_GET ? "GET" : "POST";
        airs_admin_exchange_refuse(exchange, 405, AIRS_UNSUPPORTED, "%s takes %s", route->path,
                                   exchange->allow);
        return AIRS_ADMIN_ANSWERED;
    }
    if (!check_parameters(route, exchange)) {
        return AIRS_ADMIN_ANSWERED;
    }
    if (exchange->begin_ns == 0) {
        exchange->begin_ns = airs_clock_monotonic(scene->clock);
    }
    return route->run(scene, exchange);
}

bool airs_admin_abandon(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    exchange->abandoned = true;
    bool cancelled = exchange->elsewhere && exchange->id.text[0] != '\0' &&
                     airs_node_cancel_request(scene->node, &exchange->id) == AIRS_OK;
    return exchange->elsewhere && !cancelled;
}
