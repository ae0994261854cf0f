/* Sockets of guests: to what was granted and to nothing else, over TCP and UDP, IPv4 and IPv6, and names. */
#include "e2e/stage.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"
#include "support/temporary_folder.h"

#define ID "app/sockets/0"

/* ---- the other end -------------------------------------------------------------------------- */

/* Somebody on a loopback address who answers "you said TEXT", until it is closed. */
typedef struct peer {
    int family, type;
    int socket;
    int stop[2]; /* a pipe whose end ends the thread */
    uint16_t port;
    atomic_uint heard; /* relaxed: read after what was waited for */
    pthread_t thread;
} peer_t;

typedef union any_address {
    struct sockaddr plain;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
} any_address_t;

static socklen_t loopback(int family, uint16_t port, any_address_t *out) {
    memset(out, 0, sizeof *out);
    if (family == AF_INET) {
        out->ipv4.sin_family = AF_INET;
        out->ipv4.sin_port = htons(port);
        out->ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof out->ipv4;
    }
    out->ipv6.sin6_family = AF_INET6;
    out->ipv6.sin6_port = htons(port);
    out->ipv6.sin6_addr = in6addr_loopback;
    return sizeof out->ipv6;
}

static void answer_one(peer_t *peer) {
    char text[512] = "";
    char answer[600];
    any_address_t from;
    socklen_t size = sizeof from;
    if (peer->type == SOCK_DGRAM) {
        ssize_t length = recvfrom(peer->socket, text, sizeof text - 1, 0, &from.plain, &size);
        int said = snprintf(answer, sizeof answer, "you said %.*s", (int)(length > 0 ? length : 0), text);
        (void)sendto(peer->socket, answer, (size_t)said, 0, &from.plain, size);
    } else {
        int client = accept(peer->socket, NULL, NULL);
        ssize_t length = read(client, text, sizeof text - 1);
        int said = snprintf(answer, sizeof answer, "you said %.*s", (int)(length > 0 ? length : 0), text);
        (void)send(client, answer, (size_t)said, MSG_NOSIGNAL);
        close(client);
    }
    atomic_fetch_add_explicit(&peer->heard, 1, memory_order_relaxed);
}

static void *serve(void *argument) {
    peer_t *peer = argument;
    for (;;) {
        struct pollfd polled[2] = {{.fd = peer->socket, .events = POLLIN},
                                   {.fd = peer->stop[0], .events = POLLIN}};
        if (poll(polled, 2, -1) < 0 || polled[1].revents != 0) {
            return NULL;
        }
        answer_one(peer);
    }
}

/* False: this machine has no such addresses. */
static bool peer_open(peer_t *peer, int family, int type) {
    any_address_t address;
    socklen_t size = loopback(family, 0, &address);
    *peer = (peer_t){.family = family, .type = type, .socket = socket(family, type | SOCK_CLOEXEC, 0)};
    if (peer->socket < 0 || bind(peer->socket, &address.plain, size) != 0) {
        return false;
    }
    assert_true(type == SOCK_DGRAM || listen(peer->socket, 8) == 0);
    size = sizeof address;
    assert_int_equal(getsockname(peer->socket, &address.plain, &size), 0);
    peer->port = ntohs(family == AF_INET ? address.ipv4.sin_port : address.ipv6.sin6_port);
    assert_int_equal(pipe(peer->stop), 0);
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
    return true;
}

static unsigned peer_close(peer_t *peer) {
    close(peer->stop[1]);
    assert_int_equal(pthread_join(peer->thread, NULL), 0);
    close(peer->stop[0]);
    close(peer->socket);
    return atomic_load(&peer->heard);
}

static const char *host_of(const peer_t *peer) { return peer->family == AF_INET ? "127.0.0.1" : "::1"; }

/* ---- guests --------------------------------------------------------------------------------- */

static airs_status_t add(stage_t *stage, const airs_grant_t *grants, size_t count) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.confined = true;
    options.grants = grants;
    options.grant_count = count;
    return stage_spawn(stage, "sockets/sockets", ID, &options);
}

/* Anew, with one grant. */
static void add_with(stage_t *stage, const char *action, const char *pattern) {
    const airs_grant_t grant = {.action = action, .pattern = pattern};
    (void)stage_stop(stage, ID, AIRS_STOP_DROP);
    if (add(stage, &grant, 1) != AIRS_OK) {
        fail_msg("%s", stage->error.text);
    }
}

