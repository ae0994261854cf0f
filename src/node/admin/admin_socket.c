#include "node/admin/admin_socket.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "core/thread.h"
#include "core/log.h"
#include "core/memory.h"
#include "node/admin/admin_listener.h"

#define LOG_SOURCE "admin"
#define PROTOCOL "airssys-admin"

#define DEFAULT_CONNECTIONS 64
#define DEFAULT_REQUEST_MS 30000
#define US_PER_MS 1000
#define MS_PER_S 1000

/* A second for answers that are on their way when the socket closes. */
#define FAREWELL_US 1000000

/* After a failed accept(2), which would fail again at once. */
#define ACCEPT_AGAIN_US 100000

#define BODY_MAX ((uint64_t)16 << 20)
#define BODIES_MAX ((uint64_t)256 << 20)
#define HEAD_MAX 8192
#define READ_MAX 65536  /* at a time */
#define WRITE_MAX 65536 /* at a time */
#define ANSWER_HEAD_MAX 2048

_Static_assert(AIRS_ADMIN_HEADROOM >= LWS_PRE, "the library writes in front of what it sends");

typedef enum connection_state {
    CONNECTION_IDLE,    /* no request, or its head is arriving */
    CONNECTION_BODY,    /* a request's body is arriving */
    CONNECTION_WORKING, /* the answer is being made */
    CONNECTION_WRITING, /* the answer is being sent */
} connection_state_t;

typedef struct connection {
    lws_sorted_usec_list_t timer; /* of the state that it is in */
    airs_admin_socket_t *socket;
    bool taken;      /* the slot is */
    struct lws *wsi; /* NULL: not known yet */
    connection_state_t state;
    airs_admin_exchange_t *exchange; /* NULL: none */
    uint64_t reserved;               /* of the bytes that bodies may have together */
    size_t sent;                     /* of the answer's content */
    bool broken;                     /* a write has failed */
} connection_t;

struct airs_admin_socket {
    const airs_allocator_t *allocator;
    airs_log_t *log;
    airs_admin_scene_t scene;
    airs_admin_listener_t listener;
    bool (*peer_allowed)(int descriptor);
    uint64_t request_time_ms;
    struct lws_context *context;
    struct lws *listening;
    lws_sorted_usec_list_t accept_again;
    connection_t *connections;
    unsigned max_connections;
    uint64_t reserved; /* by all connections */
    bool farewell_over;
    pthread_t thread;
    bool thread_started;
    /* Relaxed: the wake-up that follows orders what matters, which is nothing but this. */
    _Atomic bool ending;
    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t changed;
    airs_admin_exchange_t *done; /* by operations elsewhere */
    uint64_t elsewhere;          /* operations under way */
};

/* ---- operations elsewhere ---- */

/* On the thread of the operation. Waking the loop stays inside the lock: when the count is seen to be 0, nobody
 * uses the socket any more. */
static void on_done(void *context, airs_admin_exchange_t *exchange) {
    airs_admin_socket_t *socket = context;
    pthread_mutex_lock(&socket->lock);
    exchange->next = socket->done;
    socket->done = exchange;
    socket->elsewhere--;
    if (socket->context != NULL) {
        lws_cancel_service(socket->context);
    }
    pthread_cond_broadcast(&socket->changed);
    pthread_mutex_unlock(&socket->lock);
}

/* Those whose clients have gone are under way still. How many there are now. */
static uint64_t count_elsewhere(airs_admin_socket_t *socket, int difference) {
    pthread_mutex_lock(&socket->lock);
    uint64_t count = socket->elsewhere += (uint64_t)(int64_t)difference;
    pthread_mutex_unlock(&socket->lock);
    return count;
}

static airs_admin_exchange_t *take_done(airs_admin_socket_t *socket) {
    pthread_mutex_lock(&socket->lock);
    airs_admin_exchange_t *list = socket->done;
    socket->done = NULL;
    pthread_mutex_unlock(&socket->lock);
    return list;
}

/* ---- a connection's request ---- */

