/* The admin socket, spoken to as any HTTP client would: bytes over a Unix socket. */
#include "node/admin/admin_socket.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "actor/supervisor.h"
#include "node/admin/admin_listener.h"
#include "node/node.h"
#include "support/failing_allocator.h"
#include "support/seeded_random.h"
#include "support/temporary_folder.h"
#include "support/test.h"

#define PATIENCE_MS 20000
#define ANSWER_MAX ((size_t)24 << 20)

/* ---- actors ---- */

typedef struct actor_state {
    sem_t *gate; /* NULL: does not wait */
    bool answers;
    bool defers;
    bool fails;
} actor_state_t;

static char last_content_type[128]; /* of what an actor got; written before it answers */

static airs_status_t handle(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    actor_state_t *actor = state;
    snprintf(last_content_type, sizeof last_content_type, "%.*s", AIRS_STR_ARG(incoming->content_type));
    while (actor->gate != NULL && sem_wait(actor->gate) != 0) {
    }
    if (actor->fails) {
        return AIRS_INVALID_MESSAGE;
    }
    if (actor->defers) {
        airs_request_id_t id;
        return airs_actor_defer_reply(context, &id);
    }
    return actor->answers && incoming->kind == AIRS_INCOMING_REQUEST
               ? airs_actor_respond(context, incoming->payload)
               : AIRS_OK;
}

static const airs_native_t native = {.size = sizeof native, .handle = handle};

static actor_state_t echo_state = {.answers = true};
static actor_state_t silent_state = {.defers = true};
static actor_state_t failing_state = {.fails = true};

/* ---- the scene ---- */

typedef struct scene {
    airs_node_t *node;
    airs_admin_socket_t *socket;
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    _Atomic int shutdowns;
} scene_t;

static const char *stage(void *context) {
    (void)context;
    return "running";
}

static void note_shutdown(void *context) { ((scene_t *)context)->shutdowns++; }

static airs_admin_options_t admin_options(scene_t *scene) {
    return (airs_admin_options_t){
        .log = airs_log_none(),
        .path = scene->path,
        .scene =
            {
                .node = scene->node,
                .application = "shop",
                .ns = "shop",
                .manifest = "shop/airssys.toml",
                .workers = 2,
                .stage = stage,
                .shutdown = note_shutdown,
                .context = scene,
            },
    };
}

static void spawn(scene_t *scene, const char *name, const char *instance, actor_state_t *state,
                  uint32_t mailbox_messages) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.mailbox_messages = mailbox_messages;
    options.max_message_bytes = (uint64_t)1 << 20;
    assert_ok(
        airs_node_spawn_native(scene->node, &native, state, airs_id("shop", name, instance), &options, NULL));
}

static void set_up(scene_t *scene) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 2;
    options.max_actors = 10;
    options.cache_dir = "";
    options.log = airs_log_none();
    memset(scene, 0, sizeof *scene);
    assert_ok(airs_node_create(&options, &scene->node, NULL));
    airs_temporary_folder_create(&scene->folder);
    airs_temporary_file_path(&scene->folder, "admin.sock", scene->path);
}

static void open_socket(scene_t *scene, const airs_admin_options_t *options) {
    airs_error_t error = {AIRS_OK, ""};
    if (airs_admin_socket_create(options, &scene->socket, &error) != AIRS_OK) {
        fail_msg("no socket: %s", error.text);
    }
}

/* With echo/0, echo/1 and silent/0. */
static void set_up_all(scene_t *scene) {
    set_up(scene);
    spawn(scene, "echo", "0", &echo_state, 0);
    spawn(scene, "echo", "1", &echo_state, 0);
    spawn(scene, "silent", "0", &silent_state, 0);
    airs_admin_options_t options = admin_options(scene);
    open_socket(scene, &options);
}

static void tear_down(scene_t *scene) {
    airs_admin_socket_destroy(scene->socket);
    airs_node_destroy(scene->node);
    airs_temporary_folder_remove(&scene->folder);
}

/* ---- a client ---- */

typedef struct answer {
    int status; /* 0: the connection ended before one came */
    char head[4096];
    char *body;
    size_t size;
} answer_t;

