/* What sockets are allowed by name and by address, and that a name cannot be made to stand for a neighbour. */
#include "security/network_access.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/test.h"

typedef struct world {
    airs_fake_clock_t clock;
    airs_component_id_t *id;
    airs_authority_t *authority;
    airs_network_access_t *access;
} world_t;

typedef struct granted {
    const char *outbound[4];
    const char *inbound[4];
    uint64_t expires_at_ns; /* 0: never */
} granted_t;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static airs_status_t make_access(const airs_allocator_t *allocator, world_t *world,
                                 const granted_t *granted) {
    airs_permission_t permissions[8];
    size_t count = 0;
    for (size_t i = 0; i < 4; i++) {
        if (granted->outbound[i] != NULL) {
            permissions[count++] = (airs_permission_t){.actions = AIRS_ACTION_BIT(OUTBOUND),
                                                       .scope = AIRS_SCOPE_PATTERN,
                                                       .pattern = airs_str(granted->outbound[i])};
        }
        if (granted->inbound[i] != NULL) {
            permissions[count++] = (airs_permission_t){.actions = AIRS_ACTION_BIT(INBOUND),
                                                       .scope = AIRS_SCOPE_PATTERN,
                                                       .pattern = airs_str(granted->inbound[i])};
        }
    }
    const airs_capability_grant_t grant = {
        permissions, count, 0, granted->expires_at_ns != 0 ? granted->expires_at_ns : AIRS_GRANT_FOREVER};
    airs_capabilities_t *capabilities = NULL;
    airs_security_context_t *context = NULL;
    airs_error_t error;
    airs_status_t status = airs_capabilities_create(allocator, &grant, 1, 0, &capabilities, &error);
    if (status == AIRS_OK) {
        status = airs_security_context_create(allocator, world->id, capabilities, world->authority, &context);
    }
    airs_capabilities_unref(capabilities);
    return status == AIRS_OK ? airs_network_access_create(allocator, context, &world->access) : status;
}

static void open_world(world_t *world, const granted_t *granted) {
    airs_fake_clock_init(&world->clock);
    assert_ok(
        airs_component_id_create(airs_allocator_default(), airs_id("app", "client", "0"), &world->id, NULL));
    assert_ok(airs_authority_create(airs_allocator_default(), &world->clock.clock, NULL, &world->authority));
    assert_ok(make_access(airs_allocator_default(), world, granted));
}

static void close_world(world_t *world) {
    airs_network_access_destroy(world->access);
    airs_authority_destroy(world->authority);
    airs_component_id_unref(world->id);
}

static void set_policy(world_t *world, airs_effect_t effect, const char *resource, airs_effect_t standard) {
    const airs_policy_rule_t rule = {.component = airs_str("app/**"),
                                     .actions = AIRS_ACTION_BIT(OUTBOUND),
                                     .resource = airs_str(resource),
                                     .effect = effect};
    airs_policy_t *policy = NULL;
    assert_ok(airs_policy_create(airs_allocator_default(), "policy", &rule, 1, standard, &policy, NULL));
    airs_authority_set_policy(world->authority, policy);
    airs_policy_unref(policy);
}

static airs_network_address_t address(const char *text, uint16_t port) {
    airs_network_address_t out = {.size = 4, .port = port};
    if (inet_pton(AF_INET, text, out.bytes) != 1) {
        out.size = 16;
        assert_int_equal(inet_pton(AF_INET6, text, out.bytes), 1);
    }
    return out;
}

static airs_status_t use(world_t *world, airs_network_use_t how, const char *text, uint16_t port) {
    airs_network_address_t to = address(text, port);
    return airs_network_access_use(world->access, how, &to, NULL);
}

static airs_status_t connects(world_t *world, const char *text, uint16_t port) {
    airs_status_t status = use(world, AIRS_NETWORK_TCP_CONNECT, text, port);
    assert_int_equal(use(world, AIRS_NETWORK_UDP_SEND, text, port), status);
    return status;
}

