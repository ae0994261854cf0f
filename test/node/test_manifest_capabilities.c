/* [components.NAME.capabilities], [policy] and [audit] of a manifest. */
#include "node/manifests.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/manifest.h"
#include "node/manifest_diff.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

#define APP "[application]\nname = \"shop\"\n"
#define CART "[components.cart]\nsource = \"a.wasm\"\n"
#define TABLE APP CART "[components.cart.capabilities]\n"

static void expect_grant(const airs_manifest_t *manifest, size_t index, const char *action,
                         const char *pattern) {
    const airs_manifest_capabilities_t *capabilities = &manifest->components[0].capabilities;
    assert_in_range(index, 0, capabilities->grant_count - 1);
    const airs_grant_t *grant = &capabilities->grants[index];
    assert_string_equal(grant->action, action);
    if (pattern == NULL) {
        assert_null(grant->pattern);
    } else {
        assert_string_equal(grant->pattern, pattern);
    }
}

static void who_says_nothing_has_what_everybody_has(void **state) {
    (void)state;
    airs_manifest_t *manifest = manifest_of(APP CART);
    assert_false(manifest->components[0].capabilities.given);
    assert_int_equal(manifest->components[0].capabilities.grant_count, 0);
    assert_null(manifest->policy);
    assert_null(manifest->audit.file);
    airs_manifest_destroy(manifest);
}

static void an_empty_table_leaves_the_time_alone(void **state) {
    (void)state;
    airs_manifest_t *manifest = manifest_of(TABLE);
    const airs_manifest_capabilities_t *capabilities = &manifest->components[0].capabilities;
    assert_true(capabilities->given);
    assert_int_equal(capabilities->grant_count, 2);
    expect_grant(manifest, 0, "services.clock", NULL);
    expect_grant(manifest, 1, "services.sleep", NULL);
    airs_manifest_destroy(manifest);
    manifest = manifest_of(TABLE "services = []\n");
    assert_true(manifest->components[0].capabilities.given);
    assert_int_equal(manifest->components[0].capabilities.grant_count, 0);
    airs_manifest_destroy(manifest);
}

static void every_key_is_read(void **state) {
    (void)state;
    assert_int_equal(setenv("AIRS_TEST_HOME", "/home", 1), 0);
    assert_int_equal(setenv("AIRS_TEST_LANG", "C", 1), 0);
    airs_manifest_t *manifest = manifest_of(
        "[application]\nname = \"x\"\nnamespace = \"eu/shop\"\n" CART "env = { AIRS_TEST_LANG = \"de\" }\n"
        "[components.cart.capabilities]\n"
        "expires = \"2026-01-01T00:00:01Z\"\n"
        "messaging = { send = [\"till\", \"*\", \"**\"], request = [\"bank/vault/0\"], broadcast = "
        "[\"till\"] }\n"
        "topics = { publish = [\"orders.>\"], subscribe = [\"**.paid\"] }\n"
        "storage = { read = [\"a/**\"], write = [\"a/*\"], delete = [\"a/b\"], quota = \"1MiB\" }\n"
        "services = [\"log\", \"metadata\"]\n"
        "supervision = { spawn = [\"worker\"], stop = [\"worker\"], link = [\"*\"], monitor = [\"**\"] }\n"
        "environment = [\"AIRS_TEST_HOME\", \"AIRS_TEST_LANG\", \"AIRS_TEST_NOT_SET\"]\n"
        "[policy]\nfile = \"policy.toml\"\n"
        "[audit]\nfile = \"audit.jsonl\"\nsize = \"64KiB\"\nkeep = 2\n");
    /* The parser hands keys out by name. */
    static const char *const grants[][2] = {
        {"environment.read", "AIRS_TEST_HOME"},
        {"environment.read", "AIRS_TEST_LANG"},
        {"environment.read", "AIRS_TEST_NOT_SET"},
        {"messaging.broadcast", "eu/shop/till/*"},
        {"messaging.request", "bank/vault/0"},
        {"messaging.send", "eu/shop/till/*"},
        {"messaging.send", "eu/shop/*/*"},
        {"messaging.send", "**"},
        {"services.log", NULL},
        {"services.metadata", NULL},
        {"storage.delete", "a/b"},
        {"storage.read", "a/**"},
        {"storage.write", "a/*"},
        {"supervision.link", "eu/shop/*/*"},
        {"supervision.monitor", "**"},
        {"supervision.spawn", "eu/shop/worker/*"},
        {"supervision.stop", "eu/shop/worker/*"},
        {"topics.publish", "orders.>"},
        {"topics.subscribe", "**.paid"},
    };
    const airs_manifest_component_t *cart = &manifest->components[0];
    assert_int_equal(cart->capabilities.grant_count, sizeof grants / sizeof grants[0]);
    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        expect_grant(manifest, i, grants[i][0], grants[i][1]);
        assert_true(cart->capabilities.grants[i].expires_at_ns == UINT64_C(1767225601000000000));
    }
    assert_int_equal(cart->capabilities.storage_quota, 1 << 20);
    assert_int_equal(cart->env_count, 2);
    assert_string_equal(cart->env[0].name, "AIRS_TEST_LANG");
    assert_string_equal(cart->env[0].value, "de");
    assert_string_equal(cart->env[1].name, "AIRS_TEST_HOME");
    assert_string_equal(cart->env[1].value, "/home");
    assert_string_equal(manifest->policy, "policy.toml");
    assert_string_equal(manifest->audit.file, "audit.jsonl");
    assert_int_equal(manifest->audit.max_bytes, 64 << 10);
    assert_int_equal(manifest->audit.kept, 2);
    airs_manifest_destroy(manifest);
}