static int dial(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(descriptor >= 0);
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static int dial_scene(const scene_t *scene) {
    int descriptor = dial(scene->path);
    assert_true(descriptor >= 0);
    return descriptor;
}

/* False: the other side has ended the connection. */
static bool say(int descriptor, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = send(descriptor, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return false;
        }
        at += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

static bool say_text(int descriptor, const char *text) { return say(descriptor, text, strlen(text)); }

static ssize_t hear(int descriptor, void *out, size_t size) {
    struct pollfd wait = {descriptor, POLLIN, 0};
    int ready = poll(&wait, 1, PATIENCE_MS);
    assert_int_equal(ready, 1); /* a server that says nothing and stays */
    return recv(descriptor, out, size, 0);
}

/* Read one answer, and not a byte of what follows. */
static answer_t read_answer(int descriptor) {
    answer_t answer = {0};
    size_t used = 0;
    while (used + 1 < sizeof answer.head && strstr(answer.head, "\r\n\r\n") == NULL) {
        if (hear(descriptor, answer.head + used, 1) <= 0) {
            return answer;
        }
        used++;
    }
    assert_memory_equal(answer.head, "HTTP/1.1 ", 9);
    answer.status = (int)strtol(answer.head + 9, NULL, 10);
    if (answer.status == 100) {
        return read_answer(descriptor);
    }
    const char *length = strstr(answer.head, "content-length: ");
    assert_non_null(length);
    answer.size = strtoul(length + strlen("content-length: "), NULL, 10);
    assert_true(answer.size <= ANSWER_MAX);
    answer.body = calloc(1, answer.size + 1);
    assert_non_null(answer.body);
    for (size_t at = 0; at < answer.size;) {
        ssize_t got = hear(descriptor, answer.body + at, answer.size - at);
        assert_true(got > 0);
        at += (size_t)got;
    }
    return answer;
}

static void free_answer(answer_t *answer) { free(answer->body); }

static bool send_request(int descriptor, const char *method, const char *target, const char *headers,
                         const void *body, size_t size) {
    char head[2048];
    snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n", method,
             target, headers, size);
    return say_text(descriptor, head) && say(descriptor, body, size);
}

/* One request on a connection of its own. */
static answer_t ask(const scene_t *scene, const char *method, const char *target, const char *body) {
    int descriptor = dial_scene(scene);
    (void)send_request(descriptor, method, target, "", body,
                       strlen(body)); /* it may answer before all is said */
    answer_t answer = read_answer(descriptor);
    close(descriptor);
    return answer;
}

/* The same, as soon as it is noticed that earlier connections have ended. */
static answer_t ask_served(const scene_t *scene, const char *method, const char *target, const char *body) {
    for (int i = 0; i < PATIENCE_MS; i++) {
        const struct timespec pause = {0, 1000000};
        int descriptor = dial_scene(scene);
        answer_t answer = {0};
        if (send_request(descriptor, method, target, "", body, strlen(body))) {
            answer = read_answer(descriptor);
        }
        close(descriptor);
        if (answer.status == 200) {
            return answer;
        }
        assert_true(answer.status == 503 || answer.status == 0);
        free_answer(&answer);
        nanosleep(&pause, NULL);
    }
    fail_msg("nobody is served any more");
    return (answer_t){0};
}

static json_t *parse(const answer_t *answer) {
    json_t *json = json_loadb(answer->body, answer->size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    return json;
}

static json_t *ask_json(const scene_t *scene, const char *method, const char *target, const char *body,
                        int status) {
    answer_t answer = ask(scene, method, target, body);
    assert_int_equal(answer.status, status);
    assert_non_null(strstr(answer.head, status < 300
                                            ? "content-type: application/json\r\n"
                                            : "content-type: application/vnd.airssys.error+json\r\n"));
    json_t *json = parse(&answer);
    free_answer(&answer);
    return json;
}

static void assert_string(const json_t *json, const char *name, const char *expected) {
    const char *text = json_string_value(json_object_get(json, name));
    assert_non_null(text);
    assert_string_equal(text, expected);
}

static json_int_t number(const json_t *json, const char *name) {
    const json_t *member = json_object_get(json, name);
    assert_true(json_is_integer(member));
    return json_integer_value(member);
}

static void assert_refused(const scene_t *scene, const char *method, const char *target, const char *body,
                           int status, const char *error) {
    json_t *json = ask_json(scene, method, target, body, status);
    assert_string(json, "error", error);
    assert_true(strlen(json_string_value(json_object_get(json, "message"))) > 8);
    json_decref(json);
}

/* Wait for something that another thread does. */
static void await(bool (*is_so)(void *context), void *context) {
    struct timespec pause = {0, 1000000};
    for (int i = 0; i < PATIENCE_MS; i++) {
        if (is_so(context)) {
            return;
        }
        nanosleep(&pause, NULL);
    }
    fail_msg("it did not come to be");
}

/* ---- what can be asked ---- */

static void the_node_tells_of_itself(void **state) {
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    json_t *json = ask_json(&scene, "GET", "/v1/node", "", 200);
    assert_string(json, "application", "shop");
    assert_string(json, "namespace", "shop");
    assert_string(json, "manifest", "shop/airssys.toml");
    assert_string(json, "socket", scene.path);
    assert_string(json, "stage", "running");
    assert_int_equal(number(json, "pid"), getpid());
    assert_int_equal(number(json, "workers"), 2);
    assert_int_equal(number(json, "actors"), 3);
    assert_int_equal(number(json, "spawned"), 3);
    assert_int_equal(number(json, "crashed"), 0);
    const char *started = json_string_value(json_object_get(json, "started"));
    assert_int_equal(strlen(started), strlen("2026-11-21T09:45:03.120Z"));
    assert_true(json_is_real(json_object_get(json, "uptime_seconds")));
    assert_int_equal(number(json_object_get(json, "requests"), "pending"), 0);
    json_decref(json);
    tear_down(&scene);
}

static void actors_are_listed_all_or_by_target(void **state) {
    static const struct {
        const char *target;
        size_t count;
    } cases[] = {
        {"/v1/actors", 3},
        {"/v1/actors?id=echo", 2},
        {"/v1/actors?id=echo/", 2},
        {"/v1/actors?id=echo%2f1", 1},
        {"/v1/actors?id=shop/echo/1", 1},
        {"/v1/actors?id=shop/echo/", 2},
    };
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *json = ask_json(&scene, "GET", cases[i].target, "", 200);
        assert_int_equal(json_array_size(json_object_get(json, "actors")), cases[i].count);
        json_decref(json);
    }
    json_t *json = ask_json(&scene, "GET", "/v1/actors?id=echo/1", "", 200);
    const json_t *actor = json_array_get(json_object_get(json, "actors"), 0);
    assert_string(actor, "id", "shop/echo/1");
    assert_string(actor, "namespace", "shop");
    assert_string(actor, "component", "echo");
    assert_string(actor, "instance", "1");
    assert_string(actor, "state", "running");
    assert_string(actor, "mailbox_policy", "reject");
    assert_true(json_is_true(json_object_get(actor, "native")));
    assert_int_equal(number(actor, "mailbox_messages"), 1024);
    assert_int_equal(number(actor, "queued"), 0);
    json_decref(json);
    assert_refused(&scene, "GET", "/v1/actors?id=echo/7", "", 404, "target-not-found");
    tear_down(&scene);
}

/* ---- restarted ones ---- */

static airs_status_t fall(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context;
    (void)state;
    (void)incoming;
    return AIRS_IO;
}

static airs_status_t rise_again(void *state) {
    (void)state;
    return AIRS_OK;
}

static bool was_restarted(void *context) {
    airs_actor_counters_t counters;
    assert_ok(airs_node_counters(((scene_t *)context)->node, airs_id("shop", "falling", "0"), &counters));
    return counters.restarts == 1 && counters.state == AIRS_ACTOR_RUNNING;
}

static void a_restarted_actor_says_why(void **state) {
    static const airs_native_t falling = {.size = sizeof falling, .handle = fall, .restart = rise_again};
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    airs_child_spec_t child = {.native = &falling, .id = airs_id("shop", "falling", "0")};
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    airs_supervisor_t *supervisor = NULL;
    spec.children = &child;
    spec.child_count = 1;
    assert_ok(airs_actor_system_start_supervisor(airs_node_actors(scene.node), &spec, &supervisor, NULL));
    json_t *json = ask_json(&scene, "GET", "/v1/actors?id=falling/0", "", 200);
    const json_t *actor = json_array_get(json_object_get(json, "actors"), 0);
    assert_int_equal(number(actor, "restarts"), 0);
    assert_null(json_object_get(actor, "failed"));
    assert_null(json_object_get(actor, "failure"));
    json_decref(json);
    assert_ok(airs_node_send(scene.node, airs_id("shop", "falling", "0"), airs_bytes("x", 1), NULL));
    await(was_restarted, &scene);
    json = ask_json(&scene, "GET", "/v1/actors?id=falling/0", "", 200);
    actor = json_array_get(json_object_get(json, "actors"), 0);
    assert_int_equal(number(actor, "restarts"), 1);
    assert_string(actor, "state", "running");
    assert_string(actor, "health", "unknown");
    assert_string(actor, "failure", "io");
    assert_string(actor, "failure_reason", airs_status_text(AIRS_IO));
    assert_int_equal(json_string_length(json_object_get(actor, "failed")),
                     strlen("2026-11-21T09:45:03.120Z"));
    json_decref(json);
    tear_down(&scene);
}

static bool has_handled(void *context) {
    airs_actor_counters_t counters;
    assert_ok(airs_node_counters(((scene_t *)context)->node, airs_id("shop", "echo", "1"), &counters));
    return counters.handled == 1;
}

static void a_message_is_sent_with_its_content_type(void **state) {
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    int descriptor = dial_scene(&scene);
    assert_true(
        send_request(descriptor, "POST", "/v1/send?to=echo/1", "Content-Type: text/x-test\r\n", "hi", 2));
    answer_t answer = read_answer(descriptor);
    assert_int_equal(answer.status, 202);
    assert_string_equal(answer.body, "{\"accepted\":true}\n");
    free_answer(&answer);
    close(descriptor);
    await(has_handled, &scene);
    assert_string_equal(last_content_type, "text/x-test");
    tear_down(&scene);
}

static void a_call_answers_with_the_response(void **state) {
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000, (size_t)1 << 20};
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *body = malloc(sizes[i] + 1);
        assert_non_null(body);
        for (size_t at = 0; at < sizes[i]; at++) {
            body[at] = (unsigned char)(at * 31 >> 3);
        }
        int descriptor = dial_scene(&scene);
        assert_true(
            send_request(descriptor, "POST", "/v1/call?to=echo/0&timeout-ms=20000", "", body, sizes[i]));
        answer_t answer = read_answer(descriptor);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.size, sizes[i]);
        assert_memory_equal(answer.body, body, sizes[i]);
        assert_non_null(strstr(answer.head, "x-airssys-sender: shop/echo/0\r\n"));
        const char *id = strstr(answer.head, "x-airssys-request: ");
        assert_non_null(id);
        assert_int_equal(strcspn(id + strlen("x-airssys-request: "), "\r"), 36);
        free_answer(&answer);
        free(body);
        close(descriptor);
    }
    tear_down(&scene);
}

