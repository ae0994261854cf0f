/* What guests may do: each deed granted and refused, grants that end, policies that change, and what the audit
 * says of it. */
#include "e2e/stage.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "node/manifest.h"
#include "node/application.h"
#include "support/guest_manifest.h"
#include "support/temporary_folder.h"

/* Each with the grant that it needs, and what a refusal says. */
typedef struct deed {
    const char *command;
    const char *answer; /* when it is granted */
    const char *action;
    const char *pattern;
    const char *refusal;
} deed_t;

#define BY " by app/deeds/0 "

static const deed_t deeds[] = {
    {"send app/echo/0", "ok", "messaging.send", "app/echo/*",
     "messaging.send" BY "to app/echo/0 is not granted"},
    {"send app/echo/", "ok", "messaging.send", "app/echo/*",
     "messaging.send" BY "to app/echo/ is not granted"},
    {"request app/echo/0", "ok", "messaging.request", "app/*/0",
     "messaging.request" BY "to app/echo/0 is not granted"},
    {"broadcast app/echo/0", "ok", "messaging.broadcast", "**",
     "capability-denied: 1 of 1 targets were not reached; the first, app/echo/0: capability denied"},
    {"publish orders.new", "ok", "topics.publish", "orders.>",
     "topics.publish" BY "of the topic \"orders.new\" is not granted"},
    {"subscribe orders.*", "ok", "topics.subscribe", "orders.>",
     "topics.subscribe" BY "of the topic \"orders.*\" is not granted"},
    {"read public/a", "ok", "storage.read", "public/**",
     "storage.read" BY "of the key \"public/a\" is not granted"},
    {"write public/a", "ok", "storage.write", "public/*",
     "storage.write" BY "of the key \"public/a\" is not granted"},
    {"usage", "268435456", "storage.read", "public/**", "storage.read by app/deeds/0 is not granted"},
    {"keys", "", "storage.read", "public/**", "storage.read by app/deeds/0 is not granted"},
    {"metadata app/echo/0", "ok", "services.metadata", "app/**",
     "services.metadata" BY "to app/echo/0 is not granted"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void add_deeds(stage_t *stage, const airs_grant_t *grants, size_t count) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.confined = true;
    options.grants = grants;
    options.grant_count = count;
    if (stage_spawn(stage, "deeds", "app/deeds/0", &options) != AIRS_OK) {
        fail_msg("%s", stage->error.text);
    }
}

static void each_deed_needs_its_grant(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(deeds); i++) {
        const deed_t *deed = &deeds[i];
        stage_t stage;
        stage_open(&stage, 1);
        stage_add(&stage, "echo", "app/echo/0", NULL);
        const airs_grant_t grant = {.action = deed->action, .pattern = deed->pattern};
        add_deeds(&stage, &grant, 1);
        stage_expect(&stage, "app/deeds/0", deed->command, deed->answer);
        for (size_t k = 0; k < COUNT(deeds); k++) {
            /* What the grant is not for is refused, all by the same guest. */
            if (strcmp(deeds[k].action, deed->action) != 0) {
                stage_expect_error(&stage, "app/deeds/0", deeds[k].command, deeds[k].refusal);
            }
        }
        stage_close(&stage);
    }
}

static void patterns_bound_what_a_grant_is_for(void **state) {
    (void)state;
    static const airs_grant_t grants[] = {{.action = "messaging.*", .pattern = "app/echo/0"},
                                          {.action = "storage.read", .pattern = "public/**"},
                                          {.action = "storage.write", .pattern = "**"},
                                          {.action = "storage.delete", .pattern = "public/x"},
                                          {.action = "topics.subscribe", .pattern = "orders.*"}};
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    stage_add(&stage, "echo", "app/echo/1", NULL);
    add_deeds(&stage, grants, COUNT(grants));
    const char *id = "app/deeds/0";
    stage_expect(&stage, id, "send app/echo/0", "ok");
    stage_expect(&stage, id, "send app/echo/0", "ok");
    stage_expect_error(&stage, id, "send app/echo/1", "is not granted");
    /* Any instance might be the one that is not granted. */
    stage_expect_error(&stage, id, "send app/echo/", "is not granted");
    stage_expect_error(&stage, id, "broadcast app/echo/*", "capability-denied");
    stage_expect(&stage, id, "write public/x", "ok");
    stage_expect(&stage, id, "write secret/x", "ok");
    stage_expect_error(&stage, id, "read secret/x", "of the key \"secret/x\" is not granted");
    stage_expect(&stage, id, "keys", "public/x\n");
    stage_expect_error(&stage, id, "delete secret/x", "is not granted");
    stage_expect(&stage, id, "delete public/x", "ok");
    stage_expect(&stage, id, "subscribe orders.*", "ok");
    stage_expect_error(&stage, id, "subscribe orders.>", "of the topic \"orders.>\" is not granted");
    stage_expect_error(&stage, id, "subscribe >", "of the topic \">\" is not granted");
    stage_close(&stage);
}

