#include "node/manifest_diff.h"

#include <string.h>

#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

#define APP "[application]\nname = \"app\"\n"
#define COMPONENT(name) "[components." name "]\nsource = \"a.wasm\"\n"
#define A APP COMPONENT("a")
#define SUPERVISOR(children) "[supervisors.s]\nchildren = [" children "]\n"
#define AB A COMPONENT("b")

static airs_manifest_t *parsed(const char *text) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_manifest_t *manifest = NULL;
    airs_error_t error = {AIRS_OK, ""};
    if (airs_manifest_parse(airs_allocator_default(), airs_str(text),
                            airs_temporary_file_path(&folder, "airssys.toml", path), &manifest,
                            &error) != AIRS_OK) {
        fail_msg("refused: %s", error.text);
    }
    return manifest;
}

static void every_key_of_a_component_is_compared(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned difference;
    } cases[] = {
        {"", 0},
        {"restart = \"transient\"\nshutdown = \"1s\"\n", 0}, /* that is its supervision */
        {"env = { A = \"b\" }\n", AIRS_DIFFERS_SETTINGS},
        {"config = \"\"\n", AIRS_DIFFERS_SETTINGS},
        {"config = \"x\"\n", AIRS_DIFFERS_SETTINGS},
        {"limits.memory = \"1MiB\"\n", AIRS_DIFFERS_SETTINGS},
        {"limits.execution-time = \"1s\"\n", AIRS_DIFFERS_SETTINGS},
        {"limits.parked-time = \"1s\"\n", AIRS_DIFFERS_SETTINGS},
        {"limits.fuel = 5\n", AIRS_DIFFERS_SETTINGS},
        {"limits.mailbox-messages = 5\n", AIRS_DIFFERS_ACTOR},
        {"limits.mailbox-bytes = \"32MiB\"\n", AIRS_DIFFERS_ACTOR},
        {"limits.message-size = 5\n", AIRS_DIFFERS_ACTOR},
        {"limits.outstanding-requests = 5\n", AIRS_DIFFERS_ACTOR},
        {"limits.timers = 5\n", AIRS_DIFFERS_ACTOR},
        {"limits.subscriptions = 5\n", AIRS_DIFFERS_ACTOR},
        {"limits.deferred-replies = 5\n", AIRS_DIFFERS_ACTOR},
        {"limits.monitors = 5\n", AIRS_DIFFERS_ACTOR},
        {"limits.links = 5\n", AIRS_DIFFERS_ACTOR},
        {"limits.messages-per-second = 5\n", AIRS_DIFFERS_ACTOR},
        {"limits.instances = 5\n", AIRS_DIFFERS_ACTOR},
        {"limits.log-lines-per-second = 5\n", AIRS_DIFFERS_SETTINGS},
        {"limits.storage-quota = 5\n", AIRS_DIFFERS_SETTINGS},
        {"limits.mailbox-policy = \"drop-oldest\"\n", AIRS_DIFFERS_ACTOR},
        {"limits = { mailbox-policy = \"block\", block-time = \"1s\" }\n", AIRS_DIFFERS_ACTOR},
        {"subscribe = [\"x\"]\n", AIRS_DIFFERS_ACTOR},
        {"accepts = [\"json\"]\n", AIRS_DIFFERS_ACTOR},
        {"health.interval = \"1s\"\n", AIRS_DIFFERS_ACTOR},
        {"health.timeout = \"3s\"\n", AIRS_DIFFERS_ACTOR},
        {"health.unhealthy-after = 7\n", AIRS_DIFFERS_ACTOR},
        {"record = true\n", AIRS_DIFFERS_ACTOR},
        {"storage = \"instance\"\n", AIRS_DIFFERS_ACTOR},
        {"stateless = true\n", AIRS_DIFFERS_ACTOR},
        {"stateless = true\npassivate-after = \"1s\"\n", AIRS_DIFFERS_ACTOR},
        {"instances = 2\n", AIRS_DIFFERS_INSTANCES},
        {"instances = 2\nconfig = \"x\"\naccepts = [\"json\"]\n",
         AIRS_DIFFERS_INSTANCES | AIRS_DIFFERS_SETTINGS | AIRS_DIFFERS_ACTOR},
    };
    airs_manifest_t *old = parsed(A);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512] = A;
        strcat(text, cases[i].text);
        airs_manifest_t *now = parsed(text);
        unsigned found = airs_manifest_component_difference(&old->components[0], &now->components[0]);
        unsigned back = airs_manifest_component_difference(&now->components[0], &old->components[0]);
        if (found != cases[i].difference || back != found) {
            fail_msg("%s: %u and %u, not %u", cases[i].text, found, back, cases[i].difference);
        }
        airs_manifest_destroy(now);
    }
    airs_manifest_t *elsewhere = parsed(APP "[components.a]\nsource = \"b.wasm\"\n");
    assert_int_equal(airs_manifest_component_difference(&old->components[0], &elsewhere->components[0]),
                     AIRS_DIFFERS_SOURCE);
    airs_manifest_destroy(elsewhere);
    airs_manifest_destroy(old);
}

static void texts_and_lists_are_compared_by_what_they_say(void **state) {
    (void)state;
    static const char text[] = A
        "config = \"x\"\nenv = { A = \"b\", C = \"d\" }\nsubscribe = [\"x\", \"y\"]\n";
    airs_manifest_t *old = parsed(text);
    airs_manifest_t *now = parsed(text);
    assert_int_equal(airs_manifest_component_difference(&old->components[0], &now->components[0]), 0);
    assert_true(airs_manifest_same_supervision(old->roots[0], now->roots[0]));
    airs_manifest_destroy(now);
    now = parsed(A "config = \"y\"\nenv = { A = \"b\", C = \"e\" }\nsubscribe = [\"x\", \"z\"]\n");
    assert_int_equal(airs_manifest_component_difference(&old->components[0], &now->components[0]),
                     AIRS_DIFFERS_SETTINGS | AIRS_DIFFERS_ACTOR);
    airs_manifest_destroy(now);
    airs_manifest_destroy(old);
}