static const char *granted(const peer_t *peer, char out[64]) {
    (void)snprintf(out, 64, peer->family == AF_INET ? "%s:%u" : "[%s]:%u", host_of(peer),
                   (unsigned)peer->port);
    return out;
}

static const char *command(const char *verb, const peer_t *peer, char out[128]) {
    (void)snprintf(out, 128, "%s %s %u hello", verb, host_of(peer), (unsigned)peer->port);
    return out;
}

static void expect_denied(stage_t *stage, const char *text) {
    stage_expect_error(stage, ID, text, "access-denied");
}

/* With a grant for one of two. `verb` sends something there and waits for the answer. */
static void only_the_granted_one_is_reached(int family, int type, const char *verb) {
    stage_t stage;
    peer_t yes;
    peer_t no;
    char pattern[64];
    char text[128];
    if (!peer_open(&yes, family, type)) {
        print_message("[ skipped: no %s here ]\n", family == AF_INET ? "IPv4" : "IPv6");
        return;
    }
    assert_true(peer_open(&no, family, type));
    stage_open(&stage, 1);
    add_with(&stage, "network.outbound", granted(&yes, pattern));
    stage_expect(&stage, ID, command(verb, &yes, text), "you said hello");
    expect_denied(&stage, command(type == SOCK_DGRAM ? "send" : verb, &no, text));
    stage_expect(&stage, ID, command(verb, &yes, text), "you said hello");
    /* Neither another action nor somebody else's address is one. */
    add_with(&stage, "network.inbound", granted(&yes, pattern));
    expect_denied(&stage, command(type == SOCK_DGRAM ? "send" : verb, &yes, text));
    add_with(&stage, "network.outbound", "example.org");
    expect_denied(&stage, command(type == SOCK_DGRAM ? "send" : verb, &yes, text));
    /* Any port of localhost is any loopback address. */
    add_with(&stage, "network.outbound", "localhost");
    stage_expect(&stage, ID, command(verb, &yes, text), "you said hello");
    stage_expect(&stage, ID, command(verb, &no, text), "you said hello");
    stage_close(&stage);
    assert_int_equal(peer_close(&yes), 3);
    assert_int_equal(peer_close(&no), 1);
}

static void connections_go_to_granted_addresses(void **state) {
    (void)state;
    only_the_granted_one_is_reached(AF_INET, SOCK_STREAM, "ask");
    only_the_granted_one_is_reached(AF_INET6, SOCK_STREAM, "ask");
}

static void datagrams_go_to_granted_addresses(void **state) {
    (void)state;
    only_the_granted_one_is_reached(AF_INET, SOCK_DGRAM, "peer");
    only_the_granted_one_is_reached(AF_INET6, SOCK_DGRAM, "peer");
}

static void who_was_granted_nothing_has_no_socket(void **state) {
    (void)state;
    stage_t stage;
    peer_t peer;
    char text[128];
    assert_true(peer_open(&peer, AF_INET, SOCK_STREAM));
    stage_open(&stage, 1);
    for (int confined = 0; confined < 2; confined++) {
        airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
        options.confined = confined == 1;
        assert_ok(stage_spawn(&stage, "sockets/sockets", ID, &options));
        expect_denied(&stage, "socket");
        expect_denied(&stage, command("ask", &peer, text));
        expect_denied(&stage, "listen 127.0.0.1 0");
        expect_denied(&stage, "bind 127.0.0.1 0");
        expect_denied(&stage, "send 127.0.0.1 9 x");
        expect_denied(&stage, "resolve localhost");
        assert_ok(stage_stop(&stage, ID, AIRS_STOP_DROP));
    }
    add_with(&stage, "network.outbound", "example.org:443");
    stage_expect(&stage, ID, "socket", "ok");
    expect_denied(&stage, command("ask", &peer, text));
    stage_close(&stage);
    assert_int_equal(peer_close(&peer), 0);
}

/* ---- listening ------------------------------------------------------------------------------ */

static void expect_said(int family, uint16_t port, const char *said, const char *wanted) {
    any_address_t address;
    char text[128] = "";
    socklen_t size = loopback(family, port, &address);
    int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, &address.plain, size), 0);
    assert_int_equal(write(client, said, strlen(said)), (ssize_t)strlen(said));
    assert_in_range(read(client, text, sizeof text - 1), 1, sizeof text);
    assert_string_equal(text, wanted);
    close(client);
}

