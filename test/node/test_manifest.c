#include "node/manifest.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/text.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

/* A folder with what the manifests below name: a.wasm, b.wasm, config.json and a folder "folder". The
 * tests run in it, so that messages show short paths. */
static airs_temporary_folder_t folder;

#define APP "[application]\nname = \"app\"\n"
#define COMPONENT "[components.a]\nsource = \"a.wasm\"\n"
#define MINIMAL APP COMPONENT
#define OTHER(name) "[components." name "]\nsource = \"b.wasm\"\n"
#define ABC MINIMAL OTHER("b") OTHER("c")
#define SUPERVISOR(name, children) "[supervisors." name "]\nchildren = [" children "]\n"

static airs_status_t parse(const char *text, airs_manifest_t **out, airs_error_t *error) {
    return airs_manifest_parse(airs_allocator_default(), airs_str(text), "airssys.toml", out, error);
}

static airs_manifest_t *parsed(const char *text) {
    airs_manifest_t *manifest = NULL;
    airs_error_t error = {AIRS_OK, ""};
    if (parse(text, &manifest, &error) != AIRS_OK) {
        fail_msg("refused: %s", error.text);
    }
    return manifest;
}

static void the_smallest_manifest_has_the_defaults(void **state) {
    (void)state;
    airs_manifest_t *manifest = parsed(MINIMAL);
    assert_string_equal(manifest->path, "airssys.toml");
    assert_string_equal(manifest->name, "app");
    assert_string_equal(manifest->ns, "app");
    assert_int_equal(manifest->component_count, 1);
    const airs_manifest_component_t *component = &manifest->components[0];
    assert_string_equal(component->name, "a");
    assert_string_equal(component->source, "a.wasm");
    assert_int_equal(component->instances, 1);
    assert_int_equal(component->env_count, 0);
    assert_null(component->config.data);
    static const airs_manifest_limits_t no_limits;
    static const airs_manifest_engine_t no_engine;
    assert_memory_equal(&component->limits, &no_limits, sizeof no_limits);
    assert_memory_equal(&manifest->engine, &no_engine, sizeof no_engine);
    assert_int_equal(component->health.interval_ms, 30000);
    assert_int_equal(component->health.timeout_ms, 5000);
    assert_int_equal(component->health.unhealthy_after, 3);
    assert_int_equal(component->update.window_ms, 10000);
    assert_false(component->update.together);
    assert_null(manifest->input);
    assert_null(manifest->output);
    assert_int_equal(manifest->shutdown.drain_time_ms, 10000);
    assert_int_equal(manifest->shutdown.stop_time_ms, 5000);
    assert_false(manifest->admin.disabled);
    assert_null(manifest->admin.socket);
    airs_manifest_destroy(manifest);
}

#define TEN "0123456789"
#define LONG_PATH TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const char full_text[] = "[application]\n"
                                "name = \"word-count\"\n"
                                "namespace = \"demo/words\"\n"
                                "input = \"z-first\"\n"
                                "output = \"b\"\n"
                                "\n"
                                "[components.z-first]\n"
                                "source = \"a.wasm\"\n"
                                "instances = 3\n"
                                "env = { LANG = \"C\", EMPTY = \"\" }\n"
                                "config = \"text \\u0000 with a zero\"\n"
                                "stateless = true\n"
                                "passivate-after = \"30s\"\n"
                                "\n"
                                "[components.z-first.limits]\n"
                                "memory = \"32MiB\"\n"
                                "execution-time = \"100ms\"\n"
                                "parked-time = 2500\n"
                                "fuel = 1_000_000\n"
                                "mailbox-messages = 16\n"
                                "mailbox-bytes = \"1MiB\"\n"
                                "message-size = 4096\n"
                                "outstanding-requests = 7\n"
                                "mailbox-policy = \"block\"\n"
                                "block-time = \"2s\"\n"
                                "timers = 8\n"
                                "subscriptions = 9\n"
                                "deferred-replies = 10\n"
                                "monitors = 11\n"
                                "links = 12\n"
                                "messages-per-second = 13\n"
                                "log-lines-per-second = 14\n"
                                "instances = 15\n"
                                "storage-quota = \"16KiB\"\n"
                                "\n"
                                "[components.z-first.health]\n"
                                "interval = \"10s\"\n"
                                "timeout = \"250ms\"\n"
                                "unhealthy-after = 5\n"
                                "\n"
                                "[crashes]\n"
                                "folder = \"crashes\"\n"
                                "keep = 5\n"
                                "keep-size = \"1MiB\"\n"
                                "\n"
                                "[storage]\n"
                                "folder = \"kept\"\n"
                                "sync = \"interval\"\n"
                                "interval = \"250ms\"\n"
                                "map-size = \"2GiB\"\n"
                                "\n"
                                "[components.b]\n"
                                "source = \"./b.wasm\"\n"
                                "config = { file = \"config.json\" }\n"
                                "subscribe = [\"orders.*\", \"stock.>\"]\n"
                                "accepts = [\"cbor\", \"json\"]\n"
                                "limits.mailbox-policy = \"drop-oldest\"\n"
                                "health.interval = 0\n"
                                "update = { window = \"1m\", together = true }\n"
                                "record = true\n"
                                "record-size = \"64KiB\"\n"
                                "storage = \"instance\"\n"
                                "\n"
                                "[supervisors.both]\n"
                                "children = [\"z-first\", \"b\"]\n"
                                "strategy = \"one-for-all\"\n"
                                "[supervisors.all]\n"
                                "children = [\"both\"]\n"
                                "\n"
                                "[engine]\n"
                                "workers = 2\n"
                                "slice = \"500us\"\n"
                                "max-actors = 50\n"
                                "max-core-instances = 400\n"
                                "\n"
                                "[admin]\n"
                                "enabled = false\n"
                                "socket = \"run/admin.sock\"\n"
                                "[shutdown]\n"
                                "drain-time = \"1m\"\n"
                                "stop-time = \"250ms\"\n";

static void check_first_component(const airs_manifest_component_t *component) {
    assert_string_equal(component->name, "z-first");
    assert_int_equal(component->instances, 3);
    assert_int_equal(component->env_count, 2);
    assert_string_equal(component->env[0].name, "EMPTY");
    assert_string_equal(component->env[0].value, "");
    assert_string_equal(component->env[1].name, "LANG");
    assert_string_equal(component->env[1].value, "C");
    assert_int_equal(component->config.size, 18);
    assert_memory_equal(component->config.data, "text \0 with a zero", 18);
    assert_int_equal(component->limits.memory_bytes, 32 << 20);
    assert_int_equal(component->limits.execution_time_ms, 100);
    assert_int_equal(component->limits.parked_time_ms, 2500);
    assert_int_equal(component->limits.fuel, 1000000);
    assert_int_equal(component->limits.mailbox_messages, 16);
    assert_int_equal(component->limits.mailbox_bytes, 1 << 20);
    assert_int_equal(component->limits.message_bytes, 4096);
    assert_int_equal(component->limits.outstanding_requests, 7);
    assert_int_equal(component->limits.mailbox_policy, AIRS_MAILBOX_BLOCK);
    assert_int_equal(component->limits.block_time_ms, 2000);
    assert_int_equal(component->limits.timers, 8);
    assert_int_equal(component->limits.subscriptions, 9);
    assert_int_equal(component->limits.deferred_replies, 10);
    assert_int_equal(component->limits.monitors, 11);
    assert_int_equal(component->limits.links, 12);
    assert_int_equal(component->limits.messages_per_s, 13);
    assert_int_equal(component->limits.log_lines_per_s, 14);
    assert_int_equal(component->limits.instances, 15);
    assert_int_equal(component->limits.storage_quota, 16 << 10);
    assert_int_equal(component->health.interval_ms, 10000);
    assert_int_equal(component->health.timeout_ms, 250);
    assert_int_equal(component->health.unhealthy_after, 5);
    assert_int_equal(component->subscription_count, 0);
    assert_int_equal(component->accepts, 0);
    assert_int_equal(component->record_bytes, 0);
    assert_true(component->stateless);
    assert_int_equal(component->passivate_after_ms, 30000);
}

