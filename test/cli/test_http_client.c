/* The client's side of HTTP, against a server that does what each test says. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/client/http_client.h"
#include "core/check.h"
#include "support/temporary_folder.h"
#include "support/test.h"

#define PATIENCE_MS 60000
#define HEARD_MAX 4096

static airs_temporary_folder_t folder;
static char path[AIRS_TEMPORARY_PATH_MAX];

/* Hears a request's head and as much of its body as is said, answers, and closes. */
typedef struct server {
    pthread_t thread;
    int listening;
    size_t body; /* to be heard of it */
    const char *answer;
    char heard[HEARD_MAX + 1]; /* the head, and what has come with it */
} server_t;

/* The head and `body` bytes behind it, or the end of the connection. */
static void hear(server_t *server, int connection) {
    char piece[65536];
    size_t size = 0;
    size_t wanted = SIZE_MAX;
    while (size < wanted) {
        ssize_t got = read(connection, piece, sizeof piece);
        if (got <= 0) {
            return;
        }
        size_t room = size < HEARD_MAX ? HEARD_MAX - size : 0;
        size_t kept = (size_t)got < room ? (size_t)got : room;
        memcpy(server->heard + (room > 0 ? size : 0), piece, kept);
        size += (size_t)got;
        const char *end = strstr(server->heard, "\r\n\r\n");
        if (end != NULL) {
            wanted = (size_t)(end + 4 - server->heard) + server->body;
        }
    }
}

static void *serve(void *argument) {
    server_t *server = argument;
    int probe = accept(server->listening, NULL, NULL);
    AIRS_ASSERT(probe >= 0);
    close(probe);
    int connection = accept(server->listening, NULL, NULL);
    AIRS_ASSERT(connection >= 0);
    hear(server, connection);
    size_t size = strlen(server->answer);
    AIRS_ASSERT(send(connection, server->answer, size, MSG_NOSIGNAL) == (ssize_t)size);
    close(connection);
    return NULL;
}

static int listen_at_path(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_in_range(strlen(path), 1, sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listening >= 0);
    assert_int_equal(bind(listening, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listening, 8), 0);
    return listening;
}

static airs_status_t exchange(server_t *server, airs_http_request_t *request, airs_http_answer_t *answer,
                              airs_error_t *error) {
    server->listening = listen_at_path();
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    request->socket = path;
    request->timeout_ms = PATIENCE_MS;
    airs_status_t status = airs_http_exchange(request, answer, error);
    pthread_join(server->thread, NULL);
    close(server->listening);
    unlink(path);
    return status;
}

static void a_request_says_what_it_must(void **state) {
    (void)state;
    static const struct {
        airs_http_request_t request;
        const char *begins;
        const char *has[3];
        const char *lacks;
    } cases[] = {
        {{.method = "GET", .path = "/v1/node"},
         "GET /v1/node HTTP/1.1\r\n",
         {"Host: localhost\r\n"},
         "Content-Length"},
        {{.method = "POST", .path = "/v1/send?to=a%20b"},
         "POST /v1/send?to=a%20b HTTP/1.1\r\n",
         {"ontent-length: 0\r\n"},
         "ontent-type"},
        {{.method = "POST",
          .path = "/",
          .content_type = {"text/plain", 10},
          .body = {(const uint8_t *)"hello", 5}},
         "POST / HTTP/1.1\r\n",
         {"ontent-length: 5\r\n", "ontent-type: text/plain\r\n", "\r\n\r\nhello"},
         "ransfer-encoding"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        server_t server = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                           .body = cases[i].request.body.size};
        airs_http_request_t request = cases[i].request;
        airs_http_answer_t answer;
        assert_ok(exchange(&server, &request, &answer, NULL));
        assert_ptr_equal(strstr(server.heard, cases[i].begins), server.heard);
        for (size_t j = 0; j < 3 && cases[i].has[j] != NULL; j++) {
            assert_non_null(strstr(server.heard, cases[i].has[j]));
        }
        assert_null(strstr(server.heard, cases[i].lacks));
        airs_http_answer_free(&answer);
    }
}

/* What is longer than any name is refused here: the library would only find that there is no connection. */
static void a_path_has_a_limit(void **state) {
    (void)state;
    char long_path[AIRS_HTTP_PATH_MAX + 2] = "/";
    airs_http_answer_t answer;
    airs_error_t error;
    memset(long_path + 1, 'a', AIRS_HTTP_PATH_MAX);
    airs_http_request_t request = {
        .method = "POST", .path = long_path, .socket = path, .timeout_ms = PATIENCE_MS};
    assert_status(airs_http_exchange(&request, &answer, &error), AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "a name of more than 255 bytes: no actor and no topic has one");
    airs_http_answer_free(&answer);
    long_path[AIRS_HTTP_PATH_MAX] = '\0';
    server_t server = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"};
    assert_ok(exchange(&server, &request, &answer, &error));
    assert_non_null(strstr(server.heard, "aaaa HTTP/1.1\r\n"));
    airs_http_answer_free(&answer);
}