static void what_has_no_error_shows_less_or_ends(void **state) {
    (void)state;
    static const char *const traps[] = {"time", "sleep"};
    stage_t stage;
    stage_open(&stage, 1);
    for (size_t i = 0; i < 2; i++) {
        add_deeds(&stage, NULL, 0);
        stage_expect(&stage, "app/deeds/0", "log", "ok");
        stage_expect(&stage, "app/deeds/0", "components", "0");
        stage_expect_error(&stage, "app/deeds/0", traps[i], i == 0 ? "services.clock" : "services.sleep");
        stage_await_end(&stage, "app/deeds/0");
    }
    static const airs_grant_t grants[] = {{.action = "services.*"}};
    add_deeds(&stage, grants, 1);
    stage_expect(&stage, "app/deeds/0", "components", "1");
    stage_expect(&stage, "app/deeds/0", "time", "ok");
    stage_expect(&stage, "app/deeds/0", "sleep", "ok");
    stage_close(&stage);
}

static void spawning_is_granted_by_component(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    static const char *const names[] = {"worker", "clerk", "boss"};
    for (size_t i = 0; i < 3; i++) {
        assert_ok(airs_node_offer(stage.node, stage_guest(&stage, "echo"), airs_id("app", names[i], ""), NULL,
                                  NULL));
    }
    assert_ok(
        airs_node_offer(stage.node, stage_guest(&stage, "echo"), airs_id("other", "worker", ""), NULL, NULL));
    static const airs_grant_t grants[] = {{.action = "supervision.spawn", .pattern = "app/worker/*"},
                                          {.action = "supervision.spawn", .pattern = "app/clerk/7"},
                                          {.action = "supervision.monitor", .pattern = "app/boss/*"}};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.confined = true;
    options.grants = grants;
    options.grant_count = 3;
    assert_ok(stage_spawn(&stage, "family", "app/family/0", &options));
    stage_expect(&stage, "app/family/0", "spawn worker", "app/worker/s1");
    stage_expect(&stage, "app/family/0", "spawn worker mine", "app/worker/mine");
    stage_expect(&stage, "app/family/0", "spawn clerk 7", "app/clerk/7");
    /* Who may spawn one may tie itself to it in the same step. */
    stage_expect(&stage, "app/family/0", "spawn-link worker 2", "app/worker/2");
    stage_expect(&stage, "app/family/0", "spawn-monitor worker 3", "app/worker/3");
    static const char *const refused[] = {
        "spawn clerk",        "spawn clerk 8",         "spawn boss",
        "spawn other/worker", "monitor app/worker/s1", "stop app/worker/s1"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        stage_expect_error(&stage, "app/family/0", refused[i], "capability-denied");
    }
    stage_drain(&stage);
    assert_int_equal(stage_totals(&stage).actors, 6);
    stage_close(&stage);
}

static void a_quota_may_be_granted(void **state) {
    (void)state;
    static const airs_grant_t grants[] = {{.action = "storage.*"}};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.confined = true;
    options.grants = grants;
    options.grant_count = 1;
    options.storage_quota = 12;
    stage_t stage;
    stage_open(&stage, 1);
    assert_ok(stage_spawn(&stage, "deeds", "app/deeds/0", &options));
    stage_expect(&stage, "app/deeds/0", "usage", "12");
    stage_expect(&stage, "app/deeds/0", "write k1", "ok");
    stage_expect_error(&stage, "app/deeds/0", "write k2", "quota");
    stage_close(&stage);
}

