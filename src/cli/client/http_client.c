#include "cli/client/http_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "core/memory.h"

/* What is written or read in one go. */
#define PIECE 65536
#define US_PER_MS 1000
/* For the library's own limits: ours is the one that counts. */
#define NEVER_S 1000000
#define SENDER_HEADER "x-airssys-sender:"

typedef struct exchange {
    lws_sorted_usec_list_t timer;
    struct lws_context *context;
    const airs_http_request_t *request;
    airs_http_answer_t *answer;
    airs_error_t *error;
    airs_status_t status;
    size_t sent; /* of the request's body */
    bool complete;
    bool done;
    uint8_t piece[LWS_PRE + PIECE];
} exchange_t;

/* The first reason counts. */
static void fail(exchange_t *exchange, airs_status_t status, const char *what) {
    if (exchange->status == AIRS_OK) {
        exchange->status = airs_error_set(exchange->error, status, "the node at %s did not answer: %s",
                                          exchange->request->socket, what);
    }
    exchange->done = true;
}

/* ---- what the library asks ---- */

static bool has_body(const exchange_t *exchange) { return exchange->request->body.size > 0; }

static int add_headers(struct lws *wsi, exchange_t *exchange, unsigned char **place, size_t room) {
    const airs_http_request_t *request = exchange->request;
    unsigned char *end = *place + room;
    char length[24];
    if (strcmp(request->method, "POST") != 0) {
        return 0;
    }
    int size = snprintf(length, sizeof length, "%zu", request->body.size);
    if (lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, (unsigned char *)length, size, place,
                                     end) != 0) {
        return -1;
    }
    if (request->content_type.size > 0 &&
        lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE,
                                     (const unsigned char *)request->content_type.data,
                                     (int)request->content_type.size, place, end) != 0) {
        return -1;
    }
    if (has_body(exchange)) {
        lws_client_http_body_pending(wsi, 1);
        lws_callback_on_writable(wsi);
    }
    return 0;
}

static int write_body(struct lws *wsi, exchange_t *exchange) {
    airs_bytes_t body = exchange->request->body;
    size_t left = body.size - exchange->sent;
    if (left == 0) {
        return 0;
    }
    size_t size = left < PIECE ? left : PIECE;
    memcpy(exchange->piece + LWS_PRE, body.data + exchange->sent, size);
    bool last = size == left;
    if (last) {
        lws_client_http_body_pending(wsi, 0);
    }
    int written =
        lws_write(wsi, exchange->piece + LWS_PRE, size, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP);
    if (written < 0) {
        return -1;
    }
    exchange->sent += size;
    if (!last) {
        lws_callback_on_writable(wsi);
    }
    return 0;
}

static void keep_header(struct lws *wsi, enum lws_token_indexes token, airs_text_t *out) {
    int length = lws_hdr_total_length(wsi, token);
    char value[512];
    if (length > 0 && (size_t)length < sizeof value && lws_hdr_copy(wsi, value, sizeof value, token) > 0) {
        airs_text_append(out, airs_str(value));
    }
}

static void keep_sender(struct lws *wsi, airs_text_t *out) {
    static const char name[] = SENDER_HEADER;
    char value[512];
    int length = lws_hdr_custom_length(wsi, name, (int)sizeof name - 1);
    if (length > 0 && (size_t)length < sizeof value &&
        lws_hdr_custom_copy(wsi, value, sizeof value, name, (int)sizeof name - 1) > 0) {
        airs_text_append(out, airs_str(value));
    }
}

static int keep_piece(exchange_t *exchange, airs_str_t piece) {
    airs_text_append(&exchange->answer->body, piece);
    return exchange->answer->body.failed ? -1 : 0;
}

static int read_body(struct lws *wsi, exchange_t *exchange) {
    char *start = (char *)exchange->piece + LWS_PRE;
    int room = PIECE;
    return lws_http_client_read(wsi, &start, &room) < 0 ? -1 : 0;
}

static void end(exchange_t *exchange) {
    if (exchange->answer->body.failed) {
        fail(exchange, AIRS_OUT_OF_MEMORY, "no memory for the answer");
    } else if (!exchange->complete) {
        fail(exchange, AIRS_IO, "it closed the connection before its answer was complete");
    }
    exchange->done = true;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size) {
    (void)user;
    exchange_t *exchange = wsi != NULL ? lws_context_user(lws_get_context(wsi)) : NULL;
    if (exchange == NULL) {
        return 0;
    }
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return add_headers(wsi, exchange, in, size);
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
        return write_body(wsi, exchange);
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
        exchange->answer->status = (int)lws_http_client_http_response(wsi);
        keep_header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, &exchange->answer->content_type);
        keep_sender(wsi, &exchange->answer->sender);
        return 0;
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
        return read_body(wsi, exchange);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
        return keep_piece(exchange, airs_str_n(in, size));
    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
        exchange->complete = true;
        exchange->done = true;
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fail(exchange, AIRS_IO, in != NULL ? (const char *)in : "the connection failed");
        return 0;
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
        end(exchange);
        return 0;
    default:
        return 0;
    }
}