static uint16_t answered_port(stage_t *stage, const char *text) {
    uint64_t port = 0;
    if (stage_call(stage, ID, text) != AIRS_OK) {
        fail_msg("%s: %s", text, stage->error.text);
    }
    assert_true(parse_numbers(stage->answer, &port, 1));
    return (uint16_t)port;
}

/* A port that nobody has now. */
static uint16_t free_port(void) {
    peer_t peer;
    assert_true(peer_open(&peer, AF_INET, SOCK_STREAM));
    (void)peer_close(&peer);
    return peer.port;
}

static void connections_come_to_granted_addresses(void **state) {
    (void)state;
    stage_t stage;
    char pattern[64];
    char text[128];
    uint16_t port = free_port();
    stage_open(&stage, 1);
    (void)snprintf(pattern, sizeof pattern, "127.0.0.1:%u", port);
    add_with(&stage, "network.inbound", pattern);
    expect_denied(&stage, "listen 127.0.0.1 0");
    (void)snprintf(text, sizeof text, "listen 0.0.0.0 %u", port);
    expect_denied(&stage, text);
    (void)snprintf(text, sizeof text, "listen 127.0.0.1 %u", port == UINT16_MAX ? port - 1 : port + 1);
    expect_denied(&stage, text);
    /* A client's socket is not for listening. */
    expect_denied(&stage, "listen 0.0.0.0 0");
    (void)snprintf(text, sizeof text, "listen 127.0.0.1 %u", port);
    assert_int_equal(answered_port(&stage, text), port);
    assert_ok(stage_send(&stage, ID, "accept"));
    expect_said(AF_INET, port, "hello", "heard hello");
    /* With any port, one that the system picks. */
    add_with(&stage, "network.inbound", "localhost:*");
    port = answered_port(&stage, "listen 127.0.0.1 0");
    assert_ok(stage_send(&stage, ID, "accept"));
    expect_said(AF_INET, port, "hello", "heard hello");
    stage_close(&stage);
}

static void send_to(int family, uint16_t port, const char *text) {
    any_address_t address;
    socklen_t size = loopback(family, port, &address);
    int client = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(sendto(client, text, strlen(text), 0, &address.plain, size), (ssize_t)strlen(text));
    close(client);
}

static void datagrams_come_to_granted_addresses(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    add_with(&stage, "network.inbound", "127.0.0.1");
    expect_denied(&stage, "bind 0.0.0.0 5353");
    uint16_t port = answered_port(&stage, "bind 127.0.0.1 0");
    send_to(AF_INET, port, "hello");
    stage_expect(&stage, ID, "receive", "hello");
    stage_close(&stage);
}

/* A socket that was only made to send from hears whom it may send to, and no stranger. */
static void a_client_hears_no_stranger(void **state) {
    (void)state;
    stage_t stage;
    peer_t peer;
    char pattern[64];
    char text[128];
    assert_true(peer_open(&peer, AF_INET, SOCK_DGRAM));
    stage_open(&stage, 1);
    add_with(&stage, "network.outbound", granted(&peer, pattern));
    uint16_t port = answered_port(&stage, "bind 0.0.0.0 0");
    send_to(AF_INET, port, "from a stranger");
    stage_expect(&stage, ID, command("peer", &peer, text), "you said hello");
    stage_close(&stage);
    assert_int_equal(peer_close(&peer), 1);
}

/* Nor does it when another socket of the component, which is bound to what was granted, hears everybody. */
static void each_socket_hears_whom_it_may(void **state) {
    (void)state;
    stage_t stage;
    peer_t peer;
    char pattern[64];
    char text[128];
    assert_true(peer_open(&peer, AF_INET, SOCK_DGRAM));
    stage_open(&stage, 1);
    const airs_grant_t grants[] = {{.action = "network.outbound", .pattern = granted(&peer, pattern)},
                                   {.action = "network.inbound", .pattern = "127.0.0.1"}};
    assert_ok(add(&stage, grants, 2));
    uint16_t port = answered_port(&stage, "bind 127.0.0.1 0");
    send_to(AF_INET, port, "hello");
    stage_expect(&stage, ID, "receive", "hello");
    port = answered_port(&stage, "bind 0.0.0.0 0");
    send_to(AF_INET, port, "from a stranger");
    stage_expect(&stage, ID, command("peer", &peer, text), "you said hello");
    stage_close(&stage);
    assert_int_equal(peer_close(&peer), 1);
}