/* The wall's time is the test's. */
typedef struct wall {
    airs_clock_t clock;
    _Atomic uint64_t now;
} wall_t;

static uint64_t monotonic_ns(airs_clock_t *clock) {
    (void)clock;
    return airs_clock_monotonic(airs_clock_system());
}

static uint64_t wall_ns(airs_clock_t *clock) { return atomic_load(&((wall_t *)(void *)clock)->now); }

static void a_grant_ends_in_the_middle(void **state) {
    (void)state;
    static wall_t wall = {.clock = {monotonic_ns, wall_ns}, .now = 1000};
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 1;
    options.cache_dir = "";
    options.clock = &wall.clock;
    stage_t stage;
    stage_open_with(&stage, options);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    static const airs_grant_t grants[] = {
        {.action = "messaging.send", .pattern = "app/**", .expires_at_ns = 2000},
        {.action = "messaging.request", .pattern = "app/**"},
        {.action = "messaging.broadcast", .pattern = "app/**", .expires_at_ns = 3000}};
    add_deeds(&stage, grants, 3);
    stage_expect(&stage, "app/deeds/0", "broadcast app/echo/0", "ok");
    stage_expect(&stage, "app/deeds/0", "send app/echo/0", "ok");
    stage_expect(&stage, "app/deeds/0", "request app/echo/0", "ok");
    atomic_store(&wall.now, 1999);
    stage_expect(&stage, "app/deeds/0", "send app/echo/0", "ok");
    atomic_store(&wall.now, 2000);
    stage_expect_error(&stage, "app/deeds/0", "send app/echo/0",
                       "is not granted any more: that ended at 1970-");
    stage_expect(&stage, "app/deeds/0", "request app/echo/0", "ok");
    stage_expect(&stage, "app/deeds/0", "broadcast app/echo/0", "ok");
    atomic_store(&wall.now, 3000);
    stage_expect_error(&stage, "app/deeds/0", "broadcast app/echo/0", "capability");
    stage_expect(&stage, "app/deeds/0", "request app/echo/0", "ok");
    stage_close(&stage);
}

static void wrong_grants_are_refused(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    airs_grant_t grant = {.action = "messaging.shout"};
    options.grants = &grant;
    options.grant_count = 1;
    assert_status(stage_spawn(&stage, "deeds", "app/deeds/0", &options), AIRS_INVALID_ARGUMENT);
    assert_string_equal(stage.error.text, "there are grants, but it is not confined to them");
    options.confined = true;
    assert_status(stage_spawn(&stage, "deeds", "app/deeds/0", &options), AIRS_INVALID_ARGUMENT);
    assert_string_equal(stage.error.text, "there is no action \"messaging.shout\"");
    grant = (airs_grant_t){.action = "messaging.send", .pattern = "app/e*/0"};
    assert_status(stage_spawn(&stage, "deeds", "app/deeds/0", &options), AIRS_INVALID_ARGUMENT);
    assert_non_null(strstr(stage.error.text, "a star stands alone"));
    stage_close(&stage);
}

/* ---- policies and the audit ------------------------------------------------------------------- */

static void expect_in_file(const char *path, const char *text) {
    airs_bytes_t content;
    assert_ok(airs_file_read(airs_allocator_default(), path, 1 << 22, &content, NULL));
    if (memmem(content.data, content.size, text, strlen(text)) == NULL) {
        fail_msg("%.*s\nhas no %s", (int)content.size, (const char *)content.data, text);
    }
    airs_release(airs_allocator_default(), (void *)content.data);
}

static size_t lines_in_file(const char *path) {
    airs_bytes_t content;
    size_t count = 0;
    assert_ok(airs_file_read(airs_allocator_default(), path, 1 << 22, &content, NULL));
    for (size_t i = 0; i < content.size; i++) {
        count += content.data[i] == '\n';
    }
    airs_release(airs_allocator_default(), (void *)content.data);
    return count;
}