static void folders_and_hosts_are_read(void **state) {
    (void)state;
    char real[PATH_MAX];
    char outer[PATH_MAX];
    airs_temporary_folder_make(&folder, "data");
    assert_non_null(realpath("data", real));
    assert_non_null(realpath(".", outer));
    airs_manifest_t *manifest = manifest_of(
        TABLE
        "filesystem = { read = [\"./\", \"data/\"], write = [{ folder = \"data\", as = \"/var/data/\" }] }\n"
        "network = { outbound = [\"example.org:443\", \"10.0.*.*\"], inbound = [\"[::1]:80\"] }\n");
    static const struct {
        const char *action, *pattern, *guest_path;
    } grants[] = {
        {"filesystem.read", NULL, "."},           {"filesystem.read", "data", "data"},
        {"filesystem.read", "data", "/var/data"}, {"filesystem.write", "data", "/var/data"},
        {"network.inbound", "[::1]:80", NULL},    {"network.outbound", "example.org:443", NULL},
        {"network.outbound", "10.0.*.*", NULL},
    };
    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        bool is_folder = grants[i].guest_path != NULL;
        const char *path = grants[i].pattern != NULL ? real : outer;
        expect_grant(manifest, i, grants[i].action, is_folder ? path : grants[i].pattern);
        const airs_grant_t *grant = &manifest->components[0].capabilities.grants[i];
        if (is_folder) {
            assert_string_equal(grant->guest_path, grants[i].guest_path);
        } else {
            assert_null(grant->guest_path);
        }
    }
    assert_int_equal(manifest->components[0].capabilities.grant_count, 9);
    airs_manifest_destroy(manifest);
}

/* A link is what it leads to, so that a policy is asked about that. */
static void a_folder_is_where_it_really_is(void **state) {
    (void)state;
    char real[PATH_MAX];
    airs_temporary_folder_make(&folder, "real");
    assert_int_equal(symlink("real", "link"), 0);
    assert_non_null(realpath("real", real));
    airs_manifest_t *manifest = manifest_of(TABLE "filesystem = { read = [\"link\"] }\n");
    expect_grant(manifest, 0, "filesystem.read", real);
    assert_string_equal(manifest->components[0].capabilities.grants[0].guest_path, "link");
    airs_manifest_destroy(manifest);
}

#define AT(place, text) "airssys.toml:" place ": components.cart.capabilities" text