static airs_status_t looks_up(world_t *world, const char *name) {
    return airs_network_access_look_up(world->access, airs_str(name), NULL);
}

static bool finds(world_t *world, uint32_t number, const char *text) {
    airs_network_address_t found = address(text, 0);
    return airs_network_access_found(world->access, number, &found);
}

/* Looks up a name that turns out to be at this address. */
static bool resolves(world_t *world, const char *name, const char *text) {
    assert_ok(looks_up(world, name));
    airs_network_access_begin(world->access, 1, airs_str(name));
    return finds(world, 1, text);
}

#define DENIED AIRS_CAPABILITY_DENIED

static void addresses_are_granted_literally(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"10.0.*.*:80", "[2001:db8::1]", "127.0.0.1:7"}});
    assert_ok(connects(&world, "10.0.7.9", 80));
    assert_status(connects(&world, "10.0.7.9", 81), DENIED);
    assert_status(connects(&world, "10.1.7.9", 80), DENIED);
    assert_ok(connects(&world, "::ffff:10.0.7.9", 80));
    assert_ok(connects(&world, "2001:db8::1", 1));
    assert_status(connects(&world, "2001:db8::1", 0), DENIED);
    assert_status(connects(&world, "2001:db8::2", 1), DENIED);
    assert_ok(connects(&world, "127.0.0.1", 7));
    assert_status(connects(&world, "127.0.0.2", 7), DENIED);
    assert_status(connects(&world, "::1", 7), DENIED);
    close_world(&world);
}

static void there_is_no_multicast_whatever_is_granted(void **state) {
    (void)state;
    static const char *const groups[] = {"224.0.0.1", "239.255.255.250", "255.255.255.255", "ff02::1",
                                         "::ffff:224.0.0.1"};
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"**", "239.255.255.250:7"}, .inbound = {"**"}});
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        assert_status(connects(&world, groups[i], 7), DENIED);
        assert_status(use(&world, AIRS_NETWORK_UDP_BIND, groups[i], 7), DENIED);
        assert_status(use(&world, AIRS_NETWORK_UDP_BIND, groups[i], 0), DENIED);
    }
    assert_ok(connects(&world, "223.255.255.255", 7));
    assert_ok(connects(&world, "240.0.0.1", 7));
    assert_ok(connects(&world, "fe80::1", 7));
    close_world(&world);
}

static void localhost_is_every_loopback_address(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"localhost:80"}, .inbound = {"localhost:8080"}});
    assert_ok(connects(&world, "127.0.0.1", 80));
    assert_ok(connects(&world, "127.9.9.9", 80));
    assert_ok(connects(&world, "::1", 80));
    assert_status(connects(&world, "127.0.0.1", 81), DENIED);
    assert_status(connects(&world, "10.0.0.1", 80), DENIED);
    assert_ok(use(&world, AIRS_NETWORK_TCP_LISTEN, "::1", 8080));
    assert_status(use(&world, AIRS_NETWORK_TCP_LISTEN, "::", 8080), DENIED);
    close_world(&world);
}

static void a_name_stands_for_what_was_found(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"*.example.org:443", "other.org:80"}});
    assert_status(connects(&world, "1.1.1.1", 443), DENIED);
    assert_true(resolves(&world, "www.example.org", "1.1.1.1"));
    assert_true(finds(&world, 1, "2606:4700::1111"));
    assert_ok(connects(&world, "1.1.1.1", 443));
    assert_ok(connects(&world, "2606:4700::1111", 443));
    assert_status(connects(&world, "1.1.1.1", 80), DENIED);
    assert_status(connects(&world, "1.0.0.1", 443), DENIED);
    /* Another name for the same address adds its own. */
    assert_true(resolves(&world, "other.org", "1.1.1.1"));
    assert_ok(connects(&world, "1.1.1.1", 80));
    assert_ok(connects(&world, "1.1.1.1", 443));
    assert_status(looks_up(&world, "example.org"), DENIED);
    assert_status(looks_up(&world, "a.b.example.org"), DENIED);
    assert_status(looks_up(&world, ""), DENIED);
    close_world(&world);
}