static void an_answer_is_taken_whatever_it_says(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        int status;
        const char *type;
        const char *sender;
        const char *body;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", "", ""},
        {"HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\n{}", 404, "a/b", "", "{}"},
        {"HTTP/1.1 200 OK\r\nX-Airssys-Sender: shop/a/0\r\nContent-Length: 3\r\n\r\nabc", 200, "", "shop/a/0",
         "abc"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, "", "",
         "abc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        server_t server = {.answer = cases[i].answer};
        airs_http_request_t request = {.method = "GET", .path = "/"};
        airs_http_answer_t answer;
        assert_ok(exchange(&server, &request, &answer, NULL));
        assert_int_equal(answer.status, cases[i].status);
        assert_string_equal(airs_text_cstr(&answer.content_type), cases[i].type);
        assert_string_equal(airs_text_cstr(&answer.sender), cases[i].sender);
        assert_string_equal(airs_text_cstr(&answer.body), cases[i].body);
        airs_http_answer_free(&answer);
    }
}

static void what_is_no_whole_answer_is_an_error(void **state) {
    (void)state;
    static const char *const answers[] = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "220 mail.example.org ESMTP\r\n\r\n",
        "\xff\xfe\0\0",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        server_t server = {.answer = answers[i]};
        airs_http_request_t request = {.method = "GET", .path = "/"};
        airs_http_answer_t answer;
        airs_error_t error = {AIRS_OK, ""};
        assert_status(exchange(&server, &request, &answer, &error), AIRS_IO);
        assert_non_null(strstr(error.text, path));
        assert_non_null(strstr(error.text, " did not answer: "));
        airs_http_answer_free(&answer);
    }
}

static void a_server_that_says_nothing_is_waited_for_so_long(void **state) {
    (void)state;
    airs_http_request_t request = {.socket = path, .method = "GET", .path = "/", .timeout_ms = 20};
    airs_http_answer_t answer;
    airs_error_t error = {AIRS_OK, ""};
    int listening = listen_at_path();
    assert_status(airs_http_exchange(&request, &answer, &error), AIRS_TIMEOUT);
    assert_non_null(strstr(error.text, "not in time"));
    airs_http_answer_free(&answer);
    close(listening);
    unlink(path);
}

static void a_server_that_leaves_before_the_body_ends_the_exchange(void **state) {
    (void)state;
    size_t size = (size_t)4 << 20;
    uint8_t *bytes = calloc(1, size);
    assert_non_null(bytes);
    server_t server = {.answer = "", .body = 1};
    airs_http_request_t request = {.method = "POST", .path = "/", .body = {bytes, size}};
    airs_http_answer_t answer;
    assert_status(exchange(&server, &request, &answer, NULL), AIRS_IO);
    airs_http_answer_free(&answer);
    free(bytes);
}

static void what_listens_at_a_path_is_told(void **state) {
    (void)state;
    pid_t process = -1;
    assert_status(airs_http_probe(path, &process, NULL), AIRS_NOT_FOUND);
    int listening = listen_at_path();
    assert_ok(airs_http_probe(path, &process, NULL));
    assert_int_equal(process, getpid());
    close(listening);
    assert_status(airs_http_probe(path, &process, NULL), AIRS_NOT_RUNNING);
    assert_int_equal(process, 0);
    unlink(path);
}

static void values_in_a_query_are_encoded(void **state) {
    (void)state;
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    airs_http_append_encoded(&text, airs_str("shop/desk-1/0 a&b=c%#?\xc3\xa4\r\n~._"));
    assert_string_equal(airs_text_cstr(&text), "shop/desk-1/0%20a%26b%3Dc%25%23%3F%C3%A4%0D%0A~._");
    airs_text_free(&text);
}

static int make_folder(void **state) {
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    airs_temporary_folder_create(&folder);
    airs_temporary_file_path(&folder, "s", path);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_says_what_it_must),
        cmocka_unit_test(a_path_has_a_limit),
        cmocka_unit_test(an_answer_is_taken_whatever_it_says),
        cmocka_unit_test(what_is_no_whole_answer_is_an_error),
        cmocka_unit_test(a_server_that_says_nothing_is_waited_for_so_long),
        cmocka_unit_test(a_server_that_leaves_before_the_body_ends_the_exchange),
        cmocka_unit_test(what_listens_at_a_path_is_told),
        cmocka_unit_test(values_in_a_query_are_encoded),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
