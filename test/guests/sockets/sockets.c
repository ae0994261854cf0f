/* What a guest does with the network: "socket" (only makes one), "ask ADDRESS PORT TEXT" (what the other end answers to
 * that), "hold ADDRESS PORT" (connects, and keeps it), "let-go" (of that), "keep" (accepts one, and keeps it), "listen ADDRESS PORT" (the port that it became), "accept" (waits for somebody, hears a text, says "heard TEXT"
 * and answers with the text), "bind ADDRESS PORT" (of a datagram socket, likewise), "send ADDRESS PORT TEXT" (of a
 * datagram; from the bound socket, or one of its own), "receive" (waits for one), "look"
 * (waits until there is something, and says what it was, or "nothing"), "peer ADDRESS PORT TEXT" (sends a
 * datagram from a socket of its own and waits for what comes back), "resolve NAME" (its addresses). Errors are the
 * error codes' names. */
#include <airssys.h>
#include <guest.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

typedef wasi_sockets_network_ip_socket_address_t address_t;
typedef wasi_sockets_network_error_code_t code_t;
typedef wasi_sockets_tcp_own_tcp_socket_t tcp_t;
typedef wasi_sockets_udp_own_udp_socket_t udp_t;

static tcp_t listener;
static wasi_sockets_udp_own_incoming_datagram_stream_t incoming;
static wasi_sockets_udp_own_outgoing_datagram_stream_t outgoing;
static bool is_bound;

static airs_outcome_t refused(code_t code) {
    static const char *const names[] = {
        "unknown",
        "access-denied",
        "not-supported",
        "invalid-argument",
        "out-of-memory",
        "timeout",
        "concurrency-conflict",
        "not-in-progress",
        "would-block",
        "invalid-state",
        "new-socket-limit",
        "address-not-bindable",
        "address-in-use",
        "remote-unreachable",
        "connection-refused",
        "connection-reset",
        "connection-aborted",
        "datagram-too-large",
        "name-unresolvable",
        "temporary-resolver-failure",
        "permanent-resolver-failure",
    };
    return airs_fail("%s", names[code]);
}

static wasi_sockets_network_borrow_network_t network(void) {
    static wasi_sockets_network_own_network_t own;
    static bool is_there;
    if (!is_there) {
        own = wasi_sockets_instance_network_instance_network();
        is_there = true;
    }
    return wasi_sockets_network_borrow_network(own);
}

static void wait_for(wasi_io_poll_own_pollable_t pollable) {
    wasi_io_poll_method_pollable_block(wasi_io_poll_borrow_pollable(pollable));
    wasi_io_poll_pollable_drop_own(pollable);
}

static bool parse_address(const char *host, const char *port, address_t *out) {
    unsigned char bytes[16];
    uint16_t number = (uint16_t)strtoul(port, NULL, 10);
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, bytes) == 1) {
        out->tag = WASI_SOCKETS_NETWORK_IP_SOCKET_ADDRESS_IPV4;
        out->val.ipv4.port = number;
        memcpy(&out->val.ipv4.address, bytes, 4);
        return true;
    }
    out->tag = WASI_SOCKETS_NETWORK_IP_SOCKET_ADDRESS_IPV6;
    out->val.ipv6.port = number;
    if (inet_pton(AF_INET6, host, bytes) != 1) {
        return false;
    }
    uint16_t parts[8];
    for (size_t i = 0; i < 8; i++) {
        parts[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    }
    memcpy(&out->val.ipv6.address, parts, sizeof parts);
    return true;
}

static uint8_t family_of(const address_t *address) {
    return address->tag == WASI_SOCKETS_NETWORK_IP_SOCKET_ADDRESS_IPV4
               ? WASI_SOCKETS_NETWORK_IP_ADDRESS_FAMILY_IPV4
               : WASI_SOCKETS_NETWORK_IP_ADDRESS_FAMILY_IPV6;
}

static unsigned port_of(const address_t *address) {
    return address->tag == WASI_SOCKETS_NETWORK_IP_SOCKET_ADDRESS_IPV4 ? address->val.ipv4.port
                                                                       : address->val.ipv6.port;
}

/* ---- streams -------------------------------------------------------------------------------- */

typedef wasi_io_streams_own_input_stream_t input_t;
typedef wasi_io_streams_own_output_stream_t output_t;