/* A call returns after what was refused, however much more of it comes. */
static void what_is_refused_ends_a_wait(void **state) {
    (void)state;
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < 2; i++) {
        stage_t stage;
        peer_t peer;
        char pattern[64];
        char text[128];
        if (!peer_open(&peer, families[i], SOCK_DGRAM)) {
            print_message("[ skipped: no %s here ]\n", i == 0 ? "IPv4" : "IPv6");
            continue;
        }
        stage_open(&stage, 1);
        add_with(&stage, "network.outbound", granted(&peer, pattern));
        uint16_t port = answered_port(&stage, i == 0 ? "bind 0.0.0.0 0" : "bind :: 0");
        for (int n = 0; n < 3; n++) {
            send_to(families[i], port, "from a stranger");
            stage_expect(&stage, ID, "look", "nothing");
        }
        stage_expect(&stage, ID, command("peer", &peer, text), "you said hello");
        stage_close(&stage);
        assert_int_equal(peer_close(&peer), 1);
    }
}

/* ---- waiting -------------------------------------------------------------------------------- */

/* Who waits for the network holds no worker: with a single one others are answered meanwhile. */
static void who_waits_is_parked(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    add_with(&stage, "network.inbound", "localhost");
    uint16_t port = answered_port(&stage, "listen 127.0.0.1 0");
    assert_ok(stage_send(&stage, ID, "accept"));
    for (int i = 0; i < 20; i++) {
        stage_expect(&stage, "app/echo/0", "meanwhile", "meanwhile");
    }
    assert_int_equal(stage_counters(&stage, ID).handled, 1);
    expect_said(AF_INET, port, "hello", "heard hello");
    port = answered_port(&stage, "bind 127.0.0.1 0");
    assert_ok(stage_send(&stage, ID, "receive"));
    for (int i = 0; i < 20; i++) {
        stage_expect(&stage, "app/echo/0", "meanwhile", "meanwhile");
    }
    /* One that waits can be ended. */
    assert_int_equal(stage_counters(&stage, ID).handled, 3);
    assert_status(airs_node_stop(stage.node, id_of(ID), AIRS_STOP_DROP, 20, &stage.error), AIRS_TIMEOUT);
    stage_await_end(&stage, ID);
    send_to(AF_INET, port, "too late");
    stage_close(&stage);
}