/* DNS rebinding: whoever has a name may have it say anything. */
static void a_name_does_not_stand_for_a_neighbour(void **state) {
    (void)state;
    static const char *const neighbours[] = {"127.0.0.1", "10.0.0.1", "169.254.169.254",  "::1",
                                             "fe80::1",   "0.0.0.0",  "::ffff:127.0.0.1", "192.168.0.1"};
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"*.example.org", "192.168.0.1:80"}});
    assert_true(resolves(&world, "evil.example.org", "1.1.1.1"));
    for (size_t i = 0; i < COUNT(neighbours) - 1; i++) {
        assert_false(finds(&world, 1, neighbours[i]));
        assert_status(connects(&world, neighbours[i], 80), DENIED);
    }
    /* One that is granted itself is found, and allowed as far as it is granted itself. */
    assert_true(finds(&world, 1, "192.168.0.1"));
    assert_ok(connects(&world, "192.168.0.1", 80));
    assert_status(connects(&world, "192.168.0.1", 81), DENIED);
    close_world(&world);
}

static void whatever_is_granted_a_name_is_checked(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"localhost:80", "example.org"}});
    assert_true(resolves(&world, "LocalHost.", "127.0.0.1"));
    assert_true(finds(&world, 1, "::1"));
    assert_false(finds(&world, 1, "10.0.0.1"));
    /* Of nobody's look-up nothing is found. */
    assert_false(finds(&world, 2, "1.1.1.1"));
    /* A number that is used again is that of the new name. */
    airs_network_access_begin(world.access, 1, airs_str("example.org"));
    assert_false(finds(&world, 1, "127.0.0.1"));
    assert_true(finds(&world, 1, "1.1.1.1"));
    close_world(&world);
}

static void what_was_found_is_remembered_within_bounds(void **state) {
    (void)state;
    char name[64];
    char text[64];
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"**.example.org:443"}});
    for (uint32_t i = 0; i <= AIRS_NETWORK_NAMES; i++) {
        (void)snprintf(name, sizeof name, "n%u.example.org", (unsigned)i);
        (void)snprintf(text, sizeof text, "8.8.%u.%u", (unsigned)(i / 256), (unsigned)(i % 256));
        airs_network_access_begin(world.access, i, airs_str(name));
        assert_true(finds(&world, i, text));
        assert_ok(connects(&world, text, 443));
    }
    assert_status(connects(&world, "8.8.0.0", 443), DENIED);
    assert_ok(connects(&world, "8.8.0.1", 443));
    assert_false(finds(&world, 0, "8.8.0.0"));
    assert_true(finds(&world, AIRS_NETWORK_NAMES, "8.8.0.0"));
    close_world(&world);
}