static airs_outcome_t say(output_t output, const char *text) {
    guest_list_u8_t bytes = {(uint8_t *)text, strlen(text)};
    wasi_io_streams_stream_error_t error;
    bool is_said = wasi_io_streams_method_output_stream_blocking_write_and_flush(
        wasi_io_streams_borrow_output_stream(output), &bytes, &error);
    wasi_io_streams_output_stream_drop_own(output);
    return is_said ? airs_answer(airs_text("ok")) : airs_fail_str(airs_str("cannot be written to"));
}

static bool hear(input_t input, char *out, size_t size) {
    guest_list_u8_t bytes;
    wasi_io_streams_stream_error_t error;
    bool is_heard = wasi_io_streams_method_input_stream_blocking_read(
        wasi_io_streams_borrow_input_stream(input), size - 1, &bytes, &error);
    snprintf(out, size, "%.*s", is_heard ? (int)bytes.len : 0, is_heard ? (const char *)bytes.ptr : "");
    wasi_io_streams_input_stream_drop_own(input);
    return is_heard;
}

static airs_outcome_t ask(address_t *address, const char *text) {
    tcp_t socket;
    code_t code;
    if (!wasi_sockets_tcp_create_socket_create_tcp_socket(family_of(address), &socket, &code)) {
        return refused(code);
    }
    wasi_sockets_tcp_borrow_tcp_socket_t self = wasi_sockets_tcp_borrow_tcp_socket(socket);
    if (!wasi_sockets_tcp_method_tcp_socket_start_connect(self, network(), address, &code)) {
        wasi_sockets_tcp_tcp_socket_drop_own(socket);
        return refused(code);
    }
    wait_for(wasi_sockets_tcp_method_tcp_socket_subscribe(self));
    wasi_sockets_tcp_tuple2_own_input_stream_own_output_stream_t streams;
    if (!wasi_sockets_tcp_method_tcp_socket_finish_connect(self, &streams, &code)) {
        wasi_sockets_tcp_tcp_socket_drop_own(socket);
        return refused(code);
    }
    char answer[512];
    airs_outcome_t said = say(streams.f1, text);
    bool is_heard = hear(streams.f0, answer, sizeof answer);
    wasi_sockets_tcp_tcp_socket_drop_own(socket);
    (void)said;
    return is_heard ? airs_answer_text("%s", answer) : airs_fail_str(airs_str("nothing to be heard"));
}

static tcp_t held;
static wasi_sockets_tcp_tuple2_own_input_stream_own_output_stream_t held_streams;

static airs_outcome_t hold(address_t *address) {
    code_t code;
    if (!wasi_sockets_tcp_create_socket_create_tcp_socket(family_of(address), &held, &code)) {
        return refused(code);
    }
    wasi_sockets_tcp_borrow_tcp_socket_t self = wasi_sockets_tcp_borrow_tcp_socket(held);
    if (!wasi_sockets_tcp_method_tcp_socket_start_connect(self, network(), address, &code)) {
        return refused(code);
    }
    wait_for(wasi_sockets_tcp_method_tcp_socket_subscribe(self));
    return wasi_sockets_tcp_method_tcp_socket_finish_connect(self, &held_streams, &code)
               ? airs_answer(airs_text("ok"))
               : refused(code);
}

static airs_outcome_t keep(void) {
    wasi_sockets_tcp_borrow_tcp_socket_t self = wasi_sockets_tcp_borrow_tcp_socket(listener);
    wasi_sockets_tcp_tuple3_own_tcp_socket_own_input_stream_own_output_stream_t accepted;
    code_t code;
    wait_for(wasi_sockets_tcp_method_tcp_socket_subscribe(self));
    return wasi_sockets_tcp_method_tcp_socket_accept(self, &accepted, &code) ? airs_answer(airs_text("ok"))
                                                                             : refused(code);
}

static airs_outcome_t let_go(void) {
    wasi_io_streams_input_stream_drop_own(held_streams.f0);
    wasi_io_streams_output_stream_drop_own(held_streams.f1);
    wasi_sockets_tcp_tcp_socket_drop_own(held);
    return airs_answer(airs_text("ok"));
}

static airs_outcome_t listen_at(address_t *address) {
    code_t code;
    if (!wasi_sockets_tcp_create_socket_create_tcp_socket(family_of(address), &listener, &code)) {
        return refused(code);
    }
    wasi_sockets_tcp_borrow_tcp_socket_t self = wasi_sockets_tcp_borrow_tcp_socket(listener);
    if (!wasi_sockets_tcp_method_tcp_socket_start_bind(self, network(), address, &code) ||
        !wasi_sockets_tcp_method_tcp_socket_finish_bind(self, &code) ||
        !wasi_sockets_tcp_method_tcp_socket_start_listen(self, &code) ||
        !wasi_sockets_tcp_method_tcp_socket_finish_listen(self, &code) ||
        !wasi_sockets_tcp_method_tcp_socket_local_address(self, address, &code)) {
        return refused(code);
    }
    return airs_answer_text("%u", port_of(address));
}