static void a_wait_has_a_limit(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    static const airs_grant_t grant = {.action = "network.inbound", .pattern = "localhost"};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.confined = true;
    options.grants = &grant;
    options.grant_count = 1;
    options.max_parked_time_ms = 50;
    assert_ok(stage_spawn(&stage, "sockets/sockets", ID, &options));
    (void)answered_port(&stage, "listen 127.0.0.1 0");
    assert_status(stage_call(&stage, ID, "accept"), AIRS_PARKED_TIME_EXCEEDED);
    stage_await_end(&stage, ID);
    stage_close(&stage);
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Does this machine know itself by that name? One without /etc/hosts does not. */
static bool has_localhost(void) {
    struct addrinfo *found = NULL;
    bool has = getaddrinfo("localhost", NULL, NULL, &found) == 0;
    if (has) {
        freeaddrinfo(found);
    }
    return has;
}

/* Not denied: it is answered, or the machine does not know the name. */
static void expect_looked_up(stage_t *stage, const char *text) {
    airs_status_t status = stage_call(stage, ID, text);
    if (has_localhost()) {
        assert_ok(status);
        assert_true(strstr(stage->answer, "127.0.0.1") != NULL || strstr(stage->answer, "::1") != NULL);
    } else {
        assert_status(status, AIRS_HANDLE_MESSAGE_FAILED);
        assert_null(strstr(stage->error.text, "access-denied"));
    }
}

static void names_are_looked_up_where_granted(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    add_with(&stage, "network.outbound", "localhost:7");
    expect_looked_up(&stage, "resolve localhost");
    expect_looked_up(&stage, "resolve LocalHost");
    expect_denied(&stage, "resolve example.org");
    expect_denied(&stage, "resolve localhost.example.org");
    expect_denied(&stage, "resolve 127.0.0.1");
    add_with(&stage, "network.outbound", "*.example.org:443");
    expect_denied(&stage, "resolve localhost");
    add_with(&stage, "network.inbound", "localhost");
    expect_denied(&stage, "resolve localhost");
    /* An address is its own name. */
    add_with(&stage, "network.outbound", "127.0.0.1:7");
    stage_expect(&stage, ID, "resolve 127.0.0.1", "127.0.0.1");
    /* Everything is granted, but an address of this machine by a name that is anybody's is not shown. */
    static const airs_grant_t all = {.action = "network.*", .pattern = "**"};
    (void)stage_stop(&stage, ID, AIRS_STOP_DROP);
    assert_ok(add(&stage, &all, 1));
    expect_looked_up(&stage, "resolve localhost");
    stage_close(&stage);
}

/* ---- policy, audit, limits ------------------------------------------------------------------ */

static void a_policy_stands_over_sockets(void **state) {
    (void)state;
    stage_t stage;
    peer_t peer;
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char rule[512];
    char text[128];
    assert_true(peer_open(&peer, AF_INET, SOCK_STREAM));
    airs_temporary_folder_create(&folder);
    airs_temporary_file_path(&folder, "policy.toml", path);
    stage_open(&stage, 1);
    add_with(&stage, "network.outbound", "localhost");
    stage_expect(&stage, ID, command("ask", &peer, text), "you said hello");
    static const char *const resources[] = {"127.0.0.1:%u", "localhost:%u", "127.**", "127.0.0.1:1"};
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
        char resource[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(resource, sizeof resource, resources[i], (unsigned)peer.port);
#pragma GCC diagnostic pop
        (void)snprintf(rule, sizeof rule,
                       "[[rules]]\ncomponent = \"app/**\"\naction = \"network.outbound\"\nresource = \"%s\"\n"
                       "effect = \"deny\"\n",
                       resource);
        airs_temporary_file_write_text(&folder, "policy.toml", rule);
        assert_ok(airs_node_set_policy(stage.node, path, &stage.error));
        if (i < 3) {
            expect_denied(&stage, command("ask", &peer, text));
        } else {
            stage_expect(&stage, ID, command("ask", &peer, text), "you said hello");
        }
    }
    stage_close(&stage);
    airs_temporary_folder_remove(&folder);
    assert_int_equal(peer_close(&peer), 2);
}

static void deny_outbound(stage_t *stage, const airs_temporary_folder_t *folder, const char *resource) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    char rule[512];
    (void)snprintf(rule, sizeof rule,
                   "[[rules]]\ncomponent = \"app/**\"\naction = \"network.outbound\"\nresource = \"%s\"\n"
                   "effect = \"deny\"\n",
                   resource);
    airs_temporary_file_write_text(folder, "policy.toml", rule);
    assert_ok(airs_node_set_policy(stage->node, airs_temporary_file_path(folder, "policy.toml", path),
                                   &stage->error));
}

/* What is open would go on, so who has it open ends; who has closed it does not. */
static void a_policy_takes_a_connection_away(void **state) {
    (void)state;
    stage_t stage;
    peer_t peer;
    airs_temporary_folder_t folder;
    char text[128];
    assert_true(peer_open(&peer, AF_INET, SOCK_STREAM));
    airs_temporary_folder_create(&folder);
    stage_open(&stage, 1);
    add_with(&stage, "network.outbound", "localhost");
    stage_expect(&stage, ID, command("hold", &peer, text), "ok");
    stage_expect(&stage, ID, "let-go", "ok");
    deny_outbound(&stage, &folder, "localhost");
    expect_denied(&stage, command("hold", &peer, text));
    stage_expect(&stage, ID, "socket", "ok");
    deny_outbound(&stage, &folder, "10.0.0.1");
    stage_expect(&stage, ID, command("hold", &peer, text), "ok");
    stage_expect(&stage, ID, "socket", "ok");
    deny_outbound(&stage, &folder, "localhost");
    assert_status(stage_call(&stage, ID, "socket"), AIRS_CAPABILITY_DENIED);
    assert_non_null(strstr(stage.error.text, "a connection that it has open is its no longer: "));
    stage_await_end(&stage, ID);
    stage_close(&stage);
    airs_temporary_folder_remove(&folder);
    (void)peer_close(&peer);
}