static void on_timer(lws_sorted_usec_list_t *timer);

/* The library's own timers of connections cannot be cancelled in this version. */
static void set_timer(connection_t *connection, uint64_t us) {
    lws_sul_schedule(connection->socket->context, 0, &connection->timer, on_timer, (lws_usec_t)us);
}

static void cancel_timer(connection_t *connection) { lws_sul_cancel(&connection->timer); }

/* The connection has no request any more; who works on one elsewhere hands it to take_done. */
static void drop_exchange(connection_t *connection) {
    airs_admin_socket_t *socket = connection->socket;
    airs_admin_exchange_t *exchange = connection->exchange;
    connection->exchange = NULL;
    socket->reserved -= connection->reserved;
    connection->reserved = 0;
    if (exchange == NULL) {
        return;
    }
    bool elsewhere = exchange->elsewhere;
    if (airs_admin_abandon(&socket->scene, exchange)) {
        return;
    }
    if (elsewhere) {
        (void)count_elsewhere(socket, -1);
    }
    airs_admin_exchange_destroy(exchange);
}

static void begin_writing(connection_t *connection);

static void work_on(connection_t *connection) {
    airs_admin_socket_t *socket = connection->socket;
    airs_admin_exchange_t *exchange = connection->exchange;
    connection->state = CONNECTION_WORKING;
    lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
    cancel_timer(connection);
    lws_rx_flow_control(connection->wsi, 0);
    exchange->elsewhere = true;
    exchange->crowded = count_elsewhere(socket, 1) > socket->max_connections;
    airs_admin_progress_t progress = airs_admin_route(&socket->scene, exchange);
    if (progress == AIRS_ADMIN_ELSEWHERE) {
        return;
    }
    exchange->elsewhere = false;
    (void)count_elsewhere(socket, -1);
    if (progress == AIRS_ADMIN_LATER) {
        set_timer(connection, exchange->again_us);
    } else {
        begin_writing(connection);
    }
}

static void finish_done(airs_admin_socket_t *socket) {
    airs_admin_exchange_t *exchange = take_done(socket);
    while (exchange != NULL) {
        airs_admin_exchange_t *next = exchange->next;
        exchange->elsewhere = false;
        if (exchange->abandoned) {
            airs_admin_exchange_destroy(exchange);
        } else {
            for (unsigned i = 0; i < socket->max_connections; i++) {
                if (socket->connections[i].exchange == exchange) {
                    begin_writing(&socket->connections[i]);
                }
            }
        }
        exchange = next;
    }
}

/* ---- a request's head ---- */

/* A header as text of its own. AIRS_NOT_FOUND: it is not there. */
static airs_status_t copy_header(connection_t *connection, enum lws_token_indexes which, char **out) {
    const airs_allocator_t *allocator = connection->socket->allocator;
    int length = lws_hdr_total_length(connection->wsi, which);
    if (length <= 0) {
        return AIRS_NOT_FOUND;
    }
    char *text = airs_alloc(allocator, (size_t)length + 1);
    if (text == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    if (lws_hdr_copy(connection->wsi, text, length + 1, which) < 0) {
        text[0] = '\0';
    }
    *out = text;
    return AIRS_OK;
}

static airs_status_t take_parameters(connection_t *connection) {
    char text[HEAD_MAX];
    for (int i = 0;; i++) {
        int length = lws_hdr_copy_fragment(connection->wsi, text, sizeof text, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length < 0) {
            return AIRS_OK;
        }
        airs_status_t status = length > 0 ? airs_admin_exchange_add_parameter(
                                                connection->exchange, airs_str_n(text, (size_t)length))
                                          : AIRS_OK;
        if (status == AIRS_INVALID_ARGUMENT) {
            airs_admin_exchange_fail(connection->exchange, status,
                                     "\"%.40s\" in the query is not NAME=VALUE, or there are more than %d",
                                     text, AIRS_ADMIN_PARAMETERS_MAX);
        }
        if (status != AIRS_OK) {
            return status;
        }
    }
}

static airs_admin_method_t method_of(struct lws *wsi) {
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0) {
        return AIRS_ADMIN_GET;
    }
    return lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0 ? AIRS_ADMIN_POST : AIRS_ADMIN_OTHER;
}