static void every_key_of_supervision_is_compared(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool same;
    } cases[] = {
        {AB SUPERVISOR("\"a\", \"b\""), true},
        {A "instances = 3\nconfig = \"x\"\n" COMPONENT("b") SUPERVISOR("\"a\", \"b\""), true},
        {AB SUPERVISOR("\"b\", \"a\""), false},
        {AB SUPERVISOR("\"a\""), false},
        {AB COMPONENT("c") SUPERVISOR("\"a\", \"b\", \"c\""), false},
        {AB SUPERVISOR("\"a\", \"b\"") "strategy = \"one-for-all\"\n", false},
        {AB SUPERVISOR("\"a\", \"b\"") "intensity = 2\n", false},
        {AB SUPERVISOR("\"a\", \"b\"") "period = \"6s\"\n", false},
        {AB SUPERVISOR("\"a\", \"b\"") "backoff = { first = \"1s\" }\n", false},
        {AB SUPERVISOR("\"a\", \"b\"") "auto-shutdown = \"any-significant\"\n", false},
        {AB SUPERVISOR("\"a\", \"b\"") "shutdown = \"1s\"\n", false},
        {AB "restart = \"temporary\"\n" SUPERVISOR("\"a\", \"b\""), false},
        {AB "shutdown = \"1s\"\n" SUPERVISOR("\"a\", \"b\""), false},
    };
    airs_manifest_t *old = parsed(cases[0].text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        airs_manifest_t *now = parsed(cases[i].text);
        assert_string_equal(now->roots[0]->name, "s");
        if (airs_manifest_same_supervision(old->roots[0], now->roots[0]) != cases[i].same) {
            fail_msg("%s", cases[i].text);
        }
        airs_manifest_destroy(now);
    }
    airs_manifest_destroy(old);
}

/* More instances have a component's own supervisor allow more restarts, which is no reason to stop them. */
static void a_components_own_supervisor_is_the_same_with_other_instances(void **state) {
    (void)state;
    airs_manifest_t *old = parsed(A);
    airs_manifest_t *now = parsed(A "instances = 7\nafter = [\"b\"]\n" COMPONENT("b"));
    assert_true(airs_manifest_same_supervision(old->roots[0], now->roots[1]));
    assert_false(airs_manifest_same_supervision(old->roots[0], now->roots[0]));
    airs_manifest_destroy(now);
    airs_manifest_destroy(old);
}

#define RESTART " is fixed while the application runs; restart it"

static void what_is_fixed_is_refused_by_name(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message; /* NULL: it is fine */
    } cases[] = {
        {A, NULL},
        {AB, NULL},
        {A "instances = 10\nlimits.memory = \"128MiB\"\n[shutdown]\nstop-time = \"1s\"\n", NULL},
        {"[application]\nname = \"other\"\n" COMPONENT("a"),
         "application.name" RESTART "\napplication.namespace" RESTART},
        {APP "namespace = \"other\"\n" COMPONENT("a"), "application.namespace" RESTART},
        {APP "input = \"a\"\n" COMPONENT("a"), "application.input" RESTART},
        {APP "output = \"a\"\n" COMPONENT("a"), "application.output" RESTART},
        {A "[engine]\nworkers = 3\n", "engine.workers" RESTART},
        {A "[engine]\nslice = \"2ms\"\n", "engine.slice" RESTART},
        {A "[engine]\nmax-actors = 3\nmax-core-instances = 30\n",
         "engine.max-actors" RESTART "\nengine.max-core-instances" RESTART},
        {A "[admin]\nenabled = false\nsocket = \"x\"\n", "admin.enabled" RESTART "\nadmin.socket" RESTART},
        {A "limits.fuel = 5\n", "components.a.limits.fuel needs an engine that counts fuel, which" RESTART},
        {A "record = true\n", "components.a.record needs an engine that runs the same again, which" RESTART},
        {A "[crashes]\nkeep = 7\n", "[crashes]" RESTART},
        {A "[storage]\nsync = \"none\"\n", "[storage]" RESTART},
        {A "limits.memory = \"1GiB\"\n",
         "components.a.limits.memory is more than this engine's largest memory, which" RESTART},
        {A "instances = 11\n",
         "the components have more instances together than engine.max-actors (10), which" RESTART},
    };
    airs_node_options_t made = AIRS_NODE_OPTIONS_INIT;
    made.max_actors = 10;
    made.max_memory_bytes = UINT64_C(256) << 20;
    airs_manifest_t *old = parsed(A);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        airs_error_t error = {AIRS_OK, ""};
        airs_manifest_t *now = parsed(cases[i].text);
        airs_status_t status = airs_manifest_check_change(old, now, &made, &error);
        assert_status(status, cases[i].message != NULL ? AIRS_UNSUPPORTED : AIRS_OK);
        assert_string_equal(error.text, cases[i].message != NULL ? cases[i].message : "");
        airs_manifest_destroy(now);
    }
    airs_manifest_destroy(old);
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_temporary_file_write_text(&folder, "a.wasm", "");
    airs_temporary_file_write_text(&folder, "b.wasm", "");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_a_component_is_compared),
        cmocka_unit_test(texts_and_lists_are_compared_by_what_they_say),
        cmocka_unit_test(every_key_of_supervision_is_compared),
        cmocka_unit_test(a_components_own_supervisor_is_the_same_with_other_instances),
        cmocka_unit_test(what_is_fixed_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