/* The names of the topmost supervisors, in the order of their start. */
static void assert_roots(const airs_manifest_t *manifest, const char *expected) {
    char text[256] = "";
    for (size_t i = 0; i < manifest->root_count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " " : "", manifest->roots[i]->name);
    }
    assert_string_equal(text, expected);
}

static void a_component_that_nobody_supervises_has_a_supervisor_of_its_own(void **state) {
    (void)state;
    airs_manifest_t *manifest =
        parsed(MINIMAL "instances = 3\nrestart = \"temporary\"\n" OTHER("b") "instances = 2000\n");
    assert_roots(manifest, "a b");
    const airs_manifest_supervisor_t *a = manifest->roots[0];
    assert_true(a->implicit);
    assert_int_equal(a->strategy, AIRS_ONE_FOR_ONE);
    assert_int_equal(a->auto_shutdown, AIRS_AUTO_SHUTDOWN_NEVER);
    assert_int_equal(a->intensity, 30);
    assert_int_equal(a->period_ms, 5000);
    assert_int_equal(a->backoff_first_ms, 0);
    assert_int_equal(a->child_count, 1);
    assert_ptr_equal(a->children[0].component, &manifest->components[0]);
    assert_null(a->children[0].supervisor);
    assert_null(a->place.supervisor);
    assert_ptr_equal(manifest->components[0].place.supervisor, a);
    assert_int_equal(manifest->components[0].place.restart, AIRS_RESTART_TEMPORARY);
    assert_int_equal(manifest->components[1].place.restart, AIRS_RESTART_PERMANENT);
    assert_int_equal(manifest->components[1].place.shutdown_ms, 0);
    assert_int_equal(manifest->roots[1]->intensity, AIRS_INTENSITY_MAX);
    airs_manifest_destroy(manifest);
}

static void a_tree_is_read_with_all_its_keys(void **state) {
    (void)state;
    airs_manifest_t *manifest =
        parsed(ABC "restart = \"transient\"\nsignificant = true\nshutdown = \"brutal\"\n" SUPERVISOR(
            "top", "\"inner\", \"a\"") "strategy = \"rest-for-one\"\nintensity = 0\nperiod = \"1m\"\n"
                                       "backoff = { first = \"100ms\", max = \"10s\" }\n" SUPERVISOR(
                                           "inner",
                                           "\"b\", \"c\"") "restart = \"temporary\"\nshutdown = 1500\n"
                                                           "auto-shutdown = \"all-significant\"\n");
    assert_roots(manifest, "top");
    const airs_manifest_supervisor_t *top = manifest->roots[0];
    assert_false(top->implicit);
    assert_int_equal(top->strategy, AIRS_REST_FOR_ONE);
    assert_int_equal(top->intensity, 0);
    assert_int_equal(top->period_ms, 60000);
    assert_int_equal(top->backoff_first_ms, 100);
    assert_int_equal(top->backoff_max_ms, 10000);
    assert_int_equal(top->child_count, 2);
    assert_ptr_equal(top->children[1].component, &manifest->components[0]);
    const airs_manifest_supervisor_t *inner = top->children[0].supervisor;
    assert_non_null(inner);
    assert_ptr_equal(inner->place.supervisor, top);
    assert_int_equal(inner->place.restart, AIRS_RESTART_TEMPORARY);
    assert_int_equal(inner->place.shutdown_ms, 1500);
    assert_int_equal(inner->strategy, AIRS_ONE_FOR_ONE);
    assert_int_equal(inner->intensity, 1);
    assert_int_equal(inner->period_ms, 5000);
    assert_int_equal(inner->auto_shutdown, AIRS_AUTO_SHUTDOWN_ALL);
    assert_ptr_equal(inner->children[1].component, &manifest->components[2]);
    const airs_manifest_place_t *place = &manifest->components[2].place;
    assert_ptr_equal(place->supervisor, inner);
    assert_int_equal(place->restart, AIRS_RESTART_TRANSIENT);
    assert_true(place->significant);
    assert_true(place->shutdown_ms == AIRS_SHUTDOWN_BRUTAL);
    airs_manifest_destroy(manifest);
}

static void trees_start_after_what_they_need_and_else_as_they_stand(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *roots;
    } cases[] = {
        {ABC, "a b c"},
        {APP OTHER("c") COMPONENT OTHER("b"), "c a b"},
        {APP COMPONENT "after = [\"c\"]\n" OTHER("b") OTHER("c"), "b c a"},
        {APP COMPONENT "after = [\"c\", \"b\"]\n" OTHER("b") "after = [\"c\"]\n" OTHER("c") OTHER("d"),
         "c b a d"},
        /* a tree stands where its first component does */
        {ABC SUPERVISOR("s", "\"c\", \"b\""), "a s"},
        {ABC SUPERVISOR("s", "\"c\", \"a\""), "s b"},
        /* over the borders of trees, both ways of naming */
        {APP COMPONENT "after = [\"c\"]\n" OTHER("b") OTHER("c") SUPERVISOR("s", "\"a\""), "b c s"},
        {APP COMPONENT "after = [\"s\"]\n" OTHER("b") OTHER("c") SUPERVISOR("s", "\"c\""), "b s a"},
        {ABC SUPERVISOR("s", "\"a\"") "after = [\"c\", \"c\"]\n", "b c s"},
        {ABC "after = [\"a\"]\n" SUPERVISOR("s", "\"a\", \"t\"") SUPERVISOR("t", "\"c\""), "s b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        airs_manifest_t *manifest = parsed(cases[i].text);
        assert_roots(manifest, cases[i].roots);
        airs_manifest_destroy(manifest);
    }
}

static void children_that_are_all_alike_may_be_none_at_first(void **state) {
    (void)state;
    airs_manifest_t *manifest = parsed(MINIMAL "instances = 0\n" SUPERVISOR(
        "s", "\"a\"") "strategy = \"simple-one-for-one\"\nshutdown = \"infinity\"\n");
    assert_roots(manifest, "s");
    assert_int_equal(manifest->roots[0]->strategy, AIRS_SIMPLE_ONE_FOR_ONE);
    assert_int_equal(manifest->components[0].instances, 0);
    assert_true(manifest->roots[0]->place.shutdown_ms == AIRS_SHUTDOWN_INFINITY);
    airs_manifest_destroy(manifest);
}