/* How large the body will be; a request without a length has none. AIRS_INVALID_ARGUMENT: answered. */
static airs_status_t read_length(connection_t *connection, uint64_t *out) {
    char text[24] = "";
    char *end = NULL;
    airs_admin_exchange_t *exchange = connection->exchange;
    *out = 0;
    if (lws_hdr_total_length(connection->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
        airs_admin_exchange_refuse(exchange, 411, AIRS_INVALID_ARGUMENT,
                                   "transfer encodings are not understood; send a Content-Length");
        return AIRS_INVALID_ARGUMENT;
    }
    int length = lws_hdr_total_length(connection->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    if (length <= 0) {
        return AIRS_OK;
    }
    bool copied = lws_hdr_copy(connection->wsi, text, sizeof text, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (!copied || text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
        airs_admin_exchange_fail(exchange, AIRS_INVALID_ARGUMENT, "Content-Length is no number of bytes");
        return AIRS_INVALID_ARGUMENT;
    }
    return AIRS_OK;
}

static airs_status_t expect_body(connection_t *connection, uint64_t size) {
    airs_admin_socket_t *socket = connection->socket;
    airs_admin_exchange_t *exchange = connection->exchange;
    if (size > BODY_MAX) {
        airs_admin_exchange_fail(exchange, AIRS_MESSAGE_TOO_LARGE,
                                 "the body has %llu bytes; a message from here has %llu at most",
                                 (unsigned long long)size, (unsigned long long)BODY_MAX);
        return AIRS_MESSAGE_TOO_LARGE;
    }
    if (socket->reserved + size > BODIES_MAX) {
        airs_admin_exchange_fail(exchange, AIRS_OUT_OF_MEMORY,
                                 "requests with %llu bytes together are under way already; try again later",
                                 (unsigned long long)socket->reserved);
        return AIRS_INVALID_ARGUMENT;
    }
    connection->reserved = size;
    socket->reserved += size;
    return airs_admin_exchange_expect_body(exchange, (size_t)size);
}

/* Everything of the head that matters. AIRS_OK: go on with the body. Another status: the answer is there, but
 * for AIRS_OUT_OF_MEMORY. */
static airs_status_t read_head(connection_t *connection, airs_str_t path, uint64_t *body_size) {
    airs_admin_exchange_t *exchange = connection->exchange;
    exchange->method = method_of(connection->wsi);
    exchange->done = on_done;
    exchange->context = connection->socket;
    exchange->path = airs_alloc(exchange->allocator, path.size + 1);
    if (exchange->path == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    memcpy(exchange->path, path.data, path.size);
    exchange->path[path.size] = '\0';
    airs_status_t status = copy_header(connection, WSI_TOKEN_HTTP_CONTENT_TYPE, &exchange->content_type);
    if (status == AIRS_OUT_OF_MEMORY) {
        return status;
    }
    status = read_length(connection, body_size);
    if (status == AIRS_OK) {
        status = take_parameters(connection);
    }
    return status == AIRS_OK ? expect_body(connection, *body_size) : status;
}

/* curl asks before it sends a large body, and waits a second for this. */
static void say_continue(connection_t *connection) {
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    unsigned char buffer[LWS_PRE + sizeof text];
    if (lws_hdr_total_length(connection->wsi, WSI_TOKEN_HTTP_EXPECT) > 0) {
        memcpy(buffer + LWS_PRE, text, sizeof text - 1);
        (void)lws_write(connection->wsi, buffer + LWS_PRE, sizeof text - 1, LWS_WRITE_RAW);
    }
}

/* A request's head has arrived. Nonzero ends the connection, which is right only where nothing can be
 * answered. */
static int begin_request(connection_t *connection, airs_str_t path) {
    airs_admin_socket_t *socket = connection->socket;
    uint64_t body_size = 0;
    connection->exchange = airs_admin_exchange_create(socket->allocator);
    if (connection->exchange == NULL) {
        return -1;
    }
    airs_status_t status = read_head(connection, path, &body_size);
    if (status != AIRS_OK) {
        if (status == AIRS_OUT_OF_MEMORY) {
            airs_admin_exchange_fail(connection->exchange, status, "there is no memory for the request");
        }
        lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
        begin_writing(connection);
    } else if (body_size > 0) {
        connection->state = CONNECTION_BODY;
        set_timer(connection, socket->request_time_ms * US_PER_MS);
        say_continue(connection);
    } else {
        work_on(connection);
    }
    return 0;
}

static void end_body(connection_t *connection) {
    /* Told of the end of a body that is empty too: then the work has begun. */
    if (connection->state == CONNECTION_BODY) {
        work_on(connection);
    }
}

/* ---- the answer ---- */

static bool add_header(struct lws *wsi, const char *name, airs_str_t value, unsigned char **at,
                       unsigned char *end) {
    return value.size == 0 ||
           lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value.data,
                                       (int)value.size, at, end) == 0;
}

static bool write_head(connection_t *connection) {
    airs_admin_exchange_t *exchange = connection->exchange;
    struct lws *wsi = connection->wsi;
    unsigned char buffer[LWS_PRE + ANSWER_HEAD_MAX];
    unsigned char *start = buffer + LWS_PRE;
    unsigned char *at = start;
    unsigned char *end = buffer + sizeof buffer - 1;
    airs_bytes_t content = airs_admin_exchange_content(exchange);
    bool made = lws_add_http_header_status(wsi, (unsigned)exchange->http_status, &at, end) == 0 &&
                add_header(wsi, "content-type:", airs_text_view(&exchange->type), &at, end) &&
                add_header(wsi, "allow:", airs_str(exchange->allow), &at, end) &&
                add_header(wsi, "x-airssys-sender:", airs_text_view(&exchange->sender), &at, end) &&
                add_header(wsi, "x-airssys-request:", airs_str(exchange->id.text), &at, end) &&
                add_header(wsi, "connection:", airs_str("close"), &at, end) &&
                lws_add_http_header_content_length(wsi, content.size, &at, end) == 0 &&
                lws_finalize_http_header(wsi, &at, end) == 0;
    return made && lws_write(wsi, start, (size_t)(at - start), LWS_WRITE_HTTP_HEADERS) >= 0;
}

static bool write_piece(connection_t *connection) {
    airs_bytes_t content = airs_admin_exchange_content(connection->exchange);
    if (content.size == 0) {
        return true;
    }
    size_t left = content.size - connection->sent;
    size_t size = left < WRITE_MAX ? left : WRITE_MAX;
    enum lws_write_protocol how = size == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP;
    /* The content is ours, and what was sent of it is not needed any more. */
    unsigned char *data = (unsigned char *)content.data + connection->sent;
    connection->sent += size;
    return lws_write(connection->wsi, data, size, how) >= 0;
}

/* Send the answer: its beginning at once, which is all of most, and the rest as the client takes it. Only then
 * is looked for what the client sends, for the library takes a client that has ended its side for gone. */
static void begin_writing(connection_t *connection) {
    connection->state = CONNECTION_WRITING;
    connection->sent = 0;
    connection->broken = !write_head(connection) || !write_piece(connection);
    set_timer(connection, connection->socket->request_time_ms * US_PER_MS);
    lws_rx_flow_control(connection->wsi, 1);
    lws_callback_on_writable(connection->wsi);
}

/* -1 ends the connection, as it does after each answer: of a second request's body, when it came with the first
 * one, this version of the library hands over the wrong bytes. */
static int go_on_writing(connection_t *connection) {
    if (connection->state != CONNECTION_WRITING) {
        return 0;
    }
    airs_bytes_t content = airs_admin_exchange_content(connection->exchange);
    if (connection->broken || connection->sent == content.size || !write_piece(connection)) {
        return -1;
    }
    set_timer(connection, connection->socket->request_time_ms * US_PER_MS);
    lws_callback_on_writable(connection->wsi);
    return 0;
}

static void on_timer(lws_sorted_usec_list_t *timer) {
    connection_t *connection = lws_container_of(timer, connection_t, timer);
    uint64_t limit_ms = connection->socket->request_time_ms;
    if (connection->state == CONNECTION_BODY) {
        airs_admin_exchange_refuse(connection->exchange, 408, AIRS_TIMEOUT,
                                   "the request did not arrive in %llu ms", (unsigned long long)limit_ms);
        begin_writing(connection);
    } else if (connection->state == CONNECTION_WORKING) {
        work_on(connection);
    } else if (connection->state == CONNECTION_WRITING) {
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC); /* takes nothing */
    }
}

/* ---- connections ---- */

static connection_t *free_slot(airs_admin_socket_t *socket) {
    for (unsigned i = 0; i < socket->max_connections; i++) {
        if (!socket->connections[i].taken) {
            return &socket->connections[i];
        }
    }
    return NULL;
}

/* An answer to who cannot be served, as far as it can be written without waiting. */
static void turn_away(int descriptor, const char *status, const char *error, const char *message) {
    char text[512];
    char body[256];
    int size = snprintf(body, sizeof body, "{\"error\":\"%s\",\"message\":\"%s\"}\n", error, message);
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %s\r\ncontent-type: application/vnd.airssys.error+json\r\n"
                          "content-length: %d\r\nconnection: close\r\n\r\n%s",
                          status, size, body);
    (void)send(descriptor, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(descriptor);
}

static void adopt(airs_admin_socket_t *socket, int descriptor) {
    connection_t *connection = free_slot(socket);
    if (!socket->peer_allowed(descriptor)) {
        turn_away(descriptor, "403 Forbidden", "capability-denied",
                  "only the user that the node runs as may use this socket");
        return;
    }
    if (connection == NULL) {
        turn_away(descriptor, "503 Service Unavailable", "quota-exceeded",
                  "there are too many connections; close one, or try again later");
        return;
    }
    *connection = (connection_t){.socket = socket, .taken = true};
    lws_adopt_desc_t adoption = {
        .vh = lws_get_vhost(socket->listening),
        /* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): it has flags */
        .type = LWS_ADOPT_HTTP | LWS_ADOPT_SOCKET,
        .fd = {.sockfd = descriptor},
        .vh_prot_name = PROTOCOL,
        .opaque = connection,
    };
    if (lws_adopt_descriptor_vhost_via_info(&adoption) == NULL) { /* it has closed it */
        connection->taken = false;
    }
}

static void on_accept_again(lws_sorted_usec_list_t *timer) {
    airs_admin_socket_t *socket = lws_container_of(timer, airs_admin_socket_t, accept_again);
    lws_rx_flow_control(socket->listening, 1);
}

static void accept_clients(airs_admin_socket_t *socket) {
    for (;;) {
        int descriptor = accept4(socket->listener.descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            adopt(socket, descriptor);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN) {
                lws_rx_flow_control(socket->listening, 0);
                lws_sul_schedule(socket->context, 0, &socket->accept_again, on_accept_again, ACCEPT_AGAIN_US);
            }
            return;
        }
    }
}

static void forget_connection(connection_t *connection) {
    cancel_timer(connection);
    drop_exchange(connection);
    connection->taken = false;
}

/* ---- the loop ---- */

static int on_connection(connection_t *connection, struct lws *wsi, enum lws_callback_reasons reason,
                         const void *data, size_t size) {
    connection->wsi = wsi;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return begin_request(connection, airs_str_n(data, size));
    case LWS_CALLBACK_HTTP_BODY:
        if (connection->state == CONNECTION_BODY) {
            airs_admin_exchange_fill_body(connection->exchange, airs_bytes(data, size));
        }
        return 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        end_body(connection);
        return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return go_on_writing(connection);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return -1; /* to nothing */
    case LWS_CALLBACK_WSI_DESTROY:
        forget_connection(connection);
        return 0;
    default:
        return 0;
    }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data, size_t size) {
    struct lws_context *context = lws_get_context(wsi);
    airs_admin_socket_t *socket = context != NULL ? lws_context_user(context) : NULL;
    (void)user;
    if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED) {
        finish_done(socket);
        return 0;
    }
    void *owner = lws_get_opaque_user_data(wsi);
    if (owner == NULL) {
        return 0; /* the library's own */
    }
    if (owner != socket) {
        return on_connection(owner, wsi, reason, data, size);
    }
    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        accept_clients(socket);
    }
    return 0;
}