static void a_policy_is_exchanged_while_guests_run(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    char policy[AIRS_TEMPORARY_PATH_MAX];
    char audit[AIRS_TEMPORARY_PATH_MAX];
    char refusal[AIRS_TEMPORARY_PATH_MAX + 200];
    airs_temporary_folder_create(&folder);
    airs_temporary_file_path(&folder, "policy.toml", policy);
    airs_temporary_file_path(&folder, "audit.jsonl", audit);
    airs_temporary_file_write_text(
        &folder, "policy.toml",
        "[[rules]]\ncomponent = \"app/deeds/*\"\naction = \"messaging.*\"\n"
        "resource = \"app/echo/0\"\neffect = \"deny\"\nreason = \"closed today\"\n");
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 1;
    options.cache_dir = "";
    options.audit_file = audit;
    stage_t stage;
    stage_open_with(&stage, options);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    stage_add(&stage, "echo", "app/echo/1", NULL);
    stage_add(&stage, "deeds", "app/deeds/0", NULL);
    stage_expect(&stage, "app/deeds/0", "send app/echo/0", "ok");
    stage_expect(&stage, "app/deeds/0", "broadcast app/echo/0", "ok");
    assert_ok(airs_node_set_policy(stage.node, policy, NULL));
    stage_expect_error(&stage, "app/deeds/0", "broadcast app/echo/0", "capability");
    (void)snprintf(refusal, sizeof refusal,
                   "messaging.send by app/deeds/0 to app/echo/0 is denied by the policy, %s:1: rule 1, "
                   "closed today",
                   policy);
    stage_expect_error(&stage, "app/deeds/0", "send app/echo/0", refusal);
    stage_expect(&stage, "app/deeds/0", "send app/echo/1", "ok");
    stage_expect_error(&stage, "app/deeds/0", "send app/echo/", "closed today");
    stage_expect(&stage, "app/deeds/0", "flood 10000 app/echo/0", "10000");
    /* One that is wrong changes nothing. */
    airs_temporary_file_write_text(&folder, "policy.toml", "[[rules]]\ncomponent = \"**\"\n");
    assert_status(airs_node_set_policy(stage.node, policy, NULL), AIRS_MANIFEST_INVALID);
    stage_expect_error(&stage, "app/deeds/0", "send app/echo/0", "closed today");
    assert_ok(airs_node_set_policy(stage.node, NULL, NULL));
    stage_expect(&stage, "app/deeds/0", "send app/echo/0", "ok");
    stage_close(&stage);
    expect_in_file(audit,
                   "\"component\":\"app/deeds\",\"action\":\"messaging.send\",\"resource\":\"app/*/*\","
                   "\"decision\":\"granted\",\"rule\":\"every component has it\"}");
    expect_in_file(audit, "\"component\":\"app/deeds\",\"instance\":\"0\",\"action\":\"messaging.send\","
                          "\"resource\":\"app/echo/0\",\"decision\":\"denied\",\"rule\":\"");
    expect_in_file(audit, "rule 1, closed today\",\"count\":");
    /* Two components' grants, and a few lines for ten thousand denials. */
    assert_in_range(lines_in_file(audit), 2 * 17 + 2, 2 * 17 + 8);
    airs_temporary_folder_remove(&folder);
}