static void a_policy_is_asked_by_name_and_by_address(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"example.org", "other.org:80", "localhost", "10.0.0.1"}});
    assert_true(resolves(&world, "example.org", "1.1.1.1"));
    set_policy(&world, AIRS_EFFECT_DENY, "1.1.1.1:443", AIRS_EFFECT_ALLOW);
    assert_status(connects(&world, "1.1.1.1", 443), DENIED);
    assert_ok(connects(&world, "1.1.1.1", 80));
    assert_true(finds(&world, 1, "1.1.1.1"));
    set_policy(&world, AIRS_EFFECT_DENY, "1.*.*.*", AIRS_EFFECT_ALLOW);
    assert_status(connects(&world, "1.1.1.1", 80), DENIED);
    assert_false(finds(&world, 1, "1.1.1.1"));
    set_policy(&world, AIRS_EFFECT_DENY, "example.org:25", AIRS_EFFECT_ALLOW);
    assert_status(connects(&world, "1.1.1.1", 25), DENIED);
    assert_ok(connects(&world, "1.1.1.1", 80));
    assert_ok(looks_up(&world, "example.org"));
    set_policy(&world, AIRS_EFFECT_DENY, "example.org", AIRS_EFFECT_ALLOW);
    assert_status(connects(&world, "1.1.1.1", 80), DENIED);
    assert_status(looks_up(&world, "example.org"), DENIED);
    assert_ok(looks_up(&world, "other.org"));
    set_policy(&world, AIRS_EFFECT_DENY, "localhost", AIRS_EFFECT_ALLOW);
    assert_status(connects(&world, "127.0.0.1", 80), DENIED);
    /* What allows a name allows the addresses that were found for it, and nothing else. */
    set_policy(&world, AIRS_EFFECT_ALLOW, "example.org", AIRS_EFFECT_DENY);
    assert_ok(connects(&world, "1.1.1.1", 80));
    assert_status(connects(&world, "10.0.0.1", 80), DENIED);
    assert_status(looks_up(&world, "other.org"), DENIED);
    close_world(&world);
}

/* ---- servers -------------------------------------------------------------------------------- */

static void to_listen_is_granted_by_the_local_address(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"**"}, .inbound = {"0.0.0.0:80", "10.0.0.1"}});
    assert_status(use(&world, AIRS_NETWORK_TCP_ACCEPT, "1.1.1.1", 5000), DENIED);
    assert_ok(use(&world, AIRS_NETWORK_TCP_BIND, "0.0.0.0", 80));
    assert_ok(use(&world, AIRS_NETWORK_TCP_BIND, "10.0.0.1", 0));
    assert_status(use(&world, AIRS_NETWORK_TCP_BIND, "10.0.0.2", 80), DENIED);
    assert_status(use(&world, AIRS_NETWORK_TCP_BIND, "::", 80), DENIED);
    /* Where a client's socket is bound to, from which nothing comes. */
    assert_ok(use(&world, AIRS_NETWORK_TCP_BIND, "0.0.0.0", 0));
    assert_ok(use(&world, AIRS_NETWORK_TCP_BIND, "::", 0));
    assert_status(use(&world, AIRS_NETWORK_TCP_LISTEN, "0.0.0.0", 43210), DENIED);
    assert_status(use(&world, AIRS_NETWORK_TCP_ACCEPT, "1.1.1.1", 5000), DENIED);
    assert_ok(use(&world, AIRS_NETWORK_TCP_LISTEN, "10.0.0.1", 43210));
    assert_ok(use(&world, AIRS_NETWORK_TCP_ACCEPT, "1.1.1.1", 5000));
    close_world(&world);
}

static void who_listens_is_denied_when_the_grant_is(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.inbound = {"localhost:80"}});
    assert_ok(use(&world, AIRS_NETWORK_TCP_LISTEN, "127.0.0.1", 80));
    assert_ok(use(&world, AIRS_NETWORK_TCP_ACCEPT, "127.0.0.1", 5000));
    const airs_policy_rule_t rule = {.component = airs_str("app/**"),
                                     .actions = AIRS_ACTION_BIT(INBOUND),
                                     .resource = airs_str("**"),
                                     .effect = AIRS_EFFECT_DENY};
    airs_policy_t *policy = NULL;
    assert_ok(
        airs_policy_create(airs_allocator_default(), "policy", &rule, 1, AIRS_EFFECT_ALLOW, &policy, NULL));
    airs_authority_set_policy(world.authority, policy);
    airs_policy_unref(policy);
    assert_status(use(&world, AIRS_NETWORK_TCP_ACCEPT, "127.0.0.1", 5000), DENIED);
    close_world(&world);
}

static void begin_to_hear(world_t *world, uint32_t number, const char *text, uint16_t port) {
    airs_network_address_t local = address(text, port);
    airs_network_access_begin_to_hear(world->access, number, &local);
}