static const struct {
    const char *text;
    const char *error;
} mistakes[] = {
    {APP CART "capabilities = 3\n",
     "airssys.toml:5:16: components.cart.capabilities: must be a table, not an "
     "integer"},
    {TABLE "mesaging = {}\n", AT("6:1", ".mesaging: unknown key; did you mean \"messaging\"?")},
    {TABLE "messaging = { sned = [] }\n", AT("6:15", ".messaging.sned: unknown key; did you mean \"send\"?")},
    {TABLE "messaging = { send = \"till\" }\n",
     AT("6:22", ".messaging.send: must be a list of patterns, not a string")},
    {TABLE "messaging = { send = [3] }\n", AT("6:23", ".messaging.send: must be a pattern, not an integer")},
    {TABLE "messaging = { send = [\"ti*\"] }\n",
     AT("6:23",
        ".messaging.send: \"ti*\" is neither the name of a component of this application nor a pattern of "
        "ids; all instances of others are like \"bank/vault/*\"")},
    {TABLE "messaging = { send = [\"\"] }\n",
     AT("6:23",
        ".messaging.send: \"\" is neither the name of a component of this application nor a pattern of "
        "ids; all instances of others are like \"bank/vault/*\"")},
    {TABLE "messaging = { send = [\"bank/vault\"] }\n",
     AT("6:23",
        ".messaging.send: an actor's id has three parts, namespace/name/instance, and this pattern has 2; "
        "all instances of a component are \"bank/vault/*\"")},
    {TABLE "topics = { publish = [\"a..b\"] }\n",
     AT("6:23", ".topics.publish: a topic has no empty tokens between its dots")},
    {TABLE "storage = { read = [\"a*\"] }\n",
     AT("6:21", ".storage.read: a star stands alone: \"*\" is any one part between \"/\", \"**\" any number "
                "of parts; "
                "in \"a*\" it would only be a star")},
    {TABLE "storage = { quota = \"much\" }\n",
     AT("6:21", ".storage.quota: \"much\" is not a size like \"64MiB\"; the units are B, KiB, MiB and GiB")},
    {TABLE "services = [\"clok\"]\n",
     AT("6:13", ".services: there is no service \"clok\"; services are log, clock, "
                "sleep, list-components, metadata")},
    {TABLE "services = [\"*\"]\n",
     AT("6:13", ".services: there is no service \"*\"; services are log, clock, "
                "sleep, list-components, metadata")},
    {TABLE "environment = [\"*\"]\n",
     AT("6:16", ".environment: variables are granted one by one, by their whole names")},
    {TABLE "filesystem = { list = [\"/\"] }\n",
     AT("6:16", ".filesystem.list: a folder is granted to be read, which includes listing, or to be written, "
                "which includes reading, creating, renaming and deleting; there is nothing finer")},
    {TABLE "filesystem = { reed = [\"/\"] }\n",
     AT("6:16", ".filesystem.reed: unknown key; did you mean \"read\"?")},
    {TABLE "filesystem = { read = \"/\" }\n",
     AT("6:23", ".filesystem.read: must be a list of folders, not a string")},
    {TABLE "filesystem = { read = [3] }\n",
     AT("6:24", ".filesystem.read: must be the path of a folder, or a table with one, not an integer")},
    {TABLE "filesystem = { read = [\"\"] }\n",
     AT("6:24", ".filesystem.read: must be a path, neither empty nor with a zero character")},
    {TABLE "filesystem = { read = [\"/none/of/these\"] }\n",
     AT("6:24", ".filesystem.read: cannot grant /none/of/these: no such folder (a path is relative to the "
                "manifest)")},
    {TABLE "filesystem = { read = [\"a.wasm\"] }\n",
     AT("6:24", ".filesystem.read: cannot grant a.wasm: is no folder (a path is relative to the manifest)")},
    {TABLE "filesystem = { read = [\"/*\"] }\n",
     AT("6:24", ".filesystem.read: cannot grant /*: a folder is granted by its path, without wildcards (a "
                "path is relative to the manifest)")},
    {TABLE "filesystem = { read = [{ as = \"/data\" }] }\n",
     AT("6:24", ".filesystem.read: the key \"folder\" is missing")},
    {TABLE "filesystem = { read = [\"..\"] }\n",
     AT("6:24",
        ".filesystem.read: a guest finds a folder at a path like \"data\" or \"/data\", without \"..\" "
        "and control characters; the path that the guest is to know can be given as { folder = "
        "\"...\", as = \"/data\" }")},
    {TABLE "filesystem = { read = [{ folder = \"/\", as = \"x\" }], write = [{ folder = \"made\", as = "
           "\"x/\" }] }\n",
     AT("6:1", ".filesystem: two folders cannot both be found at \"x\"; { folder = \"...\", as = \"/data\" } "
               "gives one another path")},
    {TABLE "network = { outbound = [\"example.org:0\"] }\n",
     AT("6:25", ".network.outbound: must be a host and a port from 1 to 65535, like \"example.org:443\", "
                "\"*.example.org:*\" or \"[::1]:8080\"")},
    {TABLE "network = { inbound = [\"[0:0::1]:80\"] }\n",
     AT("6:24", ".network.inbound: this address is written \"[::1]\"")},
    {TABLE "network = { inbound = [\"[::ffff:1.2.3.4]:80\"] }\n",
     AT("6:24", ".network.inbound: an IPv4 address is written like \"10.0.0.1:80\", also where it comes as "
                "IPv6")},
#define NO_ADDRESS                                                                                       \
    ".network.outbound: an IPv4 address is written as four numbers from 0 to 255, without zeros before " \
    "them, like "                                                                                        \
    "\"10.0.0.1:80\" or \"10.0.*.*:80\""
    {TABLE "network = { outbound = [\"127.1:80\"] }\n", AT("6:25", NO_ADDRESS)},
    {TABLE "network = { outbound = [\"010.0.0.1:80\"] }\n", AT("6:25", NO_ADDRESS)},
    {TABLE "network = { outbound = [\"10.0.0.256\"] }\n", AT("6:25", NO_ADDRESS)},
    {TABLE "network = { outbound = [\"0x7f000001:80\"] }\n", AT("6:25", NO_ADDRESS)},
    {TABLE "network = { outbound = [\"2130706433\"] }\n", AT("6:25", NO_ADDRESS)},
    {TABLE "network = { outbound = [\"10.*:80\"] }\n", AT("6:25", NO_ADDRESS)},
    {TABLE "network = { outbound = [\"010.0.*.*:80\"] }\n", AT("6:25", NO_ADDRESS)},
    {TABLE "network = { outbound = [\"example.0x1\"] }\n", AT("6:25", NO_ADDRESS)},
    {TABLE "network = { listen = [] }\n",
     AT("6:13", ".network.listen: unknown key; known here: outbound, inbound")},
    {APP CART "record = true\n[components.cart.capabilities]\nfilesystem = { read = [\".\"] }\n",
     "airssys.toml:5:10: components.cart.record: a component that is granted filesystem.read cannot be "
     "recorded: what files and sockets answer is in no journal, so a replay would not be the same"},
    {APP CART "record = true\n[components.cart.capabilities]\nnetwork = { outbound = [\"a.org\"] }\n",
     "airssys.toml:5:10: components.cart.record: a component that is granted network.outbound cannot be "
     "recorded: what files and sockets answer is in no journal, so a replay would not be the same"},
#define NO_TIME ".expires: must be a time like \"2026-12-31T23:59:59Z\", between 1970 and 2554"
    {TABLE "expires = \"tomorrow\"\n", AT("6:11", NO_TIME)},
    {TABLE "expires = \"2026-02-30T00:00:00Z\"\n", AT("6:11", NO_TIME)},
    {TABLE "expires = \"2027-02-29T00:00:00Z\"\n", AT("6:11", NO_TIME)},
    {TABLE "expires = \"2026-12-31T23:59:60Z\"\n", AT("6:11", NO_TIME)},
    {TABLE "expires = \"9999-12-31T23:59:59Z\"\n", AT("6:11", NO_TIME)},
    {TABLE "expires = 5\n",
     AT("6:11", ".expires: must be a time like \"2026-12-31T23:59:59Z\", not an integer")},
    {APP CART "[policy]\n", "airssys.toml:5:1: policy: the key \"file\" is missing"},
    {APP CART "[policy]\nfile = \"none.toml\"\n", "airssys.toml:6:8: policy.file: cannot read none.toml: no "
                                                  "such file (a path is relative to the manifest)"},
    {APP CART "[audit]\nfile = \"\"\n",
     "airssys.toml:6:8: audit.file: must be a path, neither empty nor with a zero character"},
    {APP CART "[audit]\nfile = \"a\"\nkeep = 0\n",
     "airssys.toml:7:8: audit.keep: 0 is out of range; it must be a whole number from 1 to 1000"},
};