static bool one_is_cancelled(void *context) {
    airs_request_counters_t counters;
    airs_node_requests(((scene_t *)context)->node, &counters);
    return counters.cancelled == 1 && counters.pending == 0;
}

static bool one_is_pending(void *context) {
    airs_request_counters_t counters;
    airs_node_requests(((scene_t *)context)->node, &counters);
    return counters.pending == 1;
}

static void a_client_that_goes_away_cancels_its_call(void **state) {
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    int descriptor = dial_scene(&scene);
    assert_true(send_request(descriptor, "POST", "/v1/call?to=silent", "", "x", 1));
    await(one_is_pending, &scene);
    /* Nobody else waits for it. */
    json_t *json = ask_json(&scene, "GET", "/v1/node", "", 200);
    assert_int_equal(number(json_object_get(json, "requests"), "pending"), 1);
    json_decref(json);
    close(descriptor);
    await(one_is_cancelled, &scene);
    tear_down(&scene);
}

static void a_client_that_has_said_all_still_gets_its_answer(void **state) {
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    int descriptor = dial_scene(&scene);
    assert_true(send_request(descriptor, "POST", "/v1/call?to=echo", "", "x", 1));
    assert_int_equal(shutdown(descriptor, SHUT_WR), 0);
    answer_t answer = read_answer(descriptor);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "x");
    free_answer(&answer);
    close(descriptor);
    tear_down(&scene);
}

