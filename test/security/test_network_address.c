#include "security/network_address.h"

#include <arpa/inet.h>

#include "support/test.h"

static airs_network_address_t address(const char *text) {
    airs_network_address_t out = {.size = 4, .port = 80};
    if (inet_pton(AF_INET, text, out.bytes) != 1) {
        out.size = 16;
        assert_int_equal(inet_pton(AF_INET6, text, out.bytes), 1);
    }
    return out;
}

static void addresses_are_written_in_one_way(void **state) {
    (void)state;
    static const char *const texts[] = {"127.0.0.1", "0.0.0.0", "255.255.255.255",
                                        "::",        "::1",     "2001:db8::8:800:200c:417a"};
    char text[AIRS_ADDRESS_TEXT_MAX];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        airs_network_address_t it = address(texts[i]);
        assert_string_equal(airs_network_address_text(&it, text), texts[i]);
    }
}

static void an_address_inside_of_another_is_the_inner_one(void **state) {
    (void)state;
    char text[AIRS_ADDRESS_TEXT_MAX];
    airs_network_address_t mapped = address("::ffff:10.0.0.1");
    airs_network_address_t plain = airs_network_address_plain(&mapped);
    assert_string_equal(airs_network_address_text(&plain, text), "10.0.0.1");
    assert_int_equal(plain.port, 80);
    airs_network_address_t other = address("10.0.0.1");
    other.port = 1;
    assert_true(airs_network_address_is_same_host(&plain, &other));
    assert_false(airs_network_address_is_same_host(&mapped, &other));
    airs_network_address_t loopback = address("::1");
    plain = airs_network_address_plain(&loopback);
    assert_true(airs_network_address_is_same_host(&plain, &loopback));
}

static void some_are_this_machines_own(void **state) {
    (void)state;
    static const char *const own[] = {"127.0.0.1", "127.255.255.255", "::1"};
    static const char *const others[] = {"128.0.0.1", "126.255.255.255", "::", "::2", "1::1", "0.0.0.0"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        airs_network_address_t it = address(own[i]);
        assert_true(airs_network_address_is_loopback(&it));
        assert_false(airs_network_address_is_unspecified(&it));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        airs_network_address_t it = address(others[i]);
        assert_false(airs_network_address_is_loopback(&it));
    }
    airs_network_address_t none = address("::");
    assert_true(airs_network_address_is_unspecified(&none));
    none = address("0.0.0.0");
    assert_true(airs_network_address_is_unspecified(&none));
}

static void what_is_public_is_nobodys_neighbour(void **state) {
    (void)state;
    static const char *const inner[] = {
        "0.0.0.0",      "10.0.0.0",        "10.255.255.255", "100.64.0.0",      "100.127.255.255",
        "127.0.0.1",    "169.254.169.254", "172.16.0.1",     "172.31.255.255",  "192.0.0.1",
        "192.0.2.1",    "192.168.255.1",   "198.18.0.1",     "198.19.255.255",  "198.51.100.7",
        "203.0.113.7",  "224.0.0.1",       "240.0.0.1",      "255.255.255.255", "::",
        "::1",          "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1",    "100::1",
        "2001::1",      "2001:db8::1",     "2002:a00:1::1",  "2002:7f00:1::",   "fc00::1",
        "fdff:ffff::1", "fe80::1",         "febf::1",        "ff02::1",         "5f00::1",
        "3fff::1",      "::8.8.8.8",
    };
    static const char *const outer[] = {
        "1.1.1.1",         "9.255.255.255",   "11.0.0.0",         "100.63.255.255",  "100.128.0.0",
        "128.0.0.1",       "169.253.0.1",     "172.15.255.255",   "172.32.0.0",      "192.0.1.1",
        "192.167.0.1",     "198.17.255.1",    "198.20.0.1",       "223.255.255.255", "2606:4700::1111",
        "2a00:1450::200e", "2002:808:808::1", "64:ff9b::808:808", "::ffff:8.8.8.8",  "2001:4860::8888",
    };
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
        airs_network_address_t it = address(inner[i]);
        if (airs_network_address_is_public(&it)) {
            fail_msg("%s is public", inner[i]);
        }
    }
    for (size_t i = 0; i < sizeof outer / sizeof *outer; i++) {
        airs_network_address_t it = address(outer[i]);
        if (!airs_network_address_is_public(&it)) {
            fail_msg("%s is not public", outer[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_written_in_one_way),
        cmocka_unit_test(an_address_inside_of_another_is_the_inner_one),
        cmocka_unit_test(some_are_this_machines_own),
        cmocka_unit_test(what_is_public_is_nobodys_neighbour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