static void every_key_is_read_and_components_keep_their_order(void **state) {
    (void)state;
    airs_manifest_t *manifest = parsed(full_text);
    assert_string_equal(manifest->name, "word-count");
    assert_string_equal(manifest->ns, "demo/words");
    assert_int_equal(manifest->component_count, 2);
    check_first_component(&manifest->components[0]);
    const airs_manifest_component_t *second = &manifest->components[1];
    assert_string_equal(second->name, "b");
    assert_string_equal(second->source, "./b.wasm");
    assert_int_equal(second->config.size, 3);
    assert_memory_equal(second->config.data, "{}\n", 3);
    assert_int_equal(second->subscription_count, 2);
    assert_string_equal(second->subscriptions[0], "orders.*");
    assert_string_equal(second->subscriptions[1], "stock.>");
    assert_int_equal(second->accepts, AIRS_CODEC_JSON | AIRS_CODEC_CBOR);
    assert_int_equal(second->limits.mailbox_policy, AIRS_MAILBOX_DROP_OLDEST);
    assert_int_equal(second->health.interval_ms, 0);
    assert_int_equal(second->update.window_ms, 60000);
    assert_true(second->update.together);
    assert_true(second->record);
    assert_int_equal(second->record_bytes, 64 << 10);
    assert_string_equal(manifest->crashes.folder, "crashes");
    assert_int_equal(manifest->crashes.max_files, 5);
    assert_int_equal(manifest->crashes.max_bytes, 1 << 20);
    assert_string_equal(manifest->storage.folder, "kept");
    assert_int_equal(manifest->storage.sync, AIRS_MANIFEST_SYNC_INTERVAL);
    assert_int_equal(manifest->storage.interval_ms, 250);
    assert_int_equal(manifest->storage.map_bytes, UINT64_C(2) << 30);
    assert_true(second->storage_by_instance);
    assert_false(manifest->components[0].storage_by_instance);
    assert_ptr_equal(manifest->input, &manifest->components[0]);
    assert_ptr_equal(manifest->output, second);
    assert_int_equal(manifest->engine.workers, 2);
    assert_int_equal(manifest->engine.slice_us, 500);
    assert_int_equal(manifest->engine.max_actors, 50);
    assert_int_equal(manifest->engine.max_core_instances, 400);
    assert_int_equal(manifest->shutdown.drain_time_ms, 60000);
    assert_int_equal(manifest->shutdown.stop_time_ms, 250);
    assert_true(manifest->admin.disabled);
    assert_string_equal(manifest->admin.socket, "run/admin.sock");
    assert_int_equal(airs_manifest_instances(manifest), 4);
    assert_int_equal(airs_manifest_kept_instances(manifest), 2); /* of the stateless one's three, one */
    airs_manifest_destroy(manifest);
}

static void an_empty_config_is_not_the_same_as_none(void **state) {
    (void)state;
    airs_manifest_t *manifest = parsed(MINIMAL "config = \"\"\n");
    assert_non_null(manifest->components[0].config.data);
    assert_int_equal(manifest->components[0].config.size, 0);
    airs_manifest_destroy(manifest);
}

static void other_spellings_of_the_same_tables_work(void **state) {
    (void)state;
    airs_manifest_t *manifest = parsed("application = { name = \"app\", input = \"b\" }\r\n"
                                       "components.b.source = 'b.wasm'\r\n"
                                       "components.a = { source = \"a.wasm\", limits.memory = 1048576 }\r\n"
                                       "components.b.limits.execution-time = \"2s\"\r\n");
    assert_int_equal(manifest->component_count, 2);
    assert_string_equal(manifest->components[0].name, "b");
    assert_int_equal(manifest->components[0].limits.execution_time_ms, 2000);
    assert_int_equal(manifest->components[1].limits.memory_bytes, 1 << 20);
    airs_manifest_destroy(manifest);
}