static airs_outcome_t accept_one(void) {
    wasi_sockets_tcp_borrow_tcp_socket_t self = wasi_sockets_tcp_borrow_tcp_socket(listener);
    wasi_sockets_tcp_tuple3_own_tcp_socket_own_input_stream_own_output_stream_t accepted;
    code_t code;
    wait_for(wasi_sockets_tcp_method_tcp_socket_subscribe(self));
    if (!wasi_sockets_tcp_method_tcp_socket_accept(self, &accepted, &code)) {
        return refused(code);
    }
    char text[256];
    char answer[512];
    bool is_heard = hear(accepted.f1, text, sizeof text);
    snprintf(answer, sizeof answer, "heard %s", text);
    airs_outcome_t said = say(accepted.f2, answer);
    (void)said;
    wasi_sockets_tcp_tcp_socket_drop_own(accepted.f0);
    return is_heard ? airs_answer_text("%s", text) : airs_fail_str(airs_str("nothing to be heard"));
}

/* ---- datagrams ------------------------------------------------------------------------------ */

static bool bind_datagrams(address_t *address, const address_t *to, code_t *code) {
    udp_t socket;
    wasi_sockets_udp_tuple2_own_incoming_datagram_stream_own_outgoing_datagram_stream_t streams;
    if (!wasi_sockets_udp_create_socket_create_udp_socket(family_of(address), &socket, code)) {
        return false;
    }
    wasi_sockets_udp_borrow_udp_socket_t self = wasi_sockets_udp_borrow_udp_socket(socket);
    if (!wasi_sockets_udp_method_udp_socket_start_bind(self, network(), address, code) ||
        !wasi_sockets_udp_method_udp_socket_finish_bind(self, code) ||
        !wasi_sockets_udp_method_udp_socket_stream(self, (address_t *)to, &streams, code) ||
        !wasi_sockets_udp_method_udp_socket_local_address(self, address, code)) {
        return false;
    }
    incoming = streams.f0;
    outgoing = streams.f1;
    is_bound = true;
    return true;
}

static bool look(wasi_sockets_udp_list_incoming_datagram_t *datagrams, code_t *code) {
    wasi_sockets_udp_borrow_incoming_datagram_stream_t self =
        wasi_sockets_udp_borrow_incoming_datagram_stream(incoming);
    wait_for(wasi_sockets_udp_method_incoming_datagram_stream_subscribe(self));
    return wasi_sockets_udp_method_incoming_datagram_stream_receive(self, 1, datagrams, code);
}

static airs_outcome_t receive(bool waits) {
    wasi_sockets_udp_list_incoming_datagram_t datagrams;
    code_t code;
    do {
        if (!look(&datagrams, &code)) {
            return refused(code);
        }
    } while (waits && datagrams.len == 0);
    return datagrams.len == 0 ? airs_answer_text("nothing")
                              : airs_answer_text("%.*s", (int)datagrams.ptr[0].data.len,
                                                 (const char *)datagrams.ptr[0].data.ptr);
}

static airs_outcome_t send_datagram(const address_t *address, const char *text) {
    address_t any;
    code_t code;
    uint64_t count = 0;
    bool is_ipv4 = address->tag == WASI_SOCKETS_NETWORK_IP_SOCKET_ADDRESS_IPV4;
    (void)parse_address(is_ipv4 ? "0.0.0.0" : "::", "0", &any);
    if (!is_bound && !bind_datagrams(&any, NULL, &code)) {
        return refused(code);
    }
    wasi_sockets_udp_borrow_outgoing_datagram_stream_t self =
        wasi_sockets_udp_borrow_outgoing_datagram_stream(outgoing);
    wasi_sockets_udp_outgoing_datagram_t datagram = {{(uint8_t *)text, strlen(text)}, {true, *address}};
    wasi_sockets_udp_list_outgoing_datagram_t datagrams = {&datagram, 1};
    if (!wasi_sockets_udp_method_outgoing_datagram_stream_check_send(self, &count, &code) ||
        !wasi_sockets_udp_method_outgoing_datagram_stream_send(self, &datagrams, &count, &code)) {
        return refused(code);
    }
    return airs_answer_text("%llu", (unsigned long long)count);
}

/* ---- names ---------------------------------------------------------------------------------- */