typedef struct farewell {
    lws_sorted_usec_list_t timer;
    airs_admin_socket_t *socket;
} farewell_t;

static void on_farewell_over(lws_sorted_usec_list_t *timer) {
    airs_admin_socket_t *socket = lws_container_of(timer, farewell_t, timer)->socket;
    socket->farewell_over = true;
    lws_cancel_service(socket->context); /* which would wait for the next event otherwise */
}

static bool has_exchanges(const airs_admin_socket_t *socket) {
    for (unsigned i = 0; i < socket->max_connections; i++) {
        if (socket->connections[i].exchange != NULL) {
            return true;
        }
    }
    return false;
}

static void *serve(void *argument) {
    airs_admin_socket_t *socket = argument;
    farewell_t farewell = {.socket = socket};
    bool farewell_begun = false;
    int failed = 0;
    while (failed >= 0) {
        if (atomic_load_explicit(&socket->ending, memory_order_relaxed)) {
            if (!farewell_begun) {
                farewell_begun = true;
                lws_sul_cancel(&socket->accept_again);
                lws_rx_flow_control(socket->listening, 0);
                lws_sul_schedule(socket->context, 0, &farewell.timer, on_farewell_over, FAREWELL_US);
            }
            if (socket->farewell_over || !has_exchanges(socket)) {
                break;
            }
        }
        failed = lws_service(socket->context, 0);
    }
    lws_sul_cancel(&farewell.timer);
    for (unsigned i = 0; i < socket->max_connections; i++) {
        if (socket->connections[i].taken) {
            forget_connection(&socket->connections[i]); /* who is still there is not told of as gone */
        }
    }
    return NULL;
}