static bool hears(world_t *world, uint32_t number, const char *text, uint16_t port) {
    airs_network_address_t from = address(text, port);
    return airs_network_access_hears(world->access, number, &from);
}

static void datagrams_of_strangers_need_a_granted_socket(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"10.0.0.1:53"}, .inbound = {"0.0.0.0:53"}});
    assert_ok(use(&world, AIRS_NETWORK_UDP_BIND, "0.0.0.0", 0));
    assert_status(use(&world, AIRS_NETWORK_UDP_BIND, "0.0.0.0", 54), DENIED);
    assert_ok(use(&world, AIRS_NETWORK_UDP_BIND, "0.0.0.0", 53));
    begin_to_hear(&world, 7, "0.0.0.0", 43210);
    assert_true(hears(&world, 7, "10.0.0.1", 53));
    assert_true(hears(&world, 7, "::ffff:10.0.0.1", 53));
    assert_false(hears(&world, 7, "10.0.0.1", 54));
    assert_false(hears(&world, 7, "10.0.0.2", 53));
    /* The other socket hears whom it may, and this one none the more of them. */
    begin_to_hear(&world, 8, "0.0.0.0", 53);
    assert_true(hears(&world, 8, "10.0.0.2", 53));
    assert_true(hears(&world, 8, "::ffff:10.0.0.2", 1));
    assert_true(hears(&world, 8, "2001:db8::1", 1));
    assert_false(hears(&world, 7, "10.0.0.2", 53));
    /* A number that is used again is that of the new one. */
    begin_to_hear(&world, 8, "0.0.0.0", 43211);
    assert_false(hears(&world, 8, "10.0.0.2", 53));
    /* One that nobody began hears only whom it may send to. */
    assert_true(hears(&world, 9, "10.0.0.1", 53));
    assert_false(hears(&world, 9, "10.0.0.2", 53));
    close_world(&world);
}

static void many_sockets_are_told_apart(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.inbound = {"127.0.0.1:*"}});
    for (uint32_t i = 0; i < 1024; i++) {
        begin_to_hear(&world, i, i % 2 == 0 ? "127.0.0.1" : "127.0.0.2", 5000);
    }
    for (uint32_t i = 0; i < 1024; i++) {
        assert_int_equal(hears(&world, i, "10.0.0.1", 1), i % 2 == 0);
    }
    close_world(&world);
}

static void who_hears_is_denied_when_the_grant_is(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"10.0.0.1:53", "10.0.0.2:53"}});
    begin_to_hear(&world, 1, "0.0.0.0", 43210);
    assert_true(hears(&world, 1, "10.0.0.1", 53));
    set_policy(&world, AIRS_EFFECT_DENY, "10.0.0.1", AIRS_EFFECT_ALLOW);
    assert_false(hears(&world, 1, "10.0.0.1", 53));
    assert_true(hears(&world, 1, "10.0.0.2", 53));
    close_world(&world);
}

/* ---- what is open --------------------------------------------------------------------------- */

static void opened(world_t *world, uint32_t number, airs_network_use_t how, const char *text, uint16_t port) {
    airs_network_address_t at = address(text, port);
    airs_network_access_opened(world->access, number, how, &at);
}

static airs_status_t holds(world_t *world) { return airs_network_access_hold(world->access, NULL); }

static void a_connection_holds_until_its_grant_ends(void **state) {
    (void)state;
    world_t world;
    airs_fake_clock_init(&world.clock);
    uint64_t end = airs_clock_wall(&world.clock.clock) + 1000;
    open_world(&world,
               &(granted_t){.outbound = {"10.0.0.1:80"}, .inbound = {"127.0.0.1"}, .expires_at_ns = end});
    opened(&world, 1, AIRS_NETWORK_TCP_CONNECT, "10.0.0.1", 80);
    opened(&world, 2, AIRS_NETWORK_TCP_ACCEPT, "127.0.0.1", 5000);
    assert_ok(holds(&world));
    airs_fake_clock_advance(&world.clock, 999);
    assert_ok(holds(&world));
    airs_fake_clock_advance(&world.clock, 1);
    assert_status(holds(&world), DENIED);
    airs_network_access_closed(world.access, 1);
    assert_status(holds(&world), DENIED);
    airs_network_access_closed(world.access, 2);
    airs_network_access_closed(world.access, 3);
    assert_ok(holds(&world));
    /* Nothing comes of one that is refused. */
    opened(&world, 4, AIRS_NETWORK_TCP_CONNECT, "10.0.0.1", 80);
    assert_ok(holds(&world));
    close_world(&world);
}