/* One mistake a row, with exactly what is said about it. */
static const struct {
    const char *text;
    const char *message;
} mistakes[] = {
    /* the file as a whole */
    {"", "airssys.toml:1:1: the manifest is empty; it needs [application] with a name, and a "
         "[components.NAME] with"
         " a source"},
    {"# only a comment\n", "airssys.toml:1:1: the manifest is empty; it needs [application] with a name, and "
                           "a [components.NAME] with a"
                           " source"},
    {COMPONENT, "airssys.toml:1:1: the table [application] is missing"},
    {APP, "airssys.toml:1:1: there is no component; add a [components.NAME] with a source"},
    {APP "[components]\n", "airssys.toml:1:1: there is no component; add a [components.NAME] with a source"},
    {APP "components = 3\n",
     "airssys.toml:3:1: application.components: unknown key; known here: name, namespace, input, output"},
    {"components = 3\n" APP, "airssys.toml:1:14: components: must be a table of components, not an integer"},
    {"application = []\n" COMPONENT, "airssys.toml:1:15: application: must be a table, not an array"},

    /* not TOML */
    {APP "[components.a\n", "airssys.toml:3:14: not valid TOML: unclosed table, expected `]`"},
    {APP "name = \"again\"\n" COMPONENT, "airssys.toml:3:1: not valid TOML: duplicate key, at: name"},
    {MINIMAL "[components.a]\n", "airssys.toml:5:13: not valid TOML: duplicate key, at: a"},
    {"[application]\nname = app\n" COMPONENT,
     "airssys.toml:2:8: not valid TOML: string values must be quoted, expected literal string, at: app"},
    {"[application]\nname = \"\xff\"\n" COMPONENT,
     "airssys.toml:2:9: not valid TOML: the text is not UTF-8, at: \\xff"},

    /* unknown keys */
    {MINIMAL "instnaces = 2\n",
     "airssys.toml:5:1: components.a.instnaces: unknown key; did you mean \"instances\"?"},
    {MINIMAL "colour = 2\n",
     "airssys.toml:5:1: components.a.colour: unknown key; known here: source, "
     "digest, instances, env, config, settings, secrets, subscribe, accepts, limits, capabilities, compile, "
     "health, update, restart, shutdown, "
     "significant, after, storage, run, stdout, stderr, record, record-size, "
     "stateless, passivate-after"},
    {MINIMAL "limits.memroy = \"1MiB\"\n",
     "airssys.toml:5:8: components.a.limits.memroy: unknown key; did you mean \"memory\"?"},
    {MINIMAL "limits.memory_ = \"1MiB\"\n",
     "airssys.toml:5:8: components.a.limits.memory_: unknown key; did you mean \"memory\"?"},
    {MINIMAL "config = { path = \"x\", file = \"config.json\" }\n",
     "airssys.toml:5:12: components.a.config.path: unknown key; known here: file"},
    {MINIMAL "[shutdwon]\n", "airssys.toml:5:2: shutdwon: unknown key; did you mean \"shutdown\"?"},
    {MINIMAL "[admin]\nenable = true\n",
     "airssys.toml:6:1: admin.enable: unknown key; did you mean \"enabled\"?"},
    {MINIMAL "[component.b]\nsource = \"b.wasm\"\n",
     "airssys.toml:5:2: component: unknown key; did you mean \"components\"?"},
    {MINIMAL "[engine]\nworker = 1\n",
     "airssys.toml:6:1: engine.worker: unknown key; did you mean \"workers\"?"},
    {MINIMAL "\"a b\\u001b\" = 1\n",
     "airssys.toml:5:1: components.a.\"a b\\x1b\": unknown key; known here: "
     "source, digest, instances, env, config, settings, secrets, subscribe, "
     "accepts, limits, capabilities, compile, health, update, "
     "restart, shutdown, significant, after, storage, run, stdout, stderr, record, record-size, "
     "stateless, passivate-after"},

    /* missing keys */
    {"[application]\n" COMPONENT, "airssys.toml:1:1: application: the key \"name\" is missing"},
    {APP "[components.a]\ninstances = 2\n", "airssys.toml:3:1: components.a: the key \"source\" is missing"},
    {MINIMAL "config = {}\n", "airssys.toml:5:10: components.a.config: the key \"file\" is missing"},

    /* types */
    {"[application]\nname = 3\n" COMPONENT,
     "airssys.toml:2:8: application.name: must be a string, not an integer"},
    {APP "[components]\na = \"a.wasm\"\n", "airssys.toml:4:5: components.a: must be a table, not a string"},
    {APP "[[components]]\n", "airssys.toml:3:1: components: must be a table of components, not an array"},
    {APP "[components.a]\nsource = true\n",
     "airssys.toml:4:10: components.a.source: must be the path of a file, not a boolean"},
    {MINIMAL "instances = \"2\"\n",
     "airssys.toml:5:13: components.a.instances: must be a whole number from 1 to 100000, not a string"},
    {MINIMAL "instances = 1.5\n",
     "airssys.toml:5:13: components.a.instances: must be a whole number from 1 to 100000,"
     " not a number with a fraction"},
    {MINIMAL "env = [\"A=b\"]\n",
     "airssys.toml:5:7: components.a.env: must be a table of strings, not an array"},
    {MINIMAL "env = { PORT = 80 }\n", "airssys.toml:5:16: components.a.env.PORT: must be \"text\", { env = "
                                      "\"NAME\" } or { file = \"path\" }, not an integer"},
    {MINIMAL "config = 1979-05-27\n",
     "airssys.toml:5:10: components.a.config: must be a string or { file = \"path\" }, not a date or time"},
    {MINIMAL "admin = false\n",
     "airssys.toml:5:1: components.a.admin: unknown key; known here: source, "
     "digest, instances, env, config, settings, secrets, subscribe, accepts, "
     "limits, capabilities, compile, health, update, restart, "
     "shutdown, significant, after, storage, run, stdout, stderr, record, record-size, "
     "stateless, passivate-after"},
    {MINIMAL "[admin]\nenabled = \"no\"\n",
     "airssys.toml:6:11: admin.enabled: must be true or false, not a string"},
    {MINIMAL "[admin]\nsocket = 80\n",
     "airssys.toml:6:10: admin.socket: must be the path of a socket, not an integer"},
    {MINIMAL "[admin]\nsocket = \"\"\n",
     "airssys.toml:6:10: admin.socket: must be a path, neither empty nor with a zero character"},
    {MINIMAL "[admin]\nsocket = \"a\\u0000b\"\n",
     "airssys.toml:6:10: admin.socket: must be a path, neither empty nor with a zero character"},
    {MINIMAL "[admin]\nsocket = \"" LONG_PATH "\"\n",
     "airssys.toml:6:10: admin.socket: the path has 110 bytes; that of a socket has 107 at most"},
    {MINIMAL "limits = \"none\"\n", "airssys.toml:5:10: components.a.limits: must be a table, not a string"},
    {MINIMAL "limits.memory = 1.5\n",
     "airssys.toml:5:17: components.a.limits.memory: must be a size like \"64MiB\","
     " not a number with a fraction"},
    {MINIMAL "limits.execution-time = false\n",
     "airssys.toml:5:25: components.a.limits.execution-time: must be a time like \"5s\", not a boolean"},

    /* ranges */
    {MINIMAL "instances = 0\n", "airssys.toml:5:13: components.a.instances: 0 is out of range; it must be a "
                                "whole number from 1 to 100000 (0 only under a simple-one-for-one "
                                "supervisor)"},
    {MINIMAL "instances = -1\n", "airssys.toml:5:13: components.a.instances: -1 is out of range; it must be "
                                 "a whole number from 1 to 100000"},
    {MINIMAL "instances = 99999999999999999999\n", "airssys.toml:5:13: components.a.instances: the number is "
                                                   "out of range; it must be a whole number from 1 to"
                                                   " 100000"},
    {MINIMAL "limits.memory = 100\n",
     "airssys.toml:5:17: components.a.limits.memory: 100 is out of range; it must be from 64KiB to 4GiB"},
    {MINIMAL "limits.memory = \"5GiB\"\n", "airssys.toml:5:17: components.a.limits.memory: \"5GiB\" is out "
                                           "of range; it must be from 64KiB to 4GiB"},
    {MINIMAL "limits.execution-time = \"10us\"\n", "airssys.toml:5:25: components.a.limits.execution-time: "
                                                   "\"10us\" is out of range; it must be from 1ms to 24h"},
    {MINIMAL "limits.parked-time = -5\n",
     "airssys.toml:5:22: components.a.limits.parked-time: -5 is out of range; it must be from 1ms to 24h"},
    {MINIMAL "limits.execution-time = 9223372036854775807\n",
     "airssys.toml:5:25: components.a.limits.execution-time: 9223372036854775807 is out of range; it must be "
     "from"
     " 1ms to 24h"},
    {MINIMAL "limits.message-size = \"2MiB\"\nlimits.mailbox-bytes = \"1MiB\"\n",
     "airssys.toml:5:23: components.a.limits.message-size: a message of this size would never fit the "
     "mailbox; raise"
     " mailbox-bytes (now 1MiB)"},
    {MINIMAL "limits.message-size = \"65MiB\"\n", "airssys.toml:5:23: components.a.limits.message-size: a "
                                                  "message of this size would never fit the mailbox; raise"
                                                  " mailbox-bytes (now 64MiB)"},
    {MINIMAL "[engine]\nslice = \"1us\"\n",
     "airssys.toml:6:9: engine.slice: \"1us\" is out of range; it must be from 100us to 1s"},
    {MINIMAL "[engine]\nslice = 0\n",
     "airssys.toml:6:9: engine.slice: 0 is out of range; it must be from 100us to 1s"},
    {MINIMAL "instances = 20\n[engine]\nmax-actors = 19\n",
     "airssys.toml:7:14: engine.max-actors: the components have 20 instances together; it must be that many "
     "at"
     " least"},

    /* sizes and times */
    {MINIMAL "limits.memory = \"64MB\"\n",
     "airssys.toml:5:17: components.a.limits.memory: \"64MB\" is not a size like"
     " \"64MiB\"; the units are B, KiB, MiB and GiB"},
    {MINIMAL "limits.memory = \"\"\n",
     "airssys.toml:5:17: components.a.limits.memory: \"\" is not a size like"
     " \"64MiB\"; the units are B, KiB, MiB and GiB"},
    {MINIMAL "limits.execution-time = \"5 s\"\n", "airssys.toml:5:25: components.a.limits.execution-time: "
                                                  "\"5 s\" is not a time like \"5s\"; the units are us, ms,"
                                                  " s, m and h"},

    /* names */
    {"[application]\nname = \"\"\n" COMPONENT,
     "airssys.toml:2:8: application.name: \"\" cannot be a name; a name is"
     " up to 64 letters, digits, \"-\", \"_\" and \".\", the first a letter"
     " or digit"},
    {"[application]\nname = \"a/b\"\n" COMPONENT, "airssys.toml:2:8: application.name: \"a/b\" cannot be a "
                                                  "name; a name is up to 64 letters, digits, \"-\", \"_\""
                                                  " and \".\", the first a letter or digit"},
    {APP "namespace = \"a//b\"\n" COMPONENT,
     "airssys.toml:3:13: application.namespace: \"a//b\" cannot be a"
     " namespace; it is names with \"/\" between them, up to 160 bytes"},
    {APP "namespace = \"airssys/x\"\n" COMPONENT,
     "airssys.toml:3:13: application.namespace: \"airssys/x\" is the"
     " runtime's own; choose another namespace"},
    {MINIMAL "[components.\"b c\"]\nsource = \"b.wasm\"\n",
     "airssys.toml:5:13: components.\"b c\": cannot be the name of a component; a name is up to 64 letters, "
     "digits,"
     " \"-\", \"_\" and \".\", the first a letter or digit"},
    {MINIMAL "env = { \"A=B\" = \"c\" }\n", "airssys.toml:5:9: components.a.env.\"A=B\": the name of a "
                                            "variable must not be empty and must not have \"=\" or"
                                            " a zero character"},
    {MINIMAL "env = { A = \"b\\u0000c\" }\n",
     "airssys.toml:5:13: components.a.env.A: the text must not have a zero character"},

    /* components named elsewhere */
    {APP "input = \"aa\"\n" COMPONENT,
     "airssys.toml:3:9: application.input: there is no component \"aa\"; did you mean \"a\"?"},
    {APP "output = \"banana\"\n" COMPONENT,
     "airssys.toml:3:10: application.output: there is no component \"banana\" under [components]"},
    {APP "input = 1\n" COMPONENT,
     "airssys.toml:3:9: application.input: must be the name of a component, not an integer"},

    /* files */
    {APP "[components.a]\nsource = \"none.wasm\"\n",
     "airssys.toml:4:10: components.a.source: cannot read none.wasm: no such file (a path is relative to the"
     " manifest)"},
    {APP "[components.a]\nsource = \"folder\"\n", "airssys.toml:4:10: components.a.source: cannot read "
                                                  "folder: is a directory, not a file (a path is relative to"
                                                  " the manifest)"},
    {APP "[components.a]\nsource = \"\"\n",
     "airssys.toml:4:10: components.a.source: must be the path of a file, not an empty string"},
    {APP "[components.a]\nsource = \"a\\u0000b\"\n",
     "airssys.toml:4:10: components.a.source: must be the path of a file, not a text with a zero character"},
    {MINIMAL "config = { file = \"none.json\" }\n", "airssys.toml:5:19: components.a.config.file: cannot "
                                                    "read none.json: no such file (a path is relative to the"
                                                    " manifest)"},
    {MINIMAL "config = { file = \"folder\" }\n", "airssys.toml:5:19: components.a.config.file: cannot read "
                                                 "folder: is a directory, not a file (a path is relative"
                                                 " to the manifest)"},

    /* messages */
    {MINIMAL "subscribe = \"orders.*\"\n",
     "airssys.toml:5:13: components.a.subscribe: must be an array like [\"orders.*\"], not a string"},
    {MINIMAL "subscribe = [3]\n",
     "airssys.toml:5:14: components.a.subscribe: must be a topic or a pattern of topics, not an integer"},
    {MINIMAL "subscribe = [\"orders.*\", \"a..b\", \"\", \"a.>.b\"]\n",
     "airssys.toml:5:26: components.a.subscribe: the pattern \"a..b\" has an empty token: one dot stands "
     "between two tokens, none at the ends\n"
     "airssys.toml:5:34: components.a.subscribe: an empty pattern: it is tokens with dots between them, as "
     "in \"orders.created\"\n"
     "airssys.toml:5:38: components.a.subscribe: `>` is not the last token of the pattern \"a.>.b\": for one "
     "token write `*`"},
    {MINIMAL "subscribe = [\"a\", \"b\"]\nlimits.subscriptions = 1\n",
     "airssys.toml:5:13: components.a.subscribe: 2 patterns, more than an instance may have; raise "
     "limits.subscriptions (now 1)"},
    {MINIMAL "subcribe = []\n",
     "airssys.toml:5:1: components.a.subcribe: unknown key; did you mean \"subscribe\"?"},
    {MINIMAL "accepts = \"json\"\n",
     "airssys.toml:5:11: components.a.accepts: must be an array like [\"json\", \"cbor\"], not a string"},
    {MINIMAL "accepts = [\"json\", 81]\n",
     "airssys.toml:5:20: components.a.accepts: must be the name of a codec, not an integer"},
    {MINIMAL "accepts = [\"jsn\"]\n",
     "airssys.toml:5:12: components.a.accepts: \"jsn\" is not a codec; did you mean \"json\"?"},
    {MINIMAL "accepts = [\"application/json\"]\n",
     "airssys.toml:5:12: components.a.accepts: \"application/json\" is not a codec; known here: json, "
     "messagepack, cbor, protobuf, raw, borsh"},
    {MINIMAL "accepts = []\n",
     "airssys.toml:5:11: components.a.accepts: names no codec; leave the key out to accept every payload"},
    {MINIMAL "limits.mailbox-policy = true\n", "airssys.toml:5:25: components.a.limits.mailbox-policy: must "
                                               "be \"reject\", \"drop-oldest\" or \"block\", not a boolean"},
    {MINIMAL "limits.mailbox-policy = \"drop_oldest\"\nlimits.block-time = \"1s\"\n",
     "airssys.toml:5:25: components.a.limits.mailbox-policy: \"drop_oldest\" is not a policy; did you mean "
     "\"drop-oldest\"?"},
    {MINIMAL "limits.mailbox-policy = \"wait\"\n",
     "airssys.toml:5:25: components.a.limits.mailbox-policy: \"wait\" is not a policy; known here: reject, "
     "drop-oldest, block"},
    {MINIMAL "limits.mailbox-policy = \"\"\n", "airssys.toml:5:25: components.a.limits.mailbox-policy: \"\" "
                                               "is not a policy; known here: reject, drop-oldest, block"},
    {MINIMAL "limits.block-time = \"1s\"\n", "airssys.toml:5:21: components.a.limits.block-time: nobody "
                                             "waits for this mailbox; it needs mailbox-policy = \"block\""},
    {MINIMAL "limits.block-time = \"1s\"\nlimits.mailbox-policy = \"reject\"\n",
     "airssys.toml:5:21: components.a.limits.block-time: nobody waits for this mailbox; it needs "
     "mailbox-policy = \"block\""},
    {MINIMAL "limits.block-time = \"0s\"\nlimits.mailbox-policy = \"block\"\n",
     "airssys.toml:5:21: components.a.limits.block-time: \"0s\" is out of range; it must be from 1ms to 24h"},

    {MINIMAL "record = 1\n", "airssys.toml:5:10: components.a.record: must be true or false, not an integer"},
    {MINIMAL "record-size = \"1MiB\"\n",
     "airssys.toml:5:15: components.a.record-size: this component is not recorded; it needs record = true"},
    {MINIMAL "record = false\nrecord-size = \"1MiB\"\n",
     "airssys.toml:6:15: components.a.record-size: this component is not recorded; it needs record = true"},
    {MINIMAL "stateless = 1\n",
     "airssys.toml:5:13: components.a.stateless: must be true or false, not an integer"},
    {MINIMAL "passivate-after = \"10s\"\n",
     "airssys.toml:5:19: components.a.passivate-after: its instances are kept, for what they remember; "
     "it needs stateless = true"},
    {MINIMAL "stateless = true\nrecord = true\n",
     "airssys.toml:5:13: components.a.stateless: a component that is recorded keeps its instances, for a "
     "recording begins with them"},
    {MINIMAL "stateless = true\npassivate-after = \"25h\"\n",
     "airssys.toml:6:19: components.a.passivate-after: \"25h\" is out of range; it must be from 1ms to 24h"},
    {MINIMAL "record = true\nrecord-size = 100\n",
     "airssys.toml:6:15: components.a.record-size: 100 is out of range; it must be from 4KiB to 4GiB"},
    {MINIMAL "[crashes]\nfolder = \"\"\n",
     "airssys.toml:6:10: crashes.folder: must be a path, neither empty nor with a zero character"},
    {MINIMAL "[crashes]\nkeep = 0\n",
     "airssys.toml:6:8: crashes.keep: 0 is out of range; it must be a whole number from 1 to 100000"},
    {MINIMAL "[crashes]\nsize = 5\n",
     "airssys.toml:6:1: crashes.size: unknown key; known here: folder, keep, keep-size"},
    {MINIMAL "[storage]\nfolder = 5\n",
     "airssys.toml:6:10: storage.folder: must be the path of a folder, not an integer"},
    {MINIMAL "[storage]\nsync = \"comit\"\n",
     "airssys.toml:6:8: storage.sync: \"comit\" is not a way to sync; did you mean \"commit\"?"},
    {MINIMAL "[storage]\ninterval = \"1s\"\n",
     "airssys.toml:6:12: storage.interval: there is none to wait for; it needs sync = \"interval\""},
    {MINIMAL "[storage]\nsync = \"interval\"\ninterval = \"2h\"\n",
     "airssys.toml:7:12: storage.interval: \"2h\" is out of range; it must be from 1ms to 1h"},
    {MINIMAL "[storage]\nmap-size = \"1KiB\"\n",
     "airssys.toml:6:12: storage.map-size: \"1KiB\" is out of range; it must be from 1MiB to 16384GiB"},
    {MINIMAL "storage = \"instnace\"\n", "airssys.toml:5:11: components.a.storage: \"instnace\" is not an "
                                         "owner of keys; did you mean \"instance\"?"},

    {MINIMAL "health = 5\n", "airssys.toml:5:10: components.a.health: must be a table, not an integer"},
    {MINIMAL "health.interval = \"25h\"\n",
     "airssys.toml:5:19: components.a.health.interval: \"25h\" is out of "
     "range; it must be from 0us to 24h"},
    {MINIMAL "health.interval = \"often\"\n",
     "airssys.toml:5:19: components.a.health.interval: \"often\" is not "
     "a time like \"5s\"; the units are us, ms, s, m and h"},
    {MINIMAL "health.timeout = 0\n",
     "airssys.toml:5:18: components.a.health.timeout: 0 is out of range; it must be from 1ms to 24h"},
    {MINIMAL "health.unhealthy-after = 0\n",
     "airssys.toml:5:26: components.a.health.unhealthy-after: 0 is out "
     "of range; it must be a whole number from 1 to 1000000"},
    {MINIMAL "health.unhealthy_after = 2\n",
     "airssys.toml:5:8: components.a.health.unhealthy_after: unknown key; "
     "did you mean \"unhealthy-after\"?"},
    {MINIMAL "[components.a.health]\ninterval = \"0s\"\ntimeout = \"1s\"\nunhealthy-after = 2\n",
     "airssys.toml:7:11: components.a.health.timeout: this component is never asked how well it is; it needs "
     "an "
     "interval above 0\n"
     "airssys.toml:8:19: components.a.health.unhealthy-after: this component is never asked how well it is; "
     "it "
     "needs an interval above 0"},
    {MINIMAL "limits.timers = 0\n", "airssys.toml:5:17: components.a.limits.timers: 0 is out of range; it "
                                    "must be a whole number from 1 to 10000000"},
    {MINIMAL "limits.subscriptions = 1000001\n",
     "airssys.toml:5:24: components.a.limits.subscriptions: 1000001 is out of range; it must be a whole "
     "number from 1 to 1000000"},
    {MINIMAL "limits.deferred-replies = 0\n", "airssys.toml:5:27: components.a.limits.deferred-replies: 0 is "
                                              "out of range; it must be a whole number from 1 to 1000000"},
    {MINIMAL "limits.monitors = 0\n",
     "airssys.toml:5:19: components.a.limits.monitors: 0 is out of range; it "
     "must be a whole number from 1 to 10000000"},
    {MINIMAL "limits.links = 10000001\n", "airssys.toml:5:16: components.a.limits.links: 10000001 is out of "
                                          "range; it must be a whole number from 1 to 10000000"},
    {MINIMAL "limits.messages-per-second = 0\n",
     "airssys.toml:5:30: components.a.limits.messages-per-second: 0 is out of range; it must be a whole "
     "number from 1 to 1000000000"},
    {MINIMAL "limits.log-lines-per-second = 1000000001\n",
     "airssys.toml:5:31: components.a.limits.log-lines-per-second: 1000000001 is out of range; it must be a "
     "whole number from 1 to 1000000000"},
    {MINIMAL "limits.instances = 100001\n",
     "airssys.toml:5:20: components.a.limits.instances: 100001 is out of range; it must be a whole number "
     "from 1 to 100000"},
    {MINIMAL "limits.storage-quota = \"2048GiB\"\n",
     "airssys.toml:5:24: components.a.limits.storage-quota: "
     "\"2048GiB\" is out of range; it must be from 1B to 1024GiB"},
    {MINIMAL "limits.defered-replies = 1\n", "airssys.toml:5:8: components.a.limits.defered-replies: unknown "
                                             "key; did you mean \"deferred-replies\"?"},

    {APP "input = \"a\"\n" COMPONENT "accepts = [\"json\"]\n",
     "airssys.toml:3:9: application.input: lines have no codec, so that a, which has \"accepts\", would take "
     "none"},

    /* supervision: ABC ends with line 8 */
    {ABC "supervisors = 1\n",
     "airssys.toml:9:1: components.c.supervisors: unknown key; known here: source, digest, instances, env, "
     "config, settings, secrets, "
     "subscribe, accepts, limits, capabilities, compile, health, update, restart, shutdown, significant, "
     "after, "
     "storage, run, stdout, stderr, record, record-size, "
     "stateless, passivate-after"},
    {"supervisors = 1\n" MINIMAL, "airssys.toml:1:15: supervisors: must be a table of supervisors, not an "
                                  "integer"},
    {ABC "[supervisor.s]\n", "airssys.toml:9:2: supervisor: unknown key; did you mean \"supervisors\"?"},
    {ABC "[supervisors.s]\n", "airssys.toml:9:1: supervisors.s: the key \"children\" is missing"},
    {ABC SUPERVISOR("s", ""), "airssys.toml:10:12: supervisors.s.children: names no child; leave the "
                              "supervisor out, or name components and supervisors"},
    {ABC "[supervisors.s]\nchildren = \"a\"\n",
     "airssys.toml:10:12: supervisors.s.children: must be an array like [\"database\", \"web\"], not a "
     "string"},
    {ABC SUPERVISOR("s", "\"a\", 3"),
     "airssys.toml:10:18: supervisors.s.children: must be the name of a component or supervisor, not an "
     "integer"},
    {ABC SUPERVISOR("\"s s\"", "\"a\""), "airssys.toml:9:14: supervisors.\"s s\": cannot be the name of a "
                                         "supervisor; a name is up to 64 letters, "
                                         "digits, \"-\", \"_\" and \".\", the first a letter or digit"},
    {ABC SUPERVISOR("a", "\"b\""), "airssys.toml:9:14: supervisors.a: a component has this name too; each "
                                   "needs a name of its own"},
    {ABC SUPERVISOR("store", "\"a\"") SUPERVISOR("s", "\"stor\", \"zebra\""),
     "airssys.toml:12:13: supervisors.s.children: there is no component or supervisor \"stor\"; did you mean "
     "\"store\"?\n"
     "airssys.toml:12:21: supervisors.s.children: there is no component or supervisor \"zebra\""},
    {ABC SUPERVISOR("s", "\"a\", \"s\""),
     "airssys.toml:10:18: supervisors.s.children: a supervisor cannot be its own child"},
    {ABC SUPERVISOR("s", "\"a\", \"b\", \"a\""),
     "airssys.toml:10:23: supervisors.s.children: \"a\" stands here twice"},
    {ABC SUPERVISOR("s", "\"a\"") SUPERVISOR("t", "\"b\", \"a\""),
     "airssys.toml:12:18: supervisors.t.children: \"a\" has a supervisor already, s; it can have one"},
    {ABC SUPERVISOR("s", "\"a\", \"t\"") SUPERVISOR("t", "\"u\"") SUPERVISOR("u", "\"s\""),
     "airssys.toml:10:12: supervisors.s.children: a circle: s, below u, below t, below s"},
    {ABC SUPERVISOR("s", "\"a\"") "strategy = \"one-for-non\"\n",
     "airssys.toml:11:12: supervisors.s.strategy: \"one-for-non\" is not a strategy; did you mean "
     "\"one-for-one\"?"},
    {ABC SUPERVISOR("s", "\"a\"") "strategy = \"all\"\n",
     "airssys.toml:11:12: supervisors.s.strategy: \"all\" is not a strategy; known here: one-for-one, "
     "one-for-all, rest-for-one, simple-one-for-one"},
    {ABC SUPERVISOR("s", "\"a\"") "strategy = 1\n",
     "airssys.toml:11:12: supervisors.s.strategy: must be a strategy like \"one-for-one\", not an integer"},
    {ABC SUPERVISOR("s", "\"a\"") "auto-shutdown = \"any\"\n",
     "airssys.toml:11:17: supervisors.s.auto-shutdown: \"any\" is not a kind of automatic shutdown; known "
     "here: never, any-significant, all-significant"},
    {ABC SUPERVISOR("s", "\"a\"") "intensity = 10001\n",
     "airssys.toml:11:13: supervisors.s.intensity: 10001 is out of range; it must be a whole number from 0 "
     "to "
     "10000"},
    {ABC SUPERVISOR("s", "\"a\"") "period = 0\n",
     "airssys.toml:11:10: supervisors.s.period: 0 is out of range; it must be from 1ms to 24h"},
    {ABC SUPERVISOR("s", "\"a\"") "backoff = { max = \"1s\" }\n",
     "airssys.toml:11:11: supervisors.s.backoff: the key \"first\" is missing"},
    {ABC SUPERVISOR("s", "\"a\"") "backoff = { first = \"2s\", max = \"1s\" }\n",
     "airssys.toml:11:33: supervisors.s.backoff.max: is below \"first\" (2s), which it bounds"},
    {ABC SUPERVISOR("s", "\"a\", \"b\"") "strategy = \"simple-one-for-one\"\n",
     "airssys.toml:10:12: supervisors.s.children: a simple-one-for-one supervisor has one child, a "
     "component, "
     "and its instances are all alike"},
    {ABC SUPERVISOR("s", "\"a\"") SUPERVISOR("t", "\"s\"") "strategy = \"simple-one-for-one\"\n",
     "airssys.toml:12:12: supervisors.t.children: a simple-one-for-one supervisor has one child, a "
     "component, "
     "and its instances are all alike"},
    {ABC SUPERVISOR("s", "\"a\"") "restart = \"transient\"\n",
     "airssys.toml:11:11: supervisors.s.restart: no supervisor has s among its children, so that nobody "
     "restarts it"},
    {ABC SUPERVISOR("s", "\"a\"") "significant = true\n",
     "airssys.toml:11:15: supervisors.s.significant: no supervisor has s among its children, to which it "
     "could be significant"},
    {MINIMAL "restart = \"allways\"\n",
     "airssys.toml:5:11: components.a.restart: \"allways\" is not a kind of restart; known here: permanent, "
     "transient, temporary"},
    {MINIMAL "restart = \"permanant\"\n",
     "airssys.toml:5:11: components.a.restart: \"permanant\" is not a kind of restart; did you mean "
     "\"permanent\"?"},
    {MINIMAL "restart = true\n", "airssys.toml:5:11: components.a.restart: must be \"permanent\", "
                                 "\"transient\" or \"temporary\", not a boolean"},
    {MINIMAL "shutdown = \"brutl\"\n",
     "airssys.toml:5:12: components.a.shutdown: \"brutl\" is not a time like \"5s\"; did you mean "
     "\"brutal\"?"},
    {MINIMAL "shutdown = \"soon\"\n", "airssys.toml:5:12: components.a.shutdown: \"soon\" is not a time "
                                      "like \"5s\"; known here: brutal, infinity"},
    {MINIMAL "shutdown = \"0s\"\n",
     "airssys.toml:5:12: components.a.shutdown: \"0s\" is out of range; it must be from 1ms to 24h"},
    {MINIMAL "shutdown = false\n",
     "airssys.toml:5:12: components.a.shutdown: must be a time like \"5s\", not a boolean"},
    {MINIMAL "significant = \"yes\"\n",
     "airssys.toml:5:15: components.a.significant: must be true or false, not a string"},
    {MINIMAL "restart = \"transient\"\nsignificant = true\n",
     "airssys.toml:6:15: components.a.significant: can only be said of the child of a supervisor that has "
     "auto-shutdown"},
    {MINIMAL "significant = true\n" SUPERVISOR("s", "\"a\"") "auto-shutdown = \"any-significant\"\n",
     "airssys.toml:5:15: components.a.significant: a permanent child cannot be significant: it never ends by "
     "itself; it needs restart = \"transient\" or \"temporary\""},
    {APP "input = \"a\"\n" COMPONENT
         "instances = 0\n" SUPERVISOR("s", "\"a\"") "strategy = \"simple-one-for-one\"\n",
     "airssys.toml:3:9: application.input: a has no instance at first, which could take the input"},

    /* what starts before what */
    {MINIMAL "after = \"b\"\n",
     "airssys.toml:5:9: components.a.after: must be an array like [\"database\"], not a string"},
    {MINIMAL "after = [1]\n",
     "airssys.toml:5:10: components.a.after: must be the name of a component or supervisor, not an integer"},
    {MINIMAL "after = [\"b\"]\n",
     "airssys.toml:5:10: components.a.after: there is no component or supervisor \"b\""},
    {MINIMAL "after = [\"a\"]\n", "airssys.toml:5:10: components.a.after: cannot start after itself"},
    {APP COMPONENT
     "after = [\"b\"]\n" OTHER("b") "after = [\"c\"]\n" OTHER("c") "after = [\"d\", \"b\"]\n" OTHER("d"),
     "airssys.toml:11:15: components.c.after: a circle, in which none can start: c after b after c"},
    {APP COMPONENT "after = [\"c\"]\n" OTHER("b")
         OTHER("c") "after = [\"b\"]\n" SUPERVISOR("s", "\"a\", \"b\""),
     "airssys.toml:10:10: components.c.after: a circle, in which none can start: c after s after c"},
    {ABC "after = [\"s\"]\n" SUPERVISOR("s", "\"a\", \"c\""),
     "airssys.toml:9:10: components.c.after: \"s\" supervises it, and starts with it"},
    {ABC SUPERVISOR("s", "\"a\", \"c\"") "after = [\"a\"]\n",
     "airssys.toml:11:10: supervisors.s.after: \"a\" is below it, and starts with it"},
    {APP COMPONENT "after = [\"c\"]\n" OTHER("b") OTHER("c") SUPERVISOR("s", "\"t\", \"b\", \"u\"")
         SUPERVISOR("t", "\"a\"") SUPERVISOR("u", "\"c\""),
     "airssys.toml:5:10: components.a.after: \"c\" starts later, for that is the order of "
     "supervisors.s.children"},

    /* columns count characters, not bytes */
    {MINIMAL "env = { A = \"\xc3\xa4\xc3\xb6\", B = 1 }\n",
     "airssys.toml:5:23: components.a.env.B: must be \"text\", { env = \"NAME\" } or { file = \"path\" }, "
     "not an integer"},

    /* several at once, in the order of the file */
    {"[application]\nnam = \"x\"\n[components.b]\ninstances = 0\n[components.a]\nsource = 1\n",
     "airssys.toml:1:1: application: the key \"name\" is missing\n"
     "airssys.toml:2:1: application.nam: unknown key; did you mean \"name\"?\n"
     "airssys.toml:3:1: components.b: the key \"source\" is missing\n"
     "airssys.toml:4:13: components.b.instances: 0 is out of range; it must be a whole number from 1 to "
     "100000 (0 only under a simple-one-for-one supervisor)\n"
     "airssys.toml:6:10: components.a.source: must be the path of a file, not an integer"},
};