static void open_calls_end_with_the_socket(void **state) {
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    int descriptor = dial_scene(&scene);
    assert_true(send_request(descriptor, "POST", "/v1/call?to=silent", "", "x", 1));
    await(one_is_pending, &scene);
    airs_admin_socket_destroy(scene.socket);
    scene.socket = NULL;
    assert_true(one_is_cancelled(&scene));
    close(descriptor);
    assert_int_equal(access(scene.path, F_OK), -1);
    tear_down(&scene);
}

static void publishing_says_how_many_it_reached(void **state) {
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    assert_ok(
        airs_node_subscribe_actor(scene.node, airs_id("shop", "echo", "0"), airs_str("orders.*"), NULL));
    assert_ok(airs_node_subscribe_actor(scene.node, airs_id("shop", "echo", "1"), airs_str(">"), NULL));
    json_t *json = ask_json(&scene, "POST", "/v1/publish?topic=orders.new", "x", 200);
    assert_int_equal(number(json, "reached"), 2);
    json_decref(json);
    json = ask_json(&scene, "POST", "/v1/publish?topic=other", "x", 200);
    assert_int_equal(number(json, "reached"), 1);
    json_decref(json);
    assert_refused(&scene, "POST", "/v1/publish?topic=orders.*", "x", 400, "invalid-argument");
    assert_refused(&scene, "POST", "/v1/publish", "x", 400, "invalid-argument");
    tear_down(&scene);
}

static void actors_are_stopped_one_or_all_of_a_component(void **state) {
    scene_t scene;
    airs_actor_counters_t counters;
    (void)state;
    set_up_all(&scene);
    spawn(&scene, "echo", "2", &echo_state, 0);
    json_t *json = ask_json(&scene, "POST", "/v1/stop?id=echo/1&mode=drop", "", 200);
    assert_string_equal(json_string_value(json_array_get(json_object_get(json, "stopped"), 0)),
                        "shop/echo/1");
    json_decref(json);
    assert_status(airs_node_counters(scene.node, airs_id("shop", "echo", "1"), &counters),
                  AIRS_TARGET_NOT_FOUND);
    json = ask_json(&scene, "POST", "/v1/stop?id=echo", "", 200);
    const json_t *stopped = json_object_get(json, "stopped");
    assert_int_equal(json_array_size(stopped), 2);
    assert_string_equal(json_string_value(json_array_get(stopped, 0)), "shop/echo/2");
    assert_string_equal(json_string_value(json_array_get(stopped, 1)), "shop/echo/0");
    json_decref(json);
    assert_refused(&scene, "POST", "/v1/stop?id=echo", "", 404, "target-not-found");
    assert_refused(&scene, "POST", "/v1/stop?id=echo/0", "", 404, "target-not-found");
    assert_refused(&scene, "POST", "/v1/stop?id=silent&mode=now", "", 400, "invalid-argument");
    tear_down(&scene);
}

static void shutting_down_is_left_to_the_application(void **state) {
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    json_t *json = ask_json(&scene, "POST", "/v1/shutdown", "", 202);
    assert_true(json_is_true(json_object_get(json, "stopping")));
    assert_int_equal(scene.shutdowns, 1);
    json_decref(json);
    tear_down(&scene);
}

/* ---- a full mailbox ---- */

/* An actor that has one message in hand and one in its mailbox, which is full then. */
static void fill(scene_t *scene, sem_t *gate, actor_state_t *actor) {
    set_up(scene);
    assert_int_equal(sem_init(gate, 0, 0), 0);
    *actor = (actor_state_t){.gate = gate};
    spawn(scene, "full", "0", actor, 1);
    airs_admin_options_t options = admin_options(scene);
    open_socket(scene, &options);
    airs_status_t status = AIRS_OK;
    for (int i = 0; i < 3 && status == AIRS_OK; i++) {
        status = airs_node_send_wait(scene->node, airs_id("shop", "full", ""), airs_bytes("x", 1),
                                     airs_str(""), i < 2 ? PATIENCE_MS : 0, NULL);
    }
    assert_status(status, AIRS_QUEUE_FULL);
}