static void what_is_open_says_when_to_look_again(void **state) {
    (void)state;
    world_t world;
    airs_fake_clock_init(&world.clock);
    uint64_t end = airs_clock_wall(&world.clock.clock) + 1000;
    open_world(&world, &(granted_t){.outbound = {"10.0.0.1:80"}, .expires_at_ns = end});
    assert_true(airs_network_access_expires_at(NULL) == AIRS_GRANT_FOREVER);
    assert_true(airs_network_access_expires_at(world.access) == AIRS_GRANT_FOREVER);
    /* Whether somebody has asked meanwhile if all is well, or not. */
    opened(&world, 1, AIRS_NETWORK_TCP_CONNECT, "10.0.0.1", 80);
    assert_int_equal(airs_network_access_expires_at(world.access), end);
    assert_ok(holds(&world));
    assert_int_equal(airs_network_access_expires_at(world.access), end);
    airs_network_access_closed(world.access, 1);
    assert_true(airs_network_access_expires_at(world.access) == AIRS_GRANT_FOREVER);
    opened(&world, 2, AIRS_NETWORK_TCP_CONNECT, "10.0.0.1", 80);
    airs_fake_clock_advance(&world.clock, 1000);
    assert_int_equal(airs_network_access_expires_at(world.access), 0);
    close_world(&world);
    open_world(&world, &(granted_t){.outbound = {"10.0.0.1:80"}});
    opened(&world, 1, AIRS_NETWORK_TCP_CONNECT, "10.0.0.1", 80);
    assert_true(airs_network_access_expires_at(world.access) == AIRS_GRANT_FOREVER);
    close_world(&world);
}

static void a_connection_holds_until_a_policy_denies_it(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"example.org:443", "localhost", "10.0.0.1"}});
    assert_true(resolves(&world, "example.org", "1.1.1.1"));
    opened(&world, 1, AIRS_NETWORK_TCP_CONNECT, "1.1.1.1", 443);
    opened(&world, 2, AIRS_NETWORK_TCP_CONNECT, "127.0.0.1", 7);
    opened(&world, 3, AIRS_NETWORK_TCP_CONNECT, "10.0.0.1", 80);
    set_policy(&world, AIRS_EFFECT_DENY, "10.0.0.2", AIRS_EFFECT_ALLOW);
    assert_ok(holds(&world));
    static const char *const denied[] = {"1.1.1.1", "example.org:443", "localhost:7", "127.0.0.1",
                                         "10.**:80"};
    for (size_t i = 0; i < COUNT(denied); i++) {
        set_policy(&world, AIRS_EFFECT_DENY, denied[i], AIRS_EFFECT_ALLOW);
        assert_status(holds(&world), DENIED);
        set_policy(&world, AIRS_EFFECT_DENY, "10.0.0.2", AIRS_EFFECT_ALLOW);
        assert_ok(holds(&world));
    }
    /* A number that is used again is that of the new one. */
    opened(&world, 3, AIRS_NETWORK_TCP_CONNECT, "127.0.0.1", 7);
    set_policy(&world, AIRS_EFFECT_DENY, "10.**", AIRS_EFFECT_ALLOW);
    assert_ok(holds(&world));
    close_world(&world);
}