/* ---- the exchange ---- */

airs_status_t airs_http_probe(const char *path, pid_t *process, airs_error_t *error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return airs_error_set(error, AIRS_IO, "%s: the path of a socket has %zu bytes at most", path,
                              sizeof address.sun_path - 1);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0) {
        return airs_error_set(error, AIRS_IO, "cannot make a socket: %s", strerror(errno));
    }
    int failed = connect(connection, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    struct ucred peer = {.pid = 0};
    socklen_t size = sizeof peer;
    if (failed == 0) {
        (void)getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    }
    if (process != NULL) {
        *process = peer.pid;
    }
    close(connection);
    switch (failed) {
    case 0:
        return AIRS_OK;
    case ENOENT:
    case ENOTDIR:
        return airs_error_set(error, AIRS_NOT_FOUND, "there is no socket %s", path);
    case ECONNREFUSED:
        return airs_error_set(error, AIRS_NOT_RUNNING,
                              "nobody listens at %s: the node that made it has died, or it is no socket",
                              path);
    default:
        return airs_error_set(error, AIRS_IO, "cannot connect to %s: %s", path, strerror(failed));
    }
}

static void on_time_over(lws_sorted_usec_list_t *timer) {
    exchange_t *exchange = lws_container_of(timer, exchange_t, timer);
    fail(exchange, AIRS_TIMEOUT, "not in time; is its process stopped, or very busy?");
    /* The library goes on to wait for what comes next before it returns. */
    lws_cancel_service(exchange->context);
}

static struct lws_context *make_context(exchange_t *exchange) {
    static const struct lws_protocols protocols[] = {{.name = "http", .callback = on_event}, {.name = NULL}};
    struct lws_context_creation_info settings = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .gid = -1,
        .uid = -1,
        .timeout_secs = NEVER_S,
        .connect_timeout_secs = NEVER_S,
        .pt_serv_buf_size = PIECE,
        .user = exchange,
    };
    lws_set_log_level(0, NULL);
    return lws_create_context(&settings);
}

static bool begin(exchange_t *exchange, struct lws_context *context) {
    char address[sizeof(struct sockaddr_un) + 2];
    (void)snprintf(address, sizeof address, "+%s", exchange->request->socket);
    struct lws_client_connect_info connection = {
        .context = context,
        .address = address,
        .path = exchange->request->path,
        .host = "localhost",
        .origin = "localhost",
        .method = exchange->request->method,
        .protocol = "http",
    };
    return lws_client_connect_via_info(&connection) != NULL;
}

airs_status_t airs_http_exchange(const airs_http_request_t *request, airs_http_answer_t *answer,
                                 airs_error_t *error) {
    const airs_allocator_t *allocator = airs_allocator_default();
    answer->status = 0;
    airs_text_init(&answer->content_type, allocator);
    airs_text_init(&answer->sender, allocator);
    airs_text_init(&answer->body, allocator);
    /* First: the library says less about what is wrong. */
    if (strlen(request->path) > AIRS_HTTP_PATH_MAX) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "a name of more than 255 bytes: no actor and no topic has one");
    }
    airs_status_t status = airs_http_probe(request->socket, NULL, error);
    if (status != AIRS_OK) {
        return status;
    }
    exchange_t *exchange = airs_alloc_zeroed(allocator, sizeof *exchange);
    if (exchange == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "out of memory");
    }
    exchange->request = request;
    exchange->answer = answer;
    exchange->error = error;
    struct lws_context *context = make_context(exchange);
    exchange->context = context;
    if (context == NULL || !begin(exchange, context)) {
        fail(exchange, AIRS_IO, "the connection cannot be made");
    }
    if (context != NULL) {
        lws_sul_schedule(context, 0, &exchange->timer, on_time_over,
                         (lws_usec_t)request->timeout_ms * US_PER_MS);
    }
    while (!exchange->done && lws_service(context, 0) >= 0) {
    }
    lws_sul_cancel(&exchange->timer);
    if (context != NULL) {
        lws_context_destroy(context);
    }
    status = exchange->status;
    airs_release(allocator, exchange);
    return status;
}

void airs_http_answer_free(airs_http_answer_t *answer) {
    airs_text_free(&answer->content_type);
    airs_text_free(&answer->sender);
    airs_text_free(&answer->body);
}

static bool is_unreserved(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') ||
           (character != '\0' && strchr("-._~/", character) != NULL);
}

void airs_http_append_encoded(airs_text_t *out, airs_str_t part) {
    for (size_t i = 0; i < part.size; i++) {
        if (is_unreserved(part.data[i])) {
            airs_text_append_char(out, part.data[i]);
        } else {
            airs_text_append_format(out, "%%%02X", (unsigned char)part.data[i]);
        }
    }
}