static void a_full_mailbox_is_told_or_waited_for(void **state) {
    scene_t scene;
    sem_t gate;
    actor_state_t actor;
    (void)state;
    fill(&scene, &gate, &actor);
    assert_refused(&scene, "POST", "/v1/send?to=full", "x", 429, "queue-full");
    assert_refused(&scene, "POST", "/v1/send?to=full&wait-ms=5", "x", 504, "timeout");
    assert_refused(&scene, "POST", "/v1/call?to=full", "x", 429, "queue-full");
    int waiting = dial_scene(&scene);
    assert_true(send_request(waiting, "POST", "/v1/send?to=full&wait-ms=60000", "", "x", 1));
    json_decref(ask_json(&scene, "GET", "/v1/node", "", 200)); /* it holds nobody up */
    for (int i = 0; i < 3; i++) {
        sem_post(&gate);
    }
    answer_t answer = read_answer(waiting);
    assert_int_equal(answer.status, 202);
    free_answer(&answer);
    close(waiting);
    tear_down(&scene);
    sem_destroy(&gate);
}

/* A stop that does not end in time is told, and what is under way when the socket closes is waited for. */
static void a_stop_has_its_time(void **state) {
    scene_t scene;
    sem_t gate;
    actor_state_t actor;
    (void)state;
    fill(&scene, &gate, &actor);
    int waiting = dial_scene(&scene);
    assert_true(send_request(waiting, "POST", "/v1/stop?id=full/0&timeout-ms=20", "", "", 0));
    json_decref(ask_json(&scene, "GET", "/v1/node", "", 200));
    sem_post(&gate);
    sem_post(&gate);
    answer_t answer = read_answer(waiting);
    assert_true(answer.status == 504 || answer.status == 200);
    json_t *json = parse(&answer);
    assert_int_equal(json_array_size(json_object_get(json, "stopped")), answer.status == 200);
    json_decref(json);
    free_answer(&answer);
    close(waiting);
    tear_down(&scene);
    sem_destroy(&gate);
}

static bool can_be_heard(int descriptor) {
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    return poll(&one, 1, 1) == 1;
}

