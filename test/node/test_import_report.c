#include "node/import_report.h"

#include <stdio.h>
#include <string.h>

#include "node/manifest.h"
#include "node/trusted_load.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static void functions_need_actions(void **state) {
    static const struct {
        const char *interface;
        const char *function;
        const char *needs;
    } rows[] = {
        {"airssys:core/host-messaging@1.0.0", "send", "messaging.send"},
        {"airssys:core/host-messaging", "broadcast", "messaging.broadcast"},
        {"airssys:core/host-messaging@1.0.0", "self-id", ""},
        {"airssys:core/host-messaging@1.0.0", "cancel-request", ""},
        {"airssys:core/storage@1.0.0", "list-keys", "storage.read"},
        {"airssys:core/storage@1.0.0", "something-new", "storage.read or storage.write or storage.delete"},
        {"airssys:actor/supervision@0.1.0", "spawn-link", "supervision.spawn"},
        {"airssys:actor/supervision@0.1.0", "exit", ""},
        {"wasi:filesystem/types@0.2.9", "[method]descriptor.read", "filesystem.read or filesystem.write"},
        {"wasi:filesystem/types@0.2.9", "[resource-drop]descriptor", ""},
        {"wasi:filesystem/preopens@0.2.9", "get-directories", ""},
        {"wasi:sockets/tcp@0.2.9", "[method]tcp-socket.start-bind", "network.outbound or network.inbound"},
        {"wasi:filesystem/typesetting@0.2.9", "read", ""},
        {"", "send", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        airs_text_t text;
        airs_text_init(&text, airs_allocator_default());
        airs_import_actions_text(airs_import_actions(airs_str(rows[i].interface), airs_str(rows[i].function)),
                                 &text);
        assert_string_equal(airs_text_cstr(&text), rows[i].needs);
        airs_text_free(&text);
    }
}

/* ---- in the log ----------------------------------------------------------------------------- */

typedef struct heard {
    airs_log_t log;
    char text[2048];
    airs_log_level_t level;
} heard_t;

static void hear(airs_log_t *log, const airs_log_record_t *record) {
    heard_t *heard = (heard_t *)log;
    if (airs_str_equal(record->source, airs_str("capabilities"))) {
        (void)snprintf(heard->text, sizeof heard->text, "%.*s", AIRS_STR_ARG(record->message));
        heard->level = record->level;
    }
}

static void load(const char *guest, const char *capabilities, heard_t *heard) {
    char text[1024];
    airs_temporary_folder_t folder;
    airs_manifest_t *manifest = NULL;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_node_t *node = NULL;
    airs_component_t component = 0;
    airs_error_t error = {AIRS_OK, ""};
    *heard = (heard_t){.log = {.write = hear, .level = AIRS_LOG_TRACE}};
    airs_temporary_folder_create(&folder);
    (void)snprintf(text, sizeof text, "[application]\nname = \"app\"\n[components.it]\nsource = \"@%s\"\n%s",
                   guest, capabilities);
    airs_guest_manifest_write(&folder, text);
    if (airs_manifest_load(airs_allocator_default(), folder.path, &manifest, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    options.workers = 1;
    options.compile_mode = AIRS_COMPILE_APART_NONE;
    assert_ok(airs_node_create(&options, &node, NULL));
    assert_ok(airs_trusted_load(node, manifest, &manifest->components[0], airs_allocator_default(),
                                &heard->log, &component, &error));
    airs_node_destroy(node);
    airs_manifest_destroy(manifest);
    airs_temporary_folder_remove(&folder);
}

static void what_will_be_refused_is_logged_before_it_runs(void **state) {
    heard_t heard;
    (void)state;
    load("forwarder", "", &heard);
    assert_string_equal(heard.text, "");
    load("forwarder", "capabilities = { messaging = { send = [\"**\"] } }\n", &heard);
    assert_string_equal(heard.text, "");
    load("forwarder", "capabilities = { messaging = { request = [\"**\"] } }\n", &heard);
    assert_string_equal(heard.text,
                        "component it imports functions that need what it was not granted (messaging.send); "
                        "calls of them are refused. airssys check lists them");
    assert_int_equal(heard.level, AIRS_LOG_INFO);
}

/* Whole interfaces of a C library come in with one line of output: that is no news. */
static void what_nobody_has_by_default_is_a_detail(void **state) {
    heard_t heard;
    (void)state;
    load("wasi", "", &heard);
    assert_non_null(strstr(heard.text, "(filesystem.read or filesystem.write"));
    assert_int_equal(heard.level, AIRS_LOG_DEBUG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_need_actions),
        cmocka_unit_test(what_will_be_refused_is_logged_before_it_runs),
        cmocka_unit_test(what_nobody_has_by_default_is_a_detail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