/* ---- creation ---- */

static airs_status_t make_context(airs_admin_socket_t *socket, airs_error_t *error) {
    static const struct lws_protocols protocols[] = {{.name = PROTOCOL, .callback = on_event},
                                                     {.name = NULL}};
    /* Whole seconds, for heads of requests; rounded up. */
    unsigned request_time_s = (unsigned)((socket->request_time_ms + MS_PER_S - 1) / MS_PER_S);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .vhost_name = PROTOCOL,
        .server_string = "airssys",
        .user = socket,
        .fd_limit_per_thread = socket->max_connections + 16,
        .max_http_header_data = HEAD_MAX,
        .pt_serv_buf_size = READ_MAX,
        .timeout_secs = request_time_s,
        .timeout_secs_ah_idle = request_time_s,
        .gid = -1,
        .uid = -1,
    };
    lws_set_log_level(0, NULL); /* it would write to standard error */
    socket->context = lws_create_context(&info);
    if (socket->context == NULL) {
        return airs_error_set(error, AIRS_INTERNAL, "cannot make the HTTP library's context");
    }
    lws_adopt_desc_t adoption = {
        .vh = lws_get_vhost_by_name(socket->context, PROTOCOL),
        .type = LWS_ADOPT_RAW_FILE_DESC,
        .vh_prot_name = PROTOCOL,
        .opaque = socket,
    };
    /* The library closes what it adopts. */
    adoption.fd.filefd = dup(socket->listener.descriptor);
    socket->listening = adoption.fd.filefd >= 0 ? lws_adopt_descriptor_vhost_via_info(&adoption) : NULL;
    return socket->listening != NULL
               ? AIRS_OK
               : airs_error_set(error, AIRS_INTERNAL, "the HTTP library does not take the socket");
}