static void every_mistake_is_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        manifest_expect_refused(mistakes[i].text, mistakes[i].error);
    }
}

static void other_capabilities_are_a_difference(void **state) {
    (void)state;
    static const char *const texts[] = {
        APP CART,
        TABLE,
        TABLE "messaging = { send = [\"till\"] }\n",
        TABLE "messaging = { request = [\"till\"] }\n",
        TABLE "storage = { read = [\"a\"] }\n",
        TABLE "storage = { read = [\"a\"], quota = 5 }\n",
        TABLE "filesystem = { read = [\".\"] }\n",
        TABLE "filesystem = { read = [{ folder = \".\", as = \"/data\" }] }\n",
        TABLE "filesystem = { write = [\"made\"] }\n",
        TABLE "network = { outbound = [\"a.org\"] }\n",
        TABLE "storage = { read = [\"a\"] }\nexpires = \"2030-01-01T00:00:00Z\"\n",
    };
    manifest_expect_differences(texts, sizeof texts / sizeof texts[0], AIRS_DIFFERS_SETTINGS);
}

/* Who may write there may change what is granted, or whose code runs. */
static void what_a_manifest_is_made_of_is_not_written_to(void **state) {
    (void)state;
#define OUTSIDE "[application]\nname = \"app\"\n[components.cart]\nsource = \"a.wasm\"\n"
#define WRITES "[components.cart.capabilities]\nfilesystem = { write = ["
    static const char *const texts[] = {
        OUTSIDE WRITES "\".\"] }\n",
        OUTSIDE WRITES "{ folder = \"/\", as = \"/all\" }] }\n",
        OUTSIDE "[policy]\nfile = \"made/policy.toml\"\n" WRITES "\"made\"] }\n",
        OUTSIDE "[audit]\nfile = \"made/audit\"\n" WRITES "\"made\"] }\n",
        OUTSIDE "[storage]\nfolder = \"made/kept\"\n" WRITES "\"made\"] }\n",
        OUTSIDE "[components.other]\nsource = \"made/b.wasm\"\n" WRITES "\"made\"] }\n",
    };
    static const char *const files[] = {"policy.toml", "audit", "b.wasm"};
    airs_temporary_folder_make(&folder, "made/kept");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "made/%s", files[i]);
        airs_temporary_file_write_text(&folder, path, "");
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        airs_manifest_t *manifest = NULL;
        airs_error_t error = {AIRS_OK, ""};
        assert_status(airs_manifest_parse(airs_allocator_default(), airs_str(texts[i]), "airssys.toml",
                                          &manifest, &error),
                      AIRS_MANIFEST_INVALID);
        assert_non_null(strstr(error.text, "components.cart.capabilities.filesystem.write: "));
        assert_non_null(strstr(error.text, "in it: who may write there may change what is granted"));
    }
    /* To read them is another thing, and so is a folder beside them. */
    airs_temporary_folder_make(&folder, "made2");
    airs_manifest_destroy(manifest_of(OUTSIDE "[policy]\nfile = \"made/policy.toml\"\n"
                                              "[components.cart.capabilities]\n"
                                              "filesystem = { read = [\".\"], write = [\"made2\"] }\n"));
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    static char text[] = TABLE
        "messaging = { send = [\"till\"] }\nenvironment = [\"PATH\"]\n"
        "filesystem = { read = [\".\"], write = [{ folder = \"made\", as = \"/x\" }] }\n"
        "network = { outbound = [\"a.org\"] }\n"
        "[policy]\nfile = \"policy.toml\"\n[audit]\nfile = \"audit\"\n";
    airs_fail_each_allocation(manifest_life, text);
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_temporary_file_write_text(&folder, "a.wasm", "");
    airs_temporary_file_write_text(&folder, "policy.toml", "");
    airs_temporary_folder_make(&folder, "made");
    return chdir(folder.path);
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_nothing_has_what_everybody_has),
        cmocka_unit_test(an_empty_table_leaves_the_time_alone),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(folders_and_hosts_are_read),
        cmocka_unit_test(a_folder_is_where_it_really_is),
        cmocka_unit_test(every_mistake_is_told),
        cmocka_unit_test(other_capabilities_are_a_difference),
        cmocka_unit_test(what_a_manifest_is_made_of_is_not_written_to),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