/* That its name was looked up long ago and is forgotten takes nothing away. */
static void a_connection_outlives_its_look_up(void **state) {
    (void)state;
    char name[64];
    char text[64];
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"**.example.org:443"}});
    assert_true(resolves(&world, "www.example.org", "1.1.1.1"));
    opened(&world, 1, AIRS_NETWORK_TCP_CONNECT, "1.1.1.1", 443);
    for (uint32_t i = 0; i <= AIRS_NETWORK_NAMES; i++) {
        (void)snprintf(name, sizeof name, "n%u.example.org", (unsigned)i);
        (void)snprintf(text, sizeof text, "8.8.%u.%u", (unsigned)(i / 256), (unsigned)(i % 256));
        assert_true(resolves(&world, name, text));
    }
    assert_status(connects(&world, "1.1.1.1", 443), DENIED);
    assert_ok(holds(&world));
    set_policy(&world, AIRS_EFFECT_DENY, "www.example.org", AIRS_EFFECT_ALLOW);
    assert_status(holds(&world), DENIED);
    close_world(&world);
}

static void who_holds_nothing_has_no_sockets(void **state) {
    (void)state;
    static const granted_t grants[] = {
        {.outbound = {"a.org"}}, {.inbound = {"localhost"}}, {.outbound = {NULL}}};
    for (size_t i = 0; i < COUNT(grants); i++) {
        world_t world;
        open_world(&world, &grants[i]);
        assert_int_equal(airs_network_access_any(world.access), i < 2 ? AIRS_OK : DENIED);
        close_world(&world);
    }
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    world_t *world = context;
    world->access = NULL;
    airs_status_t status =
        make_access(allocator, world, &(granted_t){.outbound = {"example.org"}, .inbound = {"127.0.0.1"}});
    if (status == AIRS_OK) {
        airs_network_access_begin(world->access, 1, airs_str("example.org"));
        begin_to_hear(world, 1, "127.0.0.1", 53);
        /* What cannot be remembered is not known. */
        bool found = finds(world, 1, "1.1.1.1");
        bool heard = hears(world, 1, "10.0.0.1", 53);
        /* But what nobody can keep an eye on is no longer allowed. */
        opened(world, 2, AIRS_NETWORK_TCP_ACCEPT, "127.0.0.1", 5000);
        bool held = holds(world) == AIRS_OK;
        status = found && heard && held ? AIRS_OK : AIRS_OUT_OF_MEMORY;
    }
    airs_network_access_destroy(world->access);
    return status;
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    world_t world;
    open_world(&world, &(granted_t){.outbound = {"**"}});
    airs_network_access_t *access = world.access;
    airs_fail_each_allocation(life, &world);
    world.access = access;
    close_world(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_granted_literally),
        cmocka_unit_test(there_is_no_multicast_whatever_is_granted),
        cmocka_unit_test(localhost_is_every_loopback_address),
        cmocka_unit_test(a_name_stands_for_what_was_found),
        cmocka_unit_test(a_name_does_not_stand_for_a_neighbour),
        cmocka_unit_test(whatever_is_granted_a_name_is_checked),
        cmocka_unit_test(what_was_found_is_remembered_within_bounds),
        cmocka_unit_test(a_policy_is_asked_by_name_and_by_address),
        cmocka_unit_test(to_listen_is_granted_by_the_local_address),
        cmocka_unit_test(who_listens_is_denied_when_the_grant_is),
        cmocka_unit_test(datagrams_of_strangers_need_a_granted_socket),
        cmocka_unit_test(many_sockets_are_told_apart),
        cmocka_unit_test(who_hears_is_denied_when_the_grant_is),
        cmocka_unit_test(a_connection_holds_until_its_grant_ends),
        cmocka_unit_test(what_is_open_says_when_to_look_again),
        cmocka_unit_test(a_connection_holds_until_a_policy_denies_it),
        cmocka_unit_test(a_connection_outlives_its_look_up),
        cmocka_unit_test(who_holds_nothing_has_no_sockets),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