static size_t thread_count(void) {
    size_t count = 0;
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* Each has a thread, which goes on when the client has gone. */
static void stops_of_clients_that_have_gone_have_a_bound(void **state) {
    enum { CONNECTIONS = 4, CLIENTS = 16 };
    static const char refusal[] = "too many stops are under way";
    scene_t scene;
    sem_t gate;
    actor_state_t actor;
    unsigned refused = 0;
    (void)state;
    fill(&scene, &gate, &actor);
    airs_admin_socket_destroy(scene.socket);
    airs_admin_options_t options = admin_options(&scene);
    options.max_connections = CONNECTIONS;
    open_socket(&scene, &options);
    size_t threads = thread_count();
    for (unsigned i = 0; i < CLIENTS; i++) {
        size_t before = thread_count();
        int client = dial_scene(&scene);
        (void)send_request(client, "POST", "/v1/stop?id=full/0&timeout-ms=86400000", "", "", 0);
        while (thread_count() == before && !can_be_heard(client)) {
        }
        if (can_be_heard(client)) {
            answer_t answer = read_answer(client);
            assert_int_equal(answer.status, 503);
            refused += memmem(answer.body, answer.size, refusal, strlen(refusal)) != NULL;
            free_answer(&answer);
        }
        close(client);
    }
    assert_true(thread_count() <= threads + CONNECTIONS);
    assert_true(refused > 0);
    answer_t answer = ask_served(&scene, "GET", "/v1/node", "");
    free_answer(&answer);
    sem_post(&gate);
    sem_post(&gate);
    tear_down(&scene);
    sem_destroy(&gate);
}

/* ---- dead letters ---- */

static bool has_a_letter(void *context) {
    airs_node_counters_t totals;
    airs_node_totals(((scene_t *)context)->node, &totals);
    return totals.dead_letters == 1;
}

static void make_letter(scene_t *scene, const char *instance, const void *bytes, size_t size) {
    airs_node_counters_t totals;
    airs_node_totals(scene->node, &totals);
    uint64_t before = totals.dead_letters;
    spawn(scene, "failing", instance, &failing_state, 0);
    assert_ok(
        airs_node_send(scene->node, airs_id("shop", "failing", instance), airs_bytes(bytes, size), NULL));
    for (int i = 0; i < PATIENCE_MS && totals.dead_letters == before; i++) {
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
        airs_node_totals(scene->node, &totals);
    }
    assert_int_equal(totals.dead_letters, before + 1);
}

static json_t *letters(const scene_t *scene, const char *query, size_t count) {
    char target[128];
    snprintf(target, sizeof target, "/v1/dead-letters%s", query);
    json_t *json = ask_json(scene, "GET", target, "", 200);
    assert_int_equal(json_array_size(json_object_get(json, "letters")), count);
    return json;
}

static json_int_t first_serial(const scene_t *scene, const char *query, size_t count) {
    json_t *json = letters(scene, query, count);
    json_int_t serial = number(json_array_get(json_object_get(json, "letters"), 0), "serial");
    json_decref(json);
    return serial;
}

static void dead_letters_are_shown_and_picked(void **state) {
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    json_decref(letters(&scene, "", 0));
    make_letter(&scene, "0", "plain \xc3\xa9\n", 9);
    assert_true(has_a_letter(&scene));
    make_letter(&scene, "1", "\x00\xff\x1b", 3);
    make_letter(&scene, "2", "", 0);
    json_t *json = letters(&scene, "", 3);
    assert_int_equal(number(json, "total"), 3);
    assert_int_equal(number(json_object_get(json, "by_reason"), "crashed"), 3);
    assert_int_equal(number(json_object_get(json, "by_reason"), "stopped"), 0);
    const json_t *letter = json_array_get(json_object_get(json, "letters"), 0);
    assert_int_equal(number(letter, "serial"), 1);
    assert_string(letter, "reason", "crashed");
    assert_string(letter, "sender", "airssys/host/0");
    assert_string(letter, "target", "shop/failing/0");
    assert_string(letter, "kind", "message");
    assert_string(letter, "content_type", "");
    assert_int_equal(number(letter, "size"), 9);
    assert_string(letter, "payload", "cGxhaW4gw6kK");
    assert_string(letter, "text", "plain \xc3\xa9\n");
    letter = json_array_get(json_object_get(json, "letters"), 1);
    assert_string(letter, "payload", "AP8b");
    assert_null(json_object_get(letter, "text"));
    json_decref(json);
    assert_int_equal(first_serial(&scene, "?limit=2", 2), 2);
    assert_int_equal(first_serial(&scene, "?after=0&limit=2", 2), 1);
    assert_int_equal(first_serial(&scene, "?after=2", 1), 3);
    json_decref(letters(&scene, "?reason=stopped", 0));
    json_decref(letters(&scene, "?reason=crashed&after=3", 0));
    json_decref(letters(&scene, "?limit=0", 0));
    json = letters(&scene, "?payload-bytes=7", 3); /* in the middle of a character */
    letter = json_array_get(json_object_get(json, "letters"), 0);
    assert_string(letter, "payload", "cGxhaW4gww==");
    assert_string(letter, "text", "plain ");
    json_decref(json);
    assert_refused(&scene, "GET", "/v1/dead-letters?reason=crashd", "", 400, "invalid-argument");
    tear_down(&scene);
}

/* ---- what is wrong ---- */

static void mistakes_are_told(void **state) {
    static const struct {
        const char *method;
        const char *target;
        int status;
        const char *error;
        const char *message; /* a part of it */
    } cases[] = {
        {"GET", "/", 404, "not-found", "there is nothing at /"},
        {"GET", "/v1/nodes", 404, "not-found", "did you mean /v1/node?"},
        {"GET", "/v2/node", 404, "not-found", "/v2/node"},
        {"POST", "/v1/node", 405, "unsupported", "/v1/node takes GET"},
        {"PUT", "/v1/send?to=echo", 405, "unsupported", "/v1/send takes POST"},
        {"DELETE", "/v1/actors", 405, "unsupported", "takes GET"},
        {"GET", "/v1/node?x=1", 400, "invalid-argument", "has no parameter \"x\""},
        {"POST", "/v1/call?timeout-m=1&to=echo", 400, "invalid-argument", "did you mean \"timeout-ms\"?"},
        {"POST", "/v1/send?to=echo&to=echo", 400, "invalid-argument", "given twice"},
        {"POST", "/v1/send?to", 400, "invalid-argument", "not NAME=VALUE"},
        {"POST", "/v1/send", 400, "invalid-argument", "lacks the parameter \"to\""},
        {"POST", "/v1/send?to=", 400, "invalid-argument", "a target is NAME"},
        {"POST", "/v1/send?to=/0", 400, "invalid-argument", "has no name"},
        {"POST", "/v1/send?to=//", 400, "invalid-argument", ""},
        {"POST", "/v1/send?to=a%07b", 400, "invalid-argument", "a target is NAME"},
        {"POST", "/v1/send?to=%ff", 400, "invalid-argument", "a target is NAME"},
        {"POST", "/v1/send?to=nobody", 404, "target-not-found", "no actor shop/nobody/"},
        {"POST", "/v1/send?to=other/echo/0", 404, "target-not-found", "no actor other/echo/0"},
        {"POST", "/v1/call?to=nobody", 404, "target-not-found", "nobody"},
        {"POST", "/v1/call?to=echo&timeout-ms=soon", 400, "invalid-argument", "no number from 0"},
        {"POST", "/v1/call?to=echo&timeout-ms=-1", 400, "invalid-argument", "no number from 0"},
        {"POST", "/v1/call?to=echo&timeout-ms=99999999999999999999", 400, "invalid-argument",
         "no number from 0"},
        {"POST", "/v1/call?to=silent&timeout-ms=1", 504, "timeout", ""},
        {"GET", "/v1/dead-letters?limit=10001", 400, "invalid-argument", "from 0 to 10000"},
        {"GET", "/v1/node?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1", 400, "invalid-argument", "more than 8"},
    };
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *json = ask_json(&scene, cases[i].method, cases[i].target, "", cases[i].status);
        assert_string(json, "error", cases[i].error);
        const char *message = json_string_value(json_object_get(json, "message"));
        if (strstr(message, cases[i].message) == NULL) {
            fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].target, message, cases[i].message);
        }
        json_decref(json);
    }
    tear_down(&scene);
}