static void every_mistake_is_told_with_its_place_and_what_would_be_right(void **state) {
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        airs_manifest_t *manifest = NULL;
        airs_error_t error = {AIRS_OK, "nothing was said"};
        airs_status_t status = parse(mistakes[i].text, &manifest, &error);
        if (status != AIRS_MANIFEST_INVALID || error.status != status ||
            strcmp(error.text, mistakes[i].message) != 0) {
            print_error("mistake %zu (%s)\nsays:\n%s\nnot:\n%s\n\n", i, airs_status_name(status), error.text,
                        mistakes[i].message);
            wrong++;
        }
        airs_manifest_destroy(status == AIRS_OK ? manifest : NULL);
    }
    assert_int_equal(wrong, 0);
}

static void very_many_problems_are_bounded_and_counted(void **state) {
    (void)state;
    char text[16384] = MINIMAL;
    size_t used = strlen(text);
    for (int i = 0; i < 500; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "zz%03d = 1\n", i);
    }
    airs_manifest_t *manifest = NULL;
    airs_error_t error;
    assert_status(parse(text, &manifest, &error), AIRS_MANIFEST_INVALID);
    assert_non_null(strstr(error.text, "airssys.toml:5:1: components.a.zz000: unknown key"));
    assert_null(strstr(error.text, "zz499"));
    const char *rest = strstr(error.text, "\n... and ");
    assert_non_null(rest);
    assert_non_null(strstr(rest, " more"));
}

