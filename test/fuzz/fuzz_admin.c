/* Bytes as what a client sends to the admin socket of a running node, with actors that answer: whatever they are, the
 * connection ends, with nothing or with an answer that is well-formed HTTP and, where it says so, JSON; and the node and
 * its socket go on. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "core/check.h"
#include "node/admin/admin_socket.h"

/* A request may ask to wait for a day: a client that goes away is a case too. */
#define PATIENCE_MS 1000
#define ANSWER_MAX ((size_t)4 << 20)

static airs_node_t *node;
static char folder[] = "/tmp/airssys-fuzz-XXXXXX";
static char path[sizeof folder + 16];
static char answer[ANSWER_MAX + 1];

/* ---- the node ---- */

static airs_status_t handle(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    if (incoming->kind != AIRS_INCOMING_REQUEST) {
        return AIRS_OK;
    }
    /* One answers, one fails, one is ended by it. */
    switch (*(const char *)state) {
    case 'a':
        return airs_actor_respond(context, incoming->payload);
    case 'f': {
        airs_request_id_t id;
        airs_status_t status = airs_actor_defer_reply(context, &id);
        return status == AIRS_OK ? airs_actor_fail(context, &id, airs_str("no")) : status;
    }
    default:
        return AIRS_INVALID_MESSAGE;
    }
}

/* What an input has ended is made again before the next one. */
static void complete_actors(void) {
    static const airs_native_t native = {.size = sizeof native, .handle = handle};
    static const struct {
        const char *name;
        const char *instance;
        char *kind;
    } actors[] = {{"echo", "0", "a"}, {"echo", "1", "a"}, {"refuser", "0", "f"}, {"frail", "0", "e"}};
    for (size_t i = 0; i < sizeof actors / sizeof actors[0]; i++) {
        airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
        airs_status_t status = airs_node_spawn_native(node, &native, actors[i].kind,
                                                      airs_id("shop", actors[i].name, actors[i].instance),
                                                      &options, NULL);
        AIRS_ASSERT(status == AIRS_OK || status == AIRS_ALREADY_EXISTS);
    }
}

static const char *stage(void *context) { return context; }

static void shut_down(void *context) { (void)context; }

static airs_status_t reload(void *context, airs_text_t *out, airs_error_t *error) {
    (void)context;
    airs_text_append(out, airs_str("\"changed\":[]"));
    return airs_error_set(error, AIRS_MANIFEST_INVALID, "airssys.toml:1:1: \"\x1b[31m\": no");
}

static airs_status_t update(void *context, const airs_application_update_t *what, airs_error_t *error) {
    (void)context;
    if (what->together) {
        return airs_error_set(error, AIRS_ROLLED_BACK, "%s: taken back", what->file);
    }
    airs_text_append(what->imports, airs_str("wasi:cli/environment@0.2.3\n\"\n"));
    return AIRS_OK;
}

static void remove_folder(void) { (void)rmdir(folder); }

static void start(void) {
    static char running[] = "running";
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_admin_socket_t *admin = NULL;
    options.workers = 1;
    options.max_actors = 10;
    options.cache_dir = "";
    options.log = airs_log_none();
    AIRS_ASSERT(airs_node_create(&options, &node, NULL) == AIRS_OK && mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/admin.sock", folder);
    const airs_admin_options_t how = {
        .log = airs_log_none(),
        .path = path,
        .scene = {.node = node,
                  .application = "shop",
                  .ns = "shop",
                  .manifest = "shop/airssys.toml",
                  .workers = 1,
                  .stage = stage,
                  .shutdown = shut_down,
                  .reload = reload,
                  .update = update,
                  .context = running},
    };
    AIRS_ASSERT(airs_admin_socket_create(&how, &admin, NULL) == AIRS_OK);
    (void)atexit(remove_folder);
}

/* ---- a client ---- */

static int dial(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    AIRS_ASSERT(descriptor >= 0);
    AIRS_ASSERT(connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0);
    return descriptor;
}

/* Until all is sent, or the other side takes no more. */
static void say(int descriptor, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(descriptor, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            AIRS_ASSERT(errno == EPIPE || errno == ECONNRESET);
            return;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
}

/* Until the other side ends the connection; false: it is not patient enough for that. */
static bool hear(int descriptor, size_t *size) {
    *size = 0;
    for (;;) {
        struct pollfd wait = {descriptor, POLLIN, 0};
        if (poll(&wait, 1, PATIENCE_MS) != 1) {
            return false;
        }
        ssize_t got = recv(descriptor, answer + *size, ANSWER_MAX - *size, 0);
        if (got <= 0) {
            answer[*size] = '\0';
            return true;
        }
        *size += (size_t)got;
        AIRS_ASSERT(*size < ANSWER_MAX);
    }
}

/* ---- what it heard ---- */

static const char *header(const char *name) {
    const char *found = strstr(answer, name);
    return found != NULL ? found + strlen(name) : NULL;
}

static void check_answer(size_t size) {
    static const char json[] = "\r\ncontent-type: application/";
    if (size == 0) {
        return;
    }
    AIRS_ASSERT(strncmp(answer, "HTTP/1.", 7) == 0);
    if (strncmp(answer, "HTTP/1.1 100", 12) == 0) {
        return; /* the body that was announced did not come */
    }
    const char *end = strstr(answer, "\r\n\r\n");
    const char *type = header(json);
    const char *length = header("\r\ncontent-length: ");
    if (end == NULL || type == NULL || type > end) {
        return; /* the HTTP library's own */
    }
    const char *body = end + 4;
    size_t body_size = size - (size_t)(body - answer);
    AIRS_ASSERT(length != NULL && length < end && strtoull(length, NULL, 10) == body_size);
    if (strncmp(type, "json", 4) == 0 || strncmp(type, "vnd.airssys.error+json", 22) == 0) {
        json_t *value = json_loadb(body, body_size, JSON_REJECT_DUPLICATES, NULL);
        AIRS_ASSERT(value != NULL);
        json_decref(value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    size_t heard = 0;
    if (node == NULL) {
        start();
    }
    complete_actors();
    int descriptor = dial();
    say(descriptor, bytes, size);
    (void)shutdown(descriptor, SHUT_WR);
    if (hear(descriptor, &heard)) {
        check_answer(heard);
    }
    close(descriptor);
    return 0;
}