static answer_t ask_raw(const scene_t *scene, const char *text) {
    int descriptor = dial_scene(scene);
    assert_true(say_text(descriptor, text));
    answer_t answer = read_answer(descriptor);
    close(descriptor);
    return answer;
}

static void bodies_have_a_length_and_a_bound(void **state) {
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Content-Length: 16777217\r\n", 413},
        {"Content-Length: 99999999999999999999\r\n", 400},
        {"Content-Length: -5\r\n", 400},
        {"Content-Length: 5x\r\n", 400},
        {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
        {"Transfer-Encoding: chunked\r\n", 411},
        {"", 200},
        {"Content-Length: 0\r\n", 200},
    };
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "POST /v1/call?to=echo HTTP/1.1\r\nHost: x\r\n%s\r\n", cases[i].headers);
        answer_t answer = ask_raw(&scene, text);
        assert_int_equal(answer.status, cases[i].status);
        free_answer(&answer);
    }
    /* More than this target takes, and less than the socket does. */
    size_t size = ((size_t)1 << 20) + 1;
    char *body = calloc(1, size);
    assert_non_null(body);
    int descriptor = dial_scene(&scene);
    assert_true(send_request(descriptor, "POST", "/v1/send?to=echo", "Expect: 100-continue\r\n", body, size));
    answer_t answer = read_answer(descriptor);
    assert_int_equal(answer.status, 413);
    assert_non_null(strstr(answer.body, "message-too-large"));
    free_answer(&answer);
    free(body);
    close(descriptor);
    tear_down(&scene);
}

static void a_body_must_come_in_time(void **state) {
    scene_t scene;
    (void)state;
    set_up(&scene);
    airs_admin_options_t options = admin_options(&scene);
    options.request_time_ms = 20;
    open_socket(&scene, &options);
    answer_t answer =
        ask_raw(&scene, "POST /v1/send?to=a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
    assert_int_equal(answer.status, 408);
    assert_non_null(strstr(answer.body, "\"timeout\""));
    free_answer(&answer);
    /* A head that does not come ends the connection. */
    answer = ask_raw(&scene, "POST /v1/send?to=a HTT");
    assert_int_equal(answer.status, 0);
    answer = ask_raw(&scene, "");
    assert_int_equal(answer.status, 0);
    tear_down(&scene);
}

/* Whatever comes behind a request is not taken for another one, nor for its body. */
static void a_connection_is_for_one_request(void **state) {
    static const char requests[] =
        "POST /v1/call?to=echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
        "POST /v1/call?to=echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\ntwo";
    scene_t scene;
    (void)state;
    set_up_all(&scene);
    /* At once, and a byte at a time. */
    for (size_t piece = sizeof requests - 1; piece > 0; piece = piece > 1 ? 1 : 0) {
        char end;
        int descriptor = dial_scene(&scene);
        bool said = true;
        for (size_t at = 0; said && at < sizeof requests - 1; at += piece) {
            said = say(descriptor, requests + at, piece);
        }
        answer_t answer = read_answer(descriptor);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, "one");
        assert_non_null(strstr(answer.head, "connection: close\r\n"));
        assert_true(hear(descriptor, &end, 1) <= 0);
        free_answer(&answer);
        close(descriptor);
    }
    airs_request_counters_t counters;
    airs_node_requests(scene.node, &counters);
    assert_int_equal(counters.completed, 2);
    tear_down(&scene);
}

static void there_are_only_so_many_connections(void **state) {
    scene_t scene;
    (void)state;
    set_up(&scene);
    airs_admin_options_t options = admin_options(&scene);
    options.max_connections = 2;
    open_socket(&scene, &options);
    int first = dial_scene(&scene);
    int second = dial_scene(&scene);
    answer_t answer = ask_raw(&scene, "");
    assert_int_equal(answer.status, 503);
    json_t *json = parse(&answer);
    assert_string(json, "error", "quota-exceeded");
    json_decref(json);
    free_answer(&answer);
    close(first);
    answer = ask_served(&scene, "GET", "/v1/node", "");
    free_answer(&answer);
    close(second);
    tear_down(&scene);
}

static bool nobody(int descriptor) {
    (void)descriptor;
    return false;
}