static void a_file_and_a_folder_are_both_fine(void **state) {
    (void)state;
    airs_manifest_t *manifest = NULL;
    airs_error_t error;
    airs_temporary_file_write_text(&folder, "airssys.toml", MINIMAL);
    assert_ok(airs_manifest_load(airs_allocator_default(), "airssys.toml", &manifest, &error));
    airs_manifest_destroy(manifest);
    assert_ok(airs_manifest_load(airs_allocator_default(), folder.path, &manifest, &error));
    char expected[AIRS_TEMPORARY_PATH_MAX];
    assert_string_equal(manifest->components[0].source,
                        airs_temporary_file_path(&folder, "a.wasm", expected));
    assert_string_equal(manifest->path, airs_temporary_file_path(&folder, "airssys.toml", expected));
    airs_manifest_destroy(manifest);
}

static void paths_are_beside_the_manifest(void **state) {
    (void)state;
    airs_manifest_t *manifest = NULL;
    airs_error_t error;
    airs_temporary_file_write_text(&folder, "folder/airssys.toml",
                                   APP "[components.a]\nsource = \"../a.wasm\"\n");
    assert_ok(airs_manifest_load(airs_allocator_default(), "folder/", &manifest, &error));
    assert_string_equal(manifest->components[0].source, "folder/../a.wasm");
    airs_manifest_destroy(manifest);
}