static void complete_options(airs_admin_socket_t *socket, const airs_admin_options_t *options) {
    socket->log = options->log != NULL ? options->log : airs_log_stderr();
    socket->scene = options->scene;
    if (socket->scene.clock == NULL) {
        socket->scene.clock = airs_clock_system();
    }
    socket->scene.started_ns = airs_clock_wall(socket->scene.clock);
    socket->peer_allowed = options->peer_allowed != NULL ? options->peer_allowed : airs_admin_peer_allowed;
    socket->max_connections = options->max_connections != 0 ? options->max_connections : DEFAULT_CONNECTIONS;
    socket->request_time_ms = options->request_time_ms != 0 ? options->request_time_ms : DEFAULT_REQUEST_MS;
}

static airs_status_t open_socket(airs_admin_socket_t *socket, const airs_admin_options_t *options,
                                 airs_error_t *error) {
    size_t size = socket->max_connections * sizeof *socket->connections;
    socket->connections = airs_alloc_zeroed(socket->allocator, size);
    if (socket->connections == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    airs_status_t status = airs_admin_listener_open(&socket->listener, socket->allocator, options->path,
                                                    socket->scene.application, error);
    if (status != AIRS_OK) {
        return status;
    }
    socket->scene.socket = socket->listener.path;
    status = make_context(socket, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = airs_thread_start(&socket->thread, serve, socket);
    socket->thread_started = status == AIRS_OK;
    return status == AIRS_OK ? status : airs_error_set(error, status, "cannot start a thread");
}

airs_status_t airs_admin_socket_create(const airs_admin_options_t *options, airs_admin_socket_t **out,
                                       airs_error_t *error) {
    const airs_allocator_t *allocator = options->allocator != NULL ? options->allocator
                                                                   : airs_allocator_default();
    airs_admin_socket_t *socket = airs_alloc_zeroed(allocator, sizeof *socket);
    if (socket == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    socket->allocator = allocator;
    socket->listener.descriptor = -1;
    pthread_mutex_init(&socket->lock, NULL); /* neither can fail without attributes */
    pthread_cond_init(&socket->changed, NULL);
    complete_options(socket, options);
    airs_status_t status = open_socket(socket, options, error);
    if (status != AIRS_OK) {
        airs_admin_socket_destroy(socket);
        return status;
    }
    airs_log_printf(socket->log, AIRS_LOG_DEBUG, airs_str(LOG_SOURCE), "listening at %s",
                    socket->listener.path);
    *out = socket;
    return AIRS_OK;
}

const char *airs_admin_socket_path(const airs_admin_socket_t *socket) { return socket->listener.path; }

long airs_admin_socket_other(const airs_admin_socket_t *socket) { return (long)socket->listener.other; }

/* What was under way elsewhere when the last connection was closed. */
static void wait_elsewhere(airs_admin_socket_t *socket) {
    pthread_mutex_lock(&socket->lock);
    while (socket->elsewhere > 0) {
        pthread_cond_wait(&socket->changed, &socket->lock);
    }
    pthread_mutex_unlock(&socket->lock);
    finish_done(socket);
}

void airs_admin_socket_destroy(airs_admin_socket_t *socket) {
    if (socket == NULL) {
        return;
    }
    atomic_store_explicit(&socket->ending, true, memory_order_relaxed);
    if (socket->thread_started) {
        lws_cancel_service(socket->context);
        pthread_join(socket->thread, NULL);
    }
    struct lws_context *context = socket->context;
    if (context != NULL) {
        /* on_done must not wake a loop that is gone. */
        pthread_mutex_lock(&socket->lock);
        socket->context = NULL;
        pthread_mutex_unlock(&socket->lock);
        lws_context_destroy(context);
    }
    wait_elsewhere(socket);
    airs_admin_listener_close(&socket->listener);
    airs_release(socket->allocator, socket->connections);
    pthread_cond_destroy(&socket->changed);
    pthread_mutex_destroy(&socket->lock);
    airs_release(socket->allocator, socket);
}