static void append_address(char *out, size_t size, const wasi_sockets_network_ip_address_t *address) {
    unsigned char bytes[16];
    char text[64] = "";
    bool is_ipv4 = address->tag == WASI_SOCKETS_NETWORK_IP_ADDRESS_IPV4;
    memcpy(bytes, &address->val, is_ipv4 ? 4 : 16);
    for (size_t i = 0; !is_ipv4 && i < 16; i += 2) {
        unsigned char swapped = bytes[i];
        bytes[i] = bytes[i + 1];
        bytes[i + 1] = swapped;
    }
    (void)inet_ntop(is_ipv4 ? AF_INET : AF_INET6, bytes, text, sizeof text);
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", text);
}

static airs_outcome_t resolve(const char *name) {
    guest_string_t text = {(uint8_t *)name, strlen(name)};
    wasi_sockets_ip_name_lookup_own_resolve_address_stream_t stream;
    wasi_sockets_ip_name_lookup_option_ip_address_t next = {0};
    char found[512] = "";
    code_t code;
    if (!wasi_sockets_ip_name_lookup_resolve_addresses(network(), &text, &stream, &code)) {
        return refused(code);
    }
    wasi_sockets_ip_name_lookup_borrow_resolve_address_stream_t self =
        wasi_sockets_ip_name_lookup_borrow_resolve_address_stream(stream);
    do {
        wait_for(wasi_sockets_ip_name_lookup_method_resolve_address_stream_subscribe(self));
        if (!wasi_sockets_ip_name_lookup_method_resolve_address_stream_resolve_next_address(self, &next,
                                                                                            &code)) {
            return refused(code);
        }
        if (next.is_some) {
            append_address(found, sizeof found, &next.val);
        }
    } while (next.is_some);
    wasi_sockets_ip_name_lookup_resolve_address_stream_drop_own(stream);
    return airs_answer_text("%s", found);
}

/* ---- commands ------------------------------------------------------------------------------- */

static airs_outcome_t make_socket(void) {
    tcp_t tcp;
    udp_t udp;
    code_t code;
    if (!wasi_sockets_tcp_create_socket_create_tcp_socket(WASI_SOCKETS_NETWORK_IP_ADDRESS_FAMILY_IPV4, &tcp,
                                                          &code) ||
        !wasi_sockets_udp_create_socket_create_udp_socket(WASI_SOCKETS_NETWORK_IP_ADDRESS_FAMILY_IPV6, &udp,
                                                          &code)) {
        return refused(code);
    }
    return airs_answer(airs_text("ok"));
}

static airs_outcome_t run(const char *verb, address_t *address, const char *text) {
    code_t code;
    if (strcmp(verb, "ask") == 0) {
        return ask(address, text);
    } else if (strcmp(verb, "hold") == 0) {
        return hold(address);
    } else if (strcmp(verb, "listen") == 0) {
        return listen_at(address);
    } else if (strcmp(verb, "send") == 0) {
        return send_datagram(address, text);
    } else if (strcmp(verb, "peer") == 0) {
        airs_outcome_t sent = send_datagram(address, text);
        (void)sent;
        return receive(true);
    } else if (strcmp(verb, "bind") == 0) {
        return bind_datagrams(address, NULL, &code) ? airs_answer_text("%u", port_of(address))
                                                    : refused(code);
    }
    return airs_fail("not a command: %s", verb);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    char text[1024];
    char *parts[4] = {"", "", "", ""};
    address_t address;
    if (message->payload.size >= sizeof text) {
        return airs_fail_str(airs_str("the command is too long"));
    }
    memcpy(text, message->payload.data, message->payload.size);
    text[message->payload.size] = '\0';
    char *at = text;
    for (size_t i = 0; i < 4 && at != NULL; i++) {
        parts[i] = i < 3 ? strsep(&at, " ") : at;
    }
    if (strcmp(parts[0], "socket") == 0) {
        return make_socket();
    } else if (strcmp(parts[0], "keep") == 0) {
        return keep();
    } else if (strcmp(parts[0], "let-go") == 0) {
        return let_go();
    } else if (strcmp(parts[0], "accept") == 0) {
        return accept_one();
    } else if (strcmp(parts[0], "receive") == 0) {
        return receive(true);
    } else if (strcmp(parts[0], "look") == 0) {
        return receive(false);
    } else if (strcmp(parts[0], "resolve") == 0) {
        return resolve(parts[1]);
    } else if (!parse_address(parts[1], parts[2], &address)) {
        return airs_fail("not an address: %s", parts[1]);
    }
    return run(parts[0], &address, parts[3]);
}