static void what_cannot_be_read_is_an_error_of_input(void **state) {
    (void)state;
    airs_manifest_t *manifest = NULL;
    airs_error_t error;
    airs_temporary_folder_make(&folder, "empty");
    assert_status(airs_manifest_load(airs_allocator_default(), "none.toml", &manifest, &error), AIRS_IO);
    assert_string_equal(error.text, "none.toml: no such file");
    assert_status(airs_manifest_load(airs_allocator_default(), "empty", &manifest, &error), AIRS_IO);
    assert_string_equal(
        error.text, "empty is a folder, and its manifest empty/airssys.toml cannot be read: no such file");
    assert_status(airs_manifest_load(airs_allocator_default(), "", &manifest, &error), AIRS_IO);

    static char huge[(1 << 20) + 2];
    memset(huge, '#', sizeof huge - 1);
    airs_temporary_file_write(&folder, "huge.toml", huge, sizeof huge - 1);
    assert_status(airs_manifest_load(airs_allocator_default(), "huge.toml", &manifest, &error), AIRS_IO);
    assert_string_equal(error.text, "huge.toml: has more than the 1048576 bytes allowed");
}

static void every_prefix_of_a_manifest_is_accepted_or_refused_in_words(void **state) {
    (void)state;
    for (size_t size = 0; size < sizeof full_text - 1; size++) {
        airs_manifest_t *manifest = NULL;
        airs_error_t error = {AIRS_OK, ""};
        airs_status_t status = airs_manifest_parse(airs_allocator_default(), airs_str_n(full_text, size),
                                                   "airssys.toml", &manifest, &error);
        if (status == AIRS_OK) {
            airs_manifest_destroy(manifest);
        } else {
            assert_status(status, AIRS_MANIFEST_INVALID);
            assert_memory_equal(error.text, "airssys.toml:", 13);
        }
    }
}