/* A bucket's key as its capability is written, however the storage has it. */
static void the_audit_names_denied_keys_of_buckets(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    char audit[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_folder_create(&folder);
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 1;
    options.audit_file = airs_temporary_file_path(&folder, "audit.jsonl", audit);
    stage_t stage;
    stage_open_with(&stage, options);
    static const airs_grant_t grants[] = {{.action = "storage.*", .pattern = "carts/mine"},
                                          {.action = "storage.*", .pattern = "plain"}};
    airs_spawn_options_t spawn = AIRS_SPAWN_OPTIONS_INIT;
    spawn.confined = true;
    spawn.grants = grants;
    spawn.grant_count = 2;
    assert_ok(stage_spawn(&stage, "standard/keyvalue", "app/keyvalue/0", &spawn));
    stage_expect(&stage, "app/keyvalue/0", "open carts", "");
    stage_expect(&stage, "app/keyvalue/0", "set mine 1", "");
    stage_expect_error(&stage, "app/keyvalue/0", "set yours 1", "access-denied");
    stage_expect_error(&stage, "app/keyvalue/0", "get yours", "access-denied");
    stage_close(&stage);
    expect_in_file(audit, "\"action\":\"storage.write\",\"resource\":\"carts/yours\",\"decision\":\"denied\","
                          "\"rule\":\"no capability covers it\"");
    expect_in_file(audit, "\"action\":\"storage.read\",\"resource\":\"carts/yours\",\"decision\":\"denied\"");
    airs_temporary_folder_remove(&folder);
}

/* From a manifest: capabilities, policy, lowered limits, variables, audit. */
static void a_manifest_says_it_all(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    char audit[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_folder_create(&folder);
    airs_temporary_file_path(&folder, "audit.jsonl", audit);
    airs_temporary_file_write_text(&folder, "policy.toml",
                                   "[[rules]]\ncomponent = \"app/deeds/*\"\naction = \"storage.write\"\n"
                                   "resource = \"frozen/**\"\neffect = \"deny\"\n"
                                   "[[limits]]\ncomponent = \"app/echo/*\"\nmessage-size = \"2KiB\"\n");
    airs_guest_manifest_write(&folder, "[application]\nname = \"app\"\n"
                                       "[policy]\nfile = \"policy.toml\"\n"
                                       "[audit]\nfile = \"audit.jsonl\"\n"
                                       "[storage]\nfolder = \"storage\"\n"
                                       "[components.echo]\nsource = \"@echo\"\n"
                                       "[components.deeds]\nsource = \"@deeds\"\n"
                                       "[components.deeds.capabilities]\n"
                                       "messaging = { send = [\"echo\"] }\n"
                                       "storage = { read = [\"**\"], write = [\"**\"], quota = \"1KiB\" }\n"
                                       "environment = [\"AIRS_TEST_VARIABLE\", \"AIRS_TEST_NOT_SET\"]\n");
    assert_int_equal(setenv("AIRS_TEST_VARIABLE", "granted", 1), 0);
    airs_manifest_t *manifest = NULL;
    airs_application_t *application = NULL;
    airs_error_t error = {.text = ""};
    if (airs_manifest_load(airs_allocator_default(), folder.path, &manifest, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    airs_application_options_t options = {.cache_dir = "", .log = airs_log_none(), .workers = 1};
    if (airs_application_create(manifest, &options, &application, &error) != AIRS_OK ||
        airs_application_load(application, &error) != AIRS_OK ||
        airs_application_start(application, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    stage_t stage = {.node = airs_application_node(application)};
    stage_expect(&stage, "app/deeds/0", "send app/echo/0", "ok");
    stage_expect_error(&stage, "app/deeds/0", "request app/echo/0", "is not granted");
    stage_expect_error(&stage, "app/deeds/0", "publish orders.new", "is not granted");
    stage_expect(&stage, "app/deeds/0", "write free/x", "ok");
    stage_expect_error(&stage, "app/deeds/0", "write frozen/x", "policy.toml:1: rule 1");
    stage_expect(&stage, "app/deeds/0", "usage", "1024");
    stage_expect(&stage, "app/deeds/0", "time", "ok");
    stage_expect(&stage, "app/deeds/0", "variable AIRS_TEST_VARIABLE", "granted");
    stage_expect(&stage, "app/deeds/0", "variable AIRS_TEST_NOT_SET", "none");
    stage_expect(&stage, "app/deeds/0", "variable PATH", "none");
    static char large[2100];
    memset(large, 'x', sizeof large - 1);
    assert_status(stage_send(&stage, "app/echo/0", large), AIRS_MESSAGE_TOO_LARGE);
    assert_ok(stage_send(&stage, "app/deeds/0", large));
    airs_application_destroy(application);
    airs_manifest_destroy(manifest);
    expect_in_file(audit,
                   "\"component\":\"app/deeds\",\"action\":\"messaging.send\",\"resource\":\"app/echo/*\","
                   "\"decision\":\"granted\",\"rule\":\"its capabilities\"}");
    expect_in_file(audit, "\"action\":\"topics.publish\",\"resource\":\"orders.new\",\"decision\":\"denied\","
                          "\"rule\":\"no capability covers it\"}");
    airs_temporary_folder_remove(&folder);
}

static void write_manifest(const airs_temporary_folder_t *folder, const char *send, const char *effect) {
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "[application]\nname = \"app\"\n[policy]\nfile = \"policy.toml\"\n"
                   "[storage]\nfolder = \"storage\"\n"
                   "[components.echo]\nsource = \"@echo\"\n[components.deeds]\nsource = \"@deeds\"\n"
                   "[components.deeds.capabilities]\nmessaging = { send = [%s] }\n"
                   "storage = { write = [\"**\"] }\n",
                   send);
    airs_guest_manifest_write(folder, text);
    (void)snprintf(text, sizeof text,
                   "[[rules]]\ncomponent = \"**\"\naction = \"storage.write\"\neffect = \"%s\"\n", effect);
    airs_temporary_file_write_text(folder, "policy.toml", text);
}

static void reload(airs_application_t *application, airs_status_t expected) {
    airs_reload_report_t report;
    airs_error_t error = {.text = ""};
    airs_reload_report_init(&report, airs_allocator_default());
    airs_status_t status = airs_application_reload(application, &report, &error);
    airs_reload_report_free(&report);
    if (status != expected) {
        fail_msg("%s: %s", airs_status_name(status), error.text);
    }
}

static void *run(void *application) {
    (void)airs_application_run(application, NULL, NULL);
    return NULL;
}

static void a_manifest_that_is_read_anew_grants_and_takes_away(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    airs_manifest_t *manifest = NULL;
    airs_application_t *application = NULL;
    airs_error_t error = {.text = ""};
    pthread_t thread;
    airs_temporary_folder_create(&folder);
    write_manifest(&folder, "\"echo\"", "allow");
    airs_application_options_t options = {.cache_dir = "", .log = airs_log_none(), .workers = 1};
    if (airs_manifest_load(airs_allocator_default(), folder.path, &manifest, &error) != AIRS_OK ||
        airs_application_create(manifest, &options, &application, &error) != AIRS_OK ||
        airs_application_load(application, &error) != AIRS_OK ||
        airs_application_start(application, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(pthread_create(&thread, NULL, run, application), 0);
    airs_application_progress_t progress;
    do {
        airs_application_progress(application, &progress);
    } while (progress.stage != AIRS_APPLICATION_RUNNING);
    stage_t stage = {.node = airs_application_node(application)};
    stage_expect(&stage, "app/deeds/0", "send app/echo/0", "ok");
    stage_expect(&stage, "app/deeds/0", "write k", "ok");
    write_manifest(&folder, "", "deny");
    reload(application, AIRS_OK);
    stage_expect_error(&stage, "app/deeds/0", "send app/echo/0", "is not granted");
    stage_expect_error(&stage, "app/deeds/0", "write k", "policy.toml:1: rule 1");
    /* What is wrong changes nothing. */
    write_manifest(&folder, "\"echo\"", "perhaps");
    reload(application, AIRS_MANIFEST_INVALID);
    stage_expect_error(&stage, "app/deeds/0", "send app/echo/0", "is not granted");
    stage_expect_error(&stage, "app/deeds/0", "write k", "policy.toml:1: rule 1");
    write_manifest(&folder, "\"*\"", "allow");
    reload(application, AIRS_OK);
    stage_expect(&stage, "app/deeds/0", "send app/echo/0", "ok");
    stage_expect(&stage, "app/deeds/0", "write k", "ok");
    airs_application_interrupt(application);
    pthread_join(thread, NULL);
    airs_application_destroy(application);
    airs_manifest_destroy(manifest);
    airs_temporary_folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_deed_needs_its_grant),
        cmocka_unit_test(patterns_bound_what_a_grant_is_for),
        cmocka_unit_test(what_has_no_error_shows_less_or_ends),
        cmocka_unit_test(spawning_is_granted_by_component),
        cmocka_unit_test(a_quota_may_be_granted),
        cmocka_unit_test(a_grant_ends_in_the_middle),
        cmocka_unit_test(wrong_grants_are_refused),
        cmocka_unit_test(a_policy_is_exchanged_while_guests_run),
        cmocka_unit_test(the_audit_names_denied_keys_of_buckets),
        cmocka_unit_test(a_manifest_says_it_all),
        cmocka_unit_test(a_manifest_that_is_read_anew_grants_and_takes_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