/* A clock whose date stands still until a test moves it. */
typedef struct dated_clock {
    airs_clock_t clock;
    _Atomic uint64_t wall_ns;
} dated_clock_t;

static uint64_t monotonic_of_system(airs_clock_t *clock) {
    (void)clock;
    return airs_clock_monotonic(airs_clock_system());
}

static uint64_t wall_of_dated(airs_clock_t *clock) {
    return atomic_load(&((dated_clock_t *)(void *)clock)->wall_ns);
}

/* Bound to a loopback address, and heard by nobody but us. */
static int listen_ourselves(uint16_t *port) {
    any_address_t address;
    socklen_t size = loopback(AF_INET, 0, &address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, &address.plain, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, &address.plain, &size), 0);
    *port = ntohs(address.ipv4.sin_port);
    return listener;
}

/* It waits, without a limit, for an answer that does not come; the end of its grant ends it, and the connection. */
static void who_waits_ends_with_the_grant(void **state) {
    (void)state;
    stage_t stage;
    dated_clock_t clock = {{monotonic_of_system, wall_of_dated}, UINT64_C(1000000000000000000)};
    airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
    node.workers = 1;
    node.cache_dir = "";
    node.clock = &clock.clock;
    stage_open_with(&stage, node);
    const airs_grant_t grant = {
        .action = "network.outbound", .pattern = "localhost", .expires_at_ns = clock.wall_ns + 20000000};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.confined = true;
    options.grants = &grant;
    options.grant_count = 1;
    options.max_parked_time_ms = UINT64_MAX;
    assert_ok(stage_spawn(&stage, "sockets/sockets", ID, &options));
    uint16_t port = 0;
    int listener = listen_ourselves(&port);
    char text[128];
    (void)snprintf(text, sizeof text, "ask 127.0.0.1 %u hello", (unsigned)port);
    assert_ok(stage_send(&stage, ID, text));
    int connection = accept(listener, NULL, NULL);
    assert_int_equal(recv(connection, text, 5, MSG_WAITALL), 5);
    /* By the date it goes on for ever; it has looked at it or not. */
    assert_int_equal(stage_counters(&stage, ID).state, AIRS_ACTOR_RUNNING);
    atomic_fetch_add(&clock.wall_ns, 20000000);
    stage_await_end(&stage, ID);
    assert_int_equal(recv(connection, text, sizeof text, 0), 0);
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_CRASHED), 1);
    close(connection);
    close(listener);
    stage_close(&stage);
}

/* As a policy takes one away, of one that was accepted. */
static void a_policy_takes_an_accepted_connection_away(void **state) {
    (void)state;
    stage_t stage;
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    any_address_t address;
    airs_temporary_folder_create(&folder);
    stage_open(&stage, 1);
    add_with(&stage, "network.inbound", "127.0.0.1");
    uint16_t port = answered_port(&stage, "listen 127.0.0.1 0");
    socklen_t size = loopback(AF_INET, port, &address);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, &address.plain, size), 0);
    stage_expect(&stage, ID, "keep", "ok");
    stage_expect(&stage, ID, "socket", "ok");
    airs_temporary_file_write_text(&folder, "policy.toml",
                                   "[[rules]]\ncomponent = \"app/**\"\naction = \"network.inbound\"\n"
                                   "resource = \"**\"\neffect = \"deny\"\n");
    assert_ok(airs_node_set_policy(stage.node, airs_temporary_file_path(&folder, "policy.toml", path),
                                   &stage.error));
    assert_status(stage_call(&stage, ID, "socket"), AIRS_CAPABILITY_DENIED);
    stage_await_end(&stage, ID);
    char text[8];
    assert_int_equal(read(client, text, sizeof text), 0);
    close(client);
    stage_close(&stage);
    airs_temporary_folder_remove(&folder);
}

typedef struct audited {
    stage_t stage;
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_bytes_t written; /* once the node has ended */
} audited_t;

static void open_audited(audited_t *audited, const airs_grant_t *grants, size_t count) {
    airs_temporary_folder_create(&audited->folder);
    airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
    node.workers = 1;
    node.audit_file = airs_temporary_file_path(&audited->folder, "audit.jsonl", audited->path);
    stage_open_with(&audited->stage, node);
    assert_ok(add(&audited->stage, grants, count));
}

static void end_audited(audited_t *audited) {
    stage_close(&audited->stage);
    assert_ok(airs_file_read(airs_allocator_default(), audited->path, 1 << 20, &audited->written, NULL));
}