/* In an order that is to be found out first. The time is the processor's, and generous. */
static airs_manifest_t *parsed_at_once(airs_text_t *text) {
    airs_manifest_t *manifest = NULL;
    airs_error_t error = {AIRS_OK, ""};
    assert_ok(airs_text_status(text));
    clock_t begin = clock();
    if (airs_manifest_parse(airs_allocator_default(), airs_text_view(text), "airssys.toml", &manifest,
                            &error) != AIRS_OK) {
        fail_msg("refused: %s", error.text);
    }
    assert_true(clock() - begin < (clock_t)5 * CLOCKS_PER_SEC);
    airs_text_free(text);
    return manifest;
}

/* More than anybody writes, in a manifest that is not larger than it may be. */
static void thousands_of_components_are_read_at_once(void **state) {
    (void)state;
    enum { COMPONENTS = 6000 };
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    airs_text_append(&text, airs_str(APP "[components]\n"));
    for (int i = 0; i < COMPONENTS; i++) {
        airs_text_append_format(&text, "c%d.source = \"a.wasm\"\n", i);
    }
    airs_manifest_t *manifest = parsed_at_once(&text);
    assert_int_equal(manifest->root_count, COMPONENTS);
    assert_string_equal(manifest->roots[COMPONENTS - 1]->name, "c5999");
    airs_manifest_destroy(manifest);
}

static void thousands_of_supervisors_are_read_at_once(void **state) {
    (void)state;
    enum { SUPERVISORS = 9000 };
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    airs_text_append(&text, airs_str(MINIMAL "[supervisors]\n"));
    for (int i = 0; i < SUPERVISORS - 1; i++) {
        airs_text_append_format(&text, "s%d.children = [\"s%d\"]\n", i, i + 1);
    }
    airs_text_append_format(&text, "s%d.children = [\"a\"]\n", SUPERVISORS - 1);
    airs_manifest_t *manifest = parsed_at_once(&text);
    const airs_manifest_supervisor_t *supervisor = manifest->roots[0];
    for (int i = 0; i < SUPERVISORS - 1; i++) {
        supervisor = supervisor->children[0].supervisor;
    }
    assert_string_equal(supervisor->children[0].component->name, "a");
    airs_manifest_destroy(manifest);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    airs_manifest_t *manifest = NULL;
    airs_error_t error = {AIRS_OK, ""};
    airs_status_t status = airs_manifest_load(allocator, context, &manifest, &error);
    if (status == AIRS_OK) {
        airs_manifest_destroy(manifest);
    } else {
        assert_status(error.status, status);
    }
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_temporary_file_write_text(&folder, "full.toml", full_text);
    airs_fail_each_allocation(life, (void *)"full.toml");
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_temporary_file_write_text(&folder, "a.wasm", "a");
    airs_temporary_file_write_text(&folder, "b.wasm", "b");
    airs_temporary_file_write_text(&folder, "config.json", "{}\n");
    airs_temporary_folder_make(&folder, "folder");
    return chdir(folder.path);
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_manifest_has_the_defaults),
        cmocka_unit_test(a_component_that_nobody_supervises_has_a_supervisor_of_its_own),
        cmocka_unit_test(a_tree_is_read_with_all_its_keys),
        cmocka_unit_test(trees_start_after_what_they_need_and_else_as_they_stand),
        cmocka_unit_test(children_that_are_all_alike_may_be_none_at_first),
        cmocka_unit_test(every_key_is_read_and_components_keep_their_order),
        cmocka_unit_test(an_empty_config_is_not_the_same_as_none),
        cmocka_unit_test(other_spellings_of_the_same_tables_work),
        cmocka_unit_test(every_mistake_is_told_with_its_place_and_what_would_be_right),
        cmocka_unit_test(very_many_problems_are_bounded_and_counted),
        cmocka_unit_test(a_file_and_a_folder_are_both_fine),
        cmocka_unit_test(paths_are_beside_the_manifest),
        cmocka_unit_test(what_cannot_be_read_is_an_error_of_input),
        cmocka_unit_test(thousands_of_components_are_read_at_once),
        cmocka_unit_test(thousands_of_supervisors_are_read_at_once),
        cmocka_unit_test(every_prefix_of_a_manifest_is_accepted_or_refused_in_words),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