/* Only who may be somebody else can try it for real. */
static void expect_stranger_refused(void) {
    if (geteuid() != 0) {
        return;
    }
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int pair[2];
        bool is_ready = seteuid(65534) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
                        seteuid(0) == 0;
        _exit(is_ready && !airs_admin_peer_allowed(pair[0]) ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void other_users_are_refused(void **state) {
    scene_t scene;
    (void)state;
    set_up(&scene);
    airs_admin_options_t options = admin_options(&scene);
    options.peer_allowed = nobody;
    open_socket(&scene, &options);
    answer_t answer = ask_raw(&scene, "");
    assert_int_equal(answer.status, 403);
    assert_non_null(strstr(answer.body, "capability-denied"));
    free_answer(&answer);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_true(airs_admin_peer_allowed(pair[0]));
    close(pair[0]);
    close(pair[1]);
    assert_false(airs_admin_peer_allowed(-1));
    expect_stranger_refused();
    tear_down(&scene);
}

/* Bytes of all kinds; whoever sends them, the next one is served. */
static void nonsense_ends_nothing(void **state) {
    static const char *const seeds[] = {
        "GET /v1/node HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/call?to=echo&timeout-ms=5 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd",
        "GET /v1/node HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
        "GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/send?to=echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
        "HEAD /v1/node HTTP/1.0\r\n\r\n",
        "GET /../../../v1/node?%00=%zz&&;=& HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "GET /v1/node\r\n\r\n",
        "\r\n\r\n\r\n",
    };
    enum { ROUNDS = 600, LONGEST = 20000 };
    scene_t scene;
    airs_seeded_random_t random;
    (void)state;
    set_up_all(&scene);
    airs_seeded_random_init(&random, 7);
    char *text = malloc(LONGEST);
    assert_non_null(text);
    for (int round = 0; round < ROUNDS; round++) {
        const char *seed = seeds[(size_t)round % (sizeof seeds / sizeof seeds[0])];
        size_t size = strlen(seed);
        memcpy(text, seed, size);
        uint64_t how = airs_seeded_random_below(&random, 5);
        if (how == 0) { /* cut */
            size = airs_seeded_random_below(&random, size + 1);
        } else if (how == 1) { /* very long */
            size = airs_seeded_random_below(&random, LONGEST);
            for (size_t i = strlen(seed) / 2; i < size; i++) {
                text[i] = "a%=&/: \r"[airs_seeded_random_below(&random, 8)];
            }
        } else if (how == 2) { /* twice and more */
            while (size + strlen(seed) < 4096) {
                memcpy(text + size, seed, strlen(seed));
                size += strlen(seed);
            }
        }
        for (uint64_t changes = airs_seeded_random_below(&random, 4); how > 1 && changes > 0; changes--) {
            text[airs_seeded_random_below(&random, size)] = (char)airs_seeded_random_below(&random, 256);
        }
        int descriptor = dial_scene(&scene);
        (void)say(descriptor, text, size);
        if (airs_seeded_random_below(&random, 2) == 0) {
            char some[512];
            (void)shutdown(descriptor, SHUT_WR);
            (void)recv(descriptor, some, sizeof some, MSG_DONTWAIT);
        }
        close(descriptor);
    }
    free(text);
    answer_t answer = ask_served(&scene, "POST", "/v1/call?to=echo", "still there");
    assert_string_equal(answer.body, "still there");
    free_answer(&answer);
    tear_down(&scene);
}

/* ---- memory ---- */

static airs_status_t open_and_ask(const airs_allocator_t *allocator, void *context) {
    scene_t *scene = context;
    airs_admin_options_t options = admin_options(scene);
    airs_admin_socket_t *socket = NULL;
    options.allocator = allocator;
    airs_status_t status = airs_admin_socket_create(&options, &socket, NULL);
    if (status != AIRS_OK) {
        return status;
    }
    static const char *const requests[][3] = {{"POST", "/v1/call?to=echo/0", "x"},
                                              {"GET", "/v1/actors?id=echo", ""},
                                              {"POST", "/v1/stop?id=echo/9", ""}};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        answer_t answer = ask(scene, requests[i][0], requests[i][1], requests[i][2]);
        if (answer.status == 503 || answer.status == 0) {
            status = AIRS_OUT_OF_MEMORY;
        } else {
            assert_int_equal(answer.status, i == 2 ? 404 : 200);
        }
        free_answer(&answer);
    }
    airs_admin_socket_destroy(socket);
    return status;
}

static void every_allocation_may_fail(void **state) {
    scene_t scene;
    (void)state;
    set_up(&scene);
    spawn(&scene, "echo", "0", &echo_state, 0);
    airs_fail_each_allocation(open_and_ask, &scene);
    tear_down(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_node_tells_of_itself),
        cmocka_unit_test(actors_are_listed_all_or_by_target),
        cmocka_unit_test(a_restarted_actor_says_why),
        cmocka_unit_test(a_message_is_sent_with_its_content_type),
        cmocka_unit_test(a_call_answers_with_the_response),
        cmocka_unit_test(a_client_that_goes_away_cancels_its_call),
        cmocka_unit_test(a_client_that_has_said_all_still_gets_its_answer),
        cmocka_unit_test(open_calls_end_with_the_socket),
        cmocka_unit_test(publishing_says_how_many_it_reached),
        cmocka_unit_test(actors_are_stopped_one_or_all_of_a_component),
        cmocka_unit_test(shutting_down_is_left_to_the_application),
        cmocka_unit_test(a_full_mailbox_is_told_or_waited_for),
        cmocka_unit_test(a_stop_has_its_time),
        cmocka_unit_test(stops_of_clients_that_have_gone_have_a_bound),
        cmocka_unit_test(dead_letters_are_shown_and_picked),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(bodies_have_a_length_and_a_bound),
        cmocka_unit_test(a_body_must_come_in_time),
        cmocka_unit_test(a_connection_is_for_one_request),
        cmocka_unit_test(there_are_only_so_many_connections),
        cmocka_unit_test(other_users_are_refused),
        cmocka_unit_test(nonsense_ends_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