static void close_audited(audited_t *audited) {
    airs_release(airs_allocator_default(), (void *)(uintptr_t)audited->written.data);
    airs_temporary_folder_remove(&audited->folder);
}

/* Of lines that have it: how many, and how many denials these count. */
static size_t lines_of(const audited_t *audited, const char *wanted, uint64_t *denials) {
    char line[1024];
    size_t lines = 0;
    FILE *file = fmemopen((void *)(uintptr_t)audited->written.data, audited->written.size, "r");
    assert_non_null(file);
    *denials = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *count = strstr(line, "\"count\":");
        if (strstr(line, wanted) != NULL) {
            lines++;
            *denials += count != NULL ? strtoull(count + strlen("\"count\":"), NULL, 10) : 1;
        }
    }
    (void)fclose(file);
    return lines;
}

static void the_audit_names_what_was_denied(void **state) {
    (void)state;
    static const char *const denied[] = {
        "\"resource\":\"127.0.0.1:9\",\"decision\":\"denied\",\"rule\":\"no capability covers it\"",
        "\"action\":\"network.inbound\",\"resource\":\"127.0.0.1:18\",\"decision\":\"denied\"",
        "\"action\":\"network.outbound\",\"resource\":\"example.org\",\"decision\":\"denied\"",
    };
    static const airs_grant_t grants[] = {{.action = "network.outbound", .pattern = "localhost:7"},
                                          {.action = "network.inbound", .pattern = "127.0.0.1:17"}};
    audited_t audited;
    uint64_t denials = 0;
    open_audited(&audited, grants, 2);
    expect_denied(&audited.stage, "ask 127.0.0.1 9 x");
    expect_denied(&audited.stage, "listen 127.0.0.1 18");
    expect_denied(&audited.stage, "resolve example.org");
    end_audited(&audited);
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
        if (lines_of(&audited, denied[i], &denials) == 0) {
            fail_msg("%.*s\nhas no %s", (int)audited.written.size, (const char *)audited.written.data,
                     denied[i]);
        }
    }
    close_audited(&audited);
}

/* Where it came to, however many strangers there are: one line with their count, or the first and one for the others. */
static void the_audit_counts_what_strangers_sent(void **state) {
    (void)state;
    static const airs_grant_t grant = {.action = "network.outbound", .pattern = "127.0.0.1:9"};
    char wanted[128];
    uint64_t denials = 0;
    audited_t audited;
    open_audited(&audited, &grant, 1);
    uint16_t port = answered_port(&audited.stage, "bind 0.0.0.0 0");
    for (int i = 0; i < 50; i++) {
        send_to(AF_INET, port, "from a stranger");
        stage_expect(&audited.stage, ID, "look", "nothing");
    }
    end_audited(&audited);
    (void)snprintf(wanted, sizeof wanted,
                   "\"action\":\"network.inbound\",\"resource\":\"0.0.0.0:%u\",\"decision\":\"denied\"",
                   (unsigned)port);
    assert_in_range(lines_of(&audited, wanted, &denials), 1, 2);
    assert_int_equal(denials, 50);
    assert_int_equal(lines_of(&audited, "\"omitted\"", &denials), 0);
    close_audited(&audited);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_go_to_granted_addresses),
        cmocka_unit_test(datagrams_go_to_granted_addresses),
        cmocka_unit_test(who_was_granted_nothing_has_no_socket),
        cmocka_unit_test(connections_come_to_granted_addresses),
        cmocka_unit_test(datagrams_come_to_granted_addresses),
        cmocka_unit_test(a_client_hears_no_stranger),
        cmocka_unit_test(each_socket_hears_whom_it_may),
        cmocka_unit_test(what_is_refused_ends_a_wait),
        cmocka_unit_test(who_waits_is_parked),
        cmocka_unit_test(a_wait_has_a_limit),
        cmocka_unit_test(names_are_looked_up_where_granted),
        cmocka_unit_test(a_policy_stands_over_sockets),
        cmocka_unit_test(a_policy_takes_a_connection_away),
        cmocka_unit_test(who_waits_ends_with_the_grant),
        cmocka_unit_test(a_policy_takes_an_accepted_connection_away),
        cmocka_unit_test(the_audit_names_what_was_denied),
        cmocka_unit_test(the_audit_counts_what_strangers_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
